//! The back office, in which two people may refund at the same time.

use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Scene, pause, shopper, time};
use crate::shop::Created;

/// Between two attempts under one key.
const RETRY_MS: [u64; 2] = [60, 300];
const MAX_TRIES: u32 = 25;

/// Refunds an order, or part of it, by one request or by two at once.
pub(super) async fn refund(scene: &Scene<'_>, rng: &mut Rng, patience: Duration, order: &Created) {
    let amount = rng.i64(1..=order.amount);
    let body = if rng.bool() { json!({}) } else { json!({ "amount": amount }) };
    let mut other = scene.rng();
    if rng.u8(..100) < 25 {
        tokio::join!(ask(scene, rng, patience, order, &body), ask(scene, &mut other, patience, order, &body));
    } else {
        ask(scene, rng, patience, order, &body).await;
    }
}

async fn ask(scene: &Scene<'_>, rng: &mut Rng, patience: Duration, order: &Created, body: &Value) {
    let key = scene.app.fresh_key();
    for _ in 0..MAX_TRIES {
        match timeout(patience, scene.app.refund(&order.order_id, body, &key)).await {
            Ok(answer) if answer.status < 300 => return scene.count("refunds that were answered"),
            Ok(answer) if !shopper::is_passing(&answer) => return scene.count("refunds that were refused"),
            Ok(_) | Err(_) => {}
        }
        pause(rng, RETRY_MS).await;
        if rng.u8(..3) == 0 {
            time::ends_refund_leases(scene, &order.order_id).await;
        }
    }
}
