//! Disputes by a payer's bank, and payments that lomi considers risky. lomi documents no shape of a dispute: an
//! unreadable field counts as absent, and the payment leads to the order.

use lomi_sandbox::fixtures::ORGANIZATION_B;
use serde_json::{Value, json};
use tests::{Created, Event, TestApp};

const DISPUTE: &str = "1f2e3d4c-0000-4aaa-8bbb-ccccddddeeee";
const UNKNOWN: &str = "11111111-2222-4333-8444-555555555555";
const DECLINED_CARD: &str = "4000000000000002";

/// A dispute event as lomi sends it: without organisation and order.
fn turn(name: &str, transaction_id: &str, status: &str) -> Event {
    let data = json!({
        "dispute_id": DISPUTE, "transaction_id": transaction_id, "amount": 12_500, "currency_code": "XOF",
        "reason": "fraudulent", "status": status,
    });
    Event::new(name, data).without("/data/organization_id")
}

fn risk(name: &str, transaction_id: &str) -> Event {
    let data = json!({
        "assessment_id": UNKNOWN, "transaction_id": transaction_id, "rail": "CARD", "decision": "flag",
        "risk_score": 71, "signals": [{ "rule": "amount", "action": "flag" }], "amount": 12_500, "currency_code": "XOF",
    });
    Event::new(name, data).without("/data/organization_id")
}

async fn detail(app: &TestApp, order: &Created) -> Value {
    app.admin("GET", &format!("/admin/orders/{}", order.order_id), &Value::Null).await.expect(200).json()
}

/// The first dispute's fields, sorted by their names here.
fn shown(detail: &Value) -> Value {
    let dispute = &detail["disputes"][0];
    json!([dispute["amount"], dispute["status"], dispute["reason"], dispute["closed"], dispute["in_favour"]])
}

fn counted(app: &TestApp, metric: &str) -> usize {
    app.stack.logs().iter().filter(|line| line.line.contains(&format!("\"{metric}\":"))).count()
}

/// Runs the reconciler until every attribution case is resolved or closed.
async fn ask_to_the_end(app: &TestApp) {
    for _ in 0..8 {
        for question in app.table.items("ATTRIBUTION#").await.iter().filter(|question| !question["due_at_ms"].is_null())
        {
            let key = question["PK"].as_str().expect("a key");
            app.table.set_number(key, "ATTRIBUTION", "due_at_ms", 0).await;
        }
        app.reconcile().await;
    }
    let open = app.table.items("ATTRIBUTION#").await;
    assert!(open.iter().all(|question| question["due_at_ms"].is_null()), "nobody asks any more: {open:?}");
}

#[tokio::test]
async fn each_dispute_event_is_recorded_and_emitted_once() {
    let app = TestApp::start().await;
    let (order, transaction) = app.paid_order("card").await;
    let turns = [json!({ "turn": "created" }), json!({ "turn": "updated" }), json!({ "turn": "closed" })];
    for (told, turn) in turns.iter().enumerate() {
        app.lomi.dispute(&transaction, turn).await;
        app.lomi.run_outbox().await;
        assert_eq!(app.outbox(&order.order_id).await.len(), told + 1 + 1);
    }
    let told = app.outbox(&order.order_id).await;
    assert_eq!(told.iter().filter(|event| *event == "order.disputed").count(), 3);
    let timeline = app.timeline(&order.order_id).await;
    assert!(
        timeline
            .ends_with(&["dispute_opened", "dispute_updated", "dispute_closed"].map(|what| format!("{what}/webhook")))
    );
    let seen = detail(&app, &order).await;
    assert_eq!((&seen["status"], &seen["disputed"]), (&json!("paid"), &json!(true)), "a lost one counts on");
    assert_eq!(shown(&seen), json!([12_500, "lost", "fraudulent", true, false]));
    assert_eq!(seen["disputes"][0]["transaction_id"], transaction);
    assert!(
        app.status(&order).await.expect(200).json().get("disputed").is_none(),
        "it is none of the shopper's business"
    );
    assert_eq!((counted(&app, "Disputed"), counted(&app, "Quarantined")), (3, 0));
    app.audit().await;
}

#[tokio::test]
async fn a_repeated_dispute_event_changes_nothing() {
    let app = TestApp::start().await;
    let (order, transaction) = app.paid_order("card").await;
    let opened = turn("DISPUTE_CREATED", &transaction, "needs_response");
    assert_eq!(app.deliver(&opened).await.outcome(), "applied");
    assert_eq!(app.deliver(&opened.clone().in_envelope(7)).await.outcome(), "duplicate");
    // The same event in another body.
    let again = opened.clone().with("/data/note", "resent");
    assert_eq!(app.deliver(&again).await.outcome(), "ignored");
    assert_eq!(app.outbox(&order.order_id).await, ["order.disputed", "order.paid"]);
    let review = turn("DISPUTE_UPDATED", &transaction, "under_review");
    assert_eq!(app.deliver(&review).await.outcome(), "applied");
    let republished = app.republish(&order.order_id).await.expect(200).json();
    assert_eq!(republished["replayed"].as_array().unwrap().len(), 3, "{republished}");
    app.audit().await;
}

#[tokio::test]
async fn a_won_dispute_no_longer_marks_its_order() {
    let app = TestApp::start().await;
    let (order, transaction) = app.paid_order("card").await;
    for turn in [json!({ "turn": "created" }), json!({ "turn": "closed", "status": "won" })] {
        app.lomi.dispute(&transaction, &turn).await;
        app.lomi.run_outbox().await;
    }
    let seen = detail(&app, &order).await;
    assert_eq!((&seen["disputed"], shown(&seen)), (&json!(false), json!([12_500, "won", "fraudulent", true, true])));
    let rows = app.admin("GET", "/admin/orders?status=paid", &Value::Null).await.expect(200).json();
    assert_eq!(rows["data"][0]["disputed"], false);
    assert_eq!(counted(&app, "Disputed"), 1, "good news wakes nobody");
    app.audit().await;
}

#[tokio::test]
async fn dispute_events_end_the_same_in_every_order() {
    let app = TestApp::start().await;
    let mut ends = Vec::new();
    for order_of_turns in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let (order, transaction) = app.paid_order("card").await;
        let turns = [
            turn("DISPUTE_CREATED", &transaction, "needs_response"),
            turn("DISPUTE_UPDATED", &transaction, "under_review"),
            turn("DISPUTE_CLOSED", &transaction, "lost").without("/data/amount"),
        ];
        for index in order_of_turns {
            let name = format!("{DISPUTE}-{}", ends.len());
            let told = turns[index].clone().with("/data/dispute_id", name);
            assert_eq!(app.deliver(&told).await.outcome(), "applied");
        }
        ends.push(shown(&detail(&app, &order).await));
    }
    assert!(ends.iter().all(|end| *end == json!([12_500, "lost", "fraudulent", true, false])), "{ends:?}");
    app.audit().await;
}

#[tokio::test]
async fn a_dispute_before_its_payment_counts_with_it() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    app.lomi.lose_webhooks().await;
    let transaction = app.pay(&order, "card").await;
    app.lomi.clear_faults().await;
    assert_eq!(app.deliver(&turn("DISPUTE_CREATED", &transaction, "needs_response")).await.outcome(), "quarantined");
    assert_eq!(app.deliver(&turn("DISPUTE_UPDATED", &transaction, "under_review")).await.outcome(), "quarantined");
    assert_eq!((app.quarantine("").await.len(), counted(&app, "Quarantined")), (2, 0), "no alarm: our key is asked");
    app.reconcile().await;
    let seen = detail(&app, &order).await;
    assert_eq!((&seen["status"], &seen["disputed"]), (&json!("paid"), &json!(true)));
    assert_eq!(shown(&seen), json!([12_500, "under_review", "fraudulent", false, false]));
    assert_eq!(app.outbox(&order.order_id).await, ["order.disputed", "order.disputed", "order.paid"]);
    assert_eq!((app.quarantine("").await, counted(&app, "Quarantined")), (Vec::new(), 0));
    assert_eq!(counted(&app, "Disputed"), 1, "one run of the reconciler");
    app.audit().await;
}

#[tokio::test]
async fn a_dispute_that_names_another_organisation_never_counts() {
    let app = TestApp::start().await;
    let (order, transaction) = app.paid_order("card").await;
    let foreign = turn("DISPUTE_CREATED", &transaction, "needs_response")
        .with("/data/organization_id", ORGANIZATION_B)
        .with("/data/metadata", json!({ "order_id": order.order_id, "payment_environment": "test" }));
    assert_eq!(app.deliver(&foreign).await.outcome(), "quarantined");
    assert_eq!(app.quarantined().await, ["organisation_unproven"]);
    ask_to_the_end(&app).await;
    assert_eq!(app.quarantined().await, ["organisation_unproven", "unattributed_payment"]);
    assert_eq!(detail(&app, &order).await["disputed"], false);
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    assert_eq!(counted(&app, "Quarantined"), 1, "a person is told once");
    app.audit().await;
}

#[tokio::test]
async fn a_dispute_with_order_and_owner_needs_no_payment() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let named = turn("DISPUTE_CREATED", UNKNOWN, "needs_response")
        .with("/data/organization_id", lomi_sandbox::fixtures::ORGANIZATION_A)
        .with("/data/metadata", json!({ "order_id": order.order_id }));
    assert_eq!(app.deliver(&named).await.outcome(), "applied");
    let seen = detail(&app, &order).await;
    assert_eq!((&seen["status"], &seen["disputed"]), (&json!("open"), &json!(true)));
    app.audit().await;
}

#[tokio::test]
async fn a_dispute_of_a_payment_by_its_public_id_counts() {
    let app = TestApp::start().await;
    let (order, transaction) = app.paid_order("card").await;
    app.lomi.quirks(json!({ "payments_by_public_id": true })).await;
    app.lomi.dispute(&transaction, &json!({ "turn": "created" })).await;
    app.lomi.run_outbox().await;
    assert_eq!(app.quarantined().await, ["payment_unidentified"]);
    app.reconcile().await;
    let seen = detail(&app, &order).await;
    assert_eq!((&seen["disputed"], &seen["disputes"][0]["transaction_id"]), (&json!(true), &json!(transaction)));
    assert!(app.quarantine("").await.is_empty());
    app.audit().await;
}

#[tokio::test]
async fn a_dispute_without_an_order_raises_one_alarm() {
    let app = TestApp::start().await;
    for number in 0..3 {
        let told = turn("DISPUTE_CREATED", UNKNOWN, "needs_response").in_envelope(number);
        assert_eq!(app.deliver(&told).await.outcome(), "quarantined");
    }
    ask_to_the_end(&app).await;
    assert_eq!(app.quarantined().await, ["unattributed_payment", "unknown_payment"]);
    assert_eq!(counted(&app, "Quarantined"), 1);
    app.audit().await;
}

#[tokio::test]
async fn an_unreadable_dispute_field_counts_as_absent() {
    let app = TestApp::start().await;
    let (order, transaction) = app.paid_order("card").await;
    let odd = turn("DISPUTE_CREATED", &transaction, "needs_response")
        .with("/data/dispute_id", "not # an id")
        .with("/data/amount", json!({ "value": "12 500" }))
        .with("/data/currency_code", 952)
        .with("/data/reason", json!(["a", "b"]))
        .with("/data/status", 3);
    assert_eq!(app.deliver(&odd).await.outcome(), "applied");
    let seen = detail(&app, &order).await;
    assert_eq!((&seen["disputed"], shown(&seen)), (&json!(true), json!([null, null, null, false, false])));
    assert_eq!(seen["disputes"][0]["dispute_id"], Value::Null);
    let nameless = turn("DISPUTE_CREATED", "", "lost");
    assert_eq!(app.deliver(&nameless).await.outcome(), "quarantined");
    assert_eq!(app.quarantined().await, ["no_transaction"]);
    app.audit().await;
}

#[tokio::test]
async fn nothing_is_refunded_by_a_dispute_and_lomi_refuses_it() {
    let app = TestApp::start().await;
    let (order, transaction) = app.paid_order("card").await;
    app.lomi.dispute(&transaction, &json!({ "turn": "created" })).await;
    app.lomi.run_outbox().await;
    app.reconcile().await;
    assert!(app.lomi.refunds().await.is_empty());
    assert_eq!(app.refund(&order.order_id, &json!({ "amount": 5_000 }), "k").await.status, 502);
    assert_eq!(app.order_status(&order.order_id).await, "paid");
    app.audit().await;
}

#[tokio::test]
async fn a_risky_payment_only_adds_to_the_timeline() {
    let app = TestApp::start().await;
    let (order, transaction) = app.paid_order("card").await;
    let flagged = risk("PAYMENT_RISK_FLAGGED", &transaction);
    for (told, outcome) in [(flagged.clone(), "applied"), (flagged.clone(), "duplicate")] {
        assert_eq!(app.deliver(&told).await.outcome(), outcome);
    }
    assert_eq!(app.deliver(&flagged.with("/data/risk_score", 72)).await.outcome(), "ignored");
    assert_eq!(app.timeline(&order.order_id).await.last().unwrap(), "payment_risk_flagged/webhook");
    // A stopped payment pays nothing: our own key reads whose it was.
    let card = app.open_card_order().await;
    app.lomi.lose_webhooks().await;
    app.lomi.present_card(&card.intent_id, &card.client_secret, DECLINED_CARD).await;
    app.lomi.clear_faults().await;
    let rows = app.lomi.transactions().await;
    let stopped = rows.last().expect("a transaction")["transaction_id"].as_str().expect("an id");
    assert_eq!(app.deliver(&risk("PAYMENT_RISK_BLOCKED", stopped)).await.outcome(), "quarantined");
    app.reconcile().await;
    assert!(app.timeline(&card.order.order_id).await.contains(&"payment_risk_blocked/webhook".to_owned()));
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    assert_eq!((app.quarantine("").await, counted(&app, "Disputed")), (Vec::new(), 0));
    app.audit().await;
}

#[tokio::test]
async fn a_risk_event_without_an_order_raises_no_alarm() {
    let app = TestApp::start().await;
    assert_eq!(app.deliver(&risk("PAYMENT_RISK_FLAGGED", UNKNOWN)).await.outcome(), "quarantined");
    ask_to_the_end(&app).await;
    assert_eq!((app.quarantine("").await, counted(&app, "Quarantined")), (Vec::new(), 0));
    assert_eq!(app.table.items("EVT#UNAPPLIED#PAYMENT_RISK_FLAGGED#").await.len(), 1, "it is kept");
    app.audit().await;
}
