//! At lomi any merchant can choose whose endpoints receive the events of a card charge: a signature proves that lomi
//! sent the event, and not that the money belongs to this stack.

use lomi_sandbox::fixtures::{ORGANIZATION_A, ORGANIZATION_B, TEST_KEY_A, TEST_KEY_B};
use serde_json::{Value, json};
use tests::{Event, Setup, TestApp};

const KEY: &str = "LOMI_SECRET_KEY_ID";
const GOOD_CARD: &str = "4242424242424242";
const DECLINED_CARD: &str = "4000000000000002";

/// Another merchant charges a card in its own account with the exact amount of our order, and has us notified;
/// returns lomi's id of the transaction.
async fn stranger_charges(app: &TestApp, order_id: &str, amount: i64, card: &str) -> String {
    let metadata = json!({
        "organization_id": ORGANIZATION_A, "order_id": order_id, "payment_environment": "test",
    });
    let body = json!({
        "amount": amount, "customer_email": "mallory@example.com", "customer_name": "Mallory", "metadata": metadata,
    });
    let headers = [("x-api-key", TEST_KEY_B), ("idempotency-key", "theirs")];
    let url = format!("{}/charge/card", app.stack.urls().lomi);
    let charge = app.http.send_json("POST", &url, &headers, &body).await.expect(201).json()["data"].clone();
    let text = |name: &str| charge[name].as_str().expect("a text").to_owned();
    app.lomi.present_card(&text("id"), &text("client_secret"), card).await;
    app.lomi.run_outbox().await;
    let rows = app.lomi.transactions().await;
    let row = rows.iter().rev().find(|row| row["organization_id"] == ORGANIZATION_B).expect("their transaction");
    row["transaction_id"].as_str().expect("an id").to_owned()
}

async fn last_answer(app: &TestApp) -> String {
    let dispatch = app.lomi.outbox().await.pop().expect("an event");
    assert_eq!(dispatch["status"], "delivered", "{dispatch}");
    dispatch["attempts"][0]["response_body"].as_str().unwrap_or_default().to_owned()
}

/// How often the alarm for quarantined events was raised.
fn alarms(app: &TestApp) -> usize {
    app.stack.logs().iter().filter(|line| line.line.contains("\"Quarantined\":")).count()
}

/// Runs the reconciler until the case is resolved or closed.
async fn ask_to_the_end(app: &TestApp, question: &str) {
    let key = format!("ATTRIBUTION#{question}");
    for _ in 0..3 {
        app.table.set_number(&key, "ATTRIBUTION", "due_at_ms", 0).await;
        app.reconcile().await;
    }
    assert!(
        app.table.item(&key, "ATTRIBUTION").await.expect("a question")["due_at_ms"].is_null(),
        "nobody asks any more"
    );
}

async fn own_organisation(app: &TestApp) -> Value {
    let item = app.table.item("ORGANISATION#own", "ORGANISATION").await.expect("it was learned");
    item["organization_id"].clone()
}

/// Replaces the stack's key and runs the reconciler.
async fn run_with_key(app: &TestApp, key: &str) {
    app.stack.secrets().set(app.secret_id(KEY), key);
    app.stack.kill("reconciler").await.expect("it runs");
    app.reconcile().await;
}

#[tokio::test]
async fn another_organisations_money_pays_no_order_of_ours() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let theirs = stranger_charges(&app, &order.order_id, order.amount, GOOD_CARD).await;
    assert!(last_answer(&app).await.contains("quarantined"));
    let stored = app.order(&order.order_id).await;
    assert_eq!(stored["status"], "open");
    assert!(stored["due_at_ms"].as_i64() <= stored["updated_at_ms"].as_i64(), "it is looked at now");
    assert_eq!((app.quarantined().await, alarms(&app)), (vec!["organisation_unproven".to_owned()], 0));

    ask_to_the_end(&app, &theirs).await;
    assert_eq!(app.quarantined().await, ["organisation_unproven", "unattributed_payment"]);
    assert_eq!(alarms(&app), 1, "lomi. denies it to our key");
    for item in app.quarantine("").await {
        let outcome = app.replayed(item["quarantine_id"].as_str().unwrap()).await;
        assert!(outcome.starts_with("quarantined"), "{outcome}");
    }
    assert_eq!(app.order_status(&order.order_id).await, "open");
    assert!(app.outbox(&order.order_id).await.is_empty());

    app.pay(&order, "wave").await;
    app.wait_for(&order.order_id, "paid").await;
    assert_eq!(app.timeline(&order.order_id).await.last().unwrap(), "paid/webhook");
    app.audit().await;
}

#[tokio::test]
async fn another_organisations_failure_marks_no_order_of_ours() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let theirs = stranger_charges(&app, &order.order_id, order.amount, DECLINED_CARD).await;
    assert!(last_answer(&app).await.contains("quarantined"));
    assert_eq!((app.quarantined().await, alarms(&app)), (vec!["organisation_unproven".to_owned()], 0));
    ask_to_the_end(&app, &format!("FAILED#{theirs}")).await;
    assert_eq!(alarms(&app), 1);
    assert_eq!(app.order_status(&order.order_id).await, "open");
    assert_eq!(app.timeline(&order.order_id).await, ["created/storefront", "opened/lomi"]);
    app.audit().await;
}

#[tokio::test]
async fn an_event_without_organisation_waits_for_our_own_key() {
    let app = TestApp::start().await;
    for fault in ["omit_fields", "null_fields"] {
        app.lomi.webhook_fault(fault, json!(["organization_id"])).await;
        for method in ["wave", "card"] {
            let order = app.open_order().await;
            app.pay(&order, method).await;
            app.lomi.run_outbox().await;
            assert!(last_answer(&app).await.contains("quarantined"), "{fault} {method}");
            assert_eq!(app.order_status(&order.order_id).await, "open");
            app.reconcile().await;
            assert_eq!(app.timeline(&order.order_id).await.last().unwrap(), "paid/poll", "{fault} {method}");
        }
        app.lomi.clear_faults().await;
    }
    assert_eq!((app.quarantine("").await, alarms(&app)), (Vec::new(), 0), "it was ours");
    app.audit().await;
}

#[tokio::test]
async fn payer_metadata_proves_no_organisation() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "card").await;
    let claimed = event.with("/data/metadata/organization_id", ORGANIZATION_A);
    for event in
        [claimed.clone().without("/data/organization_id"), claimed.with("/data/organization_id", ORGANIZATION_B)]
    {
        assert_eq!(app.deliver(&event.with("/organization_id", ORGANIZATION_A)).await.outcome(), "quarantined");
    }
    assert_eq!(app.order_status(&order.order_id).await, "open");
    app.audit().await;
}

#[tokio::test]
async fn a_failure_without_organisation_is_verified_with_our_key() {
    let app = TestApp::start().await;
    app.lomi.webhook_fault("omit_fields", json!(["organization_id"])).await;
    let card = app.open_card_order().await;
    app.lomi.present_card(&card.intent_id, &card.client_secret, DECLINED_CARD).await;
    app.lomi.run_outbox().await;
    assert_eq!(app.order_status(&card.order.order_id).await, "open");
    app.reconcile().await;
    assert_eq!(app.timeline(&card.order.order_id).await.last().unwrap(), "payment_failed/poll");
    assert_eq!((app.quarantine("").await, alarms(&app)), (Vec::new(), 0));
    app.audit().await;
}

#[tokio::test]
async fn every_event_waits_until_the_own_organisation_is_known() {
    let app = TestApp::start_with(Setup { not_read: true, ..Setup::default() }).await;
    let order = app.open_order().await;
    app.pay(&order, "wave").await;
    app.lomi.run_outbox().await;
    assert_eq!((app.order_status(&order.order_id).await, alarms(&app)), ("open".to_owned(), 0));
    app.reconcile().await;
    assert_eq!(own_organisation(&app).await, ORGANIZATION_A);
    assert_eq!(app.order_status(&order.order_id).await, "paid");
    assert_eq!((app.quarantine("").await, alarms(&app)), (Vec::new(), 0));
    // From now on an event is enough.
    let (second, _) = app.paid_order("wave").await;
    assert_eq!(app.timeline(&second.order_id).await.last().unwrap(), "paid/webhook");
    app.audit().await;
}

#[tokio::test]
async fn without_the_me_route_the_organisation_is_read_from_rows() {
    let app = TestApp::start_with(Setup { not_read: true, ..Setup::default() }).await;
    app.lomi.fault(json!({ "target": "GET /me", "kind": "status", "arg": 404, "times": null })).await;
    app.reconcile().await;
    assert_eq!(own_organisation(&app).await, ORGANIZATION_A);
    assert!(app.lomi.faults_fired().await >= 1);
    app.audit().await;
}

#[tokio::test]
async fn a_new_key_forgets_the_old_organisation_and_learns_its_own() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "card").await;
    // lomi does not return the organisation of the new key: no event is trusted.
    app.lomi.fault(json!({ "target": "GET /me", "kind": "status", "arg": 500, "times": null })).await;
    run_with_key(&app, TEST_KEY_B).await;
    assert_eq!(own_organisation(&app).await, Value::Null);
    assert_eq!(app.deliver(&event).await.outcome(), "quarantined");
    app.lomi.clear_faults().await;
    app.reconcile().await;
    assert_eq!(own_organisation(&app).await, ORGANIZATION_B);
    assert_eq!(app.deliver(&event).await.outcome(), "quarantined");
    assert_eq!(app.order_status(&order.order_id).await, "open");
    // The right key again.
    run_with_key(&app, TEST_KEY_A).await;
    assert_eq!(own_organisation(&app).await, ORGANIZATION_A);
    app.audit().await;
}

#[tokio::test]
async fn a_refund_of_another_organisation_is_not_counted() {
    let app = TestApp::start().await;
    let (order, transaction) = app.paid_order("card").await;
    app.lomi.lose_webhooks().await;
    app.refund_at_lomi(&transaction, 5_000).await;
    app.lomi.clear_faults().await;
    let event = app.announced_refund("REFUND_COMPLETED", &transaction).await;
    let foreign = event.with("/data/organization_id", ORGANIZATION_B);
    assert_eq!(app.deliver(&foreign).await.outcome(), "quarantined");
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    assert_eq!((app.quarantined().await, alarms(&app)), (vec!["organisation_unproven".to_owned()], 0));
    // Our own key reads it, so it is ours after all.
    app.reconcile().await;
    assert_eq!(app.order_status(&order.order_id).await, "partially_refunded");
    assert_eq!((app.quarantine("").await, alarms(&app)), (Vec::new(), 0));
    app.audit().await;
}

#[tokio::test]
async fn a_page_of_another_organisation_pays_nothing() {
    let app = TestApp::start().await;
    let (unpaid, paid) = (app.open_order().await, app.open_order().await);
    app.pay_silently(&paid, "wave").await;
    let told = |order: &tests::Created| {
        let data = json!({
            "checkout_session_id": order.session_id, "amount": order.amount, "currency_code": "XOF", "status": "completed",
            "environment": "test", "organization_id": ORGANIZATION_B, "metadata": { "order_id": order.order_id },
        });
        Event::new("checkout.session.completed", data)
    };
    for order in [&unpaid, &paid] {
        assert_eq!(app.deliver(&told(order)).await.outcome(), "ignored");
        assert_eq!(app.order_status(&order.order_id).await, "open");
    }
    app.reconcile().await;
    assert_eq!(app.order_status(&unpaid.order_id).await, "open");
    assert_eq!(app.order_status(&paid.order_id).await, "paid");
    assert_eq!(alarms(&app), 0);
    app.audit().await;
}

#[tokio::test]
async fn an_answer_that_names_another_organisation_pays_nothing() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    // As far as the stack knows, its key belongs to another organisation than the one in the rows.
    app.own_organisation_is(ORGANIZATION_B).await;
    app.pay_silently(&order, "wave").await;
    assert!(app.make_due(&order.order_id).await);
    app.reconcile().await;
    app.status(&order).await.expect(200);
    assert_eq!(app.asked(&order.order_id).await, Vec::<String>::new());
    assert_eq!(app.order_status(&order.order_id).await, "open");
    assert_eq!((app.quarantined().await, alarms(&app)), (vec!["organisation".to_owned()], 1));
    app.own_organisation_is(ORGANIZATION_A).await;
    app.audit().await;
}
