//! Rollback of a bad version: our own failures are counted, and those of lomi are not.

use serde_json::Value;
use tests::{Meter, Setup, TestApp};

async fn start() -> (TestApp, Meter) {
    let meter = Meter::bind().await;
    (TestApp::start_with(Setup { meter: Some(meter.clone()), ..Setup::default() }).await, meter)
}

/// The failure count in the last log line of a function.
fn counted(app: &TestApp, function: &str) -> Value {
    app.last_line(function)["OwnFailures"].clone()
}

#[tokio::test]
async fn a_role_that_lacks_an_action_is_counted() {
    let (app, meter) = start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "wave").await;
    meter.deny("orders", "GetItem");
    assert_eq!(app.status(&order).await.problem(), (500, "internal_error".to_owned()));
    assert_eq!(counted(&app, "orders"), 1);
    meter.deny("webhook-handler", "TransactWriteItems");
    assert_eq!(app.deliver(&event).await.problem(), (503, "store_unavailable".to_owned()));
    assert_eq!(counted(&app, "webhook-handler"), 1);
    meter.deny("catalog", "GetItem");
    assert_eq!(app.admin("GET", "/admin/products/PAGNE-WAX-6Y", &Value::Null).await.status, 500);
    assert_eq!(counted(&app, "catalog"), 1);
    assert_eq!(app.deliver(&event).await.outcome(), "applied");
    assert_eq!(counted(&app, "webhook-handler"), Value::Null);
    app.audit().await;
}

#[tokio::test]
async fn a_reconciler_whose_role_lacks_an_action_is_counted() {
    let (app, meter) = start().await;
    let order = app.open_order().await;
    app.pay_silently(&order, "wave").await;
    for action in ["Query", "GetItem", "TransactWriteItems"] {
        assert!(app.make_due(&order.order_id).await);
        meter.deny("reconciler", action);
        assert!(app.stack.invoke_scheduled("reconciler").await.is_err(), "{action}");
        assert!(counted(&app, "reconciler").as_u64() >= Some(1), "{action}: {}", app.last_line("reconciler"));
    }
    meter.deny("nobody", "Query");
    app.reconcile().await;
    assert_eq!(counted(&app, "reconciler"), Value::Null);
    app.audit().await;
}

#[tokio::test]
async fn only_a_denied_secret_is_counted_as_a_role_fault() {
    let app = TestApp::start().await;
    app.stack.secrets().set_unreachable(true);
    app.stack.kill("create-checkout-session").await.unwrap();
    assert_eq!(app.create(&app.cart(1), "k").await.problem(), (503, "provider_unavailable".to_owned()));
    assert_eq!(counted(&app, "create-checkout-session"), 1);
    let event = tests::Event::new("PAYOUT_COMPLETED", serde_json::json!({ "transaction_id": "payout-1" }));
    app.stack.kill("webhook-handler").await.unwrap();
    assert_eq!(app.deliver(&event).await.problem(), (503, "secrets_unavailable".to_owned()));
    assert_eq!(counted(&app, "webhook-handler"), 1);
    assert_eq!(app.last_line("webhook-handler")["problem.cause"], "webhook_secret_unreachable");
    app.stack.secrets().set_unreachable(false);
    let (id, key) = (app.secret_id("LOMI_SECRET_KEY_ID").to_owned(), app.secret("LOMI_SECRET_KEY_ID"));
    app.stack.secrets().set(&id, r#"{"placeholder":"0123456789abcdef0123456789abcdef"}"#);
    app.stack.kill("create-checkout-session").await.unwrap();
    assert_eq!(app.create(&app.cart(1), "k").await.problem(), (503, "provider_unavailable".to_owned()));
    assert_eq!(counted(&app, "create-checkout-session"), Value::Null);
    app.stack.secrets().set(&id, &key);
    app.audit().await;
}

#[tokio::test]
async fn a_lomi_outage_does_not_roll_back_a_deployment() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.lomi_wire.cut();
    assert_eq!(app.create(&app.cart(1), "k").await.problem(), (503, "provider_unavailable".to_owned()));
    assert_eq!(counted(&app, "create-checkout-session"), Value::Null);
    assert!(app.make_due(&order.order_id).await);
    assert!(app.stack.invoke_scheduled("reconciler").await.is_err(), "lomi. is out of reach");
    assert_eq!(counted(&app, "reconciler"), Value::Null);
    app.lomi_wire.mend();
    app.audit().await;
}
