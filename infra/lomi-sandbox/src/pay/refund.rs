//! Refunds.

use serde_json::json;

use super::dispute;
use crate::clock::Timestamp;
use crate::context::Context;
use crate::model::{Payout, Rail, Refund, RefundStatus, Transaction, TransactionStatus};
use crate::money::{Amount, Currency};
use crate::webhook::{announce, event};

/// Amounts that differ by this much count as equal.
const TOLERANCE: Amount = Amount::CENT;

/// The fee of lomi on a refund that is paid out later, in thousandths.
const FEE_PERMILLE: i64 = 30;

/// Why there is no refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefundRefused {
    NotCompleted,
    NotPositive,
    AboveGross,
    Rail,
    NoPhone,
    Disputed,
    AlreadyRefunded,
    /// The money was paid out, and the row could not be written.
    NotRecorded,
}

#[derive(Clone, Debug)]
pub(crate) struct RefundRequest {
    pub(crate) amount: Amount,
    /// The whole payment, whatever the amount.
    pub(crate) is_full: bool,
    pub(crate) reason: Option<String>,
}

/// Records a refund. Only a full one changes the transaction.
pub(crate) fn refund(
    context: &mut Context,
    transaction: &Transaction,
    request: RefundRequest,
    now: Timestamp,
) -> Result<Refund, RefundRefused> {
    let gross = transaction.gross_amount;
    if transaction.status != TransactionStatus::Completed {
        return Err(RefundRefused::NotCompleted);
    }
    // The processor refuses it (source of lomi, June 2026). Nothing is known about other rails.
    let dispute = dispute::of(context, &transaction.transaction_id);
    if transaction.rail == Rail::Card && dispute.is_some_and(|dispute| !dispute.is_won()) {
        return Err(RefundRefused::Disputed);
    }
    if !request.amount.is_positive() {
        return Err(RefundRefused::NotPositive);
    }
    if request.amount.minus(TOLERANCE) > gross {
        return Err(RefundRefused::AboveGross);
    }
    let is_full = request.is_full || request.amount >= gross.minus(TOLERANCE);
    let amount = if is_full { gross } else { request.amount };
    let phone = payout_phone(context, transaction, is_full)?;
    // A partial Wave refund is paid out before anything is written, and the ceiling of one call is the whole payment: a
    // refusal from here on does not stop the payout.
    if let Some(phone) = phone.filter(|_| transaction.rail == Rail::Wave) {
        pay_out_to(context, transaction, amount, phone, now);
        if context.quirks.payout_rows_lost {
            return Err(RefundRefused::NotRecorded);
        }
    }
    if earlier(context, transaction).plus(amount).is_none_or(|sum| sum > gross) {
        return Err(RefundRefused::AlreadyRefunded);
    }
    let refund = record(context, transaction, amount, request.reason, now);
    if is_full {
        mark_refunded(context, transaction, now);
    }
    Ok(refund)
}

/// A partial mobile-money refund needs the phone that the customer's row has now. Wave pays out to it;
/// MTN refunds by the original request and still requires one. `None` where none is needed.
fn payout_phone(context: &Context, transaction: &Transaction, is_full: bool) -> Result<Option<String>, RefundRefused> {
    match transaction.rail {
        Rail::Mtn if !context.profile.is_current() => return Err(RefundRefused::Rail),
        Rail::Wave | Rail::Mtn if !is_full => {}
        Rail::Wave | Rail::Mtn | Rail::Card => return Ok(None),
    }
    let customer = transaction.customer_id.as_ref().and_then(|id| context.customers.get(id));
    let phone = customer.and_then(|customer| customer.details.payout_phone()).cloned();
    phone.map(Some).ok_or(RefundRefused::NoPhone)
}

fn pay_out_to(context: &mut Context, transaction: &Transaction, amount: Amount, phone: String, now: Timestamp) {
    let payout = Payout {
        payout_id: context.ids.uuid(),
        transaction_id: transaction.transaction_id.clone(),
        amount,
        phone,
        created_at: now,
    };
    context.payouts.insert(payout);
}

/// The sum of the earlier refunds that did not fail.
fn earlier(context: &Context, transaction: &Transaction) -> Amount {
    let own = context.refunds.oldest_first().filter(|row| row.transaction_id == transaction.transaction_id);
    let counted = own.filter(|row| row.status != RefundStatus::Failed);
    // The sum never exceeds the payment, so it does not overflow.
    counted.fold(Amount::whole(0), |sum, row| sum.plus(row.amount).unwrap_or(sum))
}

/// The sum of the completed refunds.
pub(crate) fn refunded_amount(context: &Context, transaction: &Transaction) -> Amount {
    let own = context.refunds.oldest_first().filter(|row| row.transaction_id == transaction.transaction_id);
    let completed = own.filter(|row| row.status == RefundStatus::Completed);
    completed.fold(Amount::whole(0), |sum, row| sum.plus(row.amount).unwrap_or(sum))
}

fn record(
    context: &mut Context,
    transaction: &Transaction,
    amount: Amount,
    reason: Option<String>,
    now: Timestamp,
) -> Refund {
    let refund = Refund {
        refund_id: context.ids.uuid(),
        transaction_id: transaction.transaction_id.clone(),
        organization_id: transaction.organization_id.clone(),
        environment: transaction.environment,
        amount,
        refunded_amount: Amount::whole(0),
        fee_amount: Amount::whole(0),
        reason,
        status: RefundStatus::Pending,
        metadata: json!({}),
        created_at: now,
        updated_at: now,
    };
    if context.quirks.refunds_paid_out_later {
        announce::refund(context, &refund, event::REFUND_CREATED, now);
        context.refunds.insert(refund.clone());
        return refund;
    }
    let refund = Refund { refunded_amount: amount, ..refund };
    announce::refund(context, &refund, event::REFUND_CREATED, now);
    let refund = Refund { status: RefundStatus::Completed, ..refund };
    announce::refund(context, &refund, event::REFUND_COMPLETED, now);
    context.refunds.insert(refund.clone());
    refund
}

/// Pays out a pending refund, less the fee. `None` when there is no such refund.
pub(crate) fn pay_out(context: &mut Context, refund_id: &str, now: Timestamp) -> Option<Refund> {
    let currency = currency_of(context, &context.refunds.get(refund_id)?.transaction_id)?;
    let refund = context.refunds.get_mut(refund_id)?;
    if refund.status == RefundStatus::Pending {
        refund.status = RefundStatus::Completed;
        refund.fee_amount = refund.amount.permille(FEE_PERMILLE, currency);
        refund.refunded_amount = refund.amount.minus(refund.fee_amount);
        refund.updated_at = now;
        let refund = refund.clone();
        announce::refund(context, &refund, event::REFUND_COMPLETED, now);
    }
    context.refunds.get(refund_id).cloned()
}

fn currency_of(context: &Context, transaction_id: &str) -> Option<Currency> {
    context.transactions.get(transaction_id).map(|transaction| transaction.currency_code)
}

fn mark_refunded(context: &mut Context, transaction: &Transaction, now: Timestamp) {
    let row = context.transactions.get_mut(&transaction.transaction_id);
    if let Some(row) = row.filter(|row| row.status.may_become(TransactionStatus::Refunded)) {
        row.status = TransactionStatus::Refunded;
        row.updated_at = now;
    }
}

/// Fails a recorded refund and leaves its transaction unchanged. `None` when there is no such refund.
pub(crate) fn fail(context: &mut Context, refund_id: &str, now: Timestamp) -> Option<Refund> {
    let refund = context.refunds.get_mut(refund_id)?;
    if refund.status == RefundStatus::Failed {
        return Some(refund.clone());
    }
    refund.status = RefundStatus::Failed;
    refund.updated_at = now;
    let refund = refund.clone();
    announce::refund(context, &refund, event::REFUND_FAILED, now);
    Some(refund)
}
