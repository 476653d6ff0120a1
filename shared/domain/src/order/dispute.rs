//! Disputes: a payer's bank claims a payment back, and lomi sends an event for each step.
//!
//! lomi documents no format of a dispute, so any field but the payment may be missing. The order keeps the set of
//! steps; the state of a dispute depends on that set alone, not on the order or number of the events.

use super::{Environment, Mismatch, Order, OutboxEvent, Source, TimelineEvent, Transition};
use crate::{Money, Timestamp, is_legible};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The most disputes that one order stores.
const MAX_DISPUTES: usize = 10;
/// The most steps that one dispute stores.
const MAX_STEPS: usize = 10;
/// The most characters of lomi's texts that are stored.
const MAX_TEXT_CHARS: usize = 100;
/// Final statuses in the merchant's favour (Stripe's public statuses of a dispute, as the processor behind lomi): won,
/// and an inquiry that never became a dispute.
const FAVOURABLE: [&str; 2] = ["won", "warning_closed"];

/// The kind of a dispute event, in the order in which they happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStage {
    /// The bank opened the dispute.
    Opened,
    /// The status changed.
    Updated,
    /// The dispute is over.
    Closed,
}

impl DisputeStage {
    /// The kind as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Updated => "updated",
            Self::Closed => "closed",
        }
    }

    const fn happened(self) -> TimelineEvent {
        match self {
            Self::Opened => TimelineEvent::DisputeOpened,
            Self::Updated => TimelineEvent::DisputeUpdated,
            Self::Closed => TimelineEvent::DisputeClosed,
        }
    }
}

/// A short text from lomi in one line of at most 100 characters: a status or a reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ShortText(String);

impl ShortText {
    /// The text, cut to its limit. `None` when it is empty or has control characters.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_shown = !line.is_empty() && is_legible(&line);
        is_shown.then(|| Self(line.chars().take(MAX_TEXT_CHARS).collect()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A dispute event from lomi.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeUpdate {
    /// lomi's id of the dispute: 1 to 64 letters, digits, `_` and `-`. Without one, the payment's id identifies the
    /// dispute.
    pub dispute_id: Option<String>,
    /// lomi's id of the payment.
    pub transaction_id: String,
    /// The environment of the payment, verified.
    pub environment: Environment,
    /// What happened.
    pub stage: DisputeStage,
    /// lomi's status of the dispute.
    pub status: Option<ShortText>,
    /// lomi's reason of the dispute.
    pub reason: Option<ShortText>,
    /// The disputed amount. An amount in another currency than the order's is ignored.
    pub money: Option<Money>,
    /// When lomi says that the dispute last changed.
    pub changed_at: Option<Timestamp>,
}

/// One step of a dispute, as it is stored. Its identity is its kind and its status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeStep {
    /// What happened.
    pub stage: DisputeStage,
    /// lomi's status of the dispute at this step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ShortText>,
    /// lomi's reason of the dispute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ShortText>,
    /// In minor units of the order's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
    /// When lomi says that the dispute last changed.
    #[serde(default, rename = "changed_at_ms", skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
}

impl DisputeStep {
    fn is_as(&self, other: &Self) -> bool {
        self.stage == other.stage && self.status == other.status
    }

    /// Merges two events of the same step. The greater value wins, so that the result does not depend on their order.
    fn joined(self, other: Self) -> Self {
        Self {
            reason: self.reason.max(other.reason),
            amount_minor: self.amount_minor.max(other.amount_minor),
            changed_at: self.changed_at.max(other.changed_at),
            ..self
        }
    }

    /// The sort key: later steps are greater. Steps of one kind without a time are ordered by the progress of their
    /// status.
    fn place(&self) -> (DisputeStage, Option<Timestamp>, u8, Option<&ShortText>) {
        (self.stage, self.changed_at, progress(self.status.as_ref()), self.status.as_ref())
    }
}

/// How far a dispute with this status is, by Stripe's statuses; 0 for an unknown status.
fn progress(status: Option<&ShortText>) -> u8 {
    match status.map(ShortText::as_str) {
        Some("needs_response" | "warning_needs_response") => 1,
        Some("under_review" | "warning_under_review") => 2,
        Some("won" | "lost" | "warning_closed") => 3,
        _ => 0,
    }
}

/// A payment that its payer's bank claims back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// lomi's id of the dispute, if lomi sent one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute_id: Option<String>,
    /// lomi's id of the payment.
    pub transaction_id: String,
    /// When the first event about it was received.
    #[serde(rename = "received_at_ms")]
    pub received_at: Timestamp,
    /// The steps, latest first.
    steps: Vec<DisputeStep>,
}

impl Dispute {
    /// The latest status that lomi sent.
    #[must_use]
    pub fn status(&self) -> Option<&ShortText> {
        self.steps.iter().find_map(|step| step.status.as_ref())
    }

    /// The latest reason that lomi sent.
    #[must_use]
    pub fn reason(&self) -> Option<&ShortText> {
        self.steps.iter().find_map(|step| step.reason.as_ref())
    }

    /// The disputed amount, in minor units of the order's currency.
    #[must_use]
    pub fn amount_minor(&self) -> Option<i64> {
        self.steps.iter().find_map(|step| step.amount_minor)
    }

    /// Whether lomi says that the dispute is over.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.steps.iter().any(|step| step.stage == DisputeStage::Closed)
    }

    /// Whether it was decided in the merchant's favour. An unknown status does not count as one.
    #[must_use]
    pub fn is_in_favour(&self) -> bool {
        let status = self.status().map(ShortText::as_str);
        status.is_some_and(|status| FAVOURABLE.iter().any(|word| word.eq_ignore_ascii_case(status)))
    }

    /// The dispute with one more step, or with more details of a known one. `None` when there are too many steps.
    fn with(&self, step: DisputeStep) -> Option<Self> {
        let mut dispute = self.clone();
        match dispute.steps.iter().position(|known| known.is_as(&step)) {
            Some(index) => {
                let known = dispute.steps.swap_remove(index);
                dispute.steps.push(known.joined(step));
            }
            None if dispute.steps.len() >= MAX_STEPS => return None,
            None => dispute.steps.push(step),
        }
        dispute.steps.sort_by(|a, b| Reverse(a.place()).cmp(&Reverse(b.place())));
        Some(dispute)
    }

    fn notice(&self, name: &str, step: &DisputeStep) -> DisputeNotice {
        DisputeNotice {
            name: name.to_owned(),
            dispute_id: self.dispute_id.clone(),
            transaction_id: self.transaction_id.clone(),
            step: step.clone(),
        }
    }
}

/// What the outbox event of a dispute step reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeNotice {
    /// Identifies the dispute within its order.
    name: String,
    /// lomi's id of the dispute, if lomi sent one.
    pub dispute_id: Option<String>,
    /// lomi's id of the payment.
    pub transaction_id: String,
    /// The step.
    pub step: DisputeStep,
}

impl DisputeNotice {
    /// Identifies the step within its order. No id contains a `#`, and the status comes last.
    pub(super) fn suffix(&self) -> String {
        let status = self.step.status.as_ref().map_or("", ShortText::as_str);
        format!("{}#{}#{status}", self.name, self.step.stage.as_str())
    }
}

impl Order {
    /// Every dispute, by lomi's id of it or, without one, by the payment's id.
    #[must_use]
    pub const fn disputes(&self) -> &BTreeMap<String, Dispute> {
        &self.disputes
    }

    /// Whether a payment of the order is disputed. A dispute counts until it is decided in the merchant's favour: a
    /// lost one counts for ever, as its money is gone, and so does one that closed with an unknown status.
    #[must_use]
    pub fn is_disputed(&self) -> bool {
        self.disputes.values().any(|dispute| !dispute.is_in_favour())
    }

    /// The outbox event of every step.
    pub(super) fn dispute_events(&self) -> impl Iterator<Item = OutboxEvent> {
        let notices = |(name, dispute): (&String, &Dispute)| {
            dispute.steps.iter().map(|step| OutboxEvent::Disputed(dispute.notice(name, step))).collect::<Vec<_>>()
        };
        self.disputes.iter().flat_map(notices)
    }

    /// A dispute does not change the status: money that moves back arrives as a refund event.
    pub(super) fn dispute_transition(&self, told: &DisputeUpdate, source: Source, now: Timestamp) -> Transition {
        if told.environment != self.environment {
            return Transition::Refused(Mismatch::Environment, None);
        }
        let name = told.dispute_id.as_ref().unwrap_or(&told.transaction_id);
        let known = self.disputes.get(name);
        if known.is_none() && self.disputes.len() >= MAX_DISPUTES {
            return Transition::Refused(Mismatch::TooManyDisputes, None);
        }
        let step = self.step_of(told);
        let grown = known.cloned().unwrap_or_else(|| new_dispute(told, now)).with(step.clone());
        let Some(grown) = grown else { return Transition::Refused(Mismatch::TooManyDisputes, None) };
        if known == Some(&grown) {
            return Transition::Unchanged;
        }
        let is_turn = known.is_none_or(|known| !known.steps.iter().any(|other| other.is_as(&step)));
        let event = is_turn.then(|| OutboxEvent::Disputed(grown.notice(name, &step)));
        let mut order = self.changed(now);
        if is_turn {
            order.note(now, told.stage.happened(), source, Some(told.transaction_id.clone()));
        }
        order.disputes.insert(name.clone(), grown);
        Transition::Changed(Box::new(order), event)
    }

    fn step_of(&self, told: &DisputeUpdate) -> DisputeStep {
        let money = told.money.filter(|money| Some(money.currency()) == self.currency_code);
        DisputeStep {
            stage: told.stage,
            status: told.status.clone(),
            reason: told.reason.clone(),
            amount_minor: money.map(Money::amount_minor),
            changed_at: told.changed_at,
        }
    }

    /// A risk event only adds an entry to the timeline, once for each payment.
    pub(super) fn risk_transition(&self, told: &RiskUpdate, source: Source, now: Timestamp) -> Transition {
        if told.environment != self.environment {
            return Transition::Refused(Mismatch::Environment, None);
        }
        let what = if told.is_blocked { TimelineEvent::PaymentRiskBlocked } else { TimelineEvent::PaymentRiskFlagged };
        let id = Some(told.transaction_id.clone());
        let mut order = self.changed(now);
        if !self.timeline.iter().any(|entry| entry.what == what && entry.transaction_id == id) {
            order.note(now, what, source, id);
        }
        match order.timeline.len() > self.timeline.len() {
            true => Transition::Changed(Box::new(order), None),
            false => Transition::Unchanged,
        }
    }
}

/// A risk event: lomi considers a payment risky.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RiskUpdate {
    /// lomi's id of the payment.
    pub transaction_id: String,
    /// The environment of the payment, verified.
    pub environment: Environment,
    /// Whether lomi blocked the payment.
    pub is_blocked: bool,
}

fn new_dispute(told: &DisputeUpdate, now: Timestamp) -> Dispute {
    Dispute {
        dispute_id: told.dispute_id.clone(),
        transaction_id: told.transaction_id.clone(),
        received_at: now,
        steps: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
