//! The webhook that registers itself.

use serde_json::{Value, json};
use tests::{Setup, TestApp, eventually};

use crate::cloudformation::{CloudFormation, event};

const SECRET: &str = "LOMI_WEBHOOK_SECRET_ID";
const KEY: &str = "LOMI_SECRET_KEY_ID";

/// An order with a payment event from lomi itself, with lomi's signature.
async fn buy(app: &TestApp) {
    let order = app.open_order().await;
    app.pay(&order, "wave").await;
    app.wait_for(&order.order_id, "paid").await;
    assert_eq!(app.timeline(&order.order_id).await.last().map(String::as_str), Some("paid/webhook"));
}

fn ids(endpoints: &[Value]) -> Vec<&str> {
    endpoints.iter().map(|endpoint| endpoint["webhook_id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_first_deployment_without_a_key_succeeds() {
    let app = TestApp::start().await;
    let cloudformation = CloudFormation::start(&app).await;
    app.without_webhook().await;
    let key = app.without_key().await;
    let data = cloudformation.create(&app).await;
    assert_eq!(data["Status"], "waiting_for_key");
    let next_step = data["NextStep"].as_str().unwrap();
    assert_eq!(next_step.matches(app.secret_id(KEY)).count(), 2, "in English and in French: {next_step}");
    assert_eq!(app.webhook_status().await, "waiting_for_key");
    assert!(app.endpoints().await.is_empty());
    // The merchant stores the key, the scheduled run does the rest, and one purchase proves it.
    app.stack.secrets().set(app.secret_id(KEY), &key);
    assert_eq!(app.webhook_status().await, "registered");
    buy(&app).await;
    app.audit().await;
}

/// The outputs of a first deployment can only request the key. The next steps are in those of the next deployment.
#[tokio::test]
async fn an_update_reports_the_remaining_manual_steps() {
    let app = TestApp::start().await;
    let cloudformation = CloudFormation::start(&app).await;
    app.without_webhook().await;
    let key = app.without_key().await;
    assert_eq!(cloudformation.create(&app).await["Status"], "waiting_for_key");
    app.stack.secrets().set(app.secret_id(KEY), &key);
    app.lomi.profile("june2026").await;
    let url = app.webhook_url();
    let answer = cloudformation.update(&app, &url, &url).await;
    assert_eq!((&answer["Data"]["Status"], &answer["PhysicalResourceId"]), (&json!("by_hand"), &json!(url)));
    let next_step = answer["Data"]["NextStep"].as_str().unwrap();
    assert_eq!(next_step.matches(&url).count(), 2, "in English and in French: {next_step}");
    app.audit().await;
}

#[tokio::test]
async fn deployments_register_one_endpoint_and_keep_it() {
    let app = TestApp::start().await;
    let cloudformation = CloudFormation::start(&app).await;
    app.without_webhook().await;
    assert_eq!(cloudformation.create(&app).await["Status"], "registered");
    let (endpoints, secret) = (app.endpoints().await, app.secret(SECRET));
    let [endpoint] = endpoints.as_slice() else { panic!("one endpoint: {endpoints:?}") };
    assert_eq!((&endpoint["url"], &endpoint["is_active"]), (&json!(app.webhook_url()), &json!(true)));
    assert_eq!(endpoint["description"], "lomi-checkout lomi-checkout-local");
    let of_payments = ["PAYMENT_SUCCEEDED", "PAYMENT_FAILED", "REFUND_CREATED", "REFUND_COMPLETED", "REFUND_FAILED"];
    let of_disputes = ["DISPUTE_CREATED", "DISPUTE_UPDATED", "DISPUTE_CLOSED"];
    let of_risks = ["PAYMENT_RISK_FLAGGED", "PAYMENT_RISK_BLOCKED"];
    assert_eq!(endpoint["authorized_events"], json!([&of_payments[..], &of_disputes, &of_risks].concat()));
    assert_eq!(cloudformation.create(&app).await["Status"], "unchanged");
    assert_eq!(app.webhook_status().await, "unchanged");
    assert_eq!((app.endpoints().await, app.secret(SECRET)), (endpoints, secret));
    buy(&app).await;
    app.audit().await;
}

/// The state after a lost write of the secret, or after an operator's mistake.
#[tokio::test]
async fn an_endpoint_whose_secret_is_lost_is_replaced() {
    let app = TestApp::start_with(Setup::with_lomi_behind()).await;
    app.without_webhook().await;
    assert_eq!(app.webhook_status().await, "registered");
    for lost in [r#"{"placeholder":"x"}"#, "whsec_of_something_else_0123456789abcdef"] {
        let before = app.endpoints().await;
        app.stack.secrets().set(app.secret_id(SECRET), lost);
        assert_eq!(app.webhook_status().await, "registered", "{lost}");
        let after = app.endpoints().await;
        assert_eq!(after.len(), 1);
        assert_ne!(ids(&before), ids(&after));
        app.stack.kill("webhook-handler").await.unwrap();
        buy(&app).await;
    }
    app.audit().await;
}

#[tokio::test]
async fn a_deleted_paused_or_unsubscribed_endpoint_is_repaired() {
    let app = TestApp::start().await;
    app.without_webhook().await;
    assert_eq!(app.webhook_status().await, "registered");
    app.delete_endpoint(&app.endpoints().await[0]).await;
    assert_eq!(app.webhook_status().await, "registered");
    for change in [json!({ "is_active": false }), json!({ "authorized_events": ["PAYMENT_CREATED"] })] {
        let endpoint = app.endpoints().await.remove(0);
        app.change_endpoint(&endpoint, &change).await;
        assert_eq!(app.webhook_status().await, "repaired", "{change}");
        let mended = app.endpoints().await.remove(0);
        assert_eq!((&mended["webhook_id"], &mended["is_active"]), (&endpoint["webhook_id"], &json!(true)));
    }
    // Extra subscriptions stay.
    let events = app.endpoints().await.remove(0)["authorized_events"].clone();
    assert_eq!((events.as_array().unwrap().len(), &events[0]), (11, &json!("PAYMENT_CREATED")));
    buy(&app).await;
    app.audit().await;
}

#[tokio::test]
async fn a_rotation_loses_no_event_and_removes_the_old_endpoint() {
    let app = TestApp::start_with(Setup::with_lomi_behind()).await;
    app.without_webhook().await;
    assert_eq!(app.webhook_status().await, "registered");
    let old_secret = app.secret(SECRET);
    let old_endpoints = app.endpoints().await;
    // A payment whose event is sent before the rotation and delivered after it.
    let (before, between) = (app.open_order().await, app.open_order().await);
    app.pay(&before, "wave").await;
    assert_eq!(app.rotate_webhook().await, "rotated");
    assert_ne!(app.secret(SECRET), old_secret);
    assert_eq!(app.stack.secrets().previous(app.secret_id(SECRET)), Some(old_secret));
    app.pay(&between, "wave").await;
    app.lomi.run_outbox().await;
    for order in [&before, &between] {
        app.wait_for(&order.order_id, "paid").await;
    }
    let both = app.lomi.outbox().await;
    assert!(both.iter().all(|dispatch| dispatch["status"] == "delivered"), "old and new secret verify: {both:?}");
    assert_eq!(app.webhook_status().await, "unchanged");
    let left = app.endpoints().await;
    assert_eq!((left.len(), ids(&left) == ids(&old_endpoints)), (1, false));
    app.audit().await;
}

#[tokio::test]
async fn a_rotated_endpoint_stays_while_events_are_in_flight() {
    let app = TestApp::start_with(Setup::with_lomi_behind()).await;
    app.without_webhook().await;
    assert_eq!(app.webhook_status().await, "registered");
    // The endpoint is old by now, and the rotation's is new: only the new one's age keeps the old one.
    app.lomi.advance_s(600).await;
    assert_eq!(app.rotate_webhook().await, "rotated");
    assert_eq!(app.webhook_status().await, "unchanged");
    assert_eq!(app.endpoints().await.len(), 2);
    buy(&app).await;
    app.audit().await;
}

/// The stack keeps two secrets: with a third, the first endpoint's events would be refused and never resent.
#[tokio::test]
async fn a_repeated_rotation_request_rotates_once() {
    let app = TestApp::start().await;
    app.without_webhook().await;
    assert_eq!(app.webhook_status().await, "registered");
    assert_eq!(app.rotate_webhook().await, "rotated");
    let (endpoints, secret) = (app.endpoints().await, app.secret(SECRET));
    assert_eq!(app.rotate_webhook().await, "rotated_lately");
    assert_eq!((app.endpoints().await, app.secret(SECRET)), (endpoints, secret));
    buy(&app).await;
    app.audit().await;
}

#[tokio::test]
async fn a_rotation_deletes_the_endpoint_of_the_dropped_secret() {
    let app = TestApp::start_with(Setup::with_lomi_behind()).await;
    app.without_webhook().await;
    assert_eq!(app.webhook_status().await, "registered");
    let first = app.endpoints().await;
    for _ in 0..2 {
        assert_eq!(app.rotate_webhook().await, "rotated");
    }
    let left = app.endpoints().await;
    assert_eq!((left.len(), left.contains(&first[0])), (2, false));
    buy(&app).await;
    app.audit().await;
}

#[tokio::test]
async fn a_manual_webhook_and_its_secret_are_not_touched() {
    let app = TestApp::start().await;
    let cloudformation = CloudFormation::start(&app).await;
    app.without_webhook().await;
    let (id, secret) = app.endpoint_by_hand().await;
    app.keep_out_of_logs(&secret);
    let data = cloudformation.create(&app).await;
    assert_eq!(data["Status"], "by_hand");
    assert!(data["NextStep"].as_str().unwrap().contains(app.secret_id(SECRET)), "{data}");
    app.stack.secrets().set(app.secret_id(SECRET), &secret);
    let data = cloudformation.create(&app).await;
    assert_eq!((&data["Status"], &data["NextStep"]), (&json!("by_hand"), &json!("Nothing. / Rien.")));
    assert_eq!(app.rotate_webhook().await, "by_hand");
    // An endpoint that the merchant disabled stays disabled, and is reported.
    for is_active in [false, true] {
        app.change_endpoint(&app.endpoints().await[0], &json!({ "is_active": is_active })).await;
        let data = cloudformation.create(&app).await;
        assert_eq!(data["NextStep"] == "Nothing. / Rien.", is_active, "{data}");
    }
    assert_eq!(cloudformation.delete(&app, &app.webhook_url()).await, "removed");
    assert_eq!((ids(&app.endpoints().await), app.secret(SECRET)), (vec![id.as_str()], secret));
    buy(&app).await;
    app.audit().await;
}

/// An operator rotates by hand: a second endpoint with the same URL, its secret stored, the first endpoint not yet
/// deleted.
#[tokio::test]
async fn a_manual_webhook_beside_ours_keeps_its_secret() {
    let app = TestApp::start_with(Setup::with_lomi_behind()).await;
    app.without_webhook().await;
    assert_eq!(app.webhook_status().await, "registered");
    let (_, secret) = app.endpoint_by_hand().await;
    app.keep_out_of_logs(&secret);
    app.stack.secrets().rotate(app.secret_id(SECRET), &secret);
    for status in [app.webhook_status().await, app.rotate_webhook().await] {
        assert_eq!(status, "by_hand");
    }
    assert_eq!((app.secret(SECRET), app.endpoints().await.len()), (secret, 2));
    buy(&app).await;
    app.audit().await;
}

/// The merchant's own domain leads to this stack: an endpoint with that URL delivers its events.
#[tokio::test]
async fn a_manual_webhook_at_the_stacks_url_keeps_its_secret() {
    let own_domain = Some("https://api.shop.example".to_owned());
    let app = TestApp::start_with(Setup { own_domain, ..Setup::default() }).await;
    let cloudformation = CloudFormation::start(&app).await;
    app.without_webhook().await;
    let (id, secret) = app.endpoint_by_hand().await;
    app.keep_out_of_logs(&secret);
    let url = json!({ "url": "https://api.shop.example/webhooks/lomi" });
    app.change_endpoint(&app.endpoints().await[0], &url).await;
    app.stack.secrets().set(app.secret_id(SECRET), &secret);
    assert_eq!(cloudformation.create(&app).await["Status"], "by_hand");
    assert_eq!(app.rotate_webhook().await, "by_hand");
    assert_eq!(cloudformation.delete(&app, &app.webhook_url()).await, "removed");
    assert_eq!((ids(&app.endpoints().await), app.secret(SECRET)), (vec![id.as_str()], secret));
    app.audit().await;
}

/// As in `cargo dev`, whose simulator knows the stack's webhook from the start.
#[tokio::test]
async fn a_local_stack_keeps_its_webhook_unchanged() {
    let app = TestApp::start().await;
    let (endpoints, secret) = (app.endpoints().await, app.secret(SECRET));
    assert_eq!(app.webhook_status().await, "by_hand");
    assert_eq!((app.endpoints().await, app.secret(SECRET)), (endpoints, secret));
    app.audit().await;
}

#[tokio::test]
async fn on_the_june_server_the_merchant_gets_manual_steps() {
    let app = TestApp::start().await;
    let cloudformation = CloudFormation::start(&app).await;
    app.without_webhook().await;
    app.lomi.profile("june2026").await;
    let data = cloudformation.create(&app).await;
    assert_eq!(data["Status"], "by_hand");
    let next_step = data["NextStep"].as_str().unwrap();
    for part in [app.webhook_url().as_str(), "PAYMENT_SUCCEEDED", app.secret_id(SECRET)] {
        assert_eq!(next_step.matches(part).count(), 2, "{part} in {next_step}");
    }
    app.lomi.profile("current").await;
    // Registered on a newer server; an older one that cannot change endpoints is detected.
    assert_eq!(app.webhook_status().await, "registered");
    app.change_endpoint(&app.endpoints().await[0], &json!({ "is_active": false })).await;
    app.lomi.profile("june2026").await;
    assert_eq!(app.webhook_status().await, "not_repaired");
    app.audit().await;
}

/// An older lomi refuses a subscription to unknown event names.
#[tokio::test]
async fn an_older_server_gets_only_the_events_it_knows() {
    let app = TestApp::start().await;
    let length = async || app.endpoints().await[0]["authorized_events"].as_array().unwrap().len();
    for profile in ["june2026", "seeds"] {
        app.without_webhook().await;
        app.lomi.profile(profile).await;
        app.lomi.quirks(json!({ "webhooks_body_bug": false })).await;
        for status in ["registered", "unchanged"] {
            assert_eq!((app.webhook_status().await.as_str(), length().await), (status, 6), "{profile}");
        }
        // An endpoint with too few events is subscribed to payments and refunds again, and to no name that the server
        // does not know.
        app.change_endpoint(&app.endpoints().await[0], &json!({ "authorized_events": ["PAYMENT_FAILED"] })).await;
        assert_eq!((app.webhook_status().await.as_str(), length().await), ("repaired", 6), "{profile}");
        // A newer server knows the rest: the same endpoint, with its secret.
        let (before, secret) = (app.endpoints().await, app.secret(SECRET));
        app.lomi.profile("current").await;
        assert_eq!((app.webhook_status().await.as_str(), length().await), ("repaired", 10), "{profile}");
        assert_eq!((ids(&app.endpoints().await), app.secret(SECRET)), (ids(&before), secret));
    }
    buy(&app).await;
    app.audit().await;
}

#[tokio::test]
async fn an_endpoint_without_dispute_events_is_accepted() {
    let app = TestApp::start().await;
    let payments = json!({ "authorized_events": ["PAYMENT_SUCCEEDED"] });
    app.change_endpoint(&app.endpoints().await[0], &payments).await;
    assert_eq!(app.health_states().await["webhook_endpoint"], "registered");
    app.audit().await;
}

#[tokio::test]
async fn a_new_url_is_registered_before_the_old_is_removed() {
    let app = TestApp::start().await;
    let cloudformation = CloudFormation::start(&app).await;
    app.without_webhook().await;
    let old = format!("{}/", app.webhook_url().replace("/webhooks", "/old/webhooks"));
    let created = cloudformation.ask(&app, &event("Create", &old, None)).await;
    assert_eq!((&created["PhysicalResourceId"], &created["Data"]["Status"]), (&json!(old), &json!("registered")));
    let updated = cloudformation.update(&app, &app.webhook_url(), &old).await;
    assert_eq!(updated["PhysicalResourceId"], app.webhook_url(), "another name: CloudFormation deletes the old one");
    assert_eq!(app.endpoints().await.len(), 2);
    assert_eq!(cloudformation.delete(&app, &old).await, "removed");
    let left = app.endpoints().await;
    assert_eq!((left.len(), &left[0]["url"]), (1, &json!(app.webhook_url())));
    buy(&app).await;
    // The stack is deleted.
    assert_eq!(cloudformation.delete(&app, &app.webhook_url()).await, "removed");
    assert!(app.endpoints().await.is_empty());
    app.audit().await;
}

#[tokio::test]
async fn the_log_has_the_outcome_and_counts_required_actions() {
    let app = TestApp::start().await;
    app.without_webhook().await;
    app.lomi.profile("june2026").await;
    assert_eq!(app.webhook_status().await, "by_hand");
    app.lomi.profile("current").await;
    assert_eq!(app.webhook_status().await, "registered");
    let lines = eventually("both lines are written", async || {
        let lines = app.stack.logs().into_iter().filter(|line| line.function == "webhook-endpoint");
        let lines: Vec<Value> = lines.filter_map(|line| serde_json::from_str(&line.line).ok()).collect();
        (lines.len() == 2).then_some(lines)
    })
    .await;
    let told =
        lines.iter().map(|line| (line["webhook_endpoint.status"].as_str(), line["WebhookEndpointFailed"].as_u64()));
    assert_eq!(told.collect::<Vec<_>>(), [(Some("by_hand"), Some(1)), (Some("registered"), None)]);
    app.audit().await;
}
