//! Steps 3 and 4: lomi. is asked once, and what it said is written.

use super::words::Words;
use super::{RefundError, to_write};
use crate::units;
use domain::{Order, OutboxEvent, Refund, SettledRefund, Source, Timestamp};
use lomi_client::{Client, CreateRefund, Error, IdempotencyKey, Outcome, TransactionId};
use tokio::time::Instant;

/// How soon another try makes sense, at least and at most.
const COOL_DOWN_S: [u64; 2] = [2, 60];

/// What lomi. said to a request for a refund.
pub(super) enum Answer {
    /// It recorded one.
    Named(SettledRefund),
    /// Nobody knows.
    Lost,
    /// Nothing happened, and the same request may fare better.
    NotNow(RefundError),
    /// Nothing happened, and it never will under this key.
    Refused(RefundError),
}

pub(super) async fn lomi(lomi: &Client, order: &Order, id: &str, refund: &Refund, deadline: Instant) -> Answer {
    let Some((wish, key)) = wish_of(order, id, refund) else { return Answer::Refused(RefundError::Unsendable) };
    match lomi.refunds().create(&wish, key).deadline(deadline).send().await {
        // A refund of another payment is none that we asked for, whatever it is.
        Ok(row) => Words::of_answer(&row, &refund.transaction_id)
            .and_then(|words| words.about(order, order.environment()))
            .map_or(Answer::Lost, |told| Answer::Named(as_asked(told, refund))),
        // A part that lomi. pays out leaves before the refund is recorded, so a refusal does not prove that it stayed.
        Err(error) if order.is_paid_out(refund) && !is_turned_away(&error) => Answer::Lost,
        Err(error) => failure(error),
    }
}

/// The answer says what has been paid out: less than was asked for is no contradiction, lomi. may keep a fee of it or may
/// not have paid yet.
fn as_asked(told: SettledRefund, refund: &Refund) -> SettledRefund {
    let money = told.money.filter(|money| money.amount_minor() >= refund.amount_minor);
    SettledRefund { money, ..told }
}

/// lomi.'s request; the same for every try under one key, to the byte.
fn wish_of(order: &Order, id: &str, refund: &Refund) -> Option<(CreateRefund, IdempotencyKey)> {
    let amount = domain::Money::new(refund.amount_minor, order.expected()?.currency()).and_then(units::to_lomi)?;
    let transaction_id = TransactionId::parse(&refund.transaction_id).ok()?;
    let wish = CreateRefund { reason: refund.reason.clone(), ..CreateRefund::new(transaction_id, amount) };
    Some((wish, IdempotencyKey::parse(id).ok()?))
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
        Answer::NotNow(_) => order.without_refund(id, now).map(|order| (order, None)),
        Answer::Refused(_) => order.refund_released(id, Source::Lomi, now).map(|order| (order, None)),
    }
}
