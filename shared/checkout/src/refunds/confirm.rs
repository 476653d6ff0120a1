//! The second of two calls: lomi (API 1.2.0) has shown a preview, and no money has moved.
//!
//! The request is stored before it is sent. It is sent under the refund's own key, or under the preview's key when lomi
//! requires that one. It is sent once: after that a lost answer is a doubt.

use super::provider_call::{CallResult, RefundCall};
use super::{RETRY_AFTER_S, RefundError, has_call_time};
use crate::{Context, units};
use domain::{Money, Order, RefundExecution};
use lomi_client::{CreateRefund, IdempotencyKey, RefundAnswer, RefundPreview};
use store::StoreError;

pub(super) async fn execute(
    context: &Context,
    call: &RefundCall<'_>,
    body: &CreateRefund,
    preview: RefundPreview,
) -> Result<CallResult, StoreError> {
    if !matches_request(call, &preview) {
        return Ok(CallResult::Refused(RefundError::PreviewDiffers));
    }
    let confirmed = body.confirmed_by(preview.token);
    for key in [call.execution_key(), call.preview_key()].into_iter().flatten() {
        if !has_call_time(call.deadline) {
            return Ok(CallResult::NotExecuted(RefundError::NoTime { retry_after_s: RETRY_AFTER_S }));
        }
        // Another process took the request for lost meanwhile. It moved no money.
        if !save_execution(context, call, &confirmed, &key).await? {
            return Ok(CallResult::NotExecuted(RefundError::InProgress { retry_after_s: RETRY_AFTER_S }));
        }
        match call.send(&confirmed, key).await {
            Ok(RefundAnswer::Executed(row)) => return Ok(call.executed(&row)),
            // The replayed answer of another call: lomi does not execute under this key.
            Ok(RefundAnswer::Preview(_)) => {}
            Err(error) if error.refuses_key_or_token() => {}
            Err(error) => return Ok(call.failed(error)),
        }
    }
    Ok(CallResult::NotExecuted(RefundError::Unconfirmed { retry_after_s: RETRY_AFTER_S }))
}

/// Whether the preview matches the request. lomi guarantees none of its fields, so a missing field matches. The fee
/// comes out of the amount and must be smaller.
fn matches_request(call: &RefundCall<'_>, preview: &RefundPreview) -> bool {
    let Some(expected) = call.order.expected() else { return false };
    let in_minor = |amount| units::from_lomi_in(amount, expected.currency()).map(Money::amount_minor);
    let named = preview.transaction_id.as_ref();
    let is_payment = named.is_none_or(|named| !call.order.is_another_payment(named, &call.refund.transaction_id));
    let is_amount = preview.amount.is_none_or(|amount| in_minor(amount) == Some(call.refund.amount_minor));
    let is_currency = preview.currency_code.as_ref().is_none_or(|code| code.as_str() == expected.currency().code());
    let fee_is_less = preview.fee_amount.is_none_or(|fee| {
        !fee.is_positive() || in_minor(fee).is_some_and(|fee_minor| fee_minor < call.refund.amount_minor)
    });
    is_payment && is_amount && is_currency && fee_is_less
}

/// Stores the request that is about to be sent. `false` when another process has taken the refund over.
async fn save_execution(
    context: &Context,
    call: &RefundCall<'_>,
    confirmed: &CreateRefund,
    key: &IdempotencyKey,
) -> Result<bool, StoreError> {
    let Some(body) = confirmed.to_json() else { return Ok(false) };
    let execution = RefundExecution { idempotency_key: key.as_str().to_owned(), body };
    let is_written = |order: &Order| {
        order.refunds().get(call.id).is_some_and(|refund| refund.execution.as_ref() == Some(&execution))
    };
    let write =
        |order: &Order| order.with_refund_execution(call.id, call.refund, execution.clone(), context.clock.now());
    let order = context.change_order(call.order.id(), write).await?;
    Ok(order.as_ref().is_some_and(is_written))
}
