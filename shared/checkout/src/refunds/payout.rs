//! Compares the phone number that a partial refund would be paid out to with the payer's.
//!
//! lomi pays a part of a mobile-money payment out to the phone in the customer's row at that moment (the WhatsApp
//! number when it has none). The row is not the payer's alone: every call that names the same e-mail or phone
//! overwrites it, paid or not. So the number is read just before the refund, and compared with the number that paid,
//! which lomi stores with the transaction, and with the number that the order's page was opened with. None of these is
//! stored here.

use super::RefundError;
use super::provider_call::cool_down_s;
use domain::{Order, PhoneNumber, Refund, is_card_rail};
use lomi_client::{CheckoutSession, CheckoutSessionId, Client, Customer, Error, Transaction, TransactionId};
use tokio::time::Instant;

/// Fields of a transaction's metadata with the payer's number: the wallet that paid, else the number that was entered.
const PAYER_NUMBERS: [&str; 2] = ["sender_mobile", "payment_mobile"];

/// The numbers of a refund that lomi would pay out. They may be shown to the operator, and are never logged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payout {
    /// The number that the money would go to now.
    pub phone: Option<PhoneNumber>,
    /// The number that paid, if lomi names it.
    pub paid_by: Option<PhoneNumber>,
    /// The number that the order's page was opened with, if any.
    pub ordered_with: Option<PhoneNumber>,
    /// The amount of a full refund, which goes to the payer, in minor units. `None` when a part is refunded already.
    pub whole_refund_minor: Option<i64>,
}

/// Accepts a refund whose money goes to the payer, or to the number that the operator has confirmed.
///
/// # Errors
/// [`RefundError::PayoutDiffers`], [`RefundError::PayoutUnknown`], and [`RefundError::ProviderUnavailable`] when lomi
/// could not be read. No money has moved.
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
    compare(payout, confirmed)
}

fn compare(payout: Payout, confirmed: Option<&PhoneNumber>) -> Result<(), RefundError> {
    let Some(phone) = &payout.phone else { return Err(RefundError::PayoutUnknown(Box::new(payout))) };
    let is_accepted = match confirmed {
        // The operator confirmed one number: a row that has changed since must be confirmed again.
        Some(confirmed) => confirmed == phone,
        None => payout.paid_by.as_ref() == Some(phone) && payout.ordered_with.as_ref().is_none_or(|own| own == phone),
    };
    if is_accepted { Ok(()) } else { Err(RefundError::PayoutDiffers(Box::new(payout))) }
}

/// lomi uses them in this order.
fn payout_phone(customer: &Customer) -> Option<PhoneNumber> {
    let profile = &customer.profile;
    PhoneNumber::parse(profile.phone_number.as_deref().or(profile.whatsapp_number.as_deref())?)
}

/// The payment at lomi. `None` when lomi does not have it, or cannot show it.
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

/// `None` for an object that lomi does not have, or cannot show.
fn read<T>(answer: Result<T, Error>) -> Result<Option<T>, RefundError> {
    match answer {
        Ok(row) => Ok(Some(row)),
        Err(error) if error.is_retryable() || matches!(error.status(), Some(401 | 403)) => {
            Err(RefundError::ProviderUnavailable { retry_after_s: cool_down_s(&error), error })
        }
        Err(_) => Ok(None),
    }
}
