//! A card form on the shop's own page: an intent at lomi., and the secret that confirms it.

use super::{AttemptResult, Card, ClientHandoff, Failure, Opened, failure, key, unsendable, wrong};
use crate::sessions::{CardDetails, CreateError, Work};
use crate::{Context, units};
use domain::{OpenedPayment, Order, PaymentRef, Timestamp};
use lomi_client::{CreateCardCharge, CurrencyCode, Error, ErrorKind, NewCardCharge, Outcome};
use tokio::time::Instant;

/// lomi.'s intents never end by themselves: after this the reconciler cancels one. As long as a hosted page lives.
const LIFE_MS: i64 = 60 * 60 * 1000;

pub(super) async fn open(
    context: &Context,
    card: &CardDetails,
    work: &Work,
    deadline: Instant,
) -> Result<Opened, Failure> {
    let charge = charge_of(card, &work.order).ok_or_else(unsendable)?;
    let call = work.lomi.card_charges().create(&charge, key(&work.order)?).deadline(deadline);
    let new = call.send().await.map_err(card_failure)?;
    accept(&work.order, card, new, context.clock.now())
}

/// lomi. says 503 when it takes no direct card payments, and remembers that under the key: the next try needs another.
fn card_failure(error: Error) -> Failure {
    if error.status() != Some(503) || error.kind() != ErrorKind::Refused {
        return failure(error);
    }
    // An intent that an earlier attempt may have left is in nobody's hands.
    let mark = if error.outcome() == Outcome::Rejected {
        AttemptResult::Rejected
    } else {
        AttemptResult::InDoubt { fresh_key: true }
    };
    Failure::new(mark, 0, CreateError::CardUnavailable(error))
}

/// Only an intent at exactly the order's price is handed out. What the card processor collects after conversion is
/// another number in another currency.
fn accept(order: &Order, card: &CardDetails, new: NewCardCharge, now: Timestamp) -> Result<Opened, Failure> {
    let charge = &new.charge;
    let payable = OpenedPayment {
        id: PaymentRef::PaymentIntent(charge.payment_intent_id.to_string()),
        expires_at: now.plus_ms(LIFE_MS),
        amount: units::from_lomi(charge.original_amount, charge.original_currency.as_ref()),
    };
    if payable.amount.is_none() || payable.amount != order.expected() {
        return Err(wrong(Some(payable)));
    }
    let card = Card {
        client_secret: new.client_secret,
        publishable_key: card.publishable_key.clone(),
        appearance: new.appearance,
    };
    Ok(Opened { payable, handle: ClientHandoff::Card(Box::new(card)) })
}

/// lomi.'s request for the order; the same for every try, to the byte.
fn charge_of(card: &CardDetails, order: &Order) -> Option<CreateCardCharge> {
    let price = order.expected()?;
    let currency = CurrencyCode::parse(price.currency().code()).ok()?;
    let mut metadata = super::metadata(order);
    if let Some(reference) = &card.payment_reference {
        // lomi. sends back what is here, and never the member of that name.
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
