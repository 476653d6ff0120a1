//! No webhook arrives for an hour. Then the reconciler starts: which orders become paid, how soon, and at what cost.

use std::time::Duration;

use serde_json::{Value, json};
use simulation::Meter;
use tokio::time::sleep;

use crate::stage::Stage;
use simulation::in_virtual_time;

const MINUTE: Duration = Duration::from_secs(60);
/// Every payment is found within this many reconciler runs, one a minute.
const MINUTES_TO_PAID: u32 = 10;
/// lomi's own limit: calls to one route in 15 minutes.
const CALLS_PER_QUARTER: usize = 5_000;

/// Opens `count` orders one after the other within `time`; each is paid at lomi a little later if `is_paid`.
async fn shop(stage: &Stage, name: &str, count: u32, time: Duration, is_paid: bool) {
    let started = tokio::time::Instant::now();
    for number in 0..count {
        let bought = stage.buy(&format!("{name}-{number}"), false).await;
        if is_paid {
            stage.pay(&bought).await;
        }
        tokio::time::sleep_until(started + time / count * (number + 1)).await;
    }
}

/// Runs the reconciler once a minute until `paid` orders are paid; returns the minutes it took.
async fn sweep_until(stage: &Stage, paid: usize) -> u32 {
    for minute in 1..=MINUTES_TO_PAID {
        let (report, ()) = tokio::join!(stage.stack.reconcile(), sleep(MINUTE));
        println!("minute {minute}: {report:?}");
        if paid_orders(stage) == paid {
            return minute;
        }
    }
    panic!("after {MINUTES_TO_PAID} minutes {} of {paid} orders are paid", paid_orders(stage))
}

fn paid_orders(stage: &Stage) -> usize {
    stage.orders().iter().filter(|order| order["status"] == "paid").count()
}

fn calls(stage: &Stage) -> usize {
    let lines = stage.stack.trace.lines();
    let is_call = |line: &&String| {
        line.contains("reconcile#") && [" before GET /", " before POST /"].iter().any(|what| line.contains(what))
    };
    lines.iter().filter(is_call).count()
}

#[test]
fn payments_without_webhooks_are_found_in_the_promised_time() {
    in_virtual_time(async || {
        let stage = Stage::new();
        shop(&stage, "order", 1_000, MINUTE * 60, true).await;
        assert_eq!(paid_orders(&stage), 0, "no webhook has arrived");
        let minutes = sweep_until(&stage, 1_000).await;
        let calls = calls(&stage);
        println!("1 000 payments known after {minutes} minutes and {calls} calls to lomi.");
        assert!(calls * 10 <= 12 * 1_000, "{calls} calls to lomi. are more than 1.2 per order");
        assert!(calls <= CALLS_PER_QUARTER, "{calls} calls in {minutes} minutes are more than lomi. takes");
        assert_eq!(stage.at_lomi("sessions").len(), 1_000, "the sweep opens no page");
        let findings = simulation::audit::books(&stage.stack);
        assert!(findings.is_empty(), "{}", findings.join("\n"));
    });
}

#[test]
#[ignore = "takes ten seconds: cargo xtask proofs"]
fn failing_pages_hold_up_no_other_order() {
    in_virtual_time(async || {
        let stage = Stage::new();
        // Only these pages are read one by one: they have ended, and nothing was paid on them.
        shop(&stage, "bad", 10, MINUTE, false).await;
        shop(&stage, "good", 990, MINUTE * 62, true).await;
        let fault = json!({ "target": "GET /checkout-sessions/{id}", "kind": "status", "arg": 500, "times": null });
        stage.act("/_sim/faults", &fault).await;
        let minutes = sweep_until(&stage, 990).await;
        println!("990 payments known after {minutes} minutes beside 10 pages that lomi. fails on");
        let fired = stage.stack.lomi.ledger()["faults"][0]["fired"].as_u64();
        assert!(fired.is_some_and(|fired| fired >= 10), "lomi. was asked about the bad pages {fired:?} times");
        let bad = stage.orders().into_iter().filter(|order| order["status"] != "paid");
        let bad: Vec<Value> = bad.collect();
        assert!(bad.iter().all(|order| order["due_at_ms"].is_i64()), "they stay due: {bad:?}");
    });
}

/// The cost of one run that finds 50 payments beside `settled` finished orders.
fn work_beside(settled: usize) -> (Meter, usize) {
    in_virtual_time(async || {
        let stage = Stage::new();
        let one = stage.buy("settled", false).await;
        stage.pay(&one).await;
        stage.deliver().await;
        stage.rest().await;
        let copied = stage.orders();
        assert!(copied[0]["status"] == "paid" && copied[0]["due_at_ms"].is_null(), "settled: {copied:?}");
        stage.stack.dynamodb.copy_order(&one.order_id, settled - 1, |number, order| {
            let id = format!("ord_{number:032x}");
            order["PK"] = json!({ "S": format!("ORDER#{id}") });
            order["order_id"] = json!({ "S": id });
        });
        shop(&stage, "due", 50, MINUTE, true).await;
        sleep(MINUTE * 2).await;
        let (before, calls_before) = (stage.stack.dynamodb.meter(), calls(&stage));
        let report = stage.stack.reconcile().await.expect("a run");
        assert_eq!((report.due, report.repaired), (50, 50), "{report:?}");
        let after = stage.stack.dynamodb.meter();
        let meter =
            Meter { requests: after.requests - before.requests, items_read: after.items_read - before.items_read };
        (meter, calls(&stage) - calls_before)
    })
}

#[test]
#[ignore = "takes ten seconds: cargo xtask proofs"]
fn a_sweep_costs_what_is_due_however_large_the_table() {
    let (few, many) = (work_beside(10), work_beside(100_000));
    println!("50 due orders: {few:?} beside 10 settled ones, {many:?} beside 100 000");
    assert_eq!(few, many);
}

#[test]
fn a_later_round_continues_without_reading_twice() {
    in_virtual_time(async || {
        let stage = Stage::new();
        // 1 An old order that was polled last, so that it is due after a hundred younger ones.
        let old = stage.buy("old", false).await;
        for _ in 0..32 {
            tokio::join!(stage.stack.reconcile(), sleep(MINUTE));
        }
        shop(&stage, "young", 150, MINUTE * 2, true).await;
        let due = |order: &Value| order["due_at_ms"].as_i64();
        let last = stage.orders().into_iter().max_by_key(due).expect("orders");
        assert_eq!(last["order_id"], old.order_id.as_str(), "{last}");
        stage.pay(&old).await;
        sleep(MINUTE * 7).await;
        // 2 Four pages of paid orders, and one for the time before.
        let before = calls(&stage);
        let report = stage.stack.reconcile().await.expect("a run");
        assert_eq!((report.due, report.repaired, paid_orders(&stage)), (151, 151, 151), "{report:?}");
        assert_eq!(calls(&stage) - before, 5, "{report:?}");
    });
}
