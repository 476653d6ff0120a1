//! Turns log lines and the meter's counts into billed usage.

use std::collections::BTreeMap;

use local::LogLine;
use local::build::{TEMPLATE, workspace_root};
use local::template::{Function, Template};
use serde_json::Value;
use tests::costs::{Item, Usage};
use tests::{FUNCTIONS, Meter, TestApp};

/// Lambda's own JSON lines per run: the start and the report.
const PLATFORM_LOG_BYTES: u128 = 700;
/// The access log line of API Gateway.
const GATEWAY_LOG_BYTES: u128 = 300;
/// CloudWatch's overhead per line.
const LINE_OVERHEAD_BYTES: u128 = 26;

/// The usage of each function, by the name of its binary.
pub(crate) type ByFunction = BTreeMap<String, Usage>;

pub(crate) fn functions() -> Vec<Function> {
    let root = workspace_root().expect("the program belongs to a workspace");
    let template = Template::read(&root.join(TEMPLATE)).expect("the template can be read");
    template.resolve(&BTreeMap::new()).expect("the template can be resolved").functions
}

/// A running count. The stack reaches DynamoDB through the meter as long as this value lives.
pub(crate) struct Tally {
    meter: Meter,
    /// Log lines from before the count.
    lines: usize,
    memory_mb: BTreeMap<String, u128>,
}

impl Tally {
    pub(crate) fn begin(app: &TestApp, meter: Meter) -> Self {
        let _ = meter.read();
        let memory_mb = functions().into_iter().map(|function| (function.binary, function.memory_mib.into())).collect();
        Self { lines: app.stack.logs().len(), meter, memory_mb }
    }

    /// The usage since the start. Scheduled runs happen with and without orders, so they do not count as invocations
    /// here; their requests do.
    pub(crate) async fn end(&self, app: &TestApp) -> ByFunction {
        for function in FUNCTIONS {
            // The last lines of a process are read before its end is reported.
            app.stack.kill(function).await.expect("a function of the stack");
        }
        let mut all = ByFunction::new();
        for (function, consumed) in self.meter.read() {
            let usage = all.entry(function).or_default();
            usage.add(Item::ReadUnitHalf, consumed.read_halves.into());
            usage.add(Item::WriteUnitHalf, consumed.write_halves.into());
        }
        for line in app.stack.logs().iter().skip(self.lines) {
            self.add_line(app, line, all.entry(line.function.clone()).or_default());
        }
        all
    }

    fn add_line(&self, app: &TestApp, line: &LogLine, usage: &mut Usage) {
        usage.add(Item::LogByte, line.line.len() as u128 + LINE_OVERHEAD_BYTES);
        let event = serde_json::from_str::<Value>(&line.line).unwrap_or_default();
        let Some(duration_ms) = event["duration_ms"].as_u64() else { return };
        usage.add(Item::MemoryMbMs, self.memory_mb[&line.function] * u128::from(duration_ms.max(1)));
        if !event["http.route"].is_null() {
            [Item::ApiRequest, Item::Invocation].into_iter().for_each(|item| usage.add(item, 1));
            usage.add(Item::LogByte, PLATFORM_LOG_BYTES + GATEWAY_LOG_BYTES + LINE_OVERHEAD_BYTES);
            usage.add(Item::SecretCall, secrets_of(app, &line.function));
        }
    }
}

pub(crate) fn sum(all: &ByFunction) -> Usage {
    let mut sum = Usage::default();
    all.values().for_each(|usage| sum.add_all(usage));
    sum
}

/// The fixed part of one scheduled run: its invocation, without the requests it makes.
pub(crate) fn scheduled_run(app: &TestApp, function: &str) -> Usage {
    let mut usage = Usage::default();
    usage.add(Item::Invocation, 1);
    usage.add(Item::LogByte, PLATFORM_LOG_BYTES);
    usage.add(Item::SecretCall, secrets_of(app, function));
    usage
}

/// The calls that refresh a function's secrets once a minute: as many as at its start.
fn secrets_of(app: &TestApp, function: &str) -> u128 {
    let credential = format!("Credential={function}");
    app.stack.secrets().asked().iter().filter(|asked| asked.authorization.ends_with(&credential)).count() as u128
}
