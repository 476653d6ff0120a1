//! The health answer names what is missing and what to do.

use serde_json::{Value, json};
use tests::{Created, Event, Setup, TestApp};

const KEY: &str = "LOMI_SECRET_KEY_ID";
const WEBHOOK_SECRET: &str = "LOMI_WEBHOOK_SECRET_ID";
const CART_KEY: &str = "CART_TOKEN_SECRET_ID";
const PLACEHOLDER: &str = r#"{"placeholder":"0123456789abcdef0123456789abcdef"}"#;

async fn state(app: &TestApp, check: &str) -> String {
    app.health_states().await.remove(check).expect("such a check")
}

#[tokio::test]
async fn a_healthy_stack_is_ok_in_every_check() {
    let app = TestApp::start().await;
    assert_eq!(state(&app, "last_webhook").await, "never", "a fresh stack has not heard of lomi.");
    app.deliver(&Event::new("PAYOUT_CREATED", json!({}))).await.expect(200);
    let (status, checks) = app.health().await;
    assert_eq!(status, "ok", "{checks}");
    for (name, check) in checks.as_object().expect("checks") {
        let fine = if name == "webhook_endpoint" { "registered" } else { "ok" };
        assert_eq!((&check["state"], &check["hint"]), (&json!(fine), &Value::Null), "{name}");
    }
    assert!(
        checks["last_webhook"]["seconds_since_last_webhook"]
            .as_i64()
            .is_some_and(|seconds_since_last_webhook| (0..60).contains(&seconds_since_last_webhook))
    );
    app.audit().await;
}

#[tokio::test]
async fn health_counts_waiting_work_and_reports_a_backlog() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    assert!(app.make_due(&order.order_id).await);
    let stranger = "ord_00000000000000000000000000000000";
    let event = app.pay_silently(&app.open_order().await, "wave").await.with("/data/metadata/order_id", stranger);
    assert_eq!(app.deliver(&event).await.outcome(), "quarantined");
    let (status, checks) = app.health().await;
    assert_eq!(status, "attention");
    let (due, quarantine) = (&checks["orders_due"], &checks["quarantine"]);
    assert_eq!((&due["state"], &due["count"], &due["is_more"]), (&json!("backlog"), &json!(1), &json!(false)));
    assert_eq!(due["oldest_due_at"], "1970-01-01T00:00:00Z");
    assert_eq!((&quarantine["state"], &quarantine["count"]), (&json!("waiting"), &json!(1)));
    let bearer = app.admin_bearer();
    let headers = [("authorization", bearer.as_str()), ("accept-language", "fr-SN")];
    let french = app.http.get(&app.url("/admin/health"), &headers).await.expect(200).json();
    assert_ne!(french["checks"]["quarantine"]["hint"], quarantine["hint"], "in the reader's language");
    app.audit().await;
}

#[tokio::test]
async fn health_names_a_missing_or_wrong_secret() {
    let app = TestApp::start().await;
    let key = app.secret(KEY);
    for (value, found, environment) in [
        (PLACEHOLDER, "missing", "unknown"),
        ("no key at all", "unusable", "unknown"),
        ("lomi_sk_test_0123456789abcdef0123456789abcdef", "refused", "ok"),
    ] {
        app.stack.secrets().set(app.secret_id(KEY), value);
        app.stack.kill("operations").await.expect("it runs");
        let states = app.health_states().await;
        assert_eq!((states["lomi_key"].as_str(), states["environment"].as_str()), (found, environment), "{value}");
        assert_eq!(states["webhook_endpoint"], "unknown");
        let lists = if found == "refused" { "refused" } else { "unknown" };
        assert_eq!((states["transactions"].as_str(), states["refunds"].as_str()), (lists, lists), "{value}");
        assert_eq!(states["table"], "ok", "one trouble hides nothing else");
    }
    app.stack.secrets().set(app.secret_id(KEY), &key);
    app.stack.secrets().set(app.secret_id(WEBHOOK_SECRET), PLACEHOLDER);
    app.stack.kill("operations").await.expect("it runs");
    let states = app.health_states().await;
    assert_eq!((states["webhook_secret"].as_str(), states["lomi_key"].as_str()), ("missing", "ok"));
    app.stack.secrets().set(app.secret_id(WEBHOOK_SECRET), app.stack.webhook_secret());
    app.audit().await;
}

#[tokio::test]
async fn health_reports_an_invalid_secret_with_the_reason() {
    let app = TestApp::start().await;
    let good = [KEY, WEBHOOK_SECRET, CART_KEY].map(|variable| app.secret(variable));
    for (variable, check) in [(KEY, "lomi_key"), (WEBHOOK_SECRET, "webhook_secret"), (CART_KEY, "cart_token_key")] {
        let mut hints = std::collections::BTreeSet::new();
        let another = if variable == WEBHOOK_SECRET { "lomi_sk_test_0123" } else { "whsec_0123456789abcdef" };
        for slip in [r#"{"a":"b"}"#, "\"quoted\"", "two words", "<your key>", "lomi_pk_test_0123", another] {
            app.stack.secrets().set(app.secret_id(variable), slip);
            app.stack.kill("operations").await.expect("it runs");
            let (status, checks) = app.health().await;
            assert_eq!((status.as_str(), &checks[check]["state"]), ("attention", &json!("unusable")), "{check} {slip}");
            hints.insert(checks[check]["hint"].to_string());
        }
        assert_eq!(hints.len(), 6, "each slip has its own sentence: {hints:?}");
    }
    for (variable, good) in [KEY, WEBHOOK_SECRET, CART_KEY].into_iter().zip(good) {
        app.stack.secrets().set(app.secret_id(variable), &good);
    }
    app.audit().await;
}

#[tokio::test]
async fn a_key_of_the_other_environment_is_a_mismatch() {
    let app = TestApp::start().await;
    let key = app.secret(KEY);
    app.stack.secrets().set(app.secret_id(KEY), lomi_sandbox::fixtures::LIVE_KEY_A);
    app.stack.kill("operations").await.expect("it runs");
    let states = app.health_states().await;
    // Such a key is never sent: its environment is read from its prefix.
    assert_eq!(states["lomi_key"], "refused");
    assert_eq!((states["environment"].as_str(), states["webhook_endpoint"].as_str()), ("mismatch", "unknown"));
    assert_eq!((states["transactions"].as_str(), states["refunds"].as_str()), ("unknown", "unknown"));
    app.stack.secrets().set(app.secret_id(KEY), &key);
    app.stack.kill("operations").await.expect("it runs");
    app.audit().await;
}

/// A request to the merchant's own domain does not contain the URL under which the stack registered its webhook.
#[tokio::test]
async fn health_finds_the_webhook_from_every_stack_address() {
    let app = TestApp::start().await;
    app.without_webhook().await;
    assert_eq!(state(&app, "webhook_endpoint").await, "missing");
    assert_eq!(app.webhook_status().await, "registered");
    let endpoint = app.endpoints().await.remove(0);
    let elsewhere = "https://gateway.example/webhooks/lomi";
    app.change_endpoint(&endpoint, &json!({ "url": elsewhere })).await;
    assert_eq!(app.endpoints().await[0]["url"], elsewhere);
    assert_eq!(state(&app, "webhook_endpoint").await, "registered");
    app.audit().await;
}

/// For a manual webhook no other check reports this; a registered one is repaired by its next run.
#[tokio::test]
async fn health_reports_a_webhook_without_payment_events() {
    let app = TestApp::start().await;
    app.deliver(&Event::new("PAYOUT_CREATED", json!({}))).await.expect(200);
    let endpoint = app.endpoints().await.remove(0);
    let heard = endpoint["authorized_events"].clone();
    for (change, found) in [
        (json!({ "authorized_events": ["PAYMENT_FAILED", "REFUND_COMPLETED"] }), "not_subscribed"),
        (json!({ "is_active": false }), "inactive"),
        (json!({ "authorized_events": heard }), "inactive"),
        (json!({ "is_active": true }), "registered"),
    ] {
        app.change_endpoint(&endpoint, &change).await;
        let (status, checks) = app.health().await;
        let whole = if found == "registered" { "ok" } else { "attention" };
        assert_eq!((&checks["webhook_endpoint"]["state"], status.as_str()), (&json!(found), whole), "{change}");
    }
    // One endpoint that delivers is enough, whatever others have the same URL.
    let (_, secret) = app.endpoint_by_hand().await;
    app.keep_out_of_logs(&secret);
    app.change_endpoint(&endpoint, &json!({ "authorized_events": ["PAYMENT_FAILED"] })).await;
    assert_eq!(state(&app, "webhook_endpoint").await, "registered");
    app.audit().await;
}

#[tokio::test]
async fn health_reports_an_unknown_organisation() {
    let app = TestApp::start_with(Setup { not_read: true, ..Setup::default() }).await;
    assert_eq!(state(&app, "organisation").await, "not_read");
    app.reconcile().await;
    assert_eq!(state(&app, "organisation").await, "ok");
    app.audit().await;
}

#[tokio::test]
async fn health_accepts_readable_lists_in_every_generation() {
    let app = TestApp::start().await;
    for profile in ["current", "june2026", "seeds"] {
        app.lomi.profile(profile).await;
        for payments in [0, 1, 6] {
            for _ in 0..payments {
                let mut body = app.cart(1);
                body["allowed_providers"] = json!(["WAVE", "MTN", "STRIPE"]);
                let order = Created::of(&app.create(&body, &app.fresh_key()).await);
                app.pay(&order, "wave").await;
                app.wait_for(&order.order_id, "paid").await;
            }
            let states = app.health_states().await;
            let lists = (states["transactions"].as_str(), states["refunds"].as_str());
            assert_eq!(lists, ("ok", "ok"), "{profile}, {payments} more payments");
        }
    }
    app.audit().await;
}

#[tokio::test]
async fn health_reports_an_unreadable_list_with_the_reason() {
    let app = TestApp::start().await;
    for (list, path, other) in
        [("transactions", "GET /transactions", "refunds"), ("refunds", "GET /refunds", "transactions")]
    {
        let mut hints = std::collections::BTreeSet::new();
        for (kind, arg, found) in [
            ("status", json!(403), "refused"),
            ("truncated_json", Value::Null, "unreadable"),
            ("status", json!(503), "unreachable"),
        ] {
            app.lomi.fault(json!({ "target": path, "kind": kind, "arg": arg, "times": null })).await;
            let (status, checks) = app.health().await;
            assert_eq!((status.as_str(), &checks[list]["state"]), ("attention", &json!(found)));
            for well in ["lomi_key", other] {
                assert_eq!(checks[well]["state"], "ok", "{well}: one trouble hides nothing else");
            }
            hints.insert(checks[list]["hint"].to_string());
            app.lomi.clear_faults().await;
        }
        assert_eq!(hints.len(), 3, "each trouble has its own sentence: {hints:?}");
        assert_eq!(state(&app, list).await, "ok");
    }
    app.audit().await;
}

/// The first page alone looks fine; the reconciler needs the next one.
#[tokio::test]
async fn health_reports_a_list_that_restarts() {
    let app = TestApp::start().await;
    app.lomi.quirks(json!({ "list_places_ignored": true })).await;
    assert_eq!(state(&app, "transactions").await, "ok", "an empty list has an end");
    let order = app.open_order().await;
    app.pay(&order, "wave").await;
    app.wait_for(&order.order_id, "paid").await;
    let states = app.health_states().await;
    assert_eq!((states["transactions"].as_str(), states["refunds"].as_str()), ("repeats_first_page", "ok"));
    app.refund(&order.order_id, &json!({}), &app.fresh_key()).await.expect(201);
    assert_eq!(state(&app, "refunds").await, "repeats_first_page");
    app.lomi.profile("current").await;
    let states = app.health_states().await;
    assert_eq!((states["transactions"].as_str(), states["refunds"].as_str()), ("ok", "ok"));
    app.audit().await;
}
