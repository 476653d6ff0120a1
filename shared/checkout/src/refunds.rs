//! Refunds: at most one per idempotency key, and never more than the payment.
//!
//! 1. Read the refund under this key: answered, running, or none.
//! 2. Read what was refunded elsewhere and where the money would go. Reserve the amount in the order, on top of the
//!    version that was read, so that two requests cannot both fit.
//! 3. Call lomi. Newer servers first show what they would do, and execute it at a second call. The call that may
//!    execute is made once and never retried blindly.
//! 4. Write the outcome.
//!
//! A crash before 2 leaves nothing. A crash between 2 and 4 leaves a request that is in doubt when its lease ends. The
//! reconciler then searches lomi's list for it. Its amount stays reserved until the refund is found or proved absent.

mod confirm;
mod elsewhere;
mod listing;
mod open_refunds;
mod payout;
mod provider_call;
mod release;

pub use payout::Payout;
pub use release::{ReleaseError, release};

use crate::Context;
use crate::run::Report;
use domain::{
    Fingerprint, IdempotencyKey, NewRefund, Order, OrderId, OutboxEvent, PhoneNumber, Refund, RefundRefusal,
    RefundRequest, RefundStatus, Timestamp, Transition,
};
use elsewhere::Check;
use lomi_client::{Client, Transaction, TransactionId};
use provider_call::{CallResult, RefundCall};
use std::time::Duration;
use store::StoreError;
use tokio::time::Instant;

/// A request that has not written its outcome by then is in doubt.
const LEASE_MS: i64 = 30_000;
/// Reserved before the caller's deadline to write the outcome. The remaining time is far shorter than the lease.
const WRITE_MARGIN: Duration = Duration::from_secs(2);
/// With less time than this, lomi is not called: an answer that comes too late would leave a doubt.
const MIN_CALL_TIME: Duration = Duration::from_secs(3);
/// Attempts to reserve while other processes write the order.
const MAX_ATTEMPTS: u32 = 12;
/// A request that runs normally is done by then.
const RETRY_AFTER_S: u32 = 2;

/// A request to refund a payment.
#[derive(Clone, Debug)]
pub struct RefundOrder {
    /// The order.
    pub order_id: OrderId,
    /// The caller's key; it names the refund within the order.
    pub idempotency_key: IdempotencyKey,
    /// Identifies the request.
    pub fingerprint: Fingerprint,
    /// The payment; the order's only one when not named.
    pub transaction_id: Option<String>,
    /// In minor units. By default the rest of the payment.
    pub amount_minor: Option<i64>,
    /// For the merchant's records, and sent to lomi.
    pub reason: Option<String>,
    /// The number that the operator has confirmed, where lomi pays the money out to one.
    pub confirmed_phone: Option<PhoneNumber>,
}

/// A refund as it is now.
#[derive(Debug)]
pub struct Refunded {
    /// Our id of the refund.
    pub id: String,
    /// The order it is in.
    pub order: Order,
    /// Whether an earlier request created it.
    pub replayed: bool,
    /// Whether this call put it in doubt.
    pub newly_in_doubt: bool,
}

impl Refunded {
    /// The refund in its order.
    #[must_use]
    pub fn refund(&self) -> Option<&Refund> {
        self.order.refunds().get(&self.id)
    }
}

/// Why this request refunds nothing.
#[derive(Debug, thiserror::Error)]
pub enum RefundError {
    /// There is no such order.
    #[error("no such order")]
    NotFound,
    /// The key belongs to another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Another request with this key is running.
    #[error("in progress")]
    InProgress {
        /// When to retry.
        retry_after_s: u32,
    },
    /// The order does not allow it. Nothing was sent.
    #[error(transparent)]
    Refused(#[from] RefundRefusal),
    /// lomi would pay the money out to a number that is not the payer's, or not the confirmed one. Nothing was sent;
    /// the operator may confirm the number.
    #[error("the money would go to another number than the payer's")]
    PayoutDiffers(Box<Payout>),
    /// The number that lomi would pay the money out to is unknown. Nothing was sent.
    #[error("where the money would go is not known")]
    PayoutUnknown(Box<Payout>),
    /// There is no usable key for lomi. Nothing was sent.
    #[error("no usable key for lomi.")]
    NoKey,
    /// lomi could not be reached, or asked to wait. It recorded nothing; the same key may be retried.
    #[error("lomi. is out of reach")]
    ProviderUnavailable {
        /// When to retry.
        retry_after_s: u32,
        /// What happened.
        error: lomi_client::Error,
    },
    /// Reading where the money would go took so long that there was no time for the call. Nothing was sent.
    #[error("no time is left to ask lomi.")]
    NoTime {
        /// When to retry.
        retry_after_s: u32,
    },
    /// The request has no form that lomi accepts. Nothing was sent.
    #[error("the request cannot be sent to lomi.")]
    Unsendable,
    /// lomi's preview differs from the request. No money moved, and none will under this key.
    #[error("lomi. would do something else")]
    PreviewDiffers,
    /// lomi accepts neither key for the call that executes its preview. No money moved; the same key may be retried.
    #[error("lomi. does not execute what it has shown")]
    Unconfirmed {
        /// When to retry.
        retry_after_s: u32,
    },
    /// The amount already refunded is unknown: lomi's payment does not name it, and lomi's list was not read to its
    /// end. Nothing was sent.
    #[error("what went back already is not known")]
    Unread {
        /// When to retry.
        retry_after_s: u32,
    },
    /// lomi refused. No money moved.
    #[error("lomi. refused")]
    ProviderRejected(lomi_client::Error),
    /// DynamoDB did not answer. When lomi was called already, the reconciler finds the outcome.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A refund whose amount is reserved.
struct Reserved {
    /// With the refund in it.
    order: Order,
    refund: Refund,
    /// The payment's UUID.
    payment: Option<TransactionId>,
}

enum Reservation {
    /// The refund exists under this key.
    Existing {
        order: Box<Order>,
        newly_in_doubt: bool,
    },
    New(Client, Box<Reserved>),
}

/// Creates a refund, or returns the one under this key. A refund in doubt is returned as such, not as an error: the
/// caller must not request another.
pub async fn refund(
    context: &Context,
    request: &RefundOrder,
    lomi: impl AsyncFnMut() -> Option<Client>,
    deadline: Instant,
    report: &mut Report,
) -> Result<Refunded, RefundError> {
    let id = Refund::own_id(context.environment, &request.order_id, &request.idempotency_key);
    // 1-2 Read the refund under this key, or reserve.
    let call_deadline = deadline.checked_sub(WRITE_MARGIN).unwrap_or(deadline);
    let (lomi, reserved) = match reserve(context, request, &id, lomi, call_deadline, report).await? {
        Reservation::Existing { order, newly_in_doubt } => {
            return Ok(Refunded { id, order: *order, replayed: true, newly_in_doubt });
        }
        Reservation::New(lomi, reserved) => (lomi, reserved),
    };
    // 3 Call lomi.
    let Reserved { order, refund, payment } = &*reserved;
    let payment = payment.as_ref();
    let call = RefundCall { lomi: &lomi, order, id: &id, refund, payment, deadline: call_deadline };
    let result = provider_call::create(context, &call).await?;
    // 4 Write the outcome.
    let now = context.clock.now();
    let order = context.record(&request.order_id, |order| provider_call::outcome(order, &id, &result, now)).await?;
    match result {
        CallResult::Recorded(_) | CallResult::Unknown => {
            let order = order.ok_or(RefundError::NotFound)?;
            let newly_in_doubt = is_in_doubt(&order, &id);
            Ok(Refunded { id, order, replayed: false, newly_in_doubt })
        }
        CallResult::NotExecuted(error) | CallResult::Refused(error) => Err(error),
    }
}

async fn reserve(
    context: &Context,
    request: &RefundOrder,
    id: &str,
    mut lomi: impl AsyncFnMut() -> Option<Client>,
    call_deadline: Instant,
    report: &mut Report,
) -> Result<Reservation, RefundError> {
    let (mut list_read, mut transaction_id) = (None, request.transaction_id.clone());
    for attempt in 0..MAX_ATTEMPTS {
        let order = context.order(&request.order_id).await?.ok_or(RefundError::NotFound)?;
        let now = context.clock.now();
        if let Some(refund) = order.refunds().get(id) {
            return existing(context, request, id, refund, now).await;
        }
        let reserved = match order.with_refund(id, new_refund(request, transaction_id.clone(), now), now) {
            // A public id that is not on record here: lomi knows its payment.
            Err(RefundRefusal::WhichPayment) if transaction_id.as_deref().is_some_and(is_public_id) => {
                let lomi = lomi().await.ok_or(RefundError::NoKey)?;
                let public_id = transaction_id.as_deref().unwrap_or_default();
                transaction_id = Some(payment_of_public_id(&lomi, public_id, &order, call_deadline).await?);
                continue;
            }
            reserved => reserved?,
        };
        let refund = reserved.refunds().get(id).cloned().ok_or(RefundError::Unsendable)?;
        let lomi = lomi().await.ok_or(RefundError::NoKey)?;
        let payment = payout::transaction(&lomi, &refund.transaction_id, call_deadline).await?;
        let subject = (&order, &refund);
        if let Check::ListRead { is_complete } =
            elsewhere::check(context, &lomi, subject, payment.as_ref(), list_read, call_deadline, report).await?
        {
            list_read = Some(is_complete);
            continue;
        }
        payout::check(&lomi, subject, payment.as_ref(), request.confirmed_phone.as_ref(), call_deadline).await?;
        if !has_call_time(call_deadline) {
            return Err(RefundError::NoTime { retry_after_s: RETRY_AFTER_S });
        }
        let reserved = Reserved::of(reserved, refund, payment.as_ref());
        if context.store.save(&reserved.order).await? {
            return Ok(Reservation::New(lomi, Box::new(reserved)));
        }
        tokio::time::sleep(context.pause(attempt)).await;
    }
    Err(StoreError::Busy { operation: "reserve refund", reason: "contended" }.into())
}

impl Reserved {
    /// Records the payment's public id: lomi's answers may name it by that.
    fn of(order: Order, refund: Refund, payment: Option<&Transaction>) -> Self {
        let public_id = payment.and_then(|payment| payment.public_id.as_ref());
        let order = match public_id {
            Some(public_id) => order.with_public_id(&refund.transaction_id, public_id.as_str()),
            None => order,
        };
        let own = TransactionId::parse(&refund.transaction_id).ok();
        let at_lomi = payment.map(|payment| payment.transaction_id.clone());
        let payment = [own, at_lomi].into_iter().flatten().find(TransactionId::is_uuid);
        Self { order, refund, payment }
    }
}

async fn existing(
    context: &Context,
    request: &RefundOrder,
    id: &str,
    refund: &Refund,
    now: Timestamp,
) -> Result<Reservation, RefundError> {
    if refund.request.as_ref().is_none_or(|made| made.fingerprint != request.fingerprint) {
        return Err(RefundError::KeyReused);
    }
    if refund.is_running(now) {
        return Err(RefundError::InProgress { retry_after_s: RETRY_AFTER_S });
    }
    // The request did not finish within its lease.
    let order = context
        .change_order(&request.order_id, |order| {
            let is_open = order.refunds().get(id).is_some_and(|refund| refund.status == RefundStatus::Requested);
            is_open.then(|| order.refund_in_doubt(id, now)).flatten()
        })
        .await?;
    let order = order.ok_or(RefundError::NotFound)?;
    let newly_in_doubt = refund.status == RefundStatus::Requested && is_in_doubt(&order, id);
    Ok(Reservation::Existing { order: Box::new(order), newly_in_doubt })
}

/// Whether there is time for a call to lomi.
fn has_call_time(call_deadline: Instant) -> bool {
    call_deadline.saturating_duration_since(Instant::now()) >= MIN_CALL_TIME
}

fn is_in_doubt(order: &Order, id: &str) -> bool {
    order.refunds().get(id).is_some_and(|refund| refund.status == RefundStatus::InDoubt)
}

/// The ids that lomi's dashboard shows since API 1.2.0.
fn is_public_id(id: &str) -> bool {
    id.starts_with("txn_")
}

/// The order's payment with this public id.
async fn payment_of_public_id(
    lomi: &Client,
    public_id: &str,
    order: &Order,
    call_deadline: Instant,
) -> Result<String, RefundError> {
    let payment = payout::transaction(lomi, public_id, call_deadline).await?;
    let id = payment.map(|payment| payment.transaction_id.to_string());
    let own = id.filter(|id| order.payments().contains_key(id) && !is_public_id(id));
    own.ok_or(RefundError::Refused(RefundRefusal::WhichPayment))
}

fn new_refund(request: &RefundOrder, transaction_id: Option<String>, now: Timestamp) -> NewRefund {
    NewRefund {
        transaction_id,
        amount_minor: request.amount_minor,
        reason: request.reason.clone(),
        request: RefundRequest { fingerprint: request.fingerprint.clone(), lease_until: now.plus_ms(LEASE_MS) },
    }
}

impl Context {
    /// Writes what `change` makes of the order, with its event for the merchant's systems, and retries when another
    /// process wrote it meanwhile. Returns the order as it then is; `None` when there is none.
    async fn record(
        &self,
        id: &OrderId,
        change: impl Fn(&Order) -> Option<(Order, Option<OutboxEvent>)>,
    ) -> Result<Option<Order>, StoreError> {
        self.retry_on_conflict(async || {
            let Some(order) = self.order(id).await? else { return Ok(Some(None)) };
            let Some((next, event)) = change(&order) else { return Ok(Some(Some(order))) };
            let written = self.store.save_with_event(&next, event.as_ref(), self.clock.now()).await?;
            Ok(written.then_some(Some(next)))
        })
        .await
    }
}

/// The order and event that a transition writes.
fn to_write(transition: Transition) -> Option<(Order, Option<OutboxEvent>)> {
    match transition {
        Transition::Changed(order, event) => Some((*order, event)),
        Transition::Refused(_, marked) => marked.map(|order| (*order, None)),
        Transition::Unchanged | Transition::DiscountUnknown => None,
    }
}
