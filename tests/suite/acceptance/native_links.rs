//! Payments by native links, which carry none of our metadata.

use serde_json::{Value, json};
use tests::{Event, TestApp};

/// A shopper follows the link and pays; returns lomi's id of the transaction.
async fn pay_by_link(app: &TestApp, link: &str, method: &str) -> String {
    let session = app.lomi.follow_link(link).await;
    let step = app.lomi.pay(&session, method).await;
    app.lomi.run_outbox().await;
    step["transaction_id"].as_str().expect("a transaction").to_owned()
}

async fn link(app: &TestApp) -> String {
    let link = json!({ "link_type": "instant", "title": "Don", "currency_code": "XOF", "amount": 7_500 });
    app.lomi.payment_link(&app.secret("LOMI_SECRET_KEY_ID"), &link).await
}

/// Makes the attribution case of the payment due, if it is open.
async fn ask_now(app: &TestApp, transaction: &str) {
    app.table.set_number(&format!("ATTRIBUTION#{transaction}"), "ATTRIBUTION", "due_at_ms", 0).await;
}

async fn order_of(app: &TestApp, transaction: &str) -> Option<Value> {
    app.orders().await.into_iter().find(|order| order["payments"].get(transaction).is_some())
}

#[tokio::test]
async fn a_native_link_payment_becomes_a_paid_order() {
    let app = TestApp::start().await;
    let link = link(&app).await;
    // A card event names its page; a mobile-money event does not.
    let (first, second) = (pay_by_link(&app, &link, "card").await, pay_by_link(&app, &link, "wave").await);
    assert_eq!(app.quarantined().await, ["unknown_order", "unknown_order"]);
    app.reconcile().await;
    // Whichever was resolved first: once the card's page is known, only one page remains for the other payment.
    ask_now(&app, &second).await;
    app.reconcile().await;
    for transaction in [&first, &second] {
        let order = order_of(&app, transaction).await.expect("an order");
        assert_eq!(
            (&order["status"], &order["amount"], &order["title"]),
            (&json!("paid"), &json!(7_500), &json!("Don"))
        );
        assert_eq!(order["payment_link_id"], *link);
        let id = order["order_id"].as_str().unwrap();
        assert_eq!(app.outbox(id).await, ["order.paid"]);
        assert_eq!(app.timeline(id).await, ["opened/lomi", "paid/poll"]);
        let shown = app.admin("GET", &format!("/admin/orders/{id}"), &Value::Null).await.expect(200).json();
        assert_eq!(shown["payment_link_id"], *link);
    }
    assert_eq!(app.quarantine("").await, Vec::<Value>::new(), "nobody has to look at what was used after all");
    assert_eq!(app.orders().await.len(), 2);
    // The same event again, and a second run, change nothing.
    let event = app.announced(&first).await;
    assert_eq!(app.deliver(&event.in_envelope(3)).await.outcome(), "duplicate");
    app.reconcile().await;
    assert_eq!(app.orders().await.len(), 2);
    app.audit().await;
}

#[tokio::test]
async fn a_payment_waits_while_lomi_is_unreachable() {
    let app = TestApp::start().await;
    let link = link(&app).await;
    let transaction = pay_by_link(&app, &link, "card").await;
    app.lomi.fault(json!({ "target": "GET /checkout-sessions/{id}", "kind": "drop_connection", "times": null })).await;
    assert!(app.stack.invoke_scheduled("reconciler").await.is_err(), "somebody is told");
    assert!(app.lomi.faults_fired().await >= 1);
    assert!(order_of(&app, &transaction).await.is_none());
    app.lomi.clear_faults().await;
    ask_now(&app, &transaction).await;
    app.reconcile().await;
    assert_eq!(order_of(&app, &transaction).await.expect("an order")["status"], "paid");
    app.audit().await;
}

#[tokio::test]
async fn two_payments_at_one_price_are_separated_by_payer() {
    let app = TestApp::start().await;
    let link = link(&app).await;
    let mut paid = Vec::new();
    for phone in ["+2250700000001", "+2250700000002"] {
        let session = app.lomi.follow_link(&link).await;
        let step = app.lomi.pay_with(&session, &json!({ "method": "wave", "phone": phone })).await;
        paid.push((session, step["transaction_id"].as_str().unwrap().to_owned()));
    }
    app.lomi.run_outbox().await;
    app.reconcile().await;
    for (session, transaction) in paid {
        // Each payment is attributed to its own page, or waits for an operator.
        if let Some(order) = order_of(&app, &transaction).await {
            assert_eq!(order["checkout_session_id"], *session);
        } else {
            assert_eq!(
                app.table.item(&format!("ATTRIBUTION#{transaction}"), "ATTRIBUTION").await.unwrap()["attempts"],
                1
            );
        }
    }
    app.audit().await;
}

#[tokio::test]
async fn a_native_link_payment_without_event_is_found() {
    let app = TestApp::start().await;
    let body =
        json!({ "kind": "native", "link_type": "instant", "title": "Don", "currency_code": "XOF", "amount": 7_500 });
    let bearer = app.admin_bearer();
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "link")];
    let made = app.http.send_json("POST", &app.url("/admin/payment-links"), &headers, &body).await.expect(201);
    app.lomi.lose_webhooks().await;
    let transaction = pay_by_link(&app, made.json()["id"].as_str().unwrap(), "wave").await;
    assert!(
        app.table.set_number("CURSOR#native-links", "CURSOR", "due_at_ms", 0).await,
        "links of lomi.'s are watched"
    );
    // The first run finds the payment, the second attributes it.
    app.reconcile().await;
    app.reconcile().await;
    assert_eq!(order_of(&app, &transaction).await.expect("an order")["status"], "paid");
    let watch = app.table.item("CURSOR#native-links", "CURSOR").await.unwrap();
    assert!(watch["due_at_ms"].as_i64().unwrap() > watch["read_until_ms"].as_i64().unwrap());
    app.audit().await;
}

#[tokio::test]
async fn a_payment_unknown_to_lomi_ends_with_an_alarm() {
    let app = TestApp::start().await;
    let unknown = Event::new(
        "PAYMENT_SUCCEEDED",
        json!({ "transaction_id": "6c1d3c4e-9e0f-4d6c-8a6e-0d1b7c9f3a54",
        "status": "completed", "gross_amount": 500, "currency_code": "XOF", "environment": "test" }),
    );
    assert_eq!(app.deliver(&unknown).await.outcome(), "quarantined");
    assert_eq!(app.deliver(&unknown.in_envelope(2)).await.outcome(), "quarantined");
    app.reconcile().await;
    let asked = app.table.items("ATTRIBUTION#").await;
    assert_eq!((asked.len(), &asked[0]["attempts"]), (1, &json!(1)), "lomi. may come to know of it: {asked:?}");
    assert_eq!((app.orders().await, app.quarantined().await), (Vec::new(), vec!["unknown_order".to_owned()]));
    app.audit().await;
}

#[tokio::test]
async fn an_unattributed_payment_is_quarantined_and_reopened() {
    let app = TestApp::start().await;
    let link = link(&app).await;
    // Two pages were paid at one price, and nothing attributes the payments.
    let payments = [pay_by_link(&app, &link, "wave").await, pay_by_link(&app, &link, "wave").await];
    for transaction in &payments {
        assert!(app.table.set_number(&format!("ATTRIBUTION#{transaction}"), "ATTRIBUTION", "attempts", 7).await);
    }
    app.reconcile().await;
    let kept = app.quarantined().await;
    assert_eq!(kept.iter().filter(|reason| *reason == "unattributed_payment").count(), 2, "{kept:?}");
    assert!(app.orders().await.is_empty(), "no order is paid by a guess");
    let pages = app.lomi.sessions().await;
    let transactions = app.lomi.transactions().await;
    for transaction in &payments {
        // A later event names the page.
        let own = transactions.iter().find(|row| row["transaction_id"] == **transaction).unwrap();
        let session = own["checkout_session_id"].as_str().unwrap();
        assert!(pages.iter().any(|page| page["checkout_session_id"] == session));
        let event = app.announced(transaction).await.with("/data/checkout_session_id", session);
        app.deliver(&event).await.expect(200);
        app.reconcile().await;
        assert_eq!(order_of(&app, transaction).await.expect("an order")["checkout_session_id"], session);
    }
    assert_eq!(app.quarantine("").await, Vec::<Value>::new(), "nobody has to look at what was counted after all");
    app.audit().await;
}

#[tokio::test]
async fn a_live_event_without_environment_opens_a_case() {
    let app = TestApp::start_with(tests::Setup { live: true, ..tests::Setup::default() }).await;
    let transaction = "6c1d3c4e-9e0f-4d6c-8a6e-0d1b7c9f3a54";
    let event = Event::new(
        "PAYMENT_SUCCEEDED",
        json!({ "transaction_id": transaction, "status": "completed",
        "gross_amount": 500, "currency_code": "XOF" }),
    );
    assert_eq!(app.deliver(&event).await.outcome(), "quarantined");
    assert_eq!(app.quarantined().await, ["environment_unproven"]);
    let question = app.table.item(&format!("ATTRIBUTION#{transaction}"), "ATTRIBUTION").await.expect("a question");
    assert!(question["due_at_ms"].is_i64());
    app.audit().await;
}
