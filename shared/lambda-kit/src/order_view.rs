//! The JSON of an order, the same on every route: a short one for its shopper, a complete one without secrets for the
//! back office.

use domain::{
    BoughtKind, BoughtLine, Dispute, LinkCode, Money, Order, OrderLine, Refund, ShortText, Source, TimelineEntry,
    TimelineEvent, Timestamp,
};
use serde::Serialize;
use std::collections::BTreeMap;
use store::ListedOrders;

/// An order for its shopper.
#[derive(Debug, Serialize)]
pub struct OrderView<'a> {
    order_id: &'a str,
    status: &'static str,
    amount: Option<i64>,
    currency_code: Option<&'static str>,
    payment: Option<PaymentView<'a>>,
    amount_refunded: i64,
    payment_held: bool,
    paid_after_cancel: bool,
    overpaid: bool,
    expires_at: Option<String>,
    created_at: String,
    updated_at: String,
    poll_after_ms: Option<i64>,
}

#[derive(Debug, Serialize)]
struct PaymentView<'a> {
    transaction_id: &'a str,
    public_id: Option<&'a str>,
    provider_code: Option<&'a str>,
    payment_method_code: Option<&'a str>,
    paid_at: String,
    discount_amount: i64,
}

/// One refund, for the back office.
#[derive(Debug, Serialize)]
pub struct RefundView<'a> {
    id: &'a str,
    refund_id: Option<&'a str>,
    transaction_id: &'a str,
    amount: i64,
    status: &'static str,
    reason: Option<&'a str>,
    requested_at: String,
}

/// One dispute, for the back office.
#[derive(Debug, Serialize)]
struct DisputeView<'a> {
    dispute_id: Option<&'a str>,
    transaction_id: &'a str,
    amount: Option<i64>,
    status: Option<&'a str>,
    reason: Option<&'a str>,
    closed: bool,
    in_favour: bool,
    received_at: String,
}

/// An order in a list of the back office: also says what is in doubt.
#[derive(Debug, Serialize)]
struct OrderRow<'a> {
    #[serde(flatten)]
    order: OrderView<'a>,
    attempt_number: u32,
    in_doubt_since: Option<String>,
    refunds_in_doubt: usize,
    disputed: bool,
}

/// An order for the back office.
#[derive(Debug, Serialize)]
pub struct OrderDetail<'a> {
    #[serde(flatten)]
    order: OrderRow<'a>,
    environment: &'static str,
    mismatch: bool,
    checkout_session_id: Option<&'a str>,
    payment_intent_id: Option<&'a str>,
    link_code: Option<&'a str>,
    payment_link_id: Option<&'a str>,
    customer_id: Option<&'a str>,
    beyond_link_limit: bool,
    reference: Option<&'a str>,
    title: Option<&'a str>,
    items: &'a [OrderLine],
    line_items: Vec<LomiItem<'a>>,
    metadata: &'a BTreeMap<String, String>,
    shopper_notes: &'a BTreeMap<String, String>,
    payments: Vec<PaymentView<'a>>,
    refunds: Vec<RefundView<'a>>,
    disputes: Vec<DisputeView<'a>>,
    due_at: Option<String>,
    timeline: Vec<TimelineView<'a>>,
}

/// An item that lomi priced. Exactly one of the two ids is set.
#[derive(Debug, Serialize)]
struct LomiItem<'a> {
    price_id: Option<&'a str>,
    product_id: Option<&'a str>,
    quantity: u32,
}

impl<'a> LomiItem<'a> {
    /// `None` for a product of the merchant's own catalogue.
    fn of(line: BoughtLine<'a>) -> Option<Self> {
        let (price_id, product_id) = match line.kind {
            BoughtKind::Sku => return None,
            BoughtKind::Price => (Some(line.id), None),
            BoughtKind::Product => (None, Some(line.id)),
        };
        Some(Self { price_id, product_id, quantity: line.quantity })
    }
}

/// One entry of an order's timeline.
#[derive(Debug, Serialize)]
pub struct TimelineView<'a> {
    at: String,
    what: TimelineEvent,
    source: Source,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<&'a str>,
}

/// A page of orders, for the back office.
#[derive(Debug, Serialize)]
pub struct OrderList<'a> {
    data: Vec<OrderRow<'a>>,
    next_cursor: Option<String>,
}

impl<'a> OrderView<'a> {
    /// `order` as of `now`.
    #[must_use]
    pub fn of(order: &'a Order, now: Timestamp) -> Self {
        Self {
            order_id: order.id().as_str(),
            status: order.status().as_str(),
            amount: order.expected().map(Money::amount_minor),
            currency_code: order.expected().map(|money| money.currency().code()),
            payment: order.first_payment().map(payment_view),
            amount_refunded: order.amount_refunded(),
            payment_held: !order.held_payments().is_empty(),
            paid_after_cancel: order.is_paid_after_cancel(),
            overpaid: order.is_overpaid(),
            expires_at: order.expires_at().map(Timestamp::to_rfc3339),
            created_at: order.created_at().to_rfc3339(),
            updated_at: order.updated_at().to_rfc3339(),
            poll_after_ms: order.poll_after_ms(now),
        }
    }
}

impl<'a> OrderRow<'a> {
    fn of(order: &'a Order, now: Timestamp) -> Self {
        Self {
            order: OrderView::of(order, now),
            attempt_number: order.attempt_number(),
            in_doubt_since: order.in_doubt_since().map(Timestamp::to_rfc3339),
            refunds_in_doubt: order.refunds_in_doubt(),
            disputed: order.is_disputed(),
        }
    }
}

impl<'a> RefundView<'a> {
    /// The refund with the id `id` of this stack.
    #[must_use]
    pub fn of(id: &'a str, refund: &'a Refund) -> Self {
        Self {
            id,
            refund_id: refund.refund_id.as_deref(),
            transaction_id: &refund.transaction_id,
            amount: refund.amount_minor,
            status: refund.status.as_str(),
            reason: refund.reason.as_deref(),
            requested_at: refund.requested_at.to_rfc3339(),
        }
    }
}

fn payment_view<'a>((transaction_id, payment): (&'a String, &'a domain::Payment)) -> PaymentView<'a> {
    PaymentView {
        transaction_id,
        public_id: payment.public_id.as_deref(),
        provider_code: payment.provider_code.as_deref(),
        payment_method_code: payment.payment_method_code.as_deref(),
        paid_at: payment.paid_at.to_rfc3339(),
        discount_amount: payment.discount_minor,
    }
}

fn dispute_view(dispute: &Dispute) -> DisputeView<'_> {
    DisputeView {
        dispute_id: dispute.dispute_id.as_deref(),
        transaction_id: &dispute.transaction_id,
        amount: dispute.amount_minor(),
        status: dispute.status().map(ShortText::as_str),
        reason: dispute.reason().map(ShortText::as_str),
        closed: dispute.is_closed(),
        in_favour: dispute.is_in_favour(),
        received_at: dispute.received_at.to_rfc3339(),
    }
}

impl<'a> TimelineView<'a> {
    /// The view of `entry`.
    #[must_use]
    pub fn of(entry: &'a TimelineEntry) -> Self {
        Self {
            at: entry.at.to_rfc3339(),
            what: entry.what,
            source: entry.source,
            transaction_id: entry.transaction_id.as_deref(),
        }
    }
}

impl<'a> OrderDetail<'a> {
    /// `order` as of `now`.
    #[must_use]
    pub fn of(order: &'a Order, now: Timestamp) -> Self {
        Self {
            order: OrderRow::of(order, now),
            environment: order.environment().as_str(),
            mismatch: order.has_mismatch(),
            checkout_session_id: order.checkout_session_id(),
            payment_intent_id: order.payment_intent_id(),
            link_code: order.link_code().map(LinkCode::as_str),
            payment_link_id: order.payment_link_id(),
            customer_id: order.customer_id(),
            beyond_link_limit: order.is_beyond_link_limit(),
            reference: order.reference(),
            title: order.title(),
            items: order.lines(),
            line_items: order.bought().into_iter().filter_map(LomiItem::of).collect(),
            metadata: order.metadata(),
            shopper_notes: order.shopper_notes(),
            payments: order.payments().iter().map(payment_view).collect(),
            refunds: order.refunds().iter().map(|(id, refund)| RefundView::of(id, refund)).collect(),
            disputes: order.disputes().values().map(dispute_view).collect(),
            due_at: order.due_at().map(Timestamp::to_rfc3339),
            timeline: order.timeline().iter().map(TimelineView::of).collect(),
        }
    }
}

impl<'a> OrderList<'a> {
    /// `listed` as of `now`.
    #[must_use]
    pub fn of(listed: &'a ListedOrders, now: Timestamp) -> Self {
        Self {
            data: listed.orders.iter().map(|order| OrderRow::of(order, now)).collect(),
            next_cursor: listed.next.as_ref().map(store::ListCursor::to_text),
        }
    }
}
