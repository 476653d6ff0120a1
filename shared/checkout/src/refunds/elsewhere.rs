//! Refunds that were made elsewhere: in lomi's dashboard, or by another program with the merchant's key.
//!
//! lomi compares each refund with the whole payment, so it does not refuse one that exceeds the rest. The payment's row
//! names the refunded amount (API 1.2.0); for older rows the list of refunds does.

use super::provider_call::cool_down_s;
use super::{RETRY_AFTER_S, RefundError};
use crate::Context;
use crate::lookup::LookupError;
use crate::run::{Report, Run};
use domain::{Order, Refund, RefundRefusal};
use lomi_client::{Client, Transaction};
use tokio::time::Instant;

/// The result of the comparison.
pub(super) enum Check {
    /// The refund fits into the rest of the payment.
    Fits,
    /// lomi's list was read, and the order may have changed.
    ListRead {
        /// Whether it was read to its end.
        is_complete: bool,
    },
}

/// Compares the refunded amount at lomi with the order's. `list_read` says whether the list was read for this request,
/// and to its end.
///
/// # Errors
/// [`RefundError::Refused`] when less than the requested amount is left, [`RefundError::ProviderUnavailable`] when lomi
/// could not be read. No money has moved.
pub(super) async fn check(
    context: &Context,
    lomi: &Client,
    (order, refund): (&Order, &Refund),
    transaction: Option<&Transaction>,
    list_read: Option<bool>,
    deadline: Instant,
    report: &mut Report,
) -> Result<Check, RefundError> {
    let expected = order.expected().ok_or(RefundError::Unsendable)?;
    let known_minor = order.refunded_minor(&refund.transaction_id);
    let named = transaction.and_then(|transaction| transaction.refunded_amount);
    let named_minor = named.and_then(|amount| amount.to_scaled(expected.currency().exponent()));
    let unknown_minor = named_minor.map(|named_minor| named_minor.saturating_sub(known_minor));
    if unknown_minor.is_some_and(|unknown_minor| unknown_minor <= 0) {
        return Ok(Check::Fits);
    }
    let Some(is_complete) = list_read else {
        return match Run::new(context, lomi, deadline, report).apply_all_refunds(order).await {
            Ok(is_complete) => Ok(Check::ListRead { is_complete }),
            Err(LookupError::Lomi(error)) => {
                Err(RefundError::ProviderUnavailable { retry_after_s: cool_down_s(&error), error })
            }
            Err(LookupError::Store(error)) => Err(error.into()),
        };
    };
    // Neither the payment nor the list names the refunded amount, and lomi would refund it once more.
    if named_minor.is_none() && !is_complete && !order.goes_back_by_card(refund) {
        return Err(RefundError::Unread { retry_after_s: RETRY_AFTER_S });
    }
    // The amount that the list does not name is refunded all the same.
    let refunded_minor =
        order.going_back_minor(&refund.transaction_id).saturating_add(unknown_minor.unwrap_or_default());
    let paid_minor = order.paid_minor(&refund.transaction_id).unwrap_or(expected.amount_minor());
    let fits = refunded_minor.saturating_add(refund.amount_minor) <= paid_minor;
    if fits { Ok(Check::Fits) } else { Err(RefundRefusal::ExceedsPayment.into()) }
}
