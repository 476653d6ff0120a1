//! The health answer of a stack with one broken part reports that part and everything else.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;
use tests::TestApp;

/// The longest time of the answer, whatever hangs; a busy machine gets some more.
const LONGEST: Duration = Duration::from_secs(11);

/// The state of every check, from a fresh process.
async fn look(app: &TestApp) -> BTreeMap<String, String> {
    app.stack.kill("operations").await.expect("it runs");
    let started = Instant::now();
    let states = app.health_states().await;
    assert!(started.elapsed() < LONGEST, "{:?}", started.elapsed());
    states
}

fn assert_found(states: &BTreeMap<String, String>, expected: &[(&str, &str)]) {
    for (check, state) in expected {
        assert_eq!(states[*check], *state, "{check} of {states:?}");
    }
}

const LOMI_IS_WELL: [(&str, &str); 5] = [
    ("lomi_key", "ok"),
    ("environment", "ok"),
    ("webhook_endpoint", "registered"),
    ("transactions", "ok"),
    ("refunds", "ok"),
];
const TABLE_IS_WELL: [(&str, &str); 3] = [("table", "ok"), ("orders_due", "ok"), ("quarantine", "ok")];

#[tokio::test]
async fn a_hanging_check_hides_no_other() {
    let app = TestApp::start().await;
    app.health_states().await;
    app.lomi_wire.hold();
    let states = look(&app).await;
    assert_found(&states, &TABLE_IS_WELL);
    // The prefix of the key names its environment.
    assert_found(
        &states,
        &[
            ("lomi_key", "unreachable"),
            ("environment", "ok"),
            ("webhook_endpoint", "unknown"),
            ("transactions", "unreachable"),
            ("refunds", "unreachable"),
            ("webhook_secret", "ok"),
        ],
    );
    app.lomi_wire.mend();

    app.dynamodb.hold();
    let states = look(&app).await;
    assert_found(&states, &LOMI_IS_WELL);
    assert_found(
        &states,
        &[("table", "unreachable"), ("last_webhook", "unknown"), ("orders_due", "unknown"), ("quarantine", "unknown")],
    );
    app.dynamodb.mend();

    app.stack.secrets().set_unreachable(true);
    let states = look(&app).await;
    assert_found(&states, &TABLE_IS_WELL);
    assert_found(
        &states,
        &[
            ("lomi_key", "unreachable"),
            ("environment", "unknown"),
            ("transactions", "unknown"),
            ("refunds", "unknown"),
            ("webhook_secret", "unreachable"),
        ],
    );
    app.stack.secrets().set_unreachable(false);
    assert_found(&look(&app).await, &LOMI_IS_WELL);
    app.audit().await;
}

/// Neither the key nor the other list waits for it.
#[tokio::test]
async fn a_hanging_list_hides_no_other_check() {
    let app = TestApp::start().await;
    for (list, path) in [("transactions", "GET /transactions"), ("refunds", "GET /refunds")] {
        app.lomi.fault(json!({ "target": path, "kind": "hang", "times": null })).await;
        let mut expected = LOMI_IS_WELL;
        for (check, state) in &mut expected {
            if *check == list {
                *state = "unreachable";
            }
        }
        assert_found(&look(&app).await, &expected);
        app.lomi.clear_faults().await;
    }
    app.audit().await;
}
