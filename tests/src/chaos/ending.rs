//! The end: connections are repaired, all actors finish, and the reconciler runs until it has nothing left to do.

use serde_json::Value;

use super::Scene;
use crate::app::{FUNCTIONS, TestApp};
use crate::audit::is_paid;
use crate::wait::eventually;

/// Reconciler runs until nothing may be left to do.
const MAX_RUNS: u32 = 30;
/// Statuses of a refund that is not final.
const OPEN_REFUNDS: [&str; 3] = ["requested", "in_doubt", "pending"];
/// After this many runs lomi's list has been read for every refund in it.
const RUNS_TO_NAME_REFUNDS: usize = 3;

/// Repairs everything and waits until nothing changes. No client sends requests any more.
pub(super) async fn settle(scene: &Scene<'_>) {
    let app = scene.app;
    let broken = [app.dynamodb.broken(), app.lomi_wire.broken()];
    scene.tally.borrow_mut().broken_connections = broken;
    app.dynamodb.mend();
    app.lomi_wire.mend();
    app.lomi.clear_faults().await;
    eventually("every process is done", async || is_idle(app).then_some(())).await;
    app.lomi.run_outbox().await;
    // First as a minute later, then as after the end of every page.
    for order in app.orders().await {
        app.make_due(order["order_id"].as_str().expect("an id")).await;
    }
    let mut before: Vec<Value> = Vec::new();
    let mut history: Vec<String> = Vec::new();
    for _ in 0..MAX_RUNS {
        // An order that could not be polled stays due for the next run.
        if let Err(error) = app.stack.invoke_scheduled("reconciler").await {
            history.push(format!("failed: {error}"));
            continue;
        }
        let orders = app.orders().await;
        let words: Vec<_> = orders.iter().map(word).collect();
        if words == before {
            return check(scene, &orders);
        }
        let changed = words.iter().filter(|word| !before.contains(word)).map(Value::to_string);
        history.push(changed.collect::<Vec<_>>().join(" "));
        before = words;
        age(app, &orders).await;
        if history.len() > RUNS_TO_NAME_REFUNDS {
            call_off(app, &orders).await;
        }
    }
    panic!("the reconciler is not quiet after {MAX_RUNS} runs:\n{}", history.join("\n"));
}

/// The state of an order without its polling times.
fn word(order: &Value) -> Value {
    let known = ["order_id", "status", "payments", "refunds", "overpaid", "orphaned_intents"];
    known.map(|name| order[name].clone()).into()
}

fn is_idle(app: &TestApp) -> bool {
    FUNCTIONS.iter().all(|function| app.stack.at_work(function).is_ok_and(|at_work| at_work.is_empty()))
}

/// Ends all pages, and the time within which lomi lists a refund.
async fn age(app: &TestApp, orders: &[Value]) {
    for order in orders {
        let id = order["order_id"].as_str().expect("an id");
        let is_open = |refund: &Value| OPEN_REFUNDS.iter().any(|status| refund["status"] == *status);
        if order["refunds"].as_object().into_iter().flat_map(|refunds| refunds.values()).any(is_open) {
            app.age_refunds(id).await;
        }
        if order["due_at_ms"].is_i64() && order["expires_at_ms"].is_i64() {
            app.outlive(id).await;
        }
    }
}

/// The back office releases refunds that lomi never received: a partial mobile-money refund stays in doubt until then.
async fn call_off(app: &TestApp, orders: &[Value]) {
    for order in orders {
        let order_id = order["order_id"].as_str().expect("an id");
        for (id, refund) in order["refunds"].as_object().into_iter().flatten() {
            if refund["status"] == "in_doubt" && refund["refund_id"].is_null() {
                app.release_refund(order_id, id).await.expect(200);
            }
        }
    }
}

/// Checks what only the actors have seen; the audit checks the rest.
fn check(scene: &Scene<'_>, orders: &[Value]) {
    for order in orders {
        let id = order["order_id"].as_str().expect("an id");
        let is_paid = is_paid(order);
        assert!(is_paid || !scene.seen_paid.borrow().contains(id), "a shopper saw it paid: {order}");
        let refunds = order["refunds"].as_object().into_iter().flat_map(|refunds| refunds.values());
        let open: Vec<_> = refunds.filter(|refund| OPEN_REFUNDS.iter().any(|s| refund["status"] == *s)).collect();
        assert!(open.is_empty(), "nobody knows what became of {open:?}");
    }
    let known = |id: &String| orders.iter().any(|order| order["order_id"] == id.as_str());
    assert!(scene.orders.borrow().iter().all(known), "an order that a shopper was told of is gone");
}
