//! The webhook that registers itself, while something fails.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Setup, TestApp, eventually};
use tokio::time::Instant;

use crate::cloudformation::{CloudFormation, event};

const SECRET: &str = "LOMI_WEBHOOK_SECRET_ID";
const KEY: &str = "LOMI_SECRET_KEY_ID";
/// The longest wait of a deployment, well within the template's ServiceTimeout.
const LONGEST: Duration = Duration::from_secs(50);

async fn buy(app: &TestApp) {
    let order = app.open_order().await;
    app.pay(&order, "wave").await;
    app.wait_for(&order.order_id, "paid").await;
}

#[tokio::test]
async fn an_endpoint_with_a_lost_answer_is_replaced() {
    let app = TestApp::start_with(Setup::with_lomi_behind()).await;
    app.without_webhook().await;
    for kind in ["drop_connection", "commit_then_500", "truncated_json"] {
        app.lomi.fault(json!({ "target": "POST /webhooks", "kind": kind, "when": "after" })).await;
        assert_eq!(app.webhook_status().await, "in_doubt", "{kind}");
        assert_eq!(app.endpoints().await.len(), 1, "{kind}");
        assert_eq!(app.webhook_status().await, "registered", "{kind}");
        assert_eq!(app.endpoints().await.len(), 1, "{kind}");
        buy(&app).await;
        app.without_webhook().await;
    }
    assert_eq!(app.webhook_status().await, "registered");
    app.audit().await;
}

#[tokio::test]
async fn lost_answers_never_accumulate_endpoints() {
    let app = TestApp::start_with(Setup::with_lomi_behind()).await;
    app.without_webhook().await;
    let lost = json!({ "target": "POST /webhooks", "kind": "drop_connection", "when": "after", "times": 8 });
    app.lomi.fault(lost).await;
    for _ in 0..8 {
        assert_eq!(app.webhook_status().await, "in_doubt");
    }
    assert_eq!(app.endpoints().await.len(), 5);
    assert_eq!(app.webhook_status().await, "registered");
    assert_eq!(app.endpoints().await.len(), 1);
    app.audit().await;
}

#[tokio::test]
async fn an_unstored_secret_leaves_no_endpoint() {
    let app = TestApp::start().await;
    let cloudformation = CloudFormation::start(&app).await;
    app.without_webhook().await;
    app.stack.secrets().set_read_only(true);
    assert_eq!(cloudformation.create(&app).await["Status"], "secret_not_stored");
    assert!(app.endpoints().await.is_empty());
    app.stack.secrets().set_read_only(false);
    assert_eq!(app.webhook_status().await, "registered");
    // A failed rotation removes nothing either.
    let (endpoints, secret) = (app.endpoints().await, app.secret(SECRET));
    app.stack.secrets().set_read_only(true);
    assert_eq!(app.rotate_webhook().await, "secret_not_stored");
    app.stack.secrets().set_read_only(false);
    assert_eq!((app.endpoints().await, app.secret(SECRET)), (endpoints, secret));
    buy(&app).await;
    app.audit().await;
}

#[tokio::test]
async fn a_kill_before_the_secret_is_stored_is_repaired() {
    let app = TestApp::start().await;
    app.without_webhook().await;
    assert_eq!(app.webhook_status().await, "registered");
    let kept = app.endpoints().await.remove(0);
    let slow = json!({ "target": "POST /webhooks", "kind": "latency_ms", "when": "after", "arg": 5_000 });
    app.lomi.fault(slow).await;
    let rotation = json!({ "Url": app.webhook_url(), "Rotate": true });
    let (killed, ()) = tokio::join!(app.stack.invoke("webhook-endpoint", rotation), async {
        eventually("lomi. has made it", async || (app.endpoints().await.len() == 2).then_some(())).await;
        app.stack.kill("webhook-endpoint").await.unwrap();
    });
    assert!(killed.is_err());
    // The first endpoint's secret is the stored one; the other endpoint may belong to another run until it is old.
    assert_eq!(app.webhook_status().await, "unchanged");
    let left = app.endpoints().await;
    assert!(left.iter().any(|endpoint| endpoint["webhook_id"] == kept["webhook_id"]), "{left:?}");
    app.audit().await;
}

#[tokio::test]
async fn a_payment_during_a_rotation_reaches_an_endpoint() {
    let app = TestApp::start().await;
    app.without_webhook().await;
    assert_eq!(app.webhook_status().await, "registered");
    buy(&app).await;
    let (during, after) = (app.open_order().await, app.open_order().await);
    let slow = json!({ "target": "POST /webhooks", "kind": "latency_ms", "when": "after", "arg": 3_000 });
    app.lomi.fault(slow).await;
    let (rotated, ()) = tokio::join!(app.rotate_webhook(), async {
        eventually("lomi. has made it", async || (app.endpoints().await.len() == 2).then_some(())).await;
        // The newest is first, and its secret is not stored yet.
        app.excuse_endpoint(&app.endpoints().await[0]);
        app.pay(&during, "wave").await;
        app.wait_for(&during.order_id, "paid").await;
    });
    assert_eq!(rotated, "rotated");
    app.pay(&after, "wave").await;
    app.wait_for(&after.order_id, "paid").await;
    for order in [&during, &after] {
        assert_eq!(app.outbox(&order.order_id).await, ["order.paid"], "both endpoints tell, and it counts once");
    }
    app.audit().await;
}

#[tokio::test]
async fn a_scheduled_run_does_not_disturb_a_rotation() {
    let app = TestApp::start_with(Setup::with_lomi_behind()).await;
    app.without_webhook().await;
    assert_eq!(app.webhook_status().await, "registered");
    // The endpoint is old by now, and the rotation's endpoint is new.
    app.lomi.advance_s(600).await;
    let slow = json!({ "target": "POST /webhooks", "kind": "latency_ms", "when": "after", "arg": 3_000 });
    app.lomi.fault(slow).await;
    let (rotated, ()) = tokio::join!(app.rotate_webhook(), async {
        eventually("lomi. has made it", async || (app.endpoints().await.len() == 2).then_some(())).await;
        assert_eq!(app.webhook_status().await, "unchanged");
    });
    assert_eq!((rotated.as_str(), app.endpoints().await.len()), ("rotated", 2));
    assert_eq!(app.webhook_status().await, "unchanged", "the stored secret is that of an endpoint that is there");
    buy(&app).await;
    app.audit().await;
}

/// The key is refused, belongs to the other environment, or is missing.
#[tokio::test]
async fn a_key_refused_by_lomi_has_its_own_status() {
    let app = TestApp::start().await;
    let cloudformation = CloudFormation::start(&app).await;
    app.without_webhook().await;
    let good = app.without_key().await;
    let keys = [
        ("lomi_sk_test_that_nobody_issued", "key_refused"),
        (lomi_sandbox::fixtures::LIVE_KEY_A, "key_of_other_environment"),
        ("not a key", "key_of_other_environment"),
    ];
    for (key, status) in keys {
        app.keep_out_of_logs(key);
        app.stack.secrets().set(app.secret_id(KEY), key);
        app.stack.kill("webhook-endpoint").await.unwrap();
        let data = cloudformation.create(&app).await;
        assert_eq!(data["Status"], status, "{key}");
        assert!(data["NextStep"].as_str().unwrap().contains(app.secret_id(KEY)), "{data}");
    }
    app.stack.secrets().set(app.secret_id(KEY), &good);
    app.stack.kill("webhook-endpoint").await.unwrap();
    assert_eq!(app.webhook_status().await, "registered");
    app.audit().await;
}

#[tokio::test]
async fn a_deployment_succeeds_in_time_while_lomi_is_down_or_hangs() {
    let app = TestApp::start().await;
    let cloudformation = CloudFormation::start(&app).await;
    app.without_webhook().await;
    for kind in ["status", "hang"] {
        app.lomi.fault(json!({ "target": "*", "kind": kind, "arg": 503, "times": null })).await;
        let begun = Instant::now();
        assert_eq!(cloudformation.create(&app).await["Status"], "lomi_unreachable", "{kind}");
        assert!(begun.elapsed() < LONGEST, "{kind}: {:?}", begun.elapsed());
        app.lomi.clear_faults().await;
    }
    app.lomi_wire.cut();
    assert_eq!(cloudformation.create(&app).await["Status"], "lomi_unreachable");
    assert_eq!(cloudformation.delete(&app, &app.webhook_url()).await, "not_removed");
    app.lomi_wire.mend();
    assert_eq!(app.webhook_status().await, "registered");
    app.audit().await;
}

/// Each call takes almost its time-out, and there is more work than time. The rest of the time allows a second
/// response when the first one is lost.
#[tokio::test]
async fn a_slow_stack_deletion_is_still_answered() {
    let app = TestApp::start().await;
    let cloudformation = CloudFormation::start(&app).await;
    app.without_webhook().await;
    app.orphan_endpoints(9).await;
    app.lomi.fault(json!({ "target": "*", "kind": "latency_ms", "arg": 5_500, "times": null })).await;
    cloudformation.delay_ms(1_500);
    cloudformation.fail(1);
    let begun = Instant::now();
    assert_eq!(cloudformation.delete(&app, &app.webhook_url()).await, "not_removed");
    assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
    app.lomi.clear_faults().await;
    assert_eq!(cloudformation.delete(&app, &app.webhook_url()).await, "removed");
    assert!(app.endpoints().await.is_empty());
    app.audit().await;
}

/// The key is cached for a minute; the version of the stored webhook secret is read in every run.
#[tokio::test]
async fn a_run_that_cannot_read_the_secret_changes_nothing() {
    let app = TestApp::start().await;
    let cloudformation = CloudFormation::start(&app).await;
    app.without_webhook().await;
    assert_eq!(app.webhook_status().await, "registered");
    let endpoints = app.endpoints().await;
    app.stack.secrets().set_unreachable(true);
    for status in [app.webhook_status().await, app.rotate_webhook().await] {
        assert_eq!(status, "secrets_unreachable");
    }
    // An endpoint is not reported as removed while its owner is unknown.
    assert_eq!(cloudformation.delete(&app, &app.webhook_url()).await, "not_removed");
    app.stack.secrets().set_unreachable(false);
    assert_eq!((app.webhook_status().await.as_str(), app.endpoints().await), ("unchanged", endpoints));
    app.audit().await;
}

#[tokio::test]
async fn a_deployment_succeeds_without_secrets_manager() {
    let app = TestApp::start().await;
    let cloudformation = CloudFormation::start(&app).await;
    app.without_webhook().await;
    app.stack.secrets().set_unreachable(true);
    let answer = cloudformation.ask(&app, &event("Create", &app.webhook_url(), None)).await;
    assert_eq!(answer["Data"]["Status"], "secrets_unreachable");
    app.stack.secrets().set_unreachable(false);
    assert!(app.endpoints().await.is_empty());
    app.audit().await;
}

#[tokio::test]
async fn a_lost_cloudformation_response_is_sent_again() {
    let app = TestApp::start().await;
    let cloudformation = CloudFormation::start(&app).await;
    app.without_webhook().await;
    cloudformation.fail(2);
    assert_eq!(cloudformation.create(&app).await["Status"], "registered");
    cloudformation.fail(3);
    let question = event("Update", &app.webhook_url(), Some(&app.webhook_url()));
    assert!(cloudformation.invoke(&app, &question).await.is_err(), "the platform has to invoke again");
    assert!(cloudformation.answers().is_empty());
    assert_eq!(cloudformation.ask(&app, &question).await["Data"]["Status"], "unchanged");
    app.audit().await;
}

#[tokio::test]
async fn a_request_of_any_shape_is_answered_and_changes_nothing() {
    let app = TestApp::start().await;
    let cloudformation = CloudFormation::start(&app).await;
    app.without_webhook().await;
    assert_eq!(app.webhook_status().await, "registered");
    let endpoints = app.endpoints().await;
    let id = app.webhook_url();
    for properties in
        [json!({}), json!({ "Url": 7 }), json!({ "Url": "" }), json!({ "Url": "x".repeat(600) }), json!([])]
    {
        let mut question = event("Update", "", Some(&id));
        question["ResourceProperties"] = properties.clone();
        let answer = cloudformation.ask(&app, &question).await;
        assert_eq!(
            (&answer["PhysicalResourceId"], &answer["Data"]["Status"]),
            (&json!(id), &json!("request_unreadable"))
        );
    }
    for url in ["ftp://example.com/webhooks/lomi", "http://shop.example/webhooks/lomi", "no address"] {
        let answer = cloudformation.ask(&app, &event("Create", url, None)).await;
        assert_eq!(answer["Data"]["Status"], "request_unreadable", "{url}");
    }
    let answer = cloudformation.ask(&app, &event("Import", &id, Some(&id))).await;
    assert_eq!(answer["Data"]["Status"], "request_unreadable");
    // Longer than CloudFormation accepts: the data is omitted, the response is sent.
    let long = "x".repeat(3_830);
    let answer = cloudformation.ask(&app, &event("Delete", &id, Some(&long))).await;
    assert_eq!((&answer["PhysicalResourceId"], &answer["Data"]), (&json!(long), &Value::Null));
    assert_eq!(app.endpoints().await, endpoints);
    app.audit().await;
}

#[tokio::test]
async fn a_foreign_response_url_is_not_called() {
    let app = TestApp::start().await;
    app.without_webhook().await;
    for address in ["https://evil.example/answer", "http://bucket.s3.amazonaws.com/", "https://127.0.0.1:1/", "x"] {
        let mut question = event("Create", &app.webhook_url(), None);
        question["ResponseURL"] = json!(address);
        let begun = Instant::now();
        let answer = app.stack.invoke("webhook-endpoint", question).await.unwrap();
        assert_eq!(answer["Status"], "request_unreadable", "{address}");
        assert!(begun.elapsed() < Duration::from_secs(1), "nobody was called");
    }
    assert!(app.endpoints().await.is_empty());
    app.audit().await;
}
