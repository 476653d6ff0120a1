//! Secrets that are rotated or cannot be read.

use serde_json::json;
use tests::TestApp;
use tests::cart_token::{in_s, sign};

const WEBHOOK_SECRET: &str = "LOMI_WEBHOOK_SECRET_ID";
const NEW_SECRET: &str = "whsec_the_new_one_0123456789abcdef";

#[tokio::test]
async fn a_just_rotated_secret_is_fetched_before_a_refusal() {
    let app = TestApp::start().await;
    app.keep_out_of_logs(NEW_SECRET);
    let (before, order) = (app.open_order().await, app.open_order().await);
    let event = app.pay_silently(&before, "wave").await;
    assert_eq!(app.deliver(&event).await.outcome(), "applied", "the handler knows the old secret");
    let event = app.pay_silently(&order, "wave").await;
    app.stack.secrets().rotate(app.secret_id(WEBHOOK_SECRET), NEW_SECRET);
    assert_eq!(app.deliver_signed_with(&event, NEW_SECRET).await.outcome(), "applied");
    app.audit().await;
}

#[tokio::test]
async fn an_event_signed_with_the_replaced_secret_is_accepted() {
    let app = TestApp::start().await;
    app.keep_out_of_logs(NEW_SECRET);
    let (one, other) = (app.open_order().await, app.open_order().await);
    let old_secret = app.stack.webhook_secret();
    app.stack.secrets().rotate(app.secret_id(WEBHOOK_SECRET), NEW_SECRET);
    // A handler that starts now reads the new secret and the previous one.
    app.stack.kill("webhook-handler").await.unwrap();
    let event = app.pay_silently(&one, "wave").await;
    assert_eq!(app.deliver_signed_with(&event, old_secret).await.outcome(), "applied");
    let event = app.pay_silently(&other, "wave").await;
    assert_eq!(app.deliver_signed_with(&event, NEW_SECRET).await.outcome(), "applied");
    app.audit().await;
}

#[tokio::test]
async fn a_secret_rotated_only_at_lomi_loses_no_payment() {
    let app = TestApp::start().await;
    app.keep_out_of_logs(NEW_SECRET);
    let (one, other) = (app.open_order().await, app.open_order().await);
    let event = app.pay_silently(&one, "wave").await;
    assert_eq!(app.deliver_signed_with(&event, NEW_SECRET).await.problem().0, 401);
    assert_eq!(app.order_status(&one.order_id).await, "open");
    assert!(app.make_due(&one.order_id).await);
    app.reconcile().await;
    assert_eq!(app.order_status(&one.order_id).await, "paid");
    // As soon as the merchant has stored it, events are accepted again.
    app.stack.secrets().rotate(app.secret_id(WEBHOOK_SECRET), NEW_SECRET);
    app.stack.kill("webhook-handler").await.unwrap();
    let event = app.pay_silently(&other, "wave").await;
    assert_eq!(app.deliver_signed_with(&event, NEW_SECRET).await.outcome(), "applied");
    app.audit().await;
}

#[tokio::test]
async fn with_an_unreadable_secret_events_are_deferred() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "wave").await;
    app.stack.secrets().set_unreachable(true);
    app.stack.kill("webhook-handler").await.unwrap();
    let answer = app.deliver(&event).await;
    assert_eq!(answer.problem(), (503, "secrets_unavailable".to_owned()));
    // A forger gets the same answer.
    assert_eq!(app.deliver_signed_with(&event, NEW_SECRET).await.status, 503);
    app.stack.secrets().set_unreachable(false);
    assert_eq!(app.deliver(&event).await.outcome(), "applied");
    app.audit().await;
}

#[tokio::test]
async fn a_cached_secret_survives_a_secrets_manager_outage() {
    let app = TestApp::start().await;
    let (warm, order) = (app.open_order().await, app.open_order().await);
    let event = app.pay_silently(&warm, "wave").await;
    assert_eq!(app.deliver(&event).await.outcome(), "applied");
    let event = app.pay_silently(&order, "wave").await;
    app.stack.secrets().set_unreachable(true);
    assert_eq!(app.deliver(&event).await.outcome(), "applied");
    app.audit().await;
}

#[tokio::test]
async fn without_its_lomi_key_a_create_writes_nothing() {
    let app = TestApp::start().await;
    app.stack.secrets().set_unreachable(true);
    app.stack.kill("create-checkout-session").await.unwrap();
    let answer = app.create(&app.cart(1), "k").await;
    assert_eq!(answer.problem(), (503, "provider_unavailable".to_owned()));
    assert!(app.orders().await.is_empty());
    app.stack.secrets().set_unreachable(false);
    app.create(&app.cart(1), "k").await.expect(201);
    app.audit().await;
}

/// As the template makes Secrets Manager generate it.
const PLACEHOLDER: &str = r#"{"placeholder":"0123456789abcdef0123456789abcdef"}"#;

/// lomi drops a refused event for good; an event that cannot be verified yet must be redelivered.
#[tokio::test]
async fn without_a_webhook_secret_events_are_deferred() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let id = app.secret_id("LOMI_WEBHOOK_SECRET_ID").to_owned();
    let good = app.secret("LOMI_WEBHOOK_SECRET_ID");
    let event = app.pay_silently(&order, "wave").await;
    app.stack.secrets().set(&id, PLACEHOLDER);
    app.stack.kill("webhook-handler").await.unwrap();
    assert_eq!(app.deliver_signed_with(&event, &good).await.problem(), (503, "secrets_unavailable".to_owned()));
    app.stack.secrets().set(&id, &good);
    app.stack.kill("webhook-handler").await.unwrap();
    assert_eq!(app.deliver(&event).await.outcome(), "applied");
    app.audit().await;
}

/// Texts that people paste instead of the webhook's secret.
const SLIPS: [&str; 6] = [
    r#"{"secret":"whsec_0123456789abcdef"}"#,
    r#""whsec_0123456789abcdef""#,
    "whsec_0123456789 abcdef",
    "whsec_...",
    "whsec_xxxxxxxxxxxxxxxxxxxxxxxx",
    "lomi_sk_test_0123456789abcdef",
];

/// lomi signs with the intended secret, and takes a refusal as final.
#[tokio::test]
async fn with_an_invalid_secret_events_are_deferred() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let (id, good) = (app.secret_id(WEBHOOK_SECRET).to_owned(), app.secret(WEBHOOK_SECRET));
    let event = app.pay_silently(&order, "wave").await;
    for slip in SLIPS {
        app.stack.secrets().set(&id, slip);
        app.stack.kill("webhook-handler").await.unwrap();
        let answer = app.deliver_signed_with(&event, &good).await;
        assert_eq!(answer.problem(), (503, "secrets_unavailable".to_owned()), "{slip}");
        assert_eq!(app.last_line("webhook-handler")["problem.cause"], "webhook_secret_unusable", "{slip}");
    }
    app.stack.secrets().set(&id, &good);
    app.stack.kill("webhook-handler").await.unwrap();
    assert_eq!(app.deliver(&event).await.outcome(), "applied");
    app.audit().await;
}

#[tokio::test]
async fn a_rotation_mistake_refuses_no_event_permanently() {
    let app = TestApp::start().await;
    app.keep_out_of_logs(NEW_SECRET);
    let (one, other, third) = (app.open_order().await, app.open_order().await, app.open_order().await);
    let (id, old) = (app.secret_id(WEBHOOK_SECRET).to_owned(), app.secret(WEBHOOK_SECRET));
    app.stack.secrets().rotate(&id, &format!("\"{NEW_SECRET}\""));
    app.stack.kill("webhook-handler").await.unwrap();
    // Events signed with the old secret are accepted; those signed with the intended secret are deferred.
    let event = app.pay_silently(&one, "wave").await;
    assert_eq!(app.deliver_signed_with(&event, &old).await.outcome(), "applied");
    let event = app.pay_silently(&other, "wave").await;
    assert_eq!(app.deliver_signed_with(&event, NEW_SECRET).await.problem().0, 503);
    app.stack.secrets().rotate(&id, NEW_SECRET);
    app.stack.kill("webhook-handler").await.unwrap();
    assert_eq!(app.deliver_signed_with(&event, NEW_SECRET).await.outcome(), "applied");
    // The mistake has displaced the old secret: its events are deferred, and never refused for good.
    let event = app.pay_silently(&third, "wave").await;
    assert_eq!(app.deliver_signed_with(&event, &old).await.problem().0, 503);
    app.stack.secrets().set(&id, &old);
    app.stack.kill("webhook-handler").await.unwrap();
    assert_eq!(app.deliver_signed_with(&event, &old).await.outcome(), "applied");
    app.audit().await;
}

#[tokio::test]
async fn an_invalid_cart_key_opens_no_cart() {
    let app = TestApp::start().await;
    let (id, good) = (app.secret_id("CART_TOKEN_SECRET_ID").to_owned(), app.secret("CART_TOKEN_SECRET_ID"));
    for slip in ["hunter2", "'0123456789abcdef0123456789abcdef'", "lomi_sk_test_0123456789abcdef01234567"] {
        app.stack.secrets().set(&id, slip);
        app.stack.kill("create-checkout-session").await.unwrap();
        let claims = json!({ "amount": 700, "currency_code": "XOF", "exp": in_s(600) });
        let body = app.body(json!({ "cart_token": sign(&claims, slip) }));
        assert_eq!(app.create(&body, "k").await.problem(), (503, "secrets_unavailable".to_owned()), "{slip}");
        assert_eq!(app.last_line("create-checkout-session")["problem.cause"], "cart_token_key_unusable", "{slip}");
    }
    app.stack.secrets().set(&id, &good);
    assert!(app.orders().await.is_empty());
    app.audit().await;
}

#[tokio::test]
async fn a_placeholder_or_a_live_key_in_a_sandbox_stack_opens_nothing() {
    let app = TestApp::start().await;
    let id = app.secret_id("LOMI_SECRET_KEY_ID").to_owned();
    let good = app.secret("LOMI_SECRET_KEY_ID");
    for key in
        [PLACEHOLDER, "not-a-key", "\"lomi_sk_test_sim_a\"", "lomi_sk_test_...", lomi_sandbox::fixtures::LIVE_KEY_A]
    {
        app.stack.secrets().set(&id, key);
        app.stack.kill("create-checkout-session").await.unwrap();
        let answer = app.create(&app.cart(1), "k").await;
        assert_eq!(answer.problem(), (503, "provider_unavailable".to_owned()), "{key}");
    }
    assert!(app.orders().await.is_empty() && app.lomi.sessions().await.is_empty());
    app.stack.secrets().set(&id, &good);
    app.stack.kill("create-checkout-session").await.unwrap();
    app.create(&app.cart(1), "k").await.expect(201);
    app.audit().await;
}

#[tokio::test]
async fn an_answer_is_replayed_even_without_the_lomi_key() {
    let app = TestApp::start().await;
    let first = app.create(&app.cart(1), "k").await.expect(201);
    app.stack.secrets().set_unreachable(true);
    app.stack.kill("create-checkout-session").await.unwrap();
    assert_eq!(app.create(&app.cart(1), "k").await.expect(201).body, first.body);
    app.audit().await;
}
