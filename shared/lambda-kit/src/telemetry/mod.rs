//! One JSON log line per invocation, with its metrics in the same line (CloudWatch Embedded Metric Format).
//!
//! A request cannot put text into the log: a value is a number, a flag, a word from the source code, or an id of a
//! known shape. There is no way to log a body, an address, a token or the text of an error.

mod line;
mod names;
mod outcomes;

pub use names::{Counter, Field, Gauge};

use crate::config::Function;
use crate::problem::Problem;
use domain::Timestamp;
use line::Line;
use tokio::time::Instant;

/// The log line of one invocation, under construction.
#[derive(Debug)]
pub struct Telemetry {
    function: Function,
    at: Timestamp,
    started: Instant,
    fields: Vec<(Field, Value)>,
    counts: [u32; Counter::ALL.len()],
    measured: Vec<(Gauge, i64)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Number(i64),
    Flag(bool),
    Word(&'static str),
    Id(String),
}

/// How an invocation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    /// 4xx: the caller's error.
    Refused,
    /// 5xx: an error of this backend or of a dependency.
    Failed,
    TimedOut,
    Panicked,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Panicked => "panicked",
        }
    }

    /// For Lambda's log level filter.
    const fn level(self) -> &'static str {
        match self {
            Self::Ok => "INFO",
            Self::Refused => "WARN",
            Self::Failed | Self::TimedOut | Self::Panicked => "ERROR",
        }
    }
}

impl Telemetry {
    pub(crate) fn start(function: Function) -> Self {
        Self {
            function,
            at: crate::system::now(),
            started: Instant::now(),
            fields: Vec::new(),
            counts: [0; Counter::ALL.len()],
            measured: Vec::new(),
        }
    }

    /// Sets a number; the field's name ends in its unit.
    pub fn number(&mut self, field: Field, value: impl TryInto<i64>) {
        self.set(field, Value::Number(value.try_into().unwrap_or(i64::MAX)));
    }

    /// Sets a boolean.
    pub fn flag(&mut self, field: Field, value: bool) {
        self.set(field, Value::Flag(value));
    }

    /// Sets a word from the source code: a status, a code, an event type.
    pub fn word(&mut self, field: Field, value: &'static str) {
        self.set(field, Value::Word(value));
    }

    /// Sets an id: a UUID or an id of this stack. Anything else is logged as `unrecognised`.
    pub fn id(&mut self, field: Field, value: &str) {
        let value = if is_id(value) { Value::Id(value.to_owned()) } else { Value::Word("unrecognised") };
        self.set(field, value);
    }

    /// Sets the route's template, e.g. `GET /orders/{order_id}`, never the path of the request.
    pub(crate) fn route(&mut self, route_key: &str) {
        let value = if is_route(route_key) { Value::Id(route_key.to_owned()) } else { Value::Word("unrecognised") };
        self.set(Field::HttpRoute, value);
    }

    /// Sets the code and the cause of a problem, and counts it if its cause is this backend or AWS.
    pub fn problem(&mut self, problem: &Problem) {
        if problem.code.is_own_failure() {
            self.count(Counter::OwnFailures);
        }
        self.word(Field::ProblemCode, problem.code.as_str());
        if let Some(cause) = problem.cause {
            self.word(Field::ProblemCause, cause);
        }
    }

    /// Adds one to a counter.
    pub fn count(&mut self, counter: Counter) {
        self.count_many(counter, 1);
    }

    /// Adds `times` to a counter.
    pub fn count_many(&mut self, counter: Counter, times: u32) {
        if let Some(count) = self.counts.get_mut(counter as usize) {
            *count = count.saturating_add(times);
        }
    }

    /// Sets a gauge, in its unit. The last value counts.
    pub fn measure(&mut self, gauge: Gauge, value: i64) {
        match self.measured.iter_mut().find(|(known, _)| *known == gauge) {
            Some((_, known)) => *known = value,
            None => self.measured.push((gauge, value)),
        }
    }

    /// The value of a counter.
    pub(crate) fn counted(&self, counter: Counter) -> u32 {
        self.counts.get(counter as usize).copied().unwrap_or_default()
    }

    /// Prints the line.
    pub(crate) fn finish(mut self, outcome: Outcome) {
        match outcome {
            Outcome::Panicked => self.count(Counter::Panicked),
            Outcome::TimedOut => self.count(Counter::TimedOut),
            Outcome::Ok | Outcome::Refused | Outcome::Failed => {}
        }
        let duration_ms = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.number(Field::DurationMs, duration_ms);
        self.word(Field::Outcome, outcome.as_str());
        crate::start::print_line(&Line { event: &self, level: outcome.level() });
    }

    fn set(&mut self, field: Field, value: Value) {
        match self.fields.iter_mut().find(|(known, _)| *known == field) {
            Some((_, known)) => *known = value,
            None => self.fields.push((field, value)),
        }
    }
}

/// A UUID, or `ord_` or `qtn_` and 32 hexadecimal digits.
fn is_id(text: &str) -> bool {
    let is_hex = |part: &str, length: usize| part.len() == length && part.bytes().all(|b| b.is_ascii_hexdigit());
    if let Some(digits) = text.strip_prefix("ord_").or_else(|| text.strip_prefix("qtn_")) {
        return is_hex(digits, 32);
    }
    let mut parts = text.split('-');
    [8, 4, 4, 4, 12].iter().all(|length| parts.next().is_some_and(|part| is_hex(part, *length)))
        && parts.next().is_none()
}

fn is_route(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b" /{}_-+$.".contains(&b);
    text.len() <= 80 && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::StackName;
    use domain::Environment;
    use serde_json::{Value as Json, json};

    fn event() -> Telemetry {
        let stack = StackName::parse("lomi-checkout").unwrap();
        Telemetry::start(Function { name: "orders", environment: Environment::Sandbox, stack })
    }

    fn written(event: &Telemetry) -> Json {
        serde_json::to_value(Line { event, level: "INFO" }).unwrap()
    }

    #[test]
    fn only_an_id_of_a_known_shape_is_written() {
        let order = "ord_0123456789abcdef0123456789abcdef";
        let uuid = "c2b9a3f0-6f0e-4a53-9d0e-0b1f3a6c7d8e";
        for (value, expected) in [
            (order, order),
            (uuid, uuid),
            ("lomi_sk_test_0123456789abcdef", "unrecognised"),
            ("whsec_0123456789abcdef0123456789abcdef", "unrecognised"),
            ("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "unrecognised"),
            ("+221770000000", "unrecognised"),
            ("awa@example.sn", "unrecognised"),
            ("", "unrecognised"),
        ] {
            let mut event = event();
            event.id(Field::OrderId, value);
            assert_eq!(written(&event)["order.id"], expected);
        }
    }

    #[test]
    fn a_field_set_twice_is_written_once() {
        let mut event = event();
        event.number(Field::LomiCalls, 1);
        event.number(Field::LomiCalls, 2_u8);
        let text = serde_json::to_string(&Line { event: &event, level: "INFO" }).unwrap();
        assert_eq!(text.matches("lomi.calls").count(), 1);
        assert_eq!(written(&event)["lomi.calls"], 2);
    }

    #[test]
    fn counters_become_metrics_with_the_stack_as_dimension() {
        let mut event = event();
        event.count(Counter::PaymentsApplied);
        event.count_many(Counter::ReconcileRepairs, 3);
        let line = written(&event);
        let metrics = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(metrics["Namespace"], "LomiCheckout");
        assert_eq!(metrics["Dimensions"], json!([["Stack"]]));
        assert_eq!(
            metrics["Metrics"],
            json!([{"Name": "PaymentsApplied", "Unit": "Count"}, {"Name": "ReconcileRepairs", "Unit": "Count"}])
        );
        assert_eq!((&line["PaymentsApplied"], &line["ReconcileRepairs"]), (&json!(1), &json!(3)));
        assert_eq!((&line["Environment"], &line["Function"]), (&json!("sandbox"), &json!("orders")));
        assert_eq!(line["Stack"], "lomi-checkout");
        assert!(line["_aws"]["Timestamp"].is_i64());
    }

    #[test]
    fn a_gauge_is_a_metric_in_its_unit_and_a_zero_is_a_value() {
        let mut event = event();
        event.measure(Gauge::SecondsSinceWebhook, 90);
        event.measure(Gauge::SecondsSinceWebhook, 0);
        let line = written(&event);
        let metrics = &line["_aws"]["CloudWatchMetrics"][0]["Metrics"];
        assert_eq!(*metrics, json!([{"Name": "SecondsSinceWebhook", "Unit": "Seconds"}]));
        assert_eq!(line["SecondsSinceWebhook"], 0);
    }

    #[test]
    fn an_event_without_counts_carries_no_metrics() {
        assert_eq!(written(&event()).get("_aws"), None);
    }
}
