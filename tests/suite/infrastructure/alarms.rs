//! What each alarm measures and when it fires, against `alarms.txt`: an alarm that can never fire is worse than none,
//! because it looks the same as a working one.

use serde_json::Value;

use super::{mutated, read, yaml};

const TEMPLATES: [&str; 2] = ["template.yaml", "infra/monitoring.yaml"];

/// Every alarm of both templates and every metric filter, one paragraph each, in template order.
fn paragraphs(templates: &[String; 2]) -> Vec<String> {
    let mut all = Vec::new();
    for template in templates {
        let parsed = yaml::parse(template);
        let mut resources: Vec<_> = parsed["Resources"].as_object().expect("resources").iter().collect();
        resources.sort_by_key(|(id, _)| template.find(&format!("\n  {id}:")));
        all.extend(resources.into_iter().filter_map(|(id, body)| match word(&body["Type"]) {
            "AWS::CloudWatch::Alarm" => Some(alarm(id, &body["Properties"])),
            "AWS::Logs::MetricFilter" => Some(filter(id, &body["Properties"])),
            _ => None,
        }));
    }
    all
}

fn filter(id: &str, filter: &Value) -> String {
    let counted = &filter["MetricTransformations"][0];
    let dimensions = counted["Dimensions"].as_array().into_iter().flatten();
    let dimensions = dimensions.map(|one| format!(", {}={}", word(&one["Key"]), word(&one["Value"])));
    format!(
        "{id}: {} of {}\n    {} of {} {}{}\n",
        word(&filter["FilterPattern"]),
        value(&filter["LogGroupName"]),
        word(&counted["MetricValue"]),
        word(&counted["MetricNamespace"]),
        word(&counted["MetricName"]),
        dimensions.collect::<String>()
    )
}

fn alarm(id: &str, alarm: &Value) -> String {
    let when = format!(
        "{} {}, {} of {}, silence is {}{}",
        comparison(alarm),
        number(alarm.get("Threshold").unwrap_or(&alarm["ThresholdMetricId"])),
        number(alarm.get("DatapointsToAlarm").unwrap_or(&alarm["EvaluationPeriods"])),
        number(&alarm["EvaluationPeriods"]),
        word(&alarm["TreatMissingData"]),
        if alarm.get("OKActions").is_some() { ", says when it ends" } else { "" },
    );
    let lines = match alarm["Metrics"].as_array() {
        Some(queries) => queries.iter().map(query).collect(),
        None => vec![statistic(alarm, &alarm["Statistic"], alarm)],
    };
    format!("{}: {when}\n    {}\n", id.trim_end_matches("Alarm"), lines.join("\n    "))
}

fn comparison(alarm: &Value) -> &str {
    match word(&alarm["ComparisonOperator"]) {
        "GreaterThanThreshold" => ">",
        "GreaterThanUpperThreshold" => "above the band",
        "LessThanThreshold" => "<",
        other => other,
    }
}

/// One line of a list of metrics: `name = definition`, in brackets when the alarm does not evaluate it itself.
fn query(query: &Value) -> String {
    let stat = &query["MetricStat"];
    let what = match query["Expression"].as_str() {
        Some(expression) => expression.to_owned(),
        None => statistic(stat, &stat["Stat"], &stat["Metric"]),
    };
    let named = format!("{} = {what}", word(&query["Id"]));
    if query["ReturnData"] == false { format!("({named})") } else { named }
}

/// `Sum of 300 s of Namespace Metric, Dimension=value`.
fn statistic(of: &Value, stat: &Value, metric: &Value) -> String {
    let stat = stat.as_str().unwrap_or_else(|| word(&of["ExtendedStatistic"]));
    let dimensions = metric["Dimensions"].as_array().into_iter().flatten();
    let dimensions = dimensions.map(|one| format!(", {}={}", word(&one["Name"]), value(&one["Value"])));
    let dimensions: String = dimensions.collect();
    let unit = of.get("Unit").map_or_else(String::new, |unit| format!(" in {unit}"));
    format!(
        "{stat} of {} s of {} {}{unit}{dimensions}",
        number(&of["Period"]),
        word(&metric["Namespace"]),
        word(&metric["MetricName"])
    )
}

fn value(value: &Value) -> String {
    match (&value["Ref"], &value["Fn::Sub"]) {
        (Value::String(name), _) => format!("${{{name}}}"),
        (_, Value::String(text)) => text.clone(),
        _ => word(value).to_owned(),
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

fn number(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn expected() -> Vec<String> {
    let text = read("tests/suite/infrastructure/alarms.txt");
    text.split("\n\n").map(|paragraph| format!("{}\n", paragraph.trim_end())).skip(1).collect()
}

#[test]
fn every_alarm_uses_a_real_metric_and_fires() {
    let found = paragraphs(&TEMPLATES.map(read));
    assert_eq!(found.join("\n"), expected().join("\n"));
}

#[test]
fn an_alarm_that_can_never_fire_is_found() {
    let mutations = [
        ("Overpaid", "Threshold: 0", "Threshold: 1000000"),
        ("Overpaid", "GreaterThanThreshold", "LessThanThreshold"),
        ("Overpaid", "Namespace: LomiCheckout", "Namespace: Lomi-Checkout"),
        ("Overpaid", "Name: Stack", "Name: Function"),
        ("Overpaid", "Statistic: Sum", "Statistic: Minimum"),
        ("Overpaid", "      Statistic: Sum", "      Unit: Seconds\n      Statistic: Sum"),
        ("WebhookRefused", "Value: /webhooks/lomi", "Value: /webhook/lomi"),
        ("WebhookSilence", "ANOMALY_DETECTION_BAND(silence, 5)", "ANOMALY_DETECTION_BAND(silence, 500)"),
        ("ReconcilerStopped", "TreatMissingData: breaching", "TreatMissingData: notBreaching"),
        ("ApiFails", "20 * failed > all", "failed > all"),
        ("EventsPipeFails", "ExecutionThrottled", "Throttled"),
        ("RequestsThrottled", "Name: ApiId", "Name: Api"),
    ];
    let [template, monitoring] = TEMPLATES.map(read);
    for (alarm, from, to) in mutations {
        let (before, rest) = monitoring.split_once(&format!("  {alarm}Alarm:\n")).expect("the alarm is there");
        let changed = format!("{before}  {alarm}Alarm:\n{}", mutated(rest, from, to));
        let found = paragraphs(&[template.clone(), changed]);
        let wrong: Vec<_> = found.iter().zip(expected()).filter(|(found, expected)| *found != expected).collect();
        assert_eq!(wrong.len(), 1, "{alarm}: {to}");
        assert!(wrong[0].0.starts_with(&format!("{alarm}: ")), "{to} changes {wrong:?}");
    }
}
