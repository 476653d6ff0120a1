//! Opening a payment link.

use crate::clock::Timestamp;
use crate::context::Context;
use crate::fixtures;
use crate::model::{Link, Session, SessionDetails};

const SESSION_LIFE_MIN: u32 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkClosed {
    Unknown,
    /// Inactive, expired, or without an amount.
    Over,
}

/// Opens a new session on every visit.
pub(crate) fn open(context: &mut Context, link_id: &str, now: Timestamp) -> Result<Session, LinkClosed> {
    let link = context.links.get(link_id).ok_or(LinkClosed::Unknown)?;
    if link.is_over(now) {
        return Err(LinkClosed::Over);
    }
    let caller = fixtures::caller_of(&link.organization_id, link.environment).ok_or(LinkClosed::Over)?;
    let details = &link.details;
    let product = details.price_id.as_ref().or(details.product_id.as_ref());
    let priced = match product.and_then(|id| fixtures::price(caller.organization_id, id)) {
        Some(price) => price.amount.times(details.quantity).map(|amount| (amount, price.currency)),
        None => details.amount.map(|amount| (amount, details.currency_code)),
    };
    let session_details = session_details(link);
    Ok(context.open_session(&caller, session_details, priced.ok_or(LinkClosed::Over)?, SESSION_LIFE_MIN, now))
}

fn session_details(link: &Link) -> SessionDetails {
    let details = &link.details;
    SessionDetails {
        title: Some(details.title.clone()),
        description: details.description.clone(),
        product_id: details.product_id.clone(),
        price_id: details.price_id.clone(),
        payment_link_id: Some(link.link_id.clone()),
        quantity: details.quantity,
        allow_quantity: details.allow_quantity,
        allow_coupon_code: details.allow_coupon_code,
        require_name: details.require_name,
        require_email: details.require_email,
        require_phone: details.require_phone,
        require_billing_address: details.require_billing_address,
        success_url: details.success_url.clone(),
        cancel_url: details.cancel_url.clone(),
        // Null where link metadata is dropped, so that none reaches the payment.
        metadata: details.metadata.clone(),
        ..SessionDetails::default()
    }
}
