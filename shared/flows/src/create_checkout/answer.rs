//! What the shop gets: what opens the order, and what the shopper pays on.

use super::ask::{Handle, Opened};
use super::{CreateError, Work};
use domain::{Money, Order, Timestamp};
use serde::Serialize;
use store::{Answer, StoreError};

#[derive(Serialize)]
struct Body<'a> {
    order_id: &'a str,
    order_token: &'a str,
    status: &'a str,
    amount: Option<i64>,
    currency_code: Option<&'a str>,
    expires_at: Option<String>,
    #[serde(flatten)]
    payable: Payable<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Payable<'a> {
    Page {
        checkout_session_id: Option<&'a str>,
        checkout_url: &'a str,
    },
    Card {
        payment_intent_id: Option<&'a str>,
        client_secret: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        publishable_key: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        appearance: Option<Appearance<'a>>,
    },
}

#[derive(Serialize)]
struct Appearance<'a> {
    theme: Option<&'a str>,
    border_radius: Option<u32>,
    billing_address: Option<&'a str>,
}

pub(super) fn of(work: &Work, order: &Order, opened: &Opened) -> Result<Answer, CreateError> {
    let body = Body {
        order_id: order.id().as_str(),
        order_token: work.claim.order_token.reveal(),
        status: order.status().as_str(),
        amount: order.expected().map(Money::amount_minor),
        currency_code: order.expected().map(|money| money.currency().code()),
        expires_at: order.expires_at().map(Timestamp::to_rfc3339),
        payable: payable(order, &opened.handle),
    };
    let body = serde_json::to_string(&body).map_err(|_| StoreError::Malformed { operation: "answer" })?;
    Ok(Answer { status: 201, body })
}

fn payable<'a>(order: &'a Order, handle: &'a Handle) -> Payable<'a> {
    match handle {
        Handle::Page(checkout_url) => {
            Payable::Page { checkout_session_id: order.checkout_session_id(), checkout_url: checkout_url.as_str() }
        }
        Handle::Card(card) => Payable::Card {
            payment_intent_id: order.payment_intent_id(),
            client_secret: card.client_secret.expose(),
            publishable_key: card.publishable_key.as_deref(),
            appearance: card.appearance.as_ref().map(|look| Appearance {
                theme: look.theme.as_deref(),
                border_radius: look.border_radius_px,
                billing_address: look.billing_address.as_deref(),
            }),
        },
    }
}
