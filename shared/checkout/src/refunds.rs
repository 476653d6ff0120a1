//! Money back: at most once per idempotency key, and never more of a payment than was paid by it.
//!
//! 1. What is behind this key? An answer, somebody at work, or nothing.
//! 2. See what went back elsewhere and where the money would go, and reserve the amount in the order, on top of the version that was read, so that two requests cannot both fit.
//! 3. Ask lomi. Newer servers show first what they would do, and execute it by a second call. The call that may execute is made
//!    once, and never repeated blindly.
//! 4. Write what became of it.
//!
//! A crash before 2 leaves nothing. A crash between 2 and 4 leaves a request whose lease ends: it is in doubt then, and
//! the reconciler looks for it in lomi.'s list. Until it is found, or surely is not there, its amount stays reserved.

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
use elsewhere::Known;
use lomi_client::{Client, Transaction, TransactionId};
use std::time::Duration;
use store::StoreError;
use tokio::time::Instant;

/// A request that has not written its outcome by then is in doubt.
const LEASE_MS: i64 = 30_000;
/// Kept back from the caller's deadline to write the outcome. What is left is far shorter than the lease.
const WRITE_MARGIN: Duration = Duration::from_secs(2);
/// With less time than this left lomi. is not asked: an answer that came too late would leave a doubt.
const SHORTEST_ASK: Duration = Duration::from_secs(3);
/// So often the reservation is made anew on top of somebody else's write.
const MAX_LOOKS: u32 = 12;
/// A request that runs normally is done by then.
const RETRY_AFTER_S: u32 = 2;

/// A request to give money back.
#[derive(Clone, Debug)]
pub struct RefundOrder {
    /// The order.
    pub order_id: OrderId,
    /// The caller's key; it names the refund within the order.
    pub idempotency_key: IdempotencyKey,
    /// Recognises the request.
    pub fingerprint: Fingerprint,
    /// The payment; the order's only one when not named.
    pub transaction_id: Option<String>,
    /// In minor units; all that is left of the payment when not named.
    pub amount_minor: Option<i64>,
    /// For the merchant's records; lomi. gets it too.
    pub reason: Option<String>,
    /// The number that the operator has seen and confirmed, where lomi. pays the money out to one.
    pub confirmed_phone: Option<PhoneNumber>,
}

/// A refund as it stands.
#[derive(Debug)]
pub struct Refunded {
    /// Our own id of it.
    pub id: String,
    /// The order it is in.
    pub order: Order,
    /// Whether an earlier request had asked for it.
    pub replayed: bool,
    /// Whether it is in doubt from this moment on.
    pub newly_in_doubt: bool,
}

impl Refunded {
    /// The refund itself.
    #[must_use]
    pub fn refund(&self) -> Option<&Refund> {
        self.order.refunds().get(&self.id)
    }
}

/// Why no money goes back by this request.
#[derive(Debug, thiserror::Error)]
pub enum RefundError {
    /// There is no such order.
    #[error("no such order")]
    NotFound,
    /// The key belongs to another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Another request with this key is at it.
    #[error("in progress")]
    InProgress {
        /// When to come again.
        retry_after_s: u32,
    },
    /// The order does not allow it. Nothing was sent.
    #[error(transparent)]
    Refused(#[from] RefundRefusal),
    /// lomi. would pay the money out to a number that is not the payer's, or not the one that was confirmed. Nothing was
    /// sent; the operator may confirm the number.
    #[error("the money would go to another number than the payer's")]
    PayoutDiffers(Box<Payout>),
    /// Where lomi. would pay the money out to cannot be found out. Nothing was sent.
    #[error("where the money would go is not known")]
    PayoutUnknown(Box<Payout>),
    /// There is no key to call lomi. with. Nothing was sent.
    #[error("no usable key for lomi.")]
    NoKey,
    /// lomi. could not be reached, or asked to wait. Nothing was recorded there; the same key tries again.
    #[error("lomi. is out of reach")]
    ProviderUnavailable {
        /// When to come again.
        retry_after_s: u32,
        /// What happened.
        error: lomi_client::Error,
    },
    /// Looking where the money would go has taken so long that lomi. could not be asked to its end. Nothing was sent.
    #[error("no time is left to ask lomi.")]
    NoTime {
        /// When to come again.
        retry_after_s: u32,
    },
    /// The request cannot be put into lomi.'s words. Nothing was sent.
    #[error("the request cannot be sent to lomi.")]
    Unsendable,
    /// lomi. would do something else than it was asked to. Nothing has moved, and nothing will under this key.
    #[error("lomi. would do something else")]
    PreviewDiffers,
    /// lomi. takes neither key for what it has shown. Nothing has moved; the same key tries again.
    #[error("lomi. does not execute what it has shown")]
    Unconfirmed {
        /// When to come again.
        retry_after_s: u32,
    },
    /// What went back of the payment cannot be found out: lomi. does not say it on the payment, and its list was not read to
    /// its end. Nothing was sent.
    #[error("what went back already is not known")]
    Unread {
        /// When to come again.
        retry_after_s: u32,
    },
    /// lomi. refused; no money goes back.
    #[error("lomi. refused")]
    ProviderRejected(lomi_client::Error),
    /// DynamoDB did not answer. When lomi. was asked already, the reconciler finds what became of it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A refund that is to be asked for.
struct Reserved {
    /// With the refund in it.
    order: Order,
    refund: Refund,
    /// The payment's UUID.
    payment: Option<TransactionId>,
}

enum Entered {
    Known { order: Box<Order>, newly_in_doubt: bool },
    Ours(Client, Box<Reserved>),
}

/// Asks for a refund, or shows the one that was asked for under this key. A refund that is in doubt is no error: whoever
/// sees it must not ask for another.
///
/// # Errors
/// [`RefundError`].
pub async fn refund(
    context: &Context,
    request: &RefundOrder,
    lomi: impl AsyncFnMut() -> Option<Client>,
    deadline: Instant,
    report: &mut Report,
) -> Result<Refunded, RefundError> {
    let id = Refund::own_id(context.environment, &request.order_id, &request.idempotency_key);
    // 1-2 Look behind the key, reserve.
    let call_deadline = deadline.checked_sub(WRITE_MARGIN).unwrap_or(deadline);
    let (lomi, reserved) = match enter(context, request, &id, lomi, call_deadline, report).await? {
        Entered::Known { order, newly_in_doubt } => {
            return Ok(Refunded { id, order: *order, replayed: true, newly_in_doubt });
        }
        Entered::Ours(lomi, reserved) => (lomi, reserved),
    };
    // 3 Ask lomi.
    let Reserved { order, refund, payment } = &*reserved;
    let ask =
        provider_call::Ask { lomi: &lomi, order, id: &id, refund, payment: payment.as_ref(), deadline: call_deadline };
    let answer = provider_call::lomi(context, &ask).await?;
    // 4 Write the outcome.
    let now = context.clock.now();
    let order = context.record(&request.order_id, |order| provider_call::outcome(order, &id, &answer, now)).await?;
    match answer {
        provider_call::Answer::Named(_) | provider_call::Answer::Lost => {
            let order = order.ok_or(RefundError::NotFound)?;
            let newly_in_doubt = is_in_doubt(&order, &id);
            Ok(Refunded { id, order, replayed: false, newly_in_doubt })
        }
        provider_call::Answer::NotNow(error) | provider_call::Answer::Refused(error) => Err(error),
    }
}

async fn enter(
    context: &Context,
    request: &RefundOrder,
    id: &str,
    mut lomi: impl AsyncFnMut() -> Option<Client>,
    call_deadline: Instant,
    report: &mut Report,
) -> Result<Entered, RefundError> {
    let (mut listed, mut named) = (None, request.transaction_id.clone());
    for attempt in 0..MAX_LOOKS {
        let order = context.order(&request.order_id).await?.ok_or(RefundError::NotFound)?;
        let now = context.clock.now();
        if let Some(refund) = order.refunds().get(id) {
            return known(context, request, id, refund, now).await;
        }
        let reserved = match order.with_refund(id, reservation(request, named.clone(), now), now) {
            // A public id that is not on record here: lomi. knows whose it is.
            Err(RefundRefusal::WhichPayment) if named.as_deref().is_some_and(is_public_id) => {
                let lomi = lomi().await.ok_or(RefundError::NoKey)?;
                named = Some(payment_behind(&lomi, named.as_deref().unwrap_or_default(), &order, call_deadline).await?);
                continue;
            }
            reserved => reserved?,
        };
        let refund = reserved.refunds().get(id).cloned().ok_or(RefundError::Unsendable)?;
        let lomi = lomi().await.ok_or(RefundError::NoKey)?;
        let payment = payout::transaction(&lomi, &refund.transaction_id, call_deadline).await?;
        let both = (&order, &refund);
        if let Known::More { is_whole } =
            elsewhere::look(context, &lomi, both, payment.as_ref(), listed, call_deadline, report).await?
        {
            listed = Some(is_whole);
            continue;
        }
        payout::check(&lomi, both, payment.as_ref(), request.confirmed_phone.as_ref(), call_deadline).await?;
        if !has_time(call_deadline) {
            return Err(RefundError::NoTime { retry_after_s: RETRY_AFTER_S });
        }
        let reserved = Reserved::of(reserved, refund, payment.as_ref());
        if context.store.save(&reserved.order).await? {
            return Ok(Entered::Ours(lomi, Box::new(reserved)));
        }
        tokio::time::sleep(context.pause(attempt)).await;
    }
    Err(StoreError::Busy { operation: "reserve refund", reason: "contended" }.into())
}

impl Reserved {
    /// Notes how else lomi. calls the payment: its answers may name it by that.
    fn of(order: Order, refund: Refund, payment: Option<&Transaction>) -> Self {
        let public_id = payment.and_then(|payment| payment.public_id.as_ref());
        let order = match public_id {
            Some(public_id) => order.with_public_id(&refund.transaction_id, public_id.as_str()),
            None => order,
        };
        let own = TransactionId::parse(&refund.transaction_id).ok();
        let told = payment.map(|payment| payment.transaction_id.clone());
        let payment = [own, told].into_iter().flatten().find(TransactionId::is_uuid);
        Self { order, refund, payment }
    }
}

async fn known(
    context: &Context,
    request: &RefundOrder,
    id: &str,
    refund: &Refund,
    now: Timestamp,
) -> Result<Entered, RefundError> {
    if refund.request.as_ref().is_none_or(|made| made.fingerprint != request.fingerprint) {
        return Err(RefundError::KeyReused);
    }
    if refund.is_running(now) {
        return Err(RefundError::InProgress { retry_after_s: RETRY_AFTER_S });
    }
    // Whoever asked has not come back within the lease.
    let order = context
        .change_order(&request.order_id, |order| {
            let is_left = order.refunds().get(id).is_some_and(|refund| refund.status == RefundStatus::Requested);
            is_left.then(|| order.refund_in_doubt(id, now)).flatten()
        })
        .await?;
    let order = order.ok_or(RefundError::NotFound)?;
    let newly_in_doubt = refund.status == RefundStatus::Requested && is_in_doubt(&order, id);
    Ok(Entered::Known { order: Box::new(order), newly_in_doubt })
}

/// Whether lomi. can be asked, and answer.
fn has_time(call_deadline: Instant) -> bool {
    call_deadline.saturating_duration_since(Instant::now()) >= SHORTEST_ASK
}

fn is_in_doubt(order: &Order, id: &str) -> bool {
    order.refunds().get(id).is_some_and(|refund| refund.status == RefundStatus::InDoubt)
}

/// As lomi.'s dashboard shows payments since API 1.2.0.
fn is_public_id(id: &str) -> bool {
    id.starts_with("txn_")
}

/// The payment of the order that lomi. calls by this public id.
async fn payment_behind(
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

fn reservation(request: &RefundOrder, transaction_id: Option<String>, now: Timestamp) -> NewRefund {
    NewRefund {
        transaction_id,
        amount_minor: request.amount_minor,
        reason: request.reason.clone(),
        request: RefundRequest { fingerprint: request.fingerprint.clone(), lease_until: now.plus_ms(LEASE_MS) },
    }
}

impl Context {
    /// Writes what `change` makes of the order, with the event that tells of it, on top of whatever others write
    /// meanwhile: the order as it then is, `None` when there is none.
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

/// What a transition has to write.
fn to_write(transition: Transition) -> Option<(Order, Option<OutboxEvent>)> {
    match transition {
        Transition::Changed(order, event) => Some((*order, event)),
        Transition::Refused(_, marked) => marked.map(|order| (*order, None)),
        Transition::Unchanged | Transition::DiscountUnknown => None,
    }
}
