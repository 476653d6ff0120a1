//! Faults that the control API plants. Each counts how often it fired, so that a test can assert it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

const MAX_FAULTS: usize = 1000;
/// The target of every webhook fault.
pub(crate) const WEBHOOK: &str = "webhook";

/// The target for the first of the two calls of a refund. `/refunds` is the second, which moves money.
pub(crate) const PREVIEW: &str = "/refunds (preview)";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultKind {
    // API: one request.
    Status,
    LatencyMs,
    Hang,
    DropConnection,
    TruncatedJson,
    EmptyList,
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

/// When a fault fires.
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
            | Self::EmptyList
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

/// Whether the request has its effect before the fault fires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum When {
    /// The request has no effect.
    #[default]
    Before,
    /// While the idempotency key is claimed (`latency_ms` only).
    Inside,
    /// The request has its effect, the answer is lost.
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
pub(crate) struct FiredFault {
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
    /// Refuses a fault that could never fire: its target does not fit its kind, it fires no times, or a route would wait for an
    /// event. The caller checks that the route exists.
    pub(crate) fn plant(&mut self, plan: Plan) -> Result<&Fault, &'static str> {
        if (plan.kind.stage() == Stage::Request) == (plan.target == WEBHOOK) {
            return Err("the kind of fault does not exist for this target");
        }
        if plan.times == Some(0) {
            return Err("times must be at least 1, or null for ever");
        }
        if plan.event.is_some() && plan.target != WEBHOOK {
            return Err("only a webhook fault can be kept to one event");
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

    /// Fires the faults of this request: every delay, and the first of the others, which replace the answer. The next one waits
    /// for the next request.
    pub(crate) fn fire_for_request(&mut self, method: &str, route: &str) -> Vec<FiredFault> {
        let mut is_answered = false;
        self.fire(|plan| {
            let path = plan.target.strip_prefix(method).map_or(plan.target.as_str(), str::trim_start);
            let fits = plan.kind.stage() == Stage::Request && (path == "*" || path == route);
            let is_delay = plan.kind == FaultKind::LatencyMs;
            let fires = fits && (is_delay || !is_answered);
            is_answered |= fires && !is_delay;
            fires
        })
    }

    pub(crate) fn fire_for_webhook(&mut self, stage: Stage, event: &str) -> Vec<FiredFault> {
        self.fire(|plan| {
            let needs_success = plan.kind == FaultKind::FailAfterSuccess;
            plan.kind.stage() == stage
                && plan.event.as_deref().is_none_or(|only| only == event)
                && (!needs_success || event == "PAYMENT_SUCCEEDED")
        })
    }

    fn fire(&mut self, mut fits: impl FnMut(&Plan) -> bool) -> Vec<FiredFault> {
        let mut fired = Vec::new();
        for fault in &mut self.planted {
            if fault.plan.times != Some(0) && fits(&fault.plan) {
                fault.plan.times = fault.plan.times.map(|left| left - 1);
                fault.fired += 1;
                fired.push(FiredFault { kind: fault.plan.kind, when: fault.plan.when, arg: fault.plan.arg.clone() });
            }
        }
        fired
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
    fn a_fault_fires_as_often_as_planted_and_is_counted() {
        let mut faults = Faults::default();
        faults.plant(plan(json!({"target": "POST /checkout-sessions", "kind": "html_502", "times": 2}))).unwrap();
        let hits = (0..3).map(|_| faults.fire_for_request("POST", "/checkout-sessions").len()).sum::<usize>();
        assert_eq!((hits, faults.planted()[0].fired), (2, 2));
        assert!(faults.fire_for_request("GET", "/checkout-sessions").is_empty());
    }

    #[test]
    fn a_fault_can_be_limited_to_one_event() {
        let mut faults = Faults::default();
        faults.plant(plan(json!({"target": "webhook", "kind": "lose", "event": "PAYMENT_FAILED"}))).unwrap();
        assert!(faults.fire_for_webhook(Stage::Event, "PAYMENT_SUCCEEDED").is_empty());
        assert_eq!(faults.fire_for_webhook(Stage::Event, "PAYMENT_FAILED").len(), 1);
    }

    #[test]
    fn each_fault_takes_its_own_request_and_a_delay_joins_any() {
        let mut faults = Faults::default();
        for kind in ["html_502", "status", "latency_ms"] {
            faults.plant(plan(json!({"target": "/me", "kind": kind}))).unwrap();
        }
        let mut kinds = || faults.fire_for_request("GET", "/me").iter().map(|fired| fired.kind).collect::<Vec<_>>();
        assert_eq!(kinds(), [FaultKind::Html502, FaultKind::LatencyMs]);
        assert_eq!(kinds(), [FaultKind::Status]);
        assert_eq!(kinds(), []);
    }

    #[test]
    fn a_fault_that_could_never_fire_is_not_planted() {
        let mut faults = Faults::default();
        assert!(faults.plant(plan(json!({"target": "/me", "kind": "hang", "times": 0}))).is_err());
        assert!(faults.plant(plan(json!({"target": "/me", "kind": "hang", "event": "PAYMENT_FAILED"}))).is_err());
    }

    #[test]
    fn a_webhook_fault_cannot_target_a_route() {
        let mut faults = Faults::default();
        assert!(faults.plant(plan(json!({"target": "/me", "kind": "lose"}))).is_err());
        assert!(faults.plant(plan(json!({"target": "webhook", "kind": "hang"}))).is_err());
    }
}
