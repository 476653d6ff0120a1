//! The JSON of a lomi session, under the names of lomi's documents of 2025.

use checkout::units::minor_units;
use domain::{OrderId, Timestamp};
use lambda_kit::paging::{ListedPage, PageRequest};
use lomi_client::{CheckoutSession, CurrencyCode, Environment, PlanId, ProductId, SubscriptionId};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A field that lomi does not send is null. The merchant may read the shopper's contact; it is not logged.
#[derive(Serialize)]
pub(crate) struct SessionView<'a> {
    checkout_session_id: &'a str,
    /// The order of this stack that the session belongs to.
    order_id: Option<String>,
    url: Option<&'a str>,
    status: &'a str,
    expires_at: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
    merchant_id: Option<&'a str>,
    organization_id: Option<&'a str>,
    success_url: Option<&'a str>,
    cancel_url: Option<&'a str>,
    amount: Option<i64>,
    currency_code: Option<&'a str>,
    allowed_providers: &'a [String],
    title: Option<&'a str>,
    public_description: Option<&'a str>,
    customer_email: Option<&'a str>,
    customer_name: Option<&'a str>,
    customer_phone: Option<&'a str>,
    product_id: Option<&'a str>,
    subscription_id: Option<&'a str>,
    plan_id: Option<&'a str>,
    allow_coupon_code: Option<bool>,
    metadata: BTreeMap<&'a str, &'a Value>,
    environment: Option<&'static str>,
}

#[derive(Serialize)]
pub(crate) struct SessionList<'a> {
    data: Vec<SessionView<'a>>,
    next_cursor: Option<&'a str>,
    meta: Meta,
}

/// `current_page` is null after a cursor.
#[derive(Serialize)]
struct Meta {
    current_page: Option<u32>,
    per_page: u8,
}

/// The order ids that the sessions name. The table says which of these orders exist.
pub(crate) fn ours<'a>(sessions: impl IntoIterator<Item = &'a CheckoutSession>) -> BTreeSet<OrderId> {
    sessions.into_iter().filter_map(order_id).collect()
}

fn order_id(session: &CheckoutSession) -> Option<OrderId> {
    session.metadata.text("order_id").and_then(OrderId::parse)
}

impl<'a> SessionView<'a> {
    pub(crate) fn of(session: &'a CheckoutSession, orders: &BTreeSet<OrderId>) -> Self {
        Self {
            checkout_session_id: session.checkout_session_id.as_str(),
            order_id: order_id(session).filter(|id| orders.contains(id)).map(|id| id.to_string()),
            url: session.checkout_url.as_deref(),
            status: session.status.as_str(),
            expires_at: time(session.expires_at.as_deref()),
            created_at: time(session.created_at.as_deref()),
            updated_at: time(session.updated_at.as_deref()),
            merchant_id: session.merchant_id.as_deref(),
            organization_id: session.organization_id.as_deref(),
            success_url: session.success_url.as_deref(),
            cancel_url: session.cancel_url.as_deref(),
            amount: minor_units(session.amount, session.currency_code.as_ref()),
            currency_code: session.currency_code.as_ref().map(CurrencyCode::as_str),
            allowed_providers: &session.allowed_providers,
            title: session.title.as_deref(),
            public_description: session.public_description.as_deref(),
            customer_email: session.customer.email.as_deref(),
            customer_name: session.customer.name.as_deref(),
            customer_phone: session.customer.phone.as_deref(),
            product_id: session.product_id.as_ref().map(ProductId::as_str),
            subscription_id: session.subscription_id.as_ref().map(SubscriptionId::as_str),
            plan_id: session.plan_id.as_ref().map(PlanId::as_str),
            allow_coupon_code: session.allow_coupon_code,
            metadata: session.metadata.iter().collect(),
            environment: session.environment.map(|environment| match environment {
                Environment::Test => "test",
                Environment::Live => "live",
            }),
        }
    }
}

impl<'a> SessionList<'a> {
    pub(crate) fn of(
        page: &'a ListedPage<CheckoutSession>,
        requested: &PageRequest,
        orders: &BTreeSet<OrderId>,
    ) -> Self {
        Self {
            data: page.rows.iter().map(|session| SessionView::of(session, orders)).collect(),
            next_cursor: page.next_cursor.as_deref(),
            meta: Meta { current_page: requested.number(), per_page: requested.size() },
        }
    }
}

/// lomi's time in this API's format; `None` when it does not parse.
fn time(sent: Option<&str>) -> Option<String> {
    Timestamp::parse_rfc3339(sent?).map(Timestamp::to_rfc3339)
}
