//! A card form on the shop's own page: an intent at lomi, and the secret that confirms it.

use super::{AttemptResult, Card, ClientHandoff, Failure, Opened, failure, key, unsendable, wrong_payment};
use crate::sessions::{CardDetails, ClaimedOrder, CreateError};
use crate::{Context, units};
use domain::{OpenedPayment, Order, PaymentRef, Timestamp};
use lomi_client::{CreateCardCharge, CurrencyCode, Error, ErrorKind, NewCardCharge, Outcome};
use tokio::time::Instant;

/// lomi's intents never expire: after this time the reconciler cancels one. A hosted page lives as long.
const LIFE_MS: i64 = 60 * 60 * 1000;

pub(super) async fn open(
    context: &Context,
    card: &CardDetails,
    claimed: &ClaimedOrder,
    deadline: Instant,
) -> Result<Opened, Failure> {
    let charge = charge_of(card, &claimed.order).ok_or_else(unsendable)?;
    let call = claimed.lomi.card_charges().create(&charge, key(&claimed.order)?).deadline(deadline);
    let new = call.send().await.map_err(card_failure)?;
    accept(&claimed.order, card, new, context.clock.now())
}

/// lomi answers 503 when it takes no direct card payments, and replays that under the key: the next attempt needs
/// another.
fn card_failure(error: Error) -> Failure {
    if error.status() != Some(503) || error.kind() != ErrorKind::Refused {
        return failure(error);
    }
    // An intent that an earlier attempt may have left was returned to no caller.
    let result = if error.outcome() == Outcome::Rejected {
        AttemptResult::Rejected
    } else {
        AttemptResult::InDoubt { fresh_key: true }
    };
    Failure::new(result, 0, CreateError::CardUnavailable(error))
}

/// Accepts only an intent at exactly the order's price. What the card processor collects after conversion is another
/// number in another currency.
fn accept(order: &Order, card: &CardDetails, new: NewCardCharge, now: Timestamp) -> Result<Opened, Failure> {
    let charge = &new.charge;
    let payment = OpenedPayment {
        id: PaymentRef::PaymentIntent(charge.payment_intent_id.to_string()),
        expires_at: now.plus_ms(LIFE_MS),
        amount: units::from_lomi(charge.original_amount, charge.original_currency.as_ref()),
    };
    if payment.amount.is_none() || payment.amount != order.expected() {
        return Err(wrong_payment(Some(payment)));
    }
    let card = Card {
        client_secret: new.client_secret,
        publishable_key: card.publishable_key.clone(),
        appearance: new.appearance,
    };
    Ok(Opened { payment, handoff: ClientHandoff::Card(Box::new(card)) })
}

/// The request body, the same to the byte at every attempt.
fn charge_of(card: &CardDetails, order: &Order) -> Option<CreateCardCharge> {
    let price = order.expected()?;
    let currency = CurrencyCode::parse(price.currency().code()).ok()?;
    let mut metadata = super::metadata(order);
    if let Some(reference) = &card.payment_reference {
        // lomi returns the metadata, but not the field `payment_reference`.
        metadata.insert("payment_reference".to_owned(), reference.clone());
    }
    Some(CreateCardCharge {
        customer_phone: card.customer_phone.clone(),
        description: card.description.clone(),
        payment_reference: card.payment_reference.clone(),
        product_id: card.product_id.clone(),
        subscription_id: card.subscription_id.clone(),
        quantity: card.quantity,
        metadata,
        appearance_theme: card.appearance_theme,
        appearance_border_radius_px: card.appearance_border_radius_px,
        appearance_billing_address: card.appearance_billing_address,
        ..CreateCardCharge::new(units::to_lomi(price)?, currency, card.buyer.clone())
    })
}
