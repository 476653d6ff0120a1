//! The answer to the shop: the order's token, and what the shopper pays on. It is stored, so it holds no personal data
//! of the shopper.

use super::provider_call::{ClientHandoff, Opened};
use super::{ClaimedOrder, CreateError};
use crate::units;
use domain::{Money, Order, Timestamp};
use lomi_client::PlanId;
use serde::Serialize;
use std::collections::BTreeMap;
use store::{Answer, Operation, StoreError};

#[derive(Serialize)]
struct Body<'a> {
    order_id: &'a str,
    order_token: &'a str,
    status: &'a str,
    amount: Option<i64>,
    currency_code: Option<&'a str>,
    expires_at: Option<String>,
    #[serde(flatten)]
    payment: PaymentFields<'a>,
    #[serde(flatten)]
    session: Option<Session<'a>>,
}

/// Further fields for the merchant's own backend, named as in lomi's documents of 2025.
#[derive(Serialize)]
struct Session<'a> {
    created_at: String,
    /// lomi's later generations name it in reads only.
    merchant_id: Option<&'a str>,
    organization_id: Option<&'a str>,
    environment: &'a str,
    /// As lomi recorded it: its later generations have no plans.
    plan_id: Option<&'a str>,
    metadata: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum PaymentFields<'a> {
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

pub(super) fn of(
    operation: Operation,
    claimed: &ClaimedOrder,
    order: &Order,
    opened: &Opened,
) -> Result<Answer, CreateError> {
    let body = Body {
        order_id: order.id().as_str(),
        order_token: claimed.claim.order_token.reveal(),
        status: order.status().as_str(),
        amount: order.expected().map(Money::amount_minor),
        currency_code: order.expected().map(|money| money.currency().code()),
        expires_at: order.expires_at().map(Timestamp::to_rfc3339),
        payment: payment_fields(order, &opened.handoff),
        session: session(operation, order, &opened.handoff),
    };
    let body = serde_json::to_string(&body).map_err(|_| StoreError::Malformed { operation: "answer" })?;
    Ok(Answer { status: 201, body })
}

fn payment_fields<'a>(order: &'a Order, handoff: &'a ClientHandoff) -> PaymentFields<'a> {
    match handoff {
        ClientHandoff::Page(page) => {
            let checkout_url = page.checkout_url.as_str();
            PaymentFields::Page { checkout_session_id: order.checkout_session_id(), checkout_url }
        }
        ClientHandoff::Card(card) => PaymentFields::Card {
            payment_intent_id: order.payment_intent_id(),
            client_secret: card.client_secret.expose(),
            publishable_key: card.publishable_key.as_deref(),
            appearance: card.appearance.as_ref().map(|appearance| Appearance {
                theme: appearance.theme.as_deref(),
                border_radius: appearance.border_radius_px,
                billing_address: appearance.billing_address.as_deref(),
            }),
        },
    }
}

fn session<'a>(operation: Operation, order: &'a Order, handoff: &'a ClientHandoff) -> Option<Session<'a>> {
    match handoff {
        ClientHandoff::Page(page) if operation == Operation::CreateCheckoutSessionAsAdmin => Some(Session {
            created_at: page.created_at.unwrap_or(order.created_at()).to_rfc3339(),
            merchant_id: page.merchant_id.as_deref(),
            organization_id: page.organization_id.as_deref(),
            environment: units::environment_to_lomi(order.environment()),
            plan_id: page.plan_id.as_ref().map(PlanId::as_str),
            metadata: order.metadata(),
        }),
        ClientHandoff::Page(_) | ClientHandoff::Card(_) => None,
    }
}
