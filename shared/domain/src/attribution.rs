//! A webhook event or a listed payment that names no order of this stack, or does not prove which merchant it belongs
//! to. The reconciler resolves the case at lomi.

use crate::{OrderId, QuarantineId, Timestamp};
use serde::{Deserialize, Serialize};

const MINUTE_MS: i64 = 60 * 1000;
/// lomi is polled at most this many times, over some hours; after that the operator must decide.
const MAX_ATTEMPTS: u32 = 8;
/// lomi stores a row before it sends an event about it. What it denies this many times, over some minutes, does
/// not exist for our key.
const MAX_DENIED: u32 = 3;

/// The open case: which order does this payment belong to?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributionCase {
    /// lomi's id of the transaction; `None` when the event named only a checkout session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<String>,
    /// The checkout session that the event named, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout_session_id: Option<String>,
    /// The refund that the event reported, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<String>,
    /// Whether the event reported a failed transaction.
    #[serde(default)]
    pub is_failure: bool,
    /// The quarantined event, which is processed again once lomi has confirmed its payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<QuarantineId>,
    /// Whether an unresolved case loses nothing, so that it raises no alarm.
    #[serde(default)]
    pub is_idle: bool,
    /// Whether the event did not prove which merchant it belongs to. It raised no alarm; it must when lomi denies it.
    #[serde(default)]
    pub is_unproven: bool,
    /// The order that the payment belongs to, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// How many times lomi was polled without an answer.
    pub attempts: u32,
    /// Counts the writes, from 1.
    pub version: u64,
    /// When to poll lomi next; `None` when the case is answered or given up.
    #[serde(default, rename = "due_at_ms", skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// When the event was received.
    #[serde(rename = "created_at_ms")]
    pub created_at: Timestamp,
}

impl AttributionCase {
    /// A case that is due at once.
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

    /// A case about the payment behind a refund event.
    #[must_use]
    pub fn about_refund(refund_id: String, transaction_id: String, now: Timestamp) -> Self {
        Self { refund_id: Some(refund_id), ..Self::new(transaction_id, None, now) }
    }

    /// A case about a failed payment attempt.
    #[must_use]
    pub fn about_failure(transaction_id: String, now: Timestamp) -> Self {
        Self { is_failure: true, ..Self::new(transaction_id, None, now) }
    }

    /// A case about the payment of an event that is quarantined until lomi confirms it.
    #[must_use]
    pub fn about_event(kept: QuarantineId, transaction_id: String, is_idle: bool, now: Timestamp) -> Self {
        Self { kept: Some(kept), is_idle, is_unproven: true, ..Self::new(transaction_id, None, now) }
    }

    /// A case about a paid checkout session.
    #[must_use]
    pub fn about_page(checkout_session_id: String, now: Timestamp) -> Self {
        Self { transaction_id: None, ..Self::new(String::new(), Some(checkout_session_id), now) }
    }

    /// The same case, marked as one that loses nothing when it stays unresolved.
    #[must_use]
    pub fn idle(self) -> Self {
        Self { is_idle: true, ..self }
    }

    /// The same case, for an event that did not prove which merchant it belongs to.
    #[must_use]
    pub fn unproven(self) -> Self {
        Self { is_unproven: true, ..self }
    }

    /// The key of the case: unique for each payment, failure, refund, session and quarantined event.
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

    /// Whether lomi must be polled now.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due_at.is_some_and(|due| due <= now)
    }

    /// The case after lomi had no answer yet.
    #[must_use]
    pub fn with_attempt(&self, now: Timestamp) -> Self {
        self.with_attempt_of(MAX_ATTEMPTS, now)
    }

    /// The case after lomi denied that the object exists for our key.
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

    /// The case with its answer: the order, or `None` when it belongs to no order of this stack.
    #[must_use]
    pub fn answered(&self, order_id: Option<OrderId>) -> Self {
        Self { due_at: None, order_id, ..self.changed() }
    }

    /// The case after lomi could not be called.
    #[must_use]
    pub fn deferred(&self, now: Timestamp) -> Self {
        Self { due_at: Some(now.plus_ms(5 * MINUTE_MS)), ..self.changed() }
    }

    fn changed(&self) -> Self {
        Self { version: self.version.saturating_add(1), ..self.clone() }
    }

    /// The case reopened by a signed event that may know more. `None` when that changes nothing.
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
    fn a_signed_event_reopens_an_unresolved_case() {
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
    fn a_payment_unknown_to_lomi_is_closed_within_minutes() {
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
    fn different_payments_have_different_attribution_cases() {
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
    fn an_attribution_case_is_polled_less_often_and_then_closed() {
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
