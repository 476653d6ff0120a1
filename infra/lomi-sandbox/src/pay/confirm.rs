//! The card form: the shopper enters a card, the bank may ask, the charge succeeds or is refused.

use super::card::{self, CardResult};
use crate::clock::Timestamp;
use crate::context::Context;
use crate::model::{Intent, IntentStatus};

#[derive(Clone, Debug)]
pub(crate) struct Card {
    pub(crate) number: String,
    /// `MM/YY` or `MM/YYYY`.
    pub(crate) exp: Option<String>,
    pub(crate) cvc: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    UnknownIntent,
    WrongSecret,
    WrongState,
    /// The form refused the card, before any request to the processor.
    Form(&'static str),
    /// The processor or the bank refused. Another attempt is possible.
    Card(&'static str),
}

/// Submits the card form. Returns `succeeded`, or `requires_action` when the bank asks.
pub(crate) fn confirm(
    context: &mut Context,
    intent_id: &str,
    client_secret: &str,
    entered: &Card,
    now: Timestamp,
) -> Result<IntentStatus, Refusal> {
    let intent = context.intents.get(intent_id).ok_or(Refusal::UnknownIntent)?;
    if intent.client_secret != client_secret {
        return Err(Refusal::WrongSecret);
    }
    if intent.status.is_final() {
        return Err(Refusal::WrongState);
    }
    let result = card::result(&entered.number, intent.environment, None);
    if let CardResult::RefusedByForm(code) = result {
        return Err(Refusal::Form(code));
    }
    check_form(entered, now)?;
    settle(context, intent_id, &entered.number, result, now)
}

/// The shopper's answer to the bank.
pub(crate) fn authenticate(
    context: &mut Context,
    intent_id: &str,
    passes: bool,
    now: Timestamp,
) -> Result<IntentStatus, Refusal> {
    let intent = context.intents.get(intent_id).ok_or(Refusal::UnknownIntent)?;
    let challenged = intent.challenged_card.clone().filter(|_| intent.status == IntentStatus::RequiresAction);
    let number = challenged.ok_or(Refusal::WrongState)?;
    let result = card::result(&number, intent.environment, Some(passes));
    settle(context, intent_id, &number, result, now)
}

fn check_form(entered: &Card, now: Timestamp) -> Result<(), Refusal> {
    let month = entered.exp.as_deref().map(|exp| card::expiry_month(exp).ok_or(Refusal::Form("invalid_expiry")));
    let this_month = now.to_string();
    if month.transpose()?.is_some_and(|month| this_month.get(..7).is_some_and(|this| month.as_str() < this)) {
        return Err(Refusal::Form("expired_card"));
    }
    let is_cvc = |text: &str| (3..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    match entered.cvc.as_deref() {
        Some(cvc) if !is_cvc(cvc.trim()) => Err(Refusal::Form("incomplete_cvc")),
        _ => Ok(()),
    }
}

fn settle(
    context: &mut Context,
    intent_id: &str,
    number: &str,
    result: CardResult,
    now: Timestamp,
) -> Result<IntentStatus, Refusal> {
    let intent = context.intents.get_mut(intent_id).ok_or(Refusal::UnknownIntent)?;
    let (status, challenged_card) = match result {
        CardResult::Succeeds => (IntentStatus::Succeeded, None),
        CardResult::NeedsChallenge => (IntentStatus::RequiresAction, Some(number.to_owned())),
        CardResult::Refused(_) | CardResult::RefusedByForm(_) => (IntentStatus::RequiresPaymentMethod, None),
    };
    intent.status = status;
    intent.challenged_card = challenged_card;
    // An orphan has no transaction, so there is nothing to complete, fail or announce.
    let transaction_id = intent.transaction_id.clone().unwrap_or_default();
    match result {
        CardResult::Succeeds => super::complete(context, &transaction_id, now),
        CardResult::Refused(_) => super::fail(context, &transaction_id, now),
        CardResult::NeedsChallenge | CardResult::RefusedByForm(_) => false,
    };
    match result {
        CardResult::Refused(code) | CardResult::RefusedByForm(code) => Err(Refusal::Card(code)),
        CardResult::Succeeds | CardResult::NeedsChallenge => Ok(status),
    }
}

/// Cancels an intent and leaves its transaction to expire. `None` when the intent is final.
pub(crate) fn cancel(intent: &mut Intent) -> Option<IntentStatus> {
    if intent.status.is_final() {
        return None;
    }
    intent.status = IntentStatus::Canceled;
    intent.challenged_card = None;
    Some(intent.status)
}
