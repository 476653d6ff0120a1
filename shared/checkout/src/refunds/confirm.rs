//! The second of two calls: lomi. (API 1.2.0) has shown what it would do, and nothing has moved.
//!
//! What is sent is written first. It goes out under the refund's own key; should lomi. want the key of the preview, under
//! that one. It goes out once: from here on a lost answer is a doubt.

use super::provider_call::{Answer, Ask};
use super::{RETRY_AFTER_S, RefundError, has_time};
use crate::{Context, units};
use domain::{Money, Order, RefundExecution};
use lomi_client::{CreateRefund, IdempotencyKey, RefundAnswer, RefundPreview};
use store::StoreError;

pub(super) async fn execute(
    context: &Context,
    ask: &Ask<'_>,
    wish: &CreateRefund,
    preview: RefundPreview,
) -> Result<Answer, StoreError> {
    if !is_what_was_asked(ask, &preview) {
        return Ok(Answer::Refused(RefundError::PreviewDiffers));
    }
    let confirmed = wish.confirmed_by(preview.token);
    for key in [ask.execution_key(), ask.preview_key()].into_iter().flatten() {
        if !has_time(ask.deadline) {
            return Ok(Answer::NotNow(RefundError::NoTime { retry_after_s: RETRY_AFTER_S }));
        }
        // Somebody has taken the request for lost meanwhile. It has moved nothing.
        if !remember(context, ask, &confirmed, &key).await? {
            return Ok(Answer::NotNow(RefundError::InProgress { retry_after_s: RETRY_AFTER_S }));
        }
        match ask.send(&confirmed, key).await {
            Ok(RefundAnswer::Executed(row)) => return Ok(ask.executed(&row)),
            // The answer to another call, said again: under this key lomi. does not execute.
            Ok(RefundAnswer::Preview(_)) => {}
            Err(error) if error.refuses_key_or_token() => {}
            Err(error) => return Ok(ask.failed(error)),
        }
    }
    Ok(Answer::NotNow(RefundError::Unconfirmed { retry_after_s: RETRY_AFTER_S }))
}

/// Whether the preview contradicts nothing that was asked. lomi. promises none of its members: what is not there
/// contradicts nothing. Its fee comes out of the amount and may not use it up.
fn is_what_was_asked(ask: &Ask<'_>, preview: &RefundPreview) -> bool {
    let Some(expected) = ask.order.expected() else { return false };
    let in_minor = |amount| units::from_lomi_in(amount, expected.currency()).map(Money::amount_minor);
    let told = preview.transaction_id.as_ref();
    let is_payment = told.is_none_or(|told| !ask.order.is_another_payment(told, &ask.refund.transaction_id));
    let is_amount = preview.amount.is_none_or(|amount| in_minor(amount) == Some(ask.refund.amount_minor));
    let is_currency = preview.currency_code.as_ref().is_none_or(|code| code.as_str() == expected.currency().code());
    let fee_is_less = preview.fee_amount.is_none_or(|fee| {
        !fee.is_positive() || in_minor(fee).is_some_and(|fee_minor| fee_minor < ask.refund.amount_minor)
    });
    is_payment && is_amount && is_currency && fee_is_less
}

/// Writes down what is about to be sent; `false` when the request is not ours to send any more.
async fn remember(
    context: &Context,
    ask: &Ask<'_>,
    confirmed: &CreateRefund,
    key: &IdempotencyKey,
) -> Result<bool, StoreError> {
    let Some(body) = confirmed.to_json() else { return Ok(false) };
    let execution = RefundExecution { idempotency_key: key.as_str().to_owned(), body };
    let is_written =
        |order: &Order| order.refunds().get(ask.id).is_some_and(|refund| refund.execution.as_ref() == Some(&execution));
    let write = |order: &Order| order.with_refund_execution(ask.id, ask.refund, execution.clone(), context.clock.now());
    let order = context.change_order(ask.order.id(), write).await?;
    Ok(order.as_ref().is_some_and(is_written))
}
