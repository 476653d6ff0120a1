//! Faults at lomi: events that are lost, doubled or late, and calls that fail.

use serde_json::{Value, json};

use super::{Scene, pause};

const PAUSE_MS: [u64; 2] = [100, 700];
/// lomi keeps a list of planted faults: it is cleared after this many.
const KEPT: u32 = 40;
const CALLS: [&str; 4] = ["POST /checkout-sessions", "POST /charge/card", "POST /refunds", "GET /transactions"];

/// Plants one fault after the other, until the end.
pub(super) async fn strikes(scene: &Scene<'_>) {
    let mut rng = scene.rng();
    for number in 1_u32.. {
        pause(&mut rng, PAUSE_MS).await;
        if number.is_multiple_of(KEPT) {
            scene.app.lomi.clear_faults().await;
        }
        let target = CALLS[rng.usize(..CALLS.len())];
        let on_event = |kind: &str, arg: Value| json!({ "target": "webhook", "kind": kind, "arg": arg });
        let on_call = |kind: &str, arg: Value| json!({ "target": target, "kind": kind, "arg": arg });
        let plan = match rng.u8(..10) {
            0..2 => on_event("lose", Value::Null),
            2 => on_event("duplicate", json!({ "copies": 2, "new_id": true })),
            3 => on_event("reorder", Value::Null),
            4 => on_event("fail_after_success", Value::Null),
            5 => on_call("status", json!(500)),
            6 => on_call("status", json!({ "status": 429, "retry_after_s": 1 })),
            7 => on_call("commit_then_500", Value::Null),
            8 => on_call("truncated_json", Value::Null),
            _ => on_call("html_502", Value::Null),
        };
        scene.app.lomi.fault(plan).await;
    }
}
