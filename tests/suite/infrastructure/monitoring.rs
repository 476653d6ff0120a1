//! Monitoring: every anomaly has an alarm, every alarm a runbook, and neither names something that does not exist.

use std::collections::BTreeSet;

use lambda_kit::telemetry::{Counter, Gauge};
use serde_json::Value;

use super::{mutated, read, yaml};

/// The text of the templates and the guide: a mutation replaces some of it.
#[derive(Clone)]
struct Watch {
    template: String,
    monitoring: String,
    guide: String,
}

/// A mutation of the text.
type Edit = fn(&mut Watch, &str, &str);

impl Watch {
    fn read() -> Self {
        let [template, monitoring, guide] =
            ["template.yaml", "infra/monitoring.yaml", "infra/docs/OPERATIONS.md"].map(read);
        Self { template, monitoring, guide }
    }

    /// The resources of a type in both templates: logical id and body.
    fn resources(&self, kind: &str) -> Vec<(String, Value)> {
        let templates = [yaml::parse(&self.template), yaml::parse(&self.monitoring)];
        let all = templates.iter().flat_map(|template| template["Resources"].as_object().expect("resources"));
        all.filter(|(_, body)| body["Type"] == kind).map(|(id, body)| (id.clone(), body.clone())).collect()
    }

    fn alarms(&self) -> Vec<(String, Value)> {
        self.resources("AWS::CloudWatch::Alarm")
    }

    fn functions(&self) -> BTreeSet<String> {
        self.functions_with("")
    }

    /// The binaries of the functions with an event of this type; of all functions when it is empty.
    fn functions_with(&self, event: &str) -> BTreeSet<String> {
        let events = |body: &Value| body["Properties"]["Events"].as_object().cloned().unwrap_or_default();
        let has = |body: &Value| event.is_empty() || events(body).values().any(|found| found["Type"] == event);
        let functions = self.resources("AWS::Serverless::Function").into_iter().filter(|(_, body)| has(body));
        let binary =
            |(_, body): (String, Value)| body["Metadata"]["BuildProperties"]["Binary"].as_str().map(str::to_owned);
        functions.filter_map(binary).collect()
    }

    fn dashboard(&self) -> String {
        let dashboards = self.resources("AWS::CloudWatch::Dashboard");
        dashboards[0].1["Properties"]["DashboardBody"]["Fn::Sub"].as_str().expect("a body").to_owned()
    }
}

fn name(alarm: &Value) -> &str {
    let text = alarm["Properties"]["AlarmName"]["Fn::Sub"].as_str().unwrap_or_default();
    text.rsplit_once("}-").map_or("", |(_, name)| name)
}

/// Every metric of an alarm: namespace, name, value of its first dimension.
fn metrics(alarm: &Value) -> Vec<(String, String, String)> {
    let properties = &alarm["Properties"];
    let queries = properties["Metrics"].as_array().into_iter().flatten();
    let in_queries = queries.map(|query| &query["MetricStat"]["Metric"]).filter(|metric| metric.is_object());
    let all = in_queries.chain(properties.get("MetricName").map(|_| properties));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let dimension = |metric: &Value| {
        let value = &metric["Dimensions"][0]["Value"];
        value["Fn::Sub"].as_str().map_or_else(|| value.to_string(), str::to_owned)
    };
    all.map(|metric| (text(&metric["Namespace"]), text(&metric["MetricName"]), dimension(metric))).collect()
}

/// The metrics of our own namespace: those of the functions, and those counted from the gateway's log.
fn emitted(watch: &Watch) -> BTreeSet<String> {
    let ours = Counter::ALL.map(Counter::name).into_iter().chain(Gauge::ALL.map(Gauge::name)).map(str::to_owned);
    let filters = watch.resources("AWS::Logs::MetricFilter").into_iter();
    let counted = filters.map(|(_, filter)| filter["Properties"]["MetricTransformations"][0]["MetricName"].clone());
    ours.chain(counted.filter_map(|name| name.as_str().map(str::to_owned))).collect()
}

/// Every broken rule.
fn findings(watch: &Watch) -> Vec<String> {
    let rules = [
        unwatched_anomalies,
        unknown_metrics,
        unlogged_fields,
        unknown_functions,
        forgotten_functions,
        runbooks,
        dashboard,
        unseen_logs,
    ];
    rules.iter().flat_map(|rule| rule(watch)).collect()
}

fn unwatched_anomalies(watch: &Watch) -> Vec<String> {
    let alarms = watch.alarms();
    let watched: BTreeSet<_> = alarms.iter().flat_map(|(_, alarm)| metrics(alarm)).map(|(_, name, _)| name).collect();
    let anomalies = Counter::ALL.into_iter().filter(|counter| counter.is_anomaly()).map(Counter::name);
    let silent = anomalies.chain(Gauge::ALL.map(Gauge::name)).filter(|name| !watched.contains(*name));
    silent.map(|name| format!("{name} has no alarm")).collect()
}

fn unknown_metrics(watch: &Watch) -> Vec<String> {
    let emitted = emitted(watch);
    let mut found = Vec::new();
    for (id, alarm) in watch.alarms() {
        for (namespace, metric, _) in metrics(&alarm) {
            if namespace == "LomiCheckout" && !emitted.contains(&metric) {
                found.push(format!("{id} watches {metric}, which nothing emits"));
            }
        }
    }
    found
}

/// A metric filter reads fields of the gateway's log: a missing field is never counted.
fn unlogged_fields(watch: &Watch) -> Vec<String> {
    let api = watch.resources("AWS::Serverless::HttpApi");
    let log = api[0].1["Properties"]["AccessLogSettings"]["Format"].as_str().unwrap_or_default().to_owned();
    let filters = watch.resources("AWS::Logs::MetricFilter");
    let texts = filters.iter().map(|(id, filter)| (id, filter["Properties"].to_string()));
    let fields = texts.flat_map(|(id, text)| {
        let names = text.split("$.").skip(1).filter_map(|rest| rest.split([' ', '"', '\\']).next());
        names.map(|name| (id.clone(), name.to_owned())).collect::<Vec<_>>()
    });
    let missing = fields.filter(|(_, name)| !log.contains(&format!("\"{name}\":\"$context.")));
    missing.map(|(id, name)| format!("{id} asks for {name}, which the gateway does not log")).collect()
}

fn function_of(dimension: &str) -> Option<&str> {
    dimension.strip_prefix("${Stack}-").or_else(|| dimension.strip_prefix("${AWS::StackName}-"))
}

fn unknown_functions(watch: &Watch) -> Vec<String> {
    let functions = watch.functions();
    let mut found = Vec::new();
    for (id, alarm) in watch.alarms() {
        for (namespace, _, dimension) in metrics(&alarm) {
            let function = function_of(&dimension).unwrap_or(&dimension);
            if namespace == "AWS/Lambda" && !functions.contains(function) {
                found.push(format!("{id} watches {function}, which is no function"));
            }
        }
    }
    found
}

/// Alarms over several functions must name each of them: the functions that shoppers wait for, and all functions.
fn forgotten_functions(watch: &Watch) -> Vec<String> {
    let mut found = Vec::new();
    for (id, functions) in
        [("FunctionsFailAlarm", watch.functions_with("HttpApi")), ("ThrottledAlarm", watch.functions())]
    {
        let alarm =
            watch.alarms().into_iter().find(|(found, _)| found == id).map(|(_, alarm)| alarm).unwrap_or_default();
        let watched: BTreeSet<_> =
            metrics(&alarm).iter().filter_map(|(_, _, dimension)| function_of(dimension).map(str::to_owned)).collect();
        // CloudWatch's own limit for one alarm.
        if watched.len() > 10 {
            found.push(format!("{id} watches more than ten metrics"));
        }
        found.extend(functions.difference(&watched).map(|function| format!("{id} does not watch {function}")));
        found.extend(watched.difference(&functions).map(|function| format!("{id} watches {function}, too")));
    }
    found
}

fn runbooks(watch: &Watch) -> Vec<String> {
    let chapter =
        watch.guide.split("\n## ").find(|chapter| chapter.starts_with("When an alarm fires")).unwrap_or_default();
    let written: BTreeSet<_> = chapter.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let alarms = watch.alarms();
    let named: BTreeSet<_> = alarms.iter().map(|(_, alarm)| name(alarm)).collect();
    let missing = named.difference(&written).map(|name| format!("{name} has no runbook"));
    let stray = written.difference(&named).map(|name| format!("the runbook {name} belongs to no alarm"));
    let misnamed = alarms.iter().filter(|(id, alarm)| *id != format!("{}Alarm", name(alarm)));
    missing.chain(stray).chain(misnamed.map(|(id, _)| format!("{id} carries another name"))).collect()
}

/// The dashboard is JSON, and shows existing metrics, functions and logs.
fn dashboard(watch: &Watch) -> Vec<String> {
    let body = watch.dashboard();
    let Ok(parsed) = serde_json::from_str::<Value>(&body) else { return vec!["the dashboard is no JSON".to_owned()] };
    let (functions, emitted) = (watch.functions(), emitted(watch));
    let mut found = Vec::new();
    for widget in parsed["widgets"].as_array().into_iter().flatten() {
        let mut namespace = "";
        for row in widget["properties"]["metrics"].as_array().into_iter().flatten() {
            namespace = row[0].as_str().filter(|text| *text != ".").unwrap_or(namespace);
            let metric = row[1].as_str().unwrap_or_default();
            if namespace == "LomiCheckout" && !emitted.contains(metric) {
                found.push(format!("the dashboard shows {metric}, which nothing emits"));
            }
        }
    }
    // A function is named in a metric's dimension or a log group's name.
    let names =
        body.split("${Stack}").skip(1).filter_map(|rest| rest.strip_prefix(['-', '/'])?.split(['"', '\'']).next());
    found.extend(
        names
            .filter(|name| !functions.contains(*name))
            .map(|name| format!("the dashboard shows {name}, which is no function")),
    );
    found
}

/// The widget of the last errors must include every function.
fn unseen_logs(watch: &Watch) -> Vec<String> {
    let body = watch.dashboard();
    let seen = |name: &String| body.contains(&format!("SOURCE '/${{Stack}}/{name}'"));
    let unseen = watch.functions().into_iter().filter(|name| !seen(name));
    unseen.map(|name| format!("the dashboard shows no errors of {name}")).collect()
}

#[test]
fn every_anomaly_has_an_alarm_and_every_alarm_a_runbook() {
    assert_eq!(findings(&Watch::read()), Vec::<String>::new());
}

#[test]
fn an_anomaly_without_an_alarm_is_found() {
    let template: Edit = |watch, from, to| watch.template = mutated(&watch.template, from, to);
    let monitoring: Edit = |watch, from, to| watch.monitoring = mutated(&watch.monitoring, from, to);
    let guide: Edit = |watch, from, to| watch.guide = mutated(&watch.guide, from, to);
    let mutations: [(&str, Edit, &str, &str); 15] = [
        ("Overpaid has no alarm", monitoring, "MetricName: Overpaid", "MetricName: PaidAfterCancel"),
        ("Panicked has no alarm", template, "MetricName: Panicked", "MetricName: TimedOut"),
        ("SecondsSinceWebhook has no alarm", monitoring, "MetricName: SecondsSinceWebhook", "MetricName: Quarantined"),
        (
            "QuarantinedAlarm watches Quarantine, which nothing emits",
            monitoring,
            "MetricName: Quarantined",
            "MetricName: Quarantine",
        ),
        (
            "ReconcilerStoppedAlarm watches sweeper, which is no function",
            monitoring,
            "${Stack}-reconciler\"",
            "${Stack}-sweeper\"",
        ),
        (
            "FunctionsFailAlarm does not watch orders",
            template,
            "${AWS::StackName}-orders\"",
            "${AWS::StackName}-catalog\"",
        ),
        (
            "FunctionsFailAlarm watches reconciler, too",
            template,
            "${AWS::StackName}-orders\"",
            "${AWS::StackName}-reconciler\"",
        ),
        ("Overpaid has no runbook", guide, "### Overpaid", "### PaidTwice"),
        ("the runbook PaidTwice belongs to no alarm", guide, "### Overpaid", "### PaidTwice"),
        ("OverpaidAlarm carries another name", monitoring, "${Stack}-Overpaid", "${Stack}-PaidTwice"),
        (
            "RequestsThrottledAlarm watches Refused, which nothing emits",
            monitoring,
            "MetricName: RequestsThrottled",
            "MetricName: Refused",
        ),
        ("RequestsThrottledFilter asks for code, which the gateway does not log", monitoring, "$.status", "$.code"),
        ("the dashboard shows no errors of catalog", monitoring, "| SOURCE '/${Stack}/catalog' ", ""),
        ("the dashboard is no JSON", monitoring, "\"widgets\": [", "\"widgets\": [,"),
        (
            "the dashboard shows sweeper, which is no function",
            monitoring,
            "/${Stack}/reconciler'",
            "/${Stack}/sweeper'",
        ),
    ];
    for (sentence, edit, from, to) in mutations {
        let mut watch = Watch::read();
        edit(&mut watch, from, to);
        let found = findings(&watch);
        assert!(found.iter().any(|finding| finding == sentence), "{sentence:?} is not in {found:#?}");
    }
}
