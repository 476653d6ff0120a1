//! From log lines and the meter to what is charged.

use local::LogLine;
use serde_json::Value;
use tests::costs::{Item, Usage};
use tests::{FUNCTIONS, Meter, TestApp};

/// `MemorySize` of the template.
const MEMORY_MB: u128 = 256;
/// What Lambda itself writes per run in JSON: that it starts, and its report.
const PLATFORM_LOG_BYTES: u128 = 700;
/// What CloudWatch adds to every line.
const LINE_OVERHEAD_BYTES: u128 = 26;

/// A count that has begun. The stack reaches DynamoDB for as long as this is there.
pub(crate) struct Tally {
    meter: Meter,
    /// Log lines that were there before.
    lines: usize,
}

impl Tally {
    /// What happened before is not counted.
    pub(crate) fn begin(app: &TestApp, meter: Meter) -> Self {
        let _ = meter.read();
        Self { lines: app.stack.logs().len(), meter }
    }

    /// What happened since. The runs of a schedule are made whether there are orders or not: they are no invocations
    /// here, but what they do is counted.
    pub(crate) async fn end(&self, app: &TestApp) -> Usage {
        for function in FUNCTIONS {
            // The last lines of a process are read before its end is told.
            app.stack.kill(function).await.expect("a function of the stack");
        }
        let mut usage = Usage::default();
        for consumed in self.meter.read().values() {
            usage.add(Item::ReadUnitHalf, consumed.read_halves.into());
            usage.add(Item::WriteUnitHalf, consumed.write_halves.into());
        }
        app.stack.logs().iter().skip(self.lines).for_each(|line| add_line(app, line, &mut usage));
        usage
    }
}

/// What one run of a schedule takes whether there are orders or not, apart from what it does.
pub(crate) fn scheduled_run(app: &TestApp, function: &str) -> Usage {
    let mut usage = Usage::default();
    [Item::Invocation, Item::Trace].into_iter().for_each(|item| usage.add(item, 1));
    usage.add(Item::LogByte, PLATFORM_LOG_BYTES);
    usage.add(Item::SecretCall, secrets_of(app, function));
    usage
}

fn add_line(app: &TestApp, line: &LogLine, usage: &mut Usage) {
    usage.add(Item::LogByte, line.line.len() as u128 + LINE_OVERHEAD_BYTES);
    let event = serde_json::from_str::<Value>(&line.line).unwrap_or_default();
    let Some(duration_ms) = event["duration_ms"].as_u64() else { return };
    usage.add(Item::MemoryMbMs, MEMORY_MB * u128::from(duration_ms.max(1)));
    if !event["http.route"].is_null() {
        [Item::ApiRequest, Item::Invocation, Item::Trace].into_iter().for_each(|item| usage.add(item, 1));
        usage.add(Item::LogByte, PLATFORM_LOG_BYTES);
        usage.add(Item::SecretCall, secrets_of(app, &line.function));
    }
}

/// How many calls a function makes to read its secrets anew when a minute has passed: as many as when it started.
fn secrets_of(app: &TestApp, function: &str) -> u128 {
    let credential = format!("Credential={function}");
    app.stack.secrets().asked().iter().filter(|asked| asked.authorization.ends_with(&credential)).count() as u128
}
