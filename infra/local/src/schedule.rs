//! The local EventBridge: invokes the functions that the template schedules.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::pool::Pool;
use crate::system;
use crate::template::{ACCOUNT_ID, REGION, Schedule, arn};
use crate::terminal::say;

/// Starts one task per schedule. The first invocation comes after one interval, as after a deployment.
pub(crate) fn start(scheduled: Vec<(Arc<Pool>, Schedule)>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for (pool, schedule) in scheduled {
        tasks.spawn(run(pool, schedule));
    }
    tasks
}

async fn run(pool: Arc<Pool>, schedule: Schedule) {
    let mut ticks = interval_at(Instant::now() + schedule.every, schedule.every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        if let Err(error) = pool.invoke(event(&schedule)).await {
            say(format_args!("[{}] scheduled run: {error}", pool.name()));
        }
    }
}

/// The event that EventBridge sends for a schedule: its own, or the input that the template gives.
pub(crate) fn event(schedule: &Schedule) -> Bytes {
    if let Some(input) = &schedule.input {
        return Bytes::from(input.clone());
    }
    let event = json!({
        "version": "0",
        "id": system::request_id(),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT_ID,
        "time": system::rfc3339(system::since_epoch().as_secs()),
        "region": REGION,
        "resources": [arn("events", &format!("rule/{}", schedule.name))],
        "detail": {},
    });
    Bytes::from(event.to_string())
}
