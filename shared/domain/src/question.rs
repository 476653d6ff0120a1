//! A payment, or a refund of one, that names no order of ours, and that lomi. is to be asked about.

use crate::{OrderId, Timestamp};
use serde::{Deserialize, Serialize};

const MINUTE_MS: i64 = 60 * 1000;
/// lomi. is asked this often, over some hours; by then somebody has to look.
const MAX_ASKED: u32 = 8;

/// Whose payment is this?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// lomi.'s id of the transaction.
    pub transaction_id: String,
    /// The session that the event named, where it named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout_session_id: Option<String>,
    /// The refund of it that the event told of, where it told of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<String>,
    /// The order that it turned out to belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// How often lomi. was asked in vain.
    pub asked_count: u32,
    /// Counts the writes, from 1.
    pub version: u64,
    /// When to ask next; `None` when it is answered, or given up.
    #[serde(default, rename = "due_at_ms", skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// When the payment was heard of.
    #[serde(rename = "created_at_ms")]
    pub created_at: Timestamp,
}

impl Question {
    /// A question to be asked right away.
    #[must_use]
    pub fn new(transaction_id: String, checkout_session_id: Option<String>, now: Timestamp) -> Self {
        Self {
            transaction_id,
            checkout_session_id,
            refund_id: None,
            order_id: None,
            asked_count: 0,
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

    /// What tells it apart from every other question.
    #[must_use]
    pub fn name(&self) -> &str {
        self.refund_id.as_deref().unwrap_or(&self.transaction_id)
    }

    /// Whether lomi. is to be asked now.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due_at.is_some_and(|due| due <= now)
    }

    /// The question after lomi. was asked and knew no answer yet.
    #[must_use]
    pub fn asked_in_vain(&self, now: Timestamp) -> Self {
        let asked_count = self.asked_count.saturating_add(1);
        let pause_ms = MINUTE_MS.saturating_mul(1 << asked_count.min(10));
        let due_at = (asked_count < MAX_ASKED).then(|| now.plus_ms(pause_ms));
        Self { asked_count, due_at, ..self.changed() }
    }

    /// The question after it was answered: by the order it belongs to, or by there being none of ours.
    #[must_use]
    pub fn answered(&self, order_id: Option<OrderId>) -> Self {
        Self { due_at: None, order_id, ..self.changed() }
    }

    /// The question after nobody could be asked.
    #[must_use]
    pub fn deferred(&self, now: Timestamp) -> Self {
        Self { due_at: Some(now.plus_ms(5 * MINUTE_MS)), ..self.changed() }
    }

    fn changed(&self) -> Self {
        Self { version: self.version.saturating_add(1), ..self.clone() }
    }

    /// The question after it was raised again, by signed news that may know more. `None` when that changes nothing.
    #[must_use]
    pub fn raised_again(&self, news: &Self, now: Timestamp) -> Option<Self> {
        let knows_more = self.checkout_session_id.is_none() && news.checkout_session_id.is_some();
        if self.order_id.is_some() || (self.due_at.is_some() && !knows_more) {
            return None;
        }
        let checkout_session_id = self.checkout_session_id.clone().or_else(|| news.checkout_session_id.clone());
        Some(Self { checkout_session_id, asked_count: 0, due_at: Some(now), ..self.changed() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_news_raises_a_question_again_until_it_is_answered() {
        let now = Timestamp::from_ms(1_800_000_000_000);
        let (blind, told) = (Question::new("t".into(), None, now), Question::new("t".into(), Some("s".into()), now));
        assert_eq!(blind.raised_again(&blind, now), None, "it is being asked");
        assert_eq!(blind.raised_again(&told, now).and_then(|question| question.checkout_session_id), Some("s".into()));
        let foreign = blind.answered(None);
        assert_eq!(foreign.raised_again(&blind, now).and_then(|question| question.due_at), Some(now));
        let ours = blind.answered(Some(OrderId::from_entropy([1; 32])));
        assert_eq!(ours.raised_again(&told, now), None);
    }

    #[test]
    fn a_question_without_an_answer_is_asked_ever_less_often_and_then_no_more() {
        let mut now = Timestamp::from_ms(1_800_000_000_000);
        let begun = now;
        let mut question = Question::new("t".into(), None, now);
        let mut asked = 0;
        while let Some(due) = question.due_at {
            assert!(due >= now);
            now = due;
            question = question.asked_in_vain(now);
            asked += 1;
        }
        assert_eq!(asked, MAX_ASKED);
        let hours = (now.as_ms() - begun.as_ms()) / (60 * MINUTE_MS);
        assert!((2..=8).contains(&hours), "{hours}");
    }
}
