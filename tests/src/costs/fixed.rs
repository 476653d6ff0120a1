//! The fixed monthly usage, read from the templates' text.

use lambda_kit::telemetry::{Counter, Gauge};

use super::{Item, Usage};

/// API Gateway's metrics of one route with detailed metrics.
const METRICS_OF_A_ROUTE: u128 = 6;

/// Secrets, metrics, alarms and dashboards of `templates`, and the metrics that the functions write.
#[must_use]
pub fn fixed(templates: &str) -> Usage {
    let lines = |line: &str| templates.lines().filter(|found| found.trim() == line).count() as u128;
    let mut usage = Usage::default();
    usage.add(Item::Secret, lines("Type: AWS::SecretsManager::Secret"));
    usage.add(Item::Dashboard, lines("Type: AWS::CloudWatch::Dashboard"));
    // An alarm is charged per metric; an anomaly-detection alarm twice more, for its bounds.
    let over_several = lines("Metrics:");
    let of_several = lines("MetricStat:") + 2 * lines("ThresholdMetricId: usual");
    usage.add(Item::Alarm, lines("Type: AWS::CloudWatch::Alarm") - over_several + of_several);
    usage.add(Item::Metric, (Counter::ALL.len() + Gauge::ALL.len()) as u128);
    usage.add(Item::Metric, lines("Type: AWS::Logs::MetricFilter"));
    usage.add(Item::Metric, METRICS_OF_A_ROUTE * lines("DetailedMetricsEnabled: true"));
    usage
}
