//! Faults that the control API plants. Each one counts how often it fired, so that a test can assert that it did.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Faults kept at once; planting more is refused.
const MAX_FAULTS: usize = 1000;
/// The target of every webhook fault.
pub(crate) const WEBHOOK: &str = "webhook";

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultKind {
    // API: one request.
    Status,
    LatencyMs,
    Hang,
    DropConnection,
    TruncatedJson,
    #[serde(rename = "html_502")]
    Html502,
    #[serde(rename = "commit_then_500")]
    CommitThen500,
    // Webhooks: one event.
    Duplicate,
    Reorder,
    DelayS,
    Lose,
    HeaderEventMismatch,
    OmitFields,
    NullFields,
    NumbersAsStrings,
    ExtraFields,
    AliasEvent,
    WrongAmount,
    WrongCurrency,
    ForeignOrg,
    UnknownOrder,
    OtherEnvironment,
    OversizeBody,
    FailAfterSuccess,
    // Webhooks: one attempt.
    BadSignature,
    WrongSecret,
    StaleT,
    V1Only,
    LegacyOnly,
    UpperHex,
    Reserialised,
    // The page: one cancellation.
    SuccessAfterCancel,
}

/// At which moment of a fault-struck thing a fault fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Request,
    Event,
    Attempt,
    Cancel,
}

impl FaultKind {
    pub(crate) const fn stage(self) -> Stage {
        match self {
            Self::Status
            | Self::LatencyMs
            | Self::Hang
            | Self::DropConnection
            | Self::TruncatedJson
            | Self::Html502
            | Self::CommitThen500 => Stage::Request,
            Self::BadSignature
            | Self::WrongSecret
            | Self::StaleT
            | Self::V1Only
            | Self::LegacyOnly
            | Self::UpperHex
            | Self::Reserialised => Stage::Attempt,
            Self::SuccessAfterCancel => Stage::Cancel,
            _ => Stage::Event,
        }
    }
}

/// Whether the request's effect comes before the fault, or never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum When {
    /// Nothing happened.
    #[default]
    Before,
    /// While the idempotency key is claimed (`latency_ms` only).
    Inside,
    /// The effect is in place, the answer is lost.
    After,
}

/// A planted fault, as the control API takes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    /// `webhook`, `*`, a path pattern, or a method and a path pattern.
    pub(crate) target: String,
    pub(crate) kind: FaultKind,
    /// How often it fires; null: until removed.
    #[serde(default = "once")]
    pub(crate) times: Option<u32>,
    #[serde(default)]
    pub(crate) when: When,
    /// Webhook faults: only this event.
    #[serde(default)]
    pub(crate) event: Option<String>,
    #[serde(default)]
    pub(crate) arg: Value,
}

const fn once() -> Option<u32> {
    Some(1)
}

/// A fault and how often it has fired.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Fault {
    pub(crate) fault_id: u64,
    #[serde(flatten)]
    pub(crate) plan: Plan,
    pub(crate) fired: u64,
}

/// A fault that fires now.
#[derive(Clone, Debug)]
pub(crate) struct Struck {
    pub(crate) kind: FaultKind,
    pub(crate) when: When,
    pub(crate) arg: Value,
}

/// All planted faults, exhausted ones included.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Faults {
    planted: Vec<Fault>,
    next_id: u64,
}

impl Faults {
    /// Refused when the target does not fit the kind, or when there are too many.
    pub(crate) fn plant(&mut self, plan: Plan) -> Result<&Fault, &'static str> {
        if (plan.kind.stage() == Stage::Request) == (plan.target == WEBHOOK) {
            return Err("the kind of fault does not exist for this target");
        }
        if self.planted.len() >= MAX_FAULTS {
            return Err("too many faults; clear them first");
        }
        self.next_id += 1;
        let fault_id = self.next_id;
        self.planted.push(Fault { fault_id, plan, fired: 0 });
        self.planted.last().ok_or("not planted")
    }

    pub(crate) fn planted(&self) -> &[Fault] {
        &self.planted
    }

    pub(crate) fn clear(&mut self) {
        self.planted.clear();
    }

    /// Fires the faults that strike this request.
    pub(crate) fn strike_request(&mut self, method: &str, route: &str) -> Vec<Struck> {
        self.strike(|plan| {
            let path = plan.target.strip_prefix(method).map_or(plan.target.as_str(), str::trim_start);
            plan.kind.stage() == Stage::Request && (path == "*" || path == route)
        })
    }

    /// Fires the webhook faults of this stage for this event.
    pub(crate) fn strike_webhook(&mut self, stage: Stage, event: &str) -> Vec<Struck> {
        self.strike(|plan| {
            let needs_success = plan.kind == FaultKind::FailAfterSuccess;
            plan.kind.stage() == stage
                && plan.event.as_deref().is_none_or(|only| only == event)
                && (!needs_success || event == "PAYMENT_SUCCEEDED")
        })
    }

    fn strike(&mut self, fits: impl Fn(&Plan) -> bool) -> Vec<Struck> {
        let mut struck = Vec::new();
        for fault in &mut self.planted {
            if fault.plan.times != Some(0) && fits(&fault.plan) {
                fault.plan.times = fault.plan.times.map(|left| left - 1);
                fault.fired += 1;
                struck.push(Struck { kind: fault.plan.kind, when: fault.plan.when, arg: fault.plan.arg.clone() });
            }
        }
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plan(value: Value) -> Plan {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_fault_fires_as_often_as_it_was_planted_and_is_counted() {
        let mut faults = Faults::default();
        faults.plant(plan(json!({"target": "POST /checkout-sessions", "kind": "html_502", "times": 2}))).unwrap();
        let hits = (0..3).map(|_| faults.strike_request("POST", "/checkout-sessions").len()).sum::<usize>();
        assert_eq!((hits, faults.planted()[0].fired), (2, 2));
        assert!(faults.strike_request("GET", "/checkout-sessions").is_empty());
    }

    #[test]
    fn a_fault_can_be_kept_to_one_event() {
        let mut faults = Faults::default();
        faults.plant(plan(json!({"target": "webhook", "kind": "lose", "event": "PAYMENT_FAILED"}))).unwrap();
        assert!(faults.strike_webhook(Stage::Event, "PAYMENT_SUCCEEDED").is_empty());
        assert_eq!(faults.strike_webhook(Stage::Event, "PAYMENT_FAILED").len(), 1);
    }

    #[test]
    fn a_webhook_fault_cannot_target_a_route() {
        let mut faults = Faults::default();
        assert!(faults.plant(plan(json!({"target": "/me", "kind": "lose"}))).is_err());
        assert!(faults.plant(plan(json!({"target": "webhook", "kind": "hang"}))).is_err());
    }
}
