//! The JSON of the log line.

use super::{Counter, Gauge, Telemetry, Value};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

const NAMESPACE: &str = "LomiCheckout";

/// One JSON object: time and function, the fields in the order in which they were set, the metrics.
pub(super) struct Line<'a> {
    pub(super) event: &'a Telemetry,
    pub(super) level: &'static str,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_map(None)?;
        line.serialize_entry("timestamp", &self.event.at.to_rfc3339())?;
        line.serialize_entry("level", self.level)?;
        line.serialize_entry("Stack", self.event.function.stack.as_str())?;
        line.serialize_entry("Environment", self.event.function.environment.as_str())?;
        line.serialize_entry("Function", self.event.function.name)?;
        for (field, value) in &self.event.fields {
            line.serialize_entry(field.name(), value)?;
        }
        let counted: Vec<Counter> = Counter::ALL.into_iter().filter(|counter| self.count(*counter) > 0).collect();
        for counter in &counted {
            line.serialize_entry(counter.name(), &self.count(*counter))?;
        }
        for (gauge, value) in &self.event.measured {
            line.serialize_entry(gauge.name(), value)?;
        }
        let metrics: Vec<Metric> = counted.iter().map(Metric::of_counter).chain(self.gauges()).collect();
        if !metrics.is_empty() {
            line.serialize_entry("_aws", &Metadata::new(self.event.at.as_ms(), metrics))?;
        }
        line.end()
    }
}

impl Line<'_> {
    fn count(&self, counter: Counter) -> u32 {
        self.event.counted(counter)
    }

    fn gauges(&self) -> impl Iterator<Item = Metric> {
        self.event.measured.iter().map(|(gauge, _)| Metric::of_gauge(gauge))
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(value) => serializer.serialize_i64(*value),
            Self::Flag(value) => serializer.serialize_bool(*value),
            Self::Word(value) => serializer.serialize_str(value),
            Self::Id(value) => serializer.serialize_str(value),
        }
    }
}

/// The `_aws` field of the Embedded Metric Format.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    timestamp: i64,
    cloud_watch_metrics: [Directive; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive {
    namespace: &'static str,
    /// The stack alone, so that all functions feed one metric: an alarm cannot add up dimensions.
    dimensions: [[&'static str; 1]; 1],
    metrics: Vec<Metric>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    name: &'static str,
    unit: &'static str,
}

impl Metric {
    const fn of_counter(counter: &Counter) -> Self {
        Self { name: counter.name(), unit: "Count" }
    }

    const fn of_gauge(gauge: &Gauge) -> Self {
        Self { name: gauge.name(), unit: gauge.unit() }
    }
}

impl Metadata {
    fn new(timestamp: i64, metrics: Vec<Metric>) -> Self {
        let dimensions = [["Stack"]];
        Self { timestamp, cloud_watch_metrics: [Directive { namespace: NAMESPACE, dimensions, metrics }] }
    }
}
