//! Where a part of a mobile-money payment would go, held against who paid.
//!
//! lomi. pays such a part out to the phone in the customer's row as it is at that moment (the WhatsApp number when that is
//! empty). The row is not the payer's alone: every create that names the same e-mail or phone writes over it, paid or not.
//! So the number is read just before lomi. is asked, and compared with the one that paid, as lomi. keeps it with the
//! transaction, and with the one that the order's page was opened with. Nothing of this is kept here.

use super::RefundError;
use super::provider_call::cool_down_s;
use domain::{Order, PhoneNumber, Refund, is_card_rail};
use lomi_client::{CheckoutSession, CheckoutSessionId, Client, Customer, Error, Transaction, TransactionId};
use tokio::time::Instant;

/// Where lomi. keeps the payer's number in a transaction's metadata: the wallet that paid, else the number that was typed.
const PAYER_NUMBERS: [&str; 2] = ["sender_mobile", "payment_mobile"];

/// The numbers around a refund that lomi. would pay out. They may be shown to the operator, and never logged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payout {
    /// Where the money would go now.
    pub phone: Option<PhoneNumber>,
    /// Who paid, as far as lomi. says.
    pub paid_by: Option<PhoneNumber>,
    /// What the order's page was opened with, if with a number.
    pub ordered_with: Option<PhoneNumber>,
    /// What could go back as a whole instead, to whoever paid, in minor units; `None` when a part has gone back.
    pub whole_refund_minor: Option<i64>,
}

/// Lets a refund pass whose money goes back to the payer, or to the number that the operator has confirmed.
///
/// # Errors
/// [`RefundError::PayoutDiffers`], [`RefundError::PayoutUnknown`], and [`RefundError::ProviderUnavailable`] when lomi. could
/// not be asked. Nothing has moved then.
pub(super) async fn check(
    lomi: &Client,
    (order, refund): (&Order, &Refund),
    transaction: Option<&Transaction>,
    confirmed: Option<&PhoneNumber>,
    deadline: Instant,
) -> Result<(), RefundError> {
    if !order.is_paid_out(refund) {
        return Ok(());
    }
    let unknown =
        || Payout { whole_refund_minor: order.whole_refund_minor(&refund.transaction_id), ..Payout::default() };
    let Some(transaction) = transaction else {
        return Err(RefundError::PayoutUnknown(Box::new(unknown())));
    };
    if is_card_rail(transaction.provider_code.as_deref(), transaction.payment_method_code.as_deref()) {
        return Ok(());
    }
    let (customer, session) = tokio::join!(customer(lomi, transaction, deadline), session(lomi, order, deadline));
    let (customer, session) = (customer?, session?);
    let payout = Payout {
        phone: customer.as_ref().and_then(payout_phone),
        paid_by: PAYER_NUMBERS.iter().find_map(|name| PhoneNumber::parse(transaction.metadata.text(name)?)),
        ordered_with: session.and_then(|session| PhoneNumber::parse(session.customer.phone.as_deref()?)),
        ..unknown()
    };
    judge(payout, confirmed)
}

fn judge(payout: Payout, confirmed: Option<&PhoneNumber>) -> Result<(), RefundError> {
    let Some(phone) = &payout.phone else { return Err(RefundError::PayoutUnknown(Box::new(payout))) };
    let is_meant = match confirmed {
        // What was confirmed is one number: a row that has changed since is looked at anew.
        Some(confirmed) => confirmed == phone,
        None => payout.paid_by.as_ref() == Some(phone) && payout.ordered_with.as_ref().is_none_or(|own| own == phone),
    };
    if is_meant { Ok(()) } else { Err(RefundError::PayoutDiffers(Box::new(payout))) }
}

/// lomi.'s own order of the two.
fn payout_phone(customer: &Customer) -> Option<PhoneNumber> {
    let profile = &customer.profile;
    PhoneNumber::parse(profile.phone_number.as_deref().or(profile.whatsapp_number.as_deref())?)
}

/// The payment as lomi. has it; `None` when it does not have it, or cannot say.
pub(super) async fn transaction(
    lomi: &Client,
    id: &str,
    deadline: Instant,
) -> Result<Option<Transaction>, RefundError> {
    let Ok(id) = TransactionId::parse(id) else { return Ok(None) };
    read(lomi.transactions().get(&id).deadline(deadline).send().await)
}

async fn customer(
    lomi: &Client,
    transaction: &Transaction,
    deadline: Instant,
) -> Result<Option<Customer>, RefundError> {
    let Some(id) = &transaction.customer_id else { return Ok(None) };
    read(lomi.customers().get(id).deadline(deadline).send().await)
}

async fn session(lomi: &Client, order: &Order, deadline: Instant) -> Result<Option<CheckoutSession>, RefundError> {
    let Some(id) = order.checkout_session_id().and_then(|id| CheckoutSessionId::parse(id).ok()) else {
        return Ok(None);
    };
    read(lomi.checkout_sessions().get(&id).deadline(deadline).send().await)
}

/// `None` for what lomi. does not have, or cannot say.
fn read<T>(answer: Result<T, Error>) -> Result<Option<T>, RefundError> {
    match answer {
        Ok(row) => Ok(Some(row)),
        Err(error) if error.is_retryable() || matches!(error.status(), Some(401 | 403)) => {
            Err(RefundError::ProviderUnavailable { retry_after_s: cool_down_s(&error), error })
        }
        Err(_) => Ok(None),
    }
}
