//! Something that an event or a list of lomi.'s told and did not prove: it names no order of ours, or not whose money it is. lomi.
//! is to be asked about it.

use crate::{OrderId, QuarantineId, Timestamp};
use serde::{Deserialize, Serialize};

const MINUTE_MS: i64 = 60 * 1000;
/// lomi. is asked this often, over some hours; by then somebody has to look.
const MAX_ATTEMPTS: u32 = 8;
/// lomi. writes a row before it tells of it: what it denies this often, over some minutes, it does not have for our key.
const MAX_DENIED: u32 = 3;

/// Whose payment is this?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributionCase {
    /// lomi.'s id of the transaction; `None` when nothing but a page was told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<String>,
    /// The session that the event named, where it named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout_session_id: Option<String>,
    /// The refund of it that the event told of, where it told of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<String>,
    /// Whether the event told that the transaction had failed.
    #[serde(default)]
    pub is_failure: bool,
    /// The event that was put aside, and is taken up again when lomi. has told of its payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<QuarantineId>,
    /// Whether nothing hangs on the answer: nobody has to be told when there is none.
    #[serde(default)]
    pub is_idle: bool,
    /// Whether the event did not prove whose money it is about. Nobody was told of it: if lomi. denies it, somebody has to be.
    #[serde(default)]
    pub is_unproven: bool,
    /// The order that it turned out to belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// How often lomi. was asked in vain.
    pub attempts: u32,
    /// Counts the writes, from 1.
    pub version: u64,
    /// When to ask next; `None` when it is answered, or given up.
    #[serde(default, rename = "due_at_ms", skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// When the payment was heard of.
    #[serde(rename = "created_at_ms")]
    pub created_at: Timestamp,
}

impl AttributionCase {
    /// A case to be asked right away.
    #[must_use]
    pub fn new(transaction_id: String, checkout_session_id: Option<String>, now: Timestamp) -> Self {
        Self {
            transaction_id: Some(transaction_id),
            checkout_session_id,
            refund_id: None,
            is_failure: false,
            kept: None,
            is_idle: false,
            is_unproven: false,
            order_id: None,
            attempts: 0,
            version: 1,
            due_at: Some(now),
            created_at: now,
        }
    }

    /// The same about a payment of which a refund was heard first.
    #[must_use]
    pub fn about_refund(refund_id: String, transaction_id: String, now: Timestamp) -> Self {
        Self { refund_id: Some(refund_id), ..Self::new(transaction_id, None, now) }
    }

    /// The same about a try to pay that failed.
    #[must_use]
    pub fn about_failure(transaction_id: String, now: Timestamp) -> Self {
        Self { is_failure: true, ..Self::new(transaction_id, None, now) }
    }

    /// The same about the payment of an event that was put aside until lomi. has told of it.
    #[must_use]
    pub fn about_event(kept: QuarantineId, transaction_id: String, is_idle: bool, now: Timestamp) -> Self {
        Self { kept: Some(kept), is_idle, is_unproven: true, ..Self::new(transaction_id, None, now) }
    }

    /// The same about a page that was paid.
    #[must_use]
    pub fn about_page(checkout_session_id: String, now: Timestamp) -> Self {
        Self { transaction_id: None, ..Self::new(String::new(), Some(checkout_session_id), now) }
    }

    /// The same where the event told nothing that is lost without an answer.
    #[must_use]
    pub fn idle(self) -> Self {
        Self { is_idle: true, ..self }
    }

    /// The same for an event that did not prove whose money it is about.
    #[must_use]
    pub fn unproven(self) -> Self {
        Self { is_unproven: true, ..self }
    }

    /// What tells it apart from every other case.
    #[must_use]
    pub fn name(&self) -> String {
        if let Some(kept) = &self.kept {
            return format!("EVENT#{}", kept.as_str());
        }
        match (&self.refund_id, &self.transaction_id, &self.checkout_session_id) {
            (Some(refund), _, _) => refund.clone(),
            (None, Some(transaction), _) if self.is_failure => format!("FAILED#{transaction}"),
            (None, Some(transaction), _) => transaction.clone(),
            (None, None, session) => format!("SESSION#{}", session.as_deref().unwrap_or_default()),
        }
    }

    /// Whether lomi. is to be asked now.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due_at.is_some_and(|due| due <= now)
    }

    /// The case after lomi. was asked and knew no answer yet.
    #[must_use]
    pub fn with_attempt(&self, now: Timestamp) -> Self {
        self.with_attempt_of(MAX_ATTEMPTS, now)
    }

    /// The case after lomi. denied to our key that there is such a thing.
    #[must_use]
    pub fn denied(&self, now: Timestamp) -> Self {
        self.with_attempt_of(MAX_DENIED, now)
    }

    fn with_attempt_of(&self, most: u32, now: Timestamp) -> Self {
        let attempts = self.attempts.saturating_add(1);
        let pause_ms = MINUTE_MS.saturating_mul(1 << attempts.min(10));
        let due_at = (attempts < most).then(|| now.plus_ms(pause_ms));
        Self { attempts, due_at, ..self.changed() }
    }

    /// The case after it was answered: by the order it belongs to, or by there being none of ours.
    #[must_use]
    pub fn answered(&self, order_id: Option<OrderId>) -> Self {
        Self { due_at: None, order_id, ..self.changed() }
    }

    /// The case after nobody could be asked.
    #[must_use]
    pub fn deferred(&self, now: Timestamp) -> Self {
        Self { due_at: Some(now.plus_ms(5 * MINUTE_MS)), ..self.changed() }
    }

    fn changed(&self) -> Self {
        Self { version: self.version.saturating_add(1), ..self.clone() }
    }

    /// The case after it was raised again, by signed news that may know more. `None` when that changes nothing.
    #[must_use]
    pub fn reopened(&self, news: &Self, now: Timestamp) -> Option<Self> {
        let names_page = self.checkout_session_id.is_none() && news.checkout_session_id.is_some();
        let knows_more = names_page || (news.is_unproven && !self.is_unproven);
        if self.order_id.is_some() || (self.due_at.is_some() && !knows_more) {
            return None;
        }
        let checkout_session_id = self.checkout_session_id.clone().or_else(|| news.checkout_session_id.clone());
        let is_unproven = self.is_unproven || news.is_unproven;
        Some(Self { checkout_session_id, is_unproven, attempts: 0, due_at: Some(now), ..self.changed() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_news_raises_a_question_again_until_it_is_answered() {
        let now = Timestamp::from_ms(1_800_000_000_000);
        let (blind, told) =
            (AttributionCase::new("t".into(), None, now), AttributionCase::new("t".into(), Some("s".into()), now));
        assert_eq!(blind.reopened(&blind, now), None, "it is being asked");
        assert_eq!(blind.reopened(&told, now).and_then(|case| case.checkout_session_id), Some("s".into()));
        let foreign = blind.answered(None);
        assert_eq!(foreign.reopened(&blind, now).and_then(|case| case.due_at), Some(now));
        let ours = blind.answered(Some(OrderId::from_entropy([1; 32])));
        assert_eq!(ours.reopened(&told, now), None);
    }

    #[test]
    fn what_lomi_denies_is_denied_within_minutes() {
        let begun = Timestamp::from_ms(1_800_000_000_000);
        let mut case = AttributionCase::new("t".into(), None, begun).unproven();
        let mut now = begun;
        while let Some(due) = case.due_at {
            now = due;
            case = case.denied(now);
        }
        assert_eq!(case.attempts, MAX_DENIED);
        assert!(now.as_ms() - begun.as_ms() <= 10 * MINUTE_MS);
    }

    #[test]
    fn questions_about_different_things_have_different_names() {
        let now = Timestamp::from_ms(1_800_000_000_000);
        let kept = QuarantineId::of("DISPUTE_CREATED#d", "unknown_payment", "webhook");
        let names = [
            AttributionCase::new("a".into(), Some("s".into()), now).name(),
            AttributionCase::about_failure("a".into(), now).name(),
            AttributionCase::about_refund("r".into(), "a".into(), now).name(),
            AttributionCase::about_page("a".into(), now).name(),
            AttributionCase::about_event(kept.clone(), "a".into(), false, now).name(),
        ];
        assert_eq!(names, ["a", "FAILED#a", "r", "SESSION#a", &format!("EVENT#{}", kept.as_str())]);
    }

    #[test]
    fn a_question_without_an_answer_is_asked_ever_less_often_and_then_no_more() {
        let mut now = Timestamp::from_ms(1_800_000_000_000);
        let begun = now;
        let mut case = AttributionCase::new("t".into(), None, now);
        let mut asked = 0;
        while let Some(due) = case.due_at {
            assert!(due >= now);
            now = due;
            case = case.with_attempt(now);
            asked += 1;
        }
        assert_eq!(asked, MAX_ATTEMPTS);
        let hours = (now.as_ms() - begun.as_ms()) / (60 * MINUTE_MS);
        assert!((2..=8).contains(&hours), "{hours}");
    }
}
