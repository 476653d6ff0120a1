//! Steps 3 and 4: lomi. is asked for the refund, and what it said is written.

use super::{RefundError, confirm, is_in_doubt, to_write};
use crate::lookup::refund_report::RefundReport;
use crate::{Context, units};
use domain::{Order, OutboxEvent, ProviderRefund, Refund, Source, Timestamp};
use lomi_client::{Client, CreateRefund, Error, IdempotencyKey, Outcome, RefundAnswer, TransactionId};
use store::StoreError;
use tokio::time::Instant;

/// How soon another try makes sense, at least and at most.
const COOL_DOWN_S: [u64; 2] = [2, 60];

/// What lomi. said to a request for a refund.
pub(super) enum Answer {
    /// It recorded one.
    Named(ProviderRefund),
    /// Nobody knows.
    Lost,
    /// Nothing happened, and the same request may fare better.
    NotNow(RefundError),
    /// Nothing happened, and it never will under this key.
    Refused(RefundError),
}

/// One refund, as it is asked for.
pub(super) struct Ask<'a> {
    pub(super) lomi: &'a Client,
    /// With the refund in it.
    pub(super) order: &'a Order,
    pub(super) id: &'a str,
    pub(super) refund: &'a Refund,
    /// What lomi. takes for the payment's id: its UUID. `None` when it cannot be found out.
    pub(super) payment: Option<&'a TransactionId>,
    pub(super) deadline: Instant,
}

/// Asks for the refund. lomi. executes it, or shows first what it would do; whichever it does, it says.
///
/// # Errors
/// When DynamoDB does not take down what is about to be sent. Nothing has moved then.
pub(super) async fn lomi(context: &Context, ask: &Ask<'_>) -> Result<Answer, StoreError> {
    let (Some(wish), Some(key)) = (ask.wish(), ask.preview_key()) else {
        return Ok(Answer::Refused(RefundError::Unsendable));
    };
    match ask.send(&wish, key).await {
        Ok(RefundAnswer::Executed(row)) => Ok(ask.executed(&row)),
        Ok(RefundAnswer::Preview(preview)) => confirm::execute(context, ask, &wish, preview).await,
        Err(error) => Ok(ask.failed(error)),
    }
}

impl Ask<'_> {
    pub(super) async fn send(&self, wish: &CreateRefund, key: IdempotencyKey) -> Result<RefundAnswer, Error> {
        self.lomi.refunds().create(wish, key).deadline(self.deadline).send().await
    }

    /// A refund of another payment is none that we asked for, whatever it is.
    pub(super) fn executed(&self, row: &lomi_client::Refund) -> Answer {
        RefundReport::of_answer(row, self.order, &self.refund.transaction_id)
            .and_then(|words| words.about(self.order, self.order.environment()))
            .map_or(Answer::Lost, |told| Answer::Named(as_asked(told, self.refund)))
    }

    /// A part that lomi. pays out leaves before the refund is recorded, so a refusal does not prove that it stayed.
    pub(super) fn failed(&self, error: Error) -> Answer {
        if self.order.is_paid_out(self.refund) && !is_turned_away(&error) { Answer::Lost } else { failure(error) }
    }

    /// lomi.'s request; the same for every try under one key, to the byte.
    fn wish(&self) -> Option<CreateRefund> {
        let currency = self.order.expected()?.currency();
        let amount = domain::Money::new(self.refund.amount_minor, currency).and_then(units::to_lomi)?;
        let payment = self.payment.cloned()?;
        Some(CreateRefund { reason: self.refund.reason.clone(), ..CreateRefund::new(payment, amount) })
    }

    /// lomi. repeats its first answer under a key for a day, an outdated token too: another try has another key.
    pub(super) fn preview_key(&self) -> Option<IdempotencyKey> {
        IdempotencyKey::parse(&format!("{}-{}", self.id, self.refund.requested_at.as_ms())).ok()
    }

    /// What executes the refund: its own name.
    pub(super) fn execution_key(&self) -> Option<IdempotencyKey> {
        IdempotencyKey::parse(self.id).ok()
    }
}

/// The answer says what has been paid out: less than was asked for is no contradiction, lomi. may keep a fee of it or may
/// not have paid yet.
fn as_asked(told: ProviderRefund, refund: &Refund) -> ProviderRefund {
    let money = told.money.filter(|money| money.amount_minor() >= refund.amount_minor);
    ProviderRefund { money, ..told }
}

/// Whether the call was never made, or stopped at lomi.'s door: by the key or the rate limit, before anything of it was
/// looked at.
fn is_turned_away(error: &Error) -> bool {
    error.outcome() == Outcome::NotSent
        || (error.outcome() == Outcome::Rejected && matches!(error.status(), Some(401 | 403 | 429)))
}

/// After how many seconds another try makes sense.
pub(super) fn cool_down_s(error: &Error) -> u32 {
    let [shortest_s, longest_s] = COOL_DOWN_S;
    let wish_s = error.retry_after().map_or(shortest_s, |wait| wait.as_secs()).clamp(shortest_s, longest_s);
    u32::try_from(wish_s).unwrap_or_default()
}

fn failure(error: Error) -> Answer {
    let retry_after_s = cool_down_s(&error);
    match error.outcome() {
        Outcome::Unknown => Answer::Lost,
        Outcome::NotSent => Answer::NotNow(RefundError::ProviderUnavailable { retry_after_s, error }),
        // It is our key that lomi. refuses, and a rotated one is in use within a minute.
        Outcome::Rejected if error.is_retryable() || matches!(error.status(), Some(401 | 403)) => {
            Answer::NotNow(RefundError::ProviderUnavailable { retry_after_s, error })
        }
        Outcome::Rejected => Answer::Refused(RefundError::ProviderRejected(error)),
    }
}

/// What the order becomes; `None` when more is known by now than this answer says.
pub(super) fn outcome(
    order: &Order,
    id: &str,
    answer: &Answer,
    now: Timestamp,
) -> Option<(Order, Option<OutboxEvent>)> {
    match answer {
        Answer::Named(told) => to_write(order.refund_answered(id, told, now)),
        Answer::Lost => order.refund_in_doubt(id, now).map(|order| (order, None)),
        // Whoever asked again meanwhile was told that it is in doubt: it stays to be seen.
        Answer::NotNow(_) if is_in_doubt(order, id) => {
            order.refund_released(id, Source::Lomi, now).map(|order| (order, None))
        }
        Answer::NotNow(_) => order.without_refund(id, now).map(|order| (order, None)),
        Answer::Refused(_) => order.refund_released(id, Source::Lomi, now).map(|order| (order, None)),
    }
}
