//! A shopper pays or cancels. The page and the control API share this code.

pub(crate) mod card;
pub(crate) mod charge;
pub(crate) mod confirm;
pub(crate) mod dispute;
mod ledger;
pub(crate) mod link;
mod redirect;
pub(crate) mod refund;

use serde::Deserialize;
use strum::EnumString;

use crate::clock::Timestamp;
use crate::context::Context;
use crate::fault::Stage;
use crate::model::{Environment, IntentStatus, Rail, Session, SessionStatus, TransactionStatus};
use crate::money::{Amount, Currency};
use crate::webhook::{announce, event};
use card::CardResult;
pub(crate) use ledger::ensure_customer;
pub(crate) use redirect::{is_placeholder, success_url};

/// What the shopper does on the screen of the payment rail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, EnumString)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub(crate) enum Outcome {
    #[default]
    Approve,
    Decline,
    Abandon,
}

/// A filled-in payment form.
#[derive(Clone, Debug)]
pub(crate) struct PayForm {
    pub(crate) rail: Rail,
    pub(crate) outcome: Outcome,
    pub(crate) card_number: Option<String>,
    /// The shopper's answer to the bank.
    pub(crate) challenge: Option<bool>,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) coupon: Option<Coupon>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, EnumString)]
#[strum(ascii_case_insensitive)]
pub(crate) enum Coupon {
    #[serde(rename = "MOINS10")]
    #[strum(serialize = "MOINS10")]
    Tenth,
    #[serde(rename = "GRATUIT")]
    #[strum(serialize = "GRATUIT")]
    All,
}

impl Coupon {
    pub(crate) const fn off(self, price: Amount, currency: Currency) -> Amount {
        match self {
            Self::Tenth => price.permille(100, currency),
            Self::All => price,
        }
    }
}

/// What the shopper sees next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A redirect to the success URL if `paid`, or else to the cancel URL. A plain page without a URL.
    Left { url: Option<String>, transaction_id: Option<String>, paid: bool },
    /// The shopper can try again.
    Declined { code: &'static str, transaction_id: Option<String> },
    /// The bank asks. The page submits the form again with the answer.
    Challenge,
    /// The payer confirms on another device, later or never.
    Waiting { transaction_id: String },
}

/// Why a session takes no payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionClosed {
    Unknown,
    Over,
    Paid,
    RailNotAllowed,
}

pub(crate) fn pay(
    context: &mut Context,
    session_id: &str,
    form: &PayForm,
    now: Timestamp,
) -> Result<Step, SessionClosed> {
    let session = payable(context, session_id, now)?.clone();
    if !allows(&session, form.rail) {
        return Err(SessionClosed::RailNotAllowed);
    }
    if form.coupon.is_some() && !session.details.allow_coupon_code {
        return Ok(Step::Declined { code: "coupon_not_allowed", transaction_id: None });
    }
    match form.rail {
        Rail::Card => Ok(pay_by_card(context, &session, form, now)),
        Rail::Wave | Rail::Mtn => Ok(pay_by_wallet(context, &session, form, now)),
    }
}

pub(crate) fn payable<'a>(
    context: &'a Context,
    session_id: &str,
    now: Timestamp,
) -> Result<&'a Session, SessionClosed> {
    let session = context.sessions.get(session_id).ok_or(SessionClosed::Unknown)?;
    match session.status {
        SessionStatus::Completed if !context.quirks.allow_double_pay => Err(SessionClosed::Paid),
        _ if session.is_over(now) => Err(SessionClosed::Over),
        _ => Ok(session),
    }
}

pub(crate) fn allows(session: &Session, rail: Rail) -> bool {
    let allowed = &session.details.allowed_providers;
    allowed.is_empty() || allowed.iter().any(|provider| provider == rail.provider_code())
}

fn pay_by_card(context: &mut Context, session: &Session, form: &PayForm, now: Timestamp) -> Step {
    let number = form.card_number.as_deref().unwrap_or(card::GOOD_CARD);
    let result = match form.outcome {
        Outcome::Decline => CardResult::Refused("card_declined"),
        Outcome::Approve | Outcome::Abandon => card::result(number, session.environment, form.challenge),
    };
    if let CardResult::RefusedByForm(code) = result {
        return Step::Declined { code, transaction_id: None };
    }
    let transaction_id = ledger::transaction_for(context, session, form, now);
    match result {
        _ if form.outcome == Outcome::Abandon => Step::Waiting { transaction_id },
        CardResult::Succeeds => {
            complete(context, &transaction_id, now);
            Step::Left { url: success_url(context, session), transaction_id: Some(transaction_id), paid: true }
        }
        CardResult::NeedsChallenge => Step::Challenge,
        CardResult::Refused(code) | CardResult::RefusedByForm(code) => {
            fail(context, &transaction_id, now);
            Step::Declined { code, transaction_id: Some(transaction_id) }
        }
    }
}

/// In test, a wallet payment completes as soon as it exists, even if the shopper then cancels.
fn pay_by_wallet(context: &mut Context, session: &Session, form: &PayForm, now: Timestamp) -> Step {
    let transaction_id = ledger::transaction_for(context, session, form, now);
    if session.environment == Environment::Live {
        return Step::Waiting { transaction_id };
    }
    complete(context, &transaction_id, now);
    match form.outcome {
        Outcome::Approve => {
            Step::Left { url: success_url(context, session), transaction_id: Some(transaction_id), paid: true }
        }
        Outcome::Decline | Outcome::Abandon => {
            let url = session.details.cancel_url.clone();
            Step::Left { url, transaction_id: Some(transaction_id), paid: false }
        }
    }
}

/// The session stays open and payable.
pub(crate) fn cancel(context: &mut Context, session_id: &str, now: Timestamp) -> Result<Step, SessionClosed> {
    let session = context.sessions.get(session_id).ok_or(SessionClosed::Unknown)?.clone();
    let fired = context.faults.fire_for_webhook(Stage::Cancel, event::PAYMENT_SUCCEEDED);
    if !fired.is_empty() && session.status == SessionStatus::Open {
        late_approve(context, session_id, now)?;
    }
    Ok(Step::Left { url: session.details.cancel_url, transaction_id: None, paid: false })
}

/// The money arrives after the session is over: the transaction completes and is announced. A session that is
/// already paid takes a second payment only under a quirk.
pub(crate) fn late_approve(context: &mut Context, session_id: &str, now: Timestamp) -> Result<String, SessionClosed> {
    let session = context.sessions.get(session_id).ok_or(SessionClosed::Unknown)?.clone();
    if session.status == SessionStatus::Completed && !context.quirks.allow_double_pay {
        return Err(SessionClosed::Paid);
    }
    let wallet = PayForm {
        rail: Rail::Wave,
        outcome: Outcome::Approve,
        card_number: None,
        challenge: None,
        name: None,
        email: None,
        phone: None,
        coupon: None,
    };
    let unfinished = ledger::unfinished(context, session_id, None);
    let transaction_id = unfinished.unwrap_or_else(|| ledger::transaction_for(context, &session, &wallet, now));
    complete(context, &transaction_id, now);
    Ok(transaction_id)
}

/// Completes a payment or holds it for review, and completes a held one. A repetition only touches the row. Returns whether
/// the status changed.
pub(crate) fn complete(context: &mut Context, transaction_id: &str, now: Timestamp) -> bool {
    let (held_from, held_announced) = (context.quirks.held_from, context.quirks.held_announced);
    let Some(transaction) = context.transactions.get_mut(transaction_id) else { return false };
    transaction.updated_at = now;
    let is_risky = held_from.is_some_and(|from| transaction.gross_amount >= Amount::whole(from));
    let is_reviewed = transaction.status == TransactionStatus::Held;
    let next = if is_risky && !is_reviewed { TransactionStatus::Held } else { TransactionStatus::Completed };
    if !transaction.status.may_become(next) {
        return false;
    }
    transaction.status = next;
    ledger::mark_paid(transaction);
    let session_id = transaction.checkout_session_id.clone().unwrap_or_default();
    if let Some(intent) = context.intents.get_mut(&transaction.provider_transaction_id) {
        intent.status = IntentStatus::Succeeded;
    }
    if held_announced || next == TransactionStatus::Completed {
        announce::payment(context, transaction_id, event::PAYMENT_SUCCEEDED, now);
    }
    if next == TransactionStatus::Completed {
        end_single_use(context, &session_id, now);
    }
    let session = context.sessions.get_mut(&session_id).filter(|row| row.status != SessionStatus::Completed);
    if let Some(session) = session {
        session.status = SessionStatus::Completed;
        session.updated_at = now;
        announce::session_ended(context, &session_id, event::SESSION_COMPLETED, now);
    }
    true
}

/// A single-use link ends with its first completed payment. Pages that are open by then stay open.
fn end_single_use(context: &mut Context, session_id: &str, now: Timestamp) {
    let link = context.sessions.get(session_id).and_then(|session| session.details.payment_link_id.clone());
    let link = link.and_then(|id| context.links.get_mut(&id)).filter(|link| link.details.single_use);
    if let Some(link) = link {
        (link.is_active, link.updated_at) = (false, now);
    }
}

/// Fails a payment, also a second time, and announces it, except for MTN. Returns whether it was possible.
pub(crate) fn fail(context: &mut Context, transaction_id: &str, now: Timestamp) -> bool {
    let Some(transaction) = context.transactions.get_mut(transaction_id) else { return false };
    if !transaction.status.may_become(TransactionStatus::Failed) {
        return false;
    }
    transaction.status = TransactionStatus::Failed;
    transaction.updated_at = now;
    if transaction.rail != Rail::Mtn {
        announce::payment(context, transaction_id, event::PAYMENT_FAILED, now);
    }
    true
}
