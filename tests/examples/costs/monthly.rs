//! The monthly cost of a stack without any order.

use std::time::Duration;

use local::build::{TEMPLATE, workspace_root};
use tests::costs::{Usage, fixed};

use crate::purchases::start;
use crate::tally::{Tally, functions, scheduled_run, sum};

/// A month as AWS counts it: 730 hours.
const MONTH: Duration = Duration::from_secs(730 * 60 * 60);
/// Measured runs of each schedule.
const RUNS: u32 = 10;
const TEMPLATES: [&str; 2] = [TEMPLATE, "infra/monitoring.yaml"];

pub(crate) async fn measure() -> Usage {
    let root = workspace_root().expect("the program belongs to a workspace");
    let text = TEMPLATES.map(|path| std::fs::read_to_string(root.join(path)).unwrap_or_default()).concat();
    let mut usage = fixed(&text);
    for function in functions() {
        for schedule in &function.schedules {
            let runs = MONTH.as_secs().div_ceil(schedule.every.as_secs());
            usage.add_all(&idle(&function.binary).await.scaled(runs.into(), 1));
        }
    }
    usage
}

/// The usage of one run when nothing is due.
async fn idle(function: &str) -> Usage {
    let (app, meter) = start().await;
    // The first run of a process is slower, and happens once in hours.
    app.stack.invoke_scheduled(function).await.expect("a run that succeeds");
    let tally = Tally::begin(&app, meter);
    let mut usage = scheduled_run(&app, function);
    for _ in 0..RUNS {
        app.stack.invoke_scheduled(function).await.expect("a run that succeeds");
    }
    usage.add_all(&sum(&tally.end(&app).await).scaled(1, RUNS.into()));
    app.audit().await;
    usage
}
