//! Payments that lomi holds for review: the shopper has paid, and nothing may be delivered yet.

use serde_json::{Value, json};
use tests::{Created, Event, TestApp};

/// lomi holds payments of this many francs and more.
const RISKY: i64 = 500_000;

/// A back-office order with an amount that lomi reviews.
async fn risky_order(app: &TestApp) -> Created {
    let body = app.body(json!({ "amount": RISKY, "currency_code": "XOF" }));
    Created::of(&app.create_as_admin(&body, &app.fresh_key()).await)
}

/// The shopper pays, and lomi holds the payment; returns lomi's id of it.
async fn held(app: &TestApp, order: &Created, method: &str) -> String {
    let id = app.pay(order, method).await;
    assert_eq!(app.lomi.transactions().await.last().unwrap()["status"], "held");
    id
}

async fn shown(app: &TestApp, order: &Created) -> (Value, Value) {
    let shown = app.status(order).await.expect(200).json();
    (shown["status"].clone(), shown["payment_held"].clone())
}

#[tokio::test]
async fn a_held_payment_is_not_paid_and_is_shown_as_held() {
    let app = TestApp::start().await;
    for (is_announced, method) in [(true, "card"), (false, "wave")] {
        app.lomi.quirks(json!({ "held_announced": is_announced })).await;
        let order = risky_order(&app).await;
        let id = held(&app, &order, method).await;
        app.lomi.run_outbox().await;
        assert_eq!(shown(&app, &order).await, (json!("open"), json!(true)), "{method}");
        assert_eq!(app.outbox(&order.order_id).await, Vec::<String>::new());
        assert!(app.timeline(&order.order_id).await.iter().any(|entry| entry.starts_with("payment_held")));
        app.lomi.approve(&id).await;
        let paid = app.wait_for(&order.order_id, "paid").await;
        assert_eq!((&paid["overpaid"], shown(&app, &order).await.1), (&json!(false), json!(false)));
        assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    }
    app.audit().await;
}

/// No event reports the end of the review.
#[tokio::test]
async fn a_held_payment_is_polled_until_it_ends() {
    let app = TestApp::start().await;
    app.lomi.lose_webhooks().await;
    for (is_approved, status) in [(true, "paid"), (false, "failed_attempt")] {
        let order = risky_order(&app).await;
        let id = held(&app, &order, "card").await;
        assert_eq!(shown(&app, &order).await, (json!("open"), json!(true)));
        if is_approved {
            app.lomi.approve(&id).await;
        } else {
            app.lomi.decline(&id).await;
        }
        assert!(app.make_due(&order.order_id).await);
        app.reconcile().await;
        assert_eq!(shown(&app, &order).await, (json!(status), json!(false)));
    }
    app.audit().await;
}

/// A paid page cannot be paid again, and its end does not end the order.
#[tokio::test]
async fn an_order_does_not_expire_while_its_payment_is_held() {
    let app = TestApp::start().await;
    let order = risky_order(&app).await;
    let id = held(&app, &order, "wave").await;
    app.lomi.run_outbox().await;
    app.outlive(&order.order_id).await;
    app.reconcile().await;
    assert_eq!(shown(&app, &order).await, (json!("open"), json!(true)));
    app.lomi.lose_webhooks().await;
    app.lomi.approve(&id).await;
    assert!(app.make_due(&order.order_id).await, "it is looked at until it is decided");
    app.reconcile().await;
    assert_eq!(app.order_status(&order.order_id).await, "paid");
    app.audit().await;
}

/// lomi reports the page as completed, and its list of payments cannot be read: that proves no payment.
#[tokio::test]
async fn a_completed_page_alone_pays_nothing() {
    let app = TestApp::start().await;
    app.lomi.lose_webhooks().await;
    let order = risky_order(&app).await;
    held(&app, &order, "wave").await;
    app.lomi.fault(json!({ "target": "GET /transactions", "kind": "truncated_json", "times": null })).await;
    assert_eq!(app.status(&order).await.expect(200).json()["status"], "open");
    app.lomi.clear_faults().await;
    app.audit().await;
}

#[tokio::test]
async fn a_held_payment_takes_its_links_last_place() {
    let app = TestApp::start().await;
    let code = app.link(json!({ "amount": RISKY, "currency_code": "XOF", "max_payments": 1 })).await;
    let led = app.led(&code).await;
    let id = app.lomi.pay(&led.session_id, "wave").await["transaction_id"].as_str().unwrap().to_owned();
    app.lomi.run_outbox().await;
    let counts = async || {
        let shown = app.shown_link(&code).await;
        (shown["status"].clone(), shown["paid_count"].clone())
    };
    assert_eq!(counts().await, (json!("used_up"), json!(1)), "nobody else may pay it meanwhile");
    app.lomi.decline(&id).await;
    app.lomi.run_outbox().await;
    app.reconcile().await;
    assert_eq!(counts().await, (json!("active"), json!(0)), "the money never came");
    app.audit().await;
}

/// lomi decided before the first poll: the page stays completed, and its money never arrived.
#[tokio::test]
async fn a_hold_released_before_the_poll_pays_nothing() {
    let app = TestApp::start().await;
    app.lomi.lose_webhooks().await;
    for profile in ["current", "june2026"] {
        app.lomi.profile(profile).await;
        app.lomi.quirks(json!({ "held_from": RISKY })).await;
        let order = risky_order(&app).await;
        let id = held(&app, &order, "wave").await;
        app.lomi.decline(&id).await;
        assert_eq!(shown(&app, &order).await, (json!("open"), json!(false)), "{profile}");
        app.outlive(&order.order_id).await;
        app.reconcile().await;
        assert_eq!(app.order_status(&order.order_id).await, "expired", "{profile}");
    }
    app.audit().await;
}

/// The event of an attempt that failed before the review arrives late: the payment is still held, and lomi is polled.
#[tokio::test]
async fn a_late_failure_does_not_release_a_held_payment() {
    let app = TestApp::start().await;
    let order = risky_order(&app).await;
    let declined = json!({ "method": "card", "card_number": "4000000000000002" });
    app.lomi.lose_webhooks().await;
    app.lomi.pay_with(&order.session_id, &declined).await;
    let id = held(&app, &order, "card").await;
    assert_eq!(shown(&app, &order).await, (json!("open"), json!(true)));
    let data = json!({ "transaction_id": id, "status": "failed", "organization_id": app.lomi.transactions().await[0]["organization_id"],
        "gross_amount": RISKY, "currency_code": "XOF", "environment": "test", "metadata": { "order_id": order.order_id } });
    app.deliver(&Event::new("PAYMENT_FAILED", data)).await.expect(200);
    app.reconcile().await;
    assert_eq!(shown(&app, &order).await.1, true);
    app.lomi.approve(&id).await;
    assert!(app.make_due(&order.order_id).await);
    app.reconcile().await;
    assert_eq!(app.order_status(&order.order_id).await, "paid");
    app.audit().await;
}
