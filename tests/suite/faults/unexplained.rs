//! Pages that lomi reports as paid without listing a payment: such a page pays only where nothing contradicts it, and
//! an alarm is raised.

use serde_json::json;
use tests::TestApp;

const DECLINED_CARD: &str = "4000000000000002";

fn alarms(app: &TestApp) -> usize {
    app.stack.logs().iter().filter(|line| line.line.contains("\"Quarantined\":")).count()
}

#[tokio::test]
async fn a_paid_page_without_a_payment_raises_one_alarm() {
    let app = TestApp::start().await;
    app.lomi.lose_webhooks().await;
    let order = app.open_order().await;
    app.lomi.pay_with(&order.session_id, &json!({ "method": "card", "card_number": DECLINED_CARD })).await;
    let paid = app.pay(&order, "wave").await;
    app.lomi.unlabel(&paid).await;
    assert!(app.make_due(&order.order_id).await);
    app.reconcile().await;
    assert_eq!((app.order_status(&order.order_id).await, alarms(&app)), ("open".to_owned(), 0));

    app.outlive(&order.order_id).await;
    app.reconcile().await;
    assert_eq!(app.order_status(&order.order_id).await, "expired");
    for _ in 0..2 {
        app.ask(&order.order_id).await.expect(200);
        assert_eq!((app.quarantined().await, alarms(&app)), (vec!["payment_unexplained".to_owned()], 1));
    }
    app.audit().await;
}

#[tokio::test]
async fn a_card_forms_status_pays_nothing_beside_a_held_payment() {
    let app = TestApp::start().await;
    app.lomi.lose_webhooks().await;
    app.lomi.quirks(json!({ "held_from": 100 })).await;
    let card = app.open_card_order().await;
    app.lomi.confirm_card(&card.intent_id, &card.client_secret).await;
    app.lomi.fault(json!({ "target": "GET /transactions/{id}", "kind": "status", "arg": 404, "times": null })).await;
    // The list that shows the held payment is empty for this poll.
    app.lomi.fault(json!({ "target": "GET /transactions", "kind": "empty_list" })).await;
    assert!(app.make_due(&card.order.order_id).await);
    app.reconcile().await;
    assert_eq!(app.order_status(&card.order.order_id).await, "open");
    app.lomi.clear_faults().await;
    let held = app.lomi.transactions().await.pop().expect("a payment");
    app.lomi.approve(held["transaction_id"].as_str().unwrap()).await;
    assert!(app.make_due(&card.order.order_id).await);
    app.reconcile().await;
    assert_eq!(app.order_status(&card.order.order_id).await, "paid");
    app.audit().await;
}

#[tokio::test]
async fn a_payment_held_again_is_recorded() {
    let app = TestApp::start().await;
    app.lomi.lose_webhooks().await;
    app.lomi.quirks(json!({ "held_from": 100, "allow_double_pay": true })).await;
    let order = app.open_order().await;
    let is_held = async || app.status(&order).await.expect(200).json()["payment_held"] == true;
    let look = async || {
        assert!(app.make_due(&order.order_id).await);
        app.reconcile().await;
    };
    for _ in 0..3 {
        let id = app.pay(&order, "card").await;
        look().await;
        assert!(is_held().await);
        app.lomi.decline(&id).await;
        look().await;
        assert!(!is_held().await);
    }
    assert_eq!(app.lomi.transactions().await.len(), 1, "each try goes on with the same payment");
    app.audit().await;
}
