//! An order and its state. Events can arrive in any order; the status only moves forward.

mod dispute;
mod outbox_event;
mod payment_ref;
mod refund;
mod schedule;
mod status;
mod timeline;
mod transition;
mod view;

pub use dispute::{Dispute, DisputeNotice, DisputeStage, DisputeStep, DisputeUpdate, RiskUpdate, ShortText};
pub use outbox_event::OutboxEvent;
pub use payment_ref::{OpenedPayment, PaymentRef};
pub use refund::{
    MAX_REFUND_REASON_CHARS, MAX_REFUNDS, NewRefund, ProviderRefund, Refund, RefundExecution, RefundNotice,
    RefundRefusal, RefundRequest, RefundStatus,
};
pub use status::{Environment, OrderStatus};
pub use timeline::{Source, TimelineEntry, TimelineEvent};
pub use transition::{ConfirmedPayment, Discount, Mismatch, OrderEvent, Transition};

use crate::{
    AttemptId, CartTokenId, Currency, LinkCode, LomiCart, Money, OrderId, OrderLine, PricedCart, Timestamp, TokenHash,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A payment that counts towards an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// lomi's provider code, e.g. `WAVE`, `MTN`, `STRIPE` (cards).
    pub provider_code: Option<String>,
    /// lomi's payment method, e.g. `MOBILE_MONEY`, `CARDS`.
    pub payment_method_code: Option<String>,
    /// When lomi says that the payment last changed, or when this backend received it.
    pub paid_at: Timestamp,
    /// lomi's public id (`txn_...`), if known; the dashboard shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_id: Option<String>,
    /// How much a coupon took off the price, in minor units.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub discount_minor: i64,
    /// Whether lomi's gross amount still includes the discount: lomi then treats a refund of all that was paid as
    /// partial.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_discount_within_gross: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(amount_minor: &i64) -> bool {
    *amount_minor == 0
}

impl Payment {
    /// Whether the payment is known to be a card payment.
    #[must_use]
    pub fn is_by_card(&self) -> bool {
        is_card_rail(self.provider_code.as_deref(), self.payment_method_code.as_deref())
    }
}

/// Whether these codes mean a card payment. `STRIPE` is lomi's code for cards.
#[must_use]
pub fn is_card_rail(provider_code: Option<&str>, payment_method_code: Option<&str>) -> bool {
    provider_code == Some("STRIPE") || payment_method_code == Some("CARDS")
}

/// What an order knows besides its price.
#[derive(Clone, Debug, Default)]
pub struct OrderDetails {
    /// Shown on lomi's page.
    pub title: Option<String>,
    /// The merchant's own name for the order, when the cart has none. Never set by a shopper.
    pub reference: Option<String>,
    /// The merchant's own labels: stored with the order, and sent to lomi.
    pub metadata: BTreeMap<String, String>,
    /// Labels from an unauthenticated caller. Stored with the order for the back office; sent neither to lomi nor in an
    /// event.
    pub shopper_notes: BTreeMap<String, String>,
    /// lomi's id of the customer, a UUID.
    pub customer_id: Option<String>,
    /// The managed link that the shopper followed.
    pub link_code: Option<LinkCode>,
    /// The native link (lomi's own payment link) that the shopper followed, a UUID.
    pub payment_link_id: Option<String>,
    /// Whether the page accepts the merchant's coupons at lomi, so that the order may be paid for less.
    pub allows_coupons: bool,
}

/// What a request for a new order contains.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// The new order's id.
    pub order_id: OrderId,
    /// The stack's environment.
    pub environment: Environment,
    /// What is bought.
    pub cart: PricedCart,
    /// The title, labels, customer and links of the order.
    pub details: OrderDetails,
    /// Recognises the order's token.
    pub token_hash: TokenHash,
    /// The attempt that is about to call lomi.
    pub attempt_id: AttemptId,
    /// When another attempt may take over.
    pub lease_until: Timestamp,
}

/// An order. Its state changes only through the methods here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub(crate) order_id: OrderId,
    pub(crate) environment: Environment,
    pub(crate) status: OrderStatus,
    #[serde(default)]
    pub(crate) overpaid: bool,
    #[serde(default)]
    pub(crate) mismatch: bool,
    #[serde(default)]
    pub(crate) paid_after_cancel: bool,
    #[serde(default)]
    pub(crate) beyond_link_limit: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) amount: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) currency_code: Option<Currency>,
    #[serde(default)]
    pub(crate) lines: Vec<OrderLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lomi_cart: Option<LomiCart>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    #[serde(default)]
    pub(crate) metadata: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) shopper_notes: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cart_token_id: Option<CartTokenId>,
    pub(crate) attempt_id: AttemptId,
    pub(crate) attempt_number: u32,
    pub(crate) token_hash: TokenHash,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) customer_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) link_code: Option<LinkCode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) payment_link_id: Option<String>,
    #[serde(default)]
    pub(crate) allows_coupons: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) checkout_session_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) payment_intent_id: Option<String>,
    #[serde(default)]
    pub(crate) intent_closed: bool,
    #[serde(default)]
    pub(crate) orphaned_intents: BTreeSet<String>,
    #[serde(default, rename = "expires_at_ms", skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<Timestamp>,
    #[serde(default)]
    pub(crate) payments: BTreeMap<String, Payment>,
    /// lomi's ids of payments that are held: lomi reviews them before the merchant has the money.
    #[serde(default)]
    pub(crate) held: BTreeSet<String>,
    /// Whether a payment was ever held. If so, a completed page or card form does not prove a payment.
    #[serde(default)]
    pub(crate) was_held: bool,
    #[serde(default)]
    pub(crate) completed_unnamed: bool,
    #[serde(default)]
    pub(crate) refunds: BTreeMap<String, Refund>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) disputes: BTreeMap<String, Dispute>,
    #[serde(default, rename = "polled_at_ms", skip_serializing_if = "Option::is_none")]
    pub(crate) polled_at: Option<Timestamp>,
    #[serde(default, rename = "due_at_ms", skip_serializing_if = "Option::is_none")]
    pub(crate) due_at: Option<Timestamp>,
    #[serde(rename = "created_at_ms")]
    pub(crate) created_at: Timestamp,
    #[serde(rename = "updated_at_ms")]
    pub(crate) updated_at: Timestamp,
    pub(crate) version: u64,
    #[serde(default)]
    pub(crate) timeline: Vec<TimelineEntry>,
}

impl Order {
    /// A new order whose attempt is about to call lomi. It is due for the reconciler when the attempt's lease ends.
    #[must_use]
    pub fn create(new: NewOrder, now: Timestamp) -> Self {
        Self {
            order_id: new.order_id,
            environment: new.environment,
            status: OrderStatus::Creating,
            overpaid: false,
            mismatch: false,
            paid_after_cancel: false,
            beyond_link_limit: false,
            amount: new.cart.total.map(Money::amount_minor),
            currency_code: new.cart.currency,
            lines: new.cart.lines,
            lomi_cart: new.cart.lomi,
            reference: new.cart.reference.or(new.details.reference),
            title: new.details.title,
            metadata: if new.cart.metadata.is_empty() { new.details.metadata } else { new.cart.metadata },
            shopper_notes: new.details.shopper_notes,
            cart_token_id: new.cart.token,
            attempt_id: new.attempt_id,
            attempt_number: 1,
            token_hash: new.token_hash,
            customer_id: new.details.customer_id,
            link_code: new.details.link_code,
            payment_link_id: new.details.payment_link_id,
            allows_coupons: new.details.allows_coupons,
            checkout_session_id: None,
            payment_intent_id: None,
            intent_closed: false,
            orphaned_intents: BTreeSet::new(),
            expires_at: None,
            payments: BTreeMap::new(),
            held: BTreeSet::new(),
            was_held: false,
            completed_unnamed: false,
            refunds: BTreeMap::new(),
            disputes: BTreeMap::new(),
            polled_at: None,
            due_at: Some(new.lease_until),
            created_at: now,
            updated_at: now,
            version: 1,
            timeline: vec![TimelineEntry::new(now, TimelineEvent::Created, Source::Storefront, None)],
        }
    }

    /// The price; `None` until lomi has priced an order of its own catalogue.
    #[must_use]
    pub fn expected(&self) -> Option<Money> {
        Money::new(self.amount?, self.currency_code?)
    }

    /// The order after another attempt took it over, once the first attempt's lease has ended.
    ///
    /// `None` when there is nothing to retry: the shopper has a page, or money arrived.
    #[must_use]
    pub fn taken_over_by(&self, attempt_id: AttemptId, lease_until: Timestamp, now: Timestamp) -> Option<Self> {
        if self.status >= OrderStatus::Open {
            return None;
        }
        let mut order = self.changed(now);
        order.attempt_id = attempt_id;
        // Under the old key lomi would return the old page, which is about to expire.
        let is_stale = now.as_ms().saturating_sub(self.created_at.as_ms()) > schedule::STALE_PAGE_MS;
        order.attempt_number = order.attempt_number.saturating_add(u32::from(is_stale));
        order.due_at = Some(lease_until);
        order.note(now, TimelineEvent::Retried, Source::Storefront, None);
        Some(order)
    }

    /// The order with the page or card form that lomi opened. Money that already arrived stays recorded.
    #[must_use]
    pub fn opened(&self, payable: OpenedPayment, now: Timestamp) -> Self {
        let mut order = self.changed(now);
        if order.expected().is_none() {
            order.amount = payable.amount.map(Money::amount_minor);
            order.currency_code = payable.amount.map(Money::currency);
        }
        match payable.id {
            PaymentRef::CheckoutSession(id) => order.checkout_session_id = Some(id),
            PaymentRef::PaymentIntent(id) => {
                order.orphaned_intents.remove(&id);
                order.payment_intent_id = Some(id);
            }
        }
        order.expires_at = Some(payable.expires_at.min(now.plus_ms(schedule::LONGEST_PAGE_MS)));
        order.status = order.status.max(OrderStatus::Open);
        order.note(now, TimelineEvent::Opened, Source::Lomi, None);
        order.due_at = order.next_due(now);
        order
    }

    /// The order after lomi refused, or opened another page than requested. The next attempt uses a fresh key.
    #[must_use]
    pub fn rejected(&self, now: Timestamp) -> Self {
        self.not_opened(OrderStatus::Rejected, TimelineEvent::Rejected, true, now)
    }

    /// The order after lomi's answer was lost. `fresh_key` when lomi would only repeat its error under the old key; a
    /// session that lomi may have created then stays behind, and no shopper receives it.
    #[must_use]
    pub fn in_doubt(&self, fresh_key: bool, now: Timestamp) -> Self {
        self.not_opened(OrderStatus::InDoubt, TimelineEvent::InDoubt, fresh_key, now)
    }

    /// The unchanged order after lomi could not be called, due again soon.
    #[must_use]
    pub fn provider_not_called(&self, now: Timestamp) -> Self {
        let mut order = self.changed(now);
        order.due_at = order.next_due(now);
        order
    }

    fn not_opened(&self, status: OrderStatus, what: TimelineEvent, fresh_key: bool, now: Timestamp) -> Self {
        let mut order = self.changed(now);
        order.status = order.status.max(status);
        order.attempt_number = order.attempt_number.saturating_add(u32::from(fresh_key));
        order.note(now, what, Source::Lomi, None);
        order.due_at = order.next_due(now);
        order
    }

    /// The order with its poll slot taken for a waiting shopper. The reconciler's schedule stays: the reconciler finds
    /// more than a single poll does.
    #[must_use]
    pub fn poll_slot_taken(&self, now: Timestamp) -> Self {
        let mut order = self.changed(now);
        order.polled_at = Some(now);
        order
    }

    /// The order after the reconciler checked it and found nothing new.
    #[must_use]
    pub fn polled(&self, now: Timestamp) -> Self {
        let mut order = self.poll_slot_taken(now);
        order.due_at = order.next_due(now);
        order
    }

    /// The order, due for the reconciler at once; `None` when no more updates can arrive.
    #[must_use]
    pub fn due_now(&self, now: Timestamp) -> Option<Self> {
        self.due_at?;
        let mut order = self.changed(now);
        order.due_at = Some(now);
        Some(order)
    }

    /// Flags the order: its link had already taken its last payment. The order stays paid. The version stays the same.
    #[must_use]
    pub fn beyond_link_limit(mut self) -> Self {
        self.beyond_link_limit = true;
        self
    }

    /// Clears that flag: the held payment beyond the limit failed. The version stays the same.
    #[must_use]
    pub fn within_link_limit(mut self) -> Self {
        self.beyond_link_limit = false;
        self
    }

    /// Adds the public id that lomi reported for one of the payments. The version stays the same.
    #[must_use]
    pub fn with_public_id(mut self, transaction_id: &str, public_id: &str) -> Self {
        let payment = self.payments.get_mut(transaction_id).filter(|_| transaction_id != public_id);
        if let Some(payment) = payment.filter(|payment| payment.public_id.is_none()) {
            payment.public_id = Some(public_id.to_owned());
        }
        self
    }

    /// Whether the order counts against its link's limit: it is paid, or a payment of it is held.
    #[must_use]
    pub fn takes_link_place(&self) -> bool {
        self.link_code.is_some() && (self.status.is_paid() || !self.held.is_empty())
    }

    /// A copy with the next version.
    fn changed(&self, now: Timestamp) -> Self {
        let mut order = self.clone();
        order.version = order.version.saturating_add(1);
        order.updated_at = now;
        order
    }

    fn note(&mut self, at: Timestamp, what: TimelineEvent, source: Source, transaction_id: Option<String>) {
        let room = if what.is_an_attempt() { timeline::MAX_ATTEMPT_ENTRIES } else { timeline::MAX_ENTRIES };
        if self.timeline.len() < room {
            self.timeline.push(TimelineEntry::new(at, what, source, transaction_id));
        }
    }
}

#[cfg(test)]
mod tests;
