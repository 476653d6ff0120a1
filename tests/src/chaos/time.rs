//! Simulated time, which passes faster than the clock: leases end after two rounds, and what is due later becomes due
//! now.

use futures::future::join_all;
use serde_json::Value;

use super::{Scene, pause};

/// Between two rounds: a lease of 30 s lasts between one and two of them.
const LOOK_MS: [u64; 2] = [350, 500];
/// Between two runs of the reconciler.
const RUN_MS: [u64; 2] = [100, 500];
const RUNS: usize = 2;
/// Orders that each round makes due.
const DUE: usize = 6;

pub(super) async fn passes(scene: &Scene<'_>) {
    let mut rng = scene.rng();
    let mut seen: Vec<Value> = Vec::new();
    loop {
        pause(&mut rng, LOOK_MS).await;
        let running = scene.app.table.items_with("IDEM#", "state", "running").await;
        for claim in running.iter().filter(|claim| seen.contains(claim)) {
            let key = claim["PK"].as_str().expect("a key");
            scene.app.table.set_number(key, "IDEM", "lease_until_ms", 0).await;
            scene.app.make_due(claim["order_id"].as_str().expect("an order")).await;
        }
        seen = running;
        let orders = rng.choose_multiple(scene.orders.borrow().iter().cloned(), DUE);
        for order_id in orders {
            scene.app.make_due(&order_id).await;
        }
    }
}

/// Runs the reconciler until the end; a run does not wait for the one before.
pub(super) async fn reconciles(scene: &Scene<'_>) {
    join_all((0..RUNS).map(|_| reconciles_one_by_one(scene))).await;
}

async fn reconciles_one_by_one(scene: &Scene<'_>) {
    let mut rng = scene.rng();
    loop {
        let run = scene.app.stack.invoke_scheduled("reconciler").await;
        scene.count(if run.is_ok() { "reconciler runs" } else { "reconciler runs that failed" });
        pause(&mut rng, RUN_MS).await;
    }
}

pub(super) async fn ends_refund_leases(scene: &Scene<'_>, order_id: &str) {
    let order = scene.app.order(order_id).await;
    let refunds = order["refunds"].as_object().into_iter().flatten();
    for (id, _) in refunds.filter(|(_, refund)| refund["status"] == "requested") {
        let path = ["refunds", id, "request", "lease_until_ms"];
        scene.app.table.set_number_at(&format!("ORDER#{order_id}"), "ORDER", &path, 0).await;
    }
}
