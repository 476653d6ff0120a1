//! Disputes: a payer's bank wants a payment back, and lomi. tells of each turn that takes.
//!
//! lomi. publishes no shape of a dispute, so all but the payment may be missing. What is told is a set of turns: what the order
//! says of a dispute follows from that set alone, in whichever order and however often its turns come.

use super::{Environment, Mismatch, Order, OutboxEvent, Source, TimelineEvent, Transition};
use crate::{Money, Timestamp, is_legible};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The most disputes that are kept with one order.
const MAX_DISPUTES: usize = 10;
/// The most turns that are kept of one dispute.
const MAX_TURNS: usize = 10;
/// The most characters of a text of lomi.'s that are kept.
const MAX_TEXT_CHARS: usize = 100;
/// The words for an end in the merchant's favour, of the card processor behind lomi. (Stripe's public statuses of a dispute):
/// won, and an inquiry that never became a dispute.
const FAVOURABLE: [&str; 2] = ["won", "warning_closed"];

/// What an event says has happened to a dispute, in the order in which it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeTurn {
    /// The bank has opened it.
    Opened,
    /// It has moved on.
    Updated,
    /// It is over.
    Closed,
}

impl DisputeTurn {
    /// The turn as it is sent.
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

/// A short text of lomi.'s in one legible line of at most 100 characters: a status, a reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ShortText(String);

impl ShortText {
    /// As much of the text as is kept. `None` for one that says nothing, or not legibly.
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

/// A turn of a dispute, by an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeUpdate {
    /// lomi.'s id of the dispute: 1 to 64 letters, digits, `_` and `-`. Without one, the payment names the dispute.
    pub dispute_id: Option<String>,
    /// lomi.'s id of the payment.
    pub transaction_id: String,
    /// Where, proved and not assumed.
    pub environment: Environment,
    /// What has happened.
    pub turn: DisputeTurn,
    /// lomi.'s word for how the dispute stands.
    pub status: Option<ShortText>,
    /// lomi.'s word for why.
    pub reason: Option<ShortText>,
    /// What is disputed. Another currency than the order's counts as absent.
    pub money: Option<Money>,
    /// When lomi. says that the dispute last changed.
    pub changed_at: Option<Timestamp>,
}

/// One turn of a dispute, as it is kept. What has another turn or status is another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeStep {
    /// What has happened.
    pub turn: DisputeTurn,
    /// lomi.'s word for how the dispute stood then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ShortText>,
    /// lomi.'s word for why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ShortText>,
    /// In minor units of the order's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
    /// When lomi. says that the dispute last changed.
    #[serde(default, rename = "changed_at_ms", skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
}

impl DisputeStep {
    fn is_as(&self, other: &Self) -> bool {
        self.turn == other.turn && self.status == other.status
    }

    /// The same turn as two events tell it. Where they differ the greater is kept: any rule does that asks not which came first.
    fn joined(self, other: Self) -> Self {
        Self {
            reason: self.reason.max(other.reason),
            amount_minor: self.amount_minor.max(other.amount_minor),
            changed_at: self.changed_at.max(other.changed_at),
            ..self
        }
    }

    /// What comes later is greater. Turns of one kind that bear no time are told apart by how far their status is.
    fn place(&self) -> (DisputeTurn, Option<Timestamp>, u8, Option<&ShortText>) {
        (self.turn, self.changed_at, progress(self.status.as_ref()), self.status.as_ref())
    }
}

/// How far a dispute of this status is, by the processor's words; 0 where nobody knows the word.
fn progress(status: Option<&ShortText>) -> u8 {
    match status.map(ShortText::as_str) {
        Some("needs_response" | "warning_needs_response") => 1,
        Some("under_review" | "warning_under_review") => 2,
        Some("won" | "lost" | "warning_closed") => 3,
        _ => 0,
    }
}

/// A payment that its payer's bank wants back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// lomi.'s id, where it told one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute_id: Option<String>,
    /// lomi.'s id of the payment.
    pub transaction_id: String,
    /// When it was heard of first.
    #[serde(rename = "learnt_at_ms")]
    pub learnt_at: Timestamp,
    /// What was told, latest first.
    steps: Vec<DisputeStep>,
}

impl Dispute {
    /// How it stands: lomi.'s latest word for it.
    #[must_use]
    pub fn status(&self) -> Option<&ShortText> {
        self.steps.iter().find_map(|step| step.status.as_ref())
    }

    /// Why it was opened: lomi.'s latest word for it.
    #[must_use]
    pub fn reason(&self) -> Option<&ShortText> {
        self.steps.iter().find_map(|step| step.reason.as_ref())
    }

    /// What is disputed, in minor units of the order's currency.
    #[must_use]
    pub fn amount_minor(&self) -> Option<i64> {
        self.steps.iter().find_map(|step| step.amount_minor)
    }

    /// Whether lomi. says that it is over.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.steps.iter().any(|step| step.turn == DisputeTurn::Closed)
    }

    /// Whether it was decided in the merchant's favour. A word that nobody knows is none.
    #[must_use]
    pub fn is_in_favour(&self) -> bool {
        let status = self.status().map(ShortText::as_str);
        status.is_some_and(|status| FAVOURABLE.iter().any(|word| word.eq_ignore_ascii_case(status)))
    }

    /// The dispute with one turn more, or with more known of one. `None` when there are too many.
    fn with(&self, step: DisputeStep) -> Option<Self> {
        let mut dispute = self.clone();
        match dispute.steps.iter().position(|known| known.is_as(&step)) {
            Some(index) => {
                let known = dispute.steps.swap_remove(index);
                dispute.steps.push(known.joined(step));
            }
            None if dispute.steps.len() >= MAX_TURNS => return None,
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

/// What the merchant's systems are told of a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeNotice {
    /// Names the dispute among those of its order.
    name: String,
    /// lomi.'s id of the dispute, where it told one.
    pub dispute_id: Option<String>,
    /// lomi.'s id of the payment.
    pub transaction_id: String,
    /// The turn.
    pub step: DisputeStep,
}

impl DisputeNotice {
    /// What tells the turn apart from every other one of its order. No id holds a `#`, and the status stands last.
    pub(super) fn suffix(&self) -> String {
        let status = self.step.status.as_ref().map_or("", ShortText::as_str);
        format!("{}#{}#{status}", self.name, self.step.turn.as_str())
    }
}

impl Order {
    /// Every dispute, by lomi.'s id of it or, where it told none, by that of the payment.
    #[must_use]
    pub const fn disputes(&self) -> &BTreeMap<String, Dispute> {
        &self.disputes
    }

    /// Whether a payment of it is disputed. A dispute counts until it was decided in the merchant's favour: one that was lost
    /// counts for ever, as its money is gone, and so does one that ended with a word nobody knows.
    #[must_use]
    pub fn is_disputed(&self) -> bool {
        self.disputes.values().any(|dispute| !dispute.is_in_favour())
    }

    /// The event of every turn.
    pub(super) fn dispute_events(&self) -> impl Iterator<Item = OutboxEvent> {
        let notices = |(name, dispute): (&String, &Dispute)| {
            dispute.steps.iter().map(|step| OutboxEvent::Disputed(dispute.notice(name, step))).collect::<Vec<_>>()
        };
        self.disputes.iter().flat_map(notices)
    }

    /// A dispute moves no money of its own and leaves the status as it is: what goes back is a refund's to tell.
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
            order.note(now, told.turn.happened(), source, Some(told.transaction_id.clone()));
        }
        order.disputes.insert(name.clone(), grown);
        Transition::Changed(Box::new(order), event)
    }

    fn step_of(&self, told: &DisputeUpdate) -> DisputeStep {
        let money = told.money.filter(|money| Some(money.currency()) == self.currency_code);
        DisputeStep {
            turn: told.turn,
            status: told.status.clone(),
            reason: told.reason.clone(),
            amount_minor: money.map(Money::amount_minor),
            changed_at: told.changed_at,
        }
    }

    /// That lomi. thinks a payment risky changes nothing; it stands in the history, once for each payment.
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

/// lomi. thinks a payment risky.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RiskUpdate {
    /// lomi.'s id of the payment.
    pub transaction_id: String,
    /// Where, proved and not assumed.
    pub environment: Environment,
    /// Whether it is stopped.
    pub is_blocked: bool,
}

fn new_dispute(told: &DisputeUpdate, now: Timestamp) -> Dispute {
    Dispute {
        dispute_id: told.dispute_id.clone(),
        transaction_id: told.transaction_id.clone(),
        learnt_at: now,
        steps: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
