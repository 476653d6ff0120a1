//! What went back of a payment without us: in lomi.'s dashboard, or by another program with the merchant's key.
//!
//! lomi.'s ceiling is the whole payment, call by call, so it does not refuse what goes beyond what is left. The payment's own
//! row says how much went back (API 1.2.0); what older rows do not say, the list of refunds does.

use super::provider_call::cool_down_s;
use super::{RETRY_AFTER_S, RefundError};
use crate::Context;
use crate::lookup::LookupError;
use crate::run::{Report, Run};
use domain::{Order, Refund, RefundRefusal};
use lomi_client::{Client, Transaction};
use tokio::time::Instant;

/// What is known now.
pub(super) enum Known {
    /// Nothing that keeps the refund from being asked for.
    Enough,
    /// lomi.'s list was read, perhaps to its end, and the order may have changed.
    More {
        /// Whether nothing of it is missing.
        is_whole: bool,
    },
}

/// Compares what lomi. says of the payment with what the order knows. `listed`: whether the list was read
/// for this request, and to its end.
///
/// # Errors
/// [`RefundError::Refused`] when less is left than is asked for, [`RefundError::ProviderUnavailable`] when lomi. could not be
/// asked. Nothing has moved then.
pub(super) async fn look(
    context: &Context,
    lomi: &Client,
    (order, refund): (&Order, &Refund),
    transaction: Option<&Transaction>,
    listed: Option<bool>,
    deadline: Instant,
    report: &mut Report,
) -> Result<Known, RefundError> {
    let expected = order.expected().ok_or(RefundError::Unsendable)?;
    let known_minor = order.refunded_minor(&refund.transaction_id);
    let said = transaction.and_then(|transaction| transaction.refunded_amount);
    let said_minor = said.and_then(|amount| amount.to_scaled(expected.currency().exponent()));
    let unknown_minor = said_minor.map(|said_minor| said_minor.saturating_sub(known_minor));
    if unknown_minor.is_some_and(|unknown_minor| unknown_minor <= 0) {
        return Ok(Known::Enough);
    }
    let Some(is_whole) = listed else {
        return match Run::new(context, lomi, deadline, report).apply_all_refunds(order).await {
            Ok(is_whole) => Ok(Known::More { is_whole }),
            Err(LookupError::Lomi(error)) => {
                Err(RefundError::ProviderUnavailable { retry_after_s: cool_down_s(&error), error })
            }
            Err(LookupError::Store(error)) => Err(error.into()),
        };
    };
    // Neither the payment nor the list says what went back, and lomi. would give it back once more.
    if said_minor.is_none() && !is_whole && !order.goes_back_by_card(refund) {
        return Err(RefundError::Unread { retry_after_s: RETRY_AFTER_S });
    }
    // The list does not name all of it: what it leaves out is gone all the same.
    let gone_minor = order.going_back_minor(&refund.transaction_id).saturating_add(unknown_minor.unwrap_or_default());
    let paid_minor = order.paid_minor(&refund.transaction_id).unwrap_or(expected.amount_minor());
    let is_left = gone_minor.saturating_add(refund.amount_minor) <= paid_minor;
    if is_left { Ok(Known::Enough) } else { Err(RefundRefusal::ExceedsPayment.into()) }
}
