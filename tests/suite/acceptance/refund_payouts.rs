//! Partial refunds of mobile-money payments: lomi pays them out to the phone number in its customer row at that moment.

use serde_json::{Value, json};
use tests::{Answer, Created, EMAIL, NAME, PHONE, TestApp};

const STRANGER: &str = "+2250799999999";
const OTHER: &str = "+2250788888888";

/// Opens an order with the shopper's e-mail and this phone number, without paying.
async fn unpaid_create(app: &TestApp, phone: &str) {
    let mut body = app.cart(1);
    body["customer_phone"] = json!(phone);
    app.create(&body, &app.fresh_key()).await.expect(201);
}

/// A paid order; no log line may contain its phone numbers.
async fn paid(app: &TestApp, method: &str) -> Created {
    [PHONE, STRANGER, OTHER].into_iter().for_each(|number| app.keep_out_of_logs(number));
    app.paid_order(method).await.0
}

async fn part(app: &TestApp, order: &Created, confirmed: Option<&str>) -> Answer {
    let mut body = json!({ "amount": 5_000 });
    if let Some(phone) = confirmed {
        body["confirmed_phone"] = json!(phone);
    }
    app.refund(&order.order_id, &body, &app.fresh_key()).await
}

/// Checks that no refund is reserved here, and that none exists at lomi.
async fn nothing_moved(app: &TestApp, order: &Created) {
    assert_eq!(app.order(&order.order_id).await["refunds"], json!({}));
    assert_eq!((app.lomi.payouts().await, app.lomi.refunds().await), (vec![], vec![]));
}

fn differs(phone: &str, paid_by: Value, ordered_with: Value) -> Value {
    json!({ "phone": phone, "paid_by": paid_by, "ordered_with": ordered_with, "full_refund_amount": 12_500 })
}

#[tokio::test]
async fn an_unpaid_order_does_not_redirect_a_refund() {
    let app = TestApp::start().await;
    for method in ["wave", "mtn"] {
        let order = paid(&app, method).await;
        unpaid_create(&app, STRANGER).await;
        let refused = part(&app, &order, None).await;
        assert_eq!(refused.problem(), (409, "refund_phone_differs".to_owned()), "{method}");
        assert_eq!(refused.json()["payout"], differs(STRANGER, json!(PHONE), json!(PHONE)));
        assert_eq!(app.order(&order.order_id).await["refunds"], json!({}));
        // A full refund goes to the wallet that paid, whatever the row contains.
        app.refund(&order.order_id, &json!({}), &app.fresh_key()).await.expect(201);
        unpaid_create(&app, PHONE).await;
    }
    assert_eq!(app.lomi.payouts().await, Vec::<Value>::new());
    app.audit().await;
}

#[tokio::test]
async fn a_confirmed_number_is_paid_and_a_newer_one_is_shown() {
    let app = TestApp::start().await;
    let order = paid(&app, "wave").await;
    unpaid_create(&app, STRANGER).await;
    assert_eq!(part(&app, &order, None).await.json()["payout"]["phone"], STRANGER);
    unpaid_create(&app, OTHER).await;
    let again = part(&app, &order, Some(STRANGER)).await;
    assert_eq!(again.problem(), (409, "refund_phone_differs".to_owned()));
    assert_eq!(again.json()["payout"]["phone"], OTHER);
    nothing_moved(&app, &order).await;
    // In a human spelling.
    let answer = part(&app, &order, Some("00225 07 88 88 88 88")).await.expect(201).json();
    assert_eq!(answer["refund"]["status"], "completed");
    assert_eq!(app.lomi.payouts().await[0]["phone"], OTHER);
    let unreadable = part(&app, &order, Some("the same")).await;
    assert_eq!((unreadable.status, unreadable.pointers()), (400, vec!["/confirmed_phone".to_owned()]));
    app.audit().await;
}

#[tokio::test]
async fn a_payout_number_unlike_the_orders_is_shown_first() {
    let app = TestApp::start().await;
    [PHONE, OTHER].into_iter().for_each(|number| app.keep_out_of_logs(number));
    let order = app.open_order().await;
    app.lomi.pay_with(&order.session_id, &json!({ "method": "wave", "phone": OTHER })).await;
    app.wait_for(&order.order_id, "paid").await;
    let refused = part(&app, &order, None).await;
    assert_eq!(refused.json()["payout"], differs(OTHER, json!(OTHER), json!(PHONE)));
    part(&app, &order, Some(OTHER)).await.expect(201);
    app.audit().await;
}

#[tokio::test]
async fn a_payer_without_a_number_is_confirmed_first() {
    let app = TestApp::start().await;
    let mut body = app.cart(1);
    body.as_object_mut().unwrap().remove("customer_phone");
    let order = Created::of(&app.create(&body, &app.fresh_key()).await);
    app.pay(&order, "wave").await;
    app.wait_for(&order.order_id, "paid").await;
    let nowhere = part(&app, &order, None).await;
    assert_eq!(nowhere.problem(), (409, "refund_phone_unknown".to_owned()));
    unpaid_create(&app, STRANGER).await;
    assert_eq!(part(&app, &order, None).await.json()["payout"], differs(STRANGER, Value::Null, Value::Null));
    nothing_moved(&app, &order).await;
    app.audit().await;
}

/// lomi stores an empty phone number when a card form sent none, and then pays out to the WhatsApp number, if there
/// is one.
#[tokio::test]
async fn a_number_erased_by_a_card_form_is_not_paid() {
    let app = TestApp::start().await;
    let order = paid(&app, "wave").await;
    let guest =
        json!({ "items": [{ "sku": "PAGNE-WAX-6Y", "quantity": 1 }], "customer_email": EMAIL, "customer_name": NAME });
    app.create_intent(&guest, &app.fresh_key()).await.expect(201);
    let refused = part(&app, &order, None).await;
    assert_eq!(refused.problem(), (409, "refund_phone_unknown".to_owned()));
    let payout = json!({ "phone": null, "paid_by": PHONE, "ordered_with": PHONE, "full_refund_amount": 12_500 });
    assert_eq!(refused.json()["payout"], payout);
    let customer = app.lomi.transactions().await[0]["customer_id"].as_str().unwrap().to_owned();
    let whatsapp = json!({ "whatsapp_number": STRANGER });
    app.admin("PATCH", &format!("/admin/customers/{customer}"), &whatsapp).await.expect(200);
    assert_eq!(part(&app, &order, None).await.json()["payout"]["phone"], STRANGER);
    nothing_moved(&app, &order).await;
    app.audit().await;
}

#[tokio::test]
async fn without_payer_data_only_a_full_refund_is_possible() {
    let app = TestApp::start().await;
    let order = paid(&app, "wave").await;
    for route in ["/transactions/{id}", "/customers/{id}", "/checkout-sessions/{id}"] {
        app.lomi.fault(json!({ "target": route, "kind": "status", "arg": 500, "times": null })).await;
        let unread = part(&app, &order, None).await;
        assert_eq!(unread.problem(), (503, "provider_unavailable".to_owned()), "{route}");
        nothing_moved(&app, &order).await;
        app.lomi.clear_faults().await;
    }
    let customer = app.lomi.transactions().await[0]["customer_id"].as_str().unwrap().to_owned();
    app.admin("DELETE", &format!("/admin/customers/{customer}"), &Value::Null).await.expect(204);
    let unknown = part(&app, &order, Some(PHONE)).await;
    assert_eq!(unknown.problem(), (409, "refund_phone_unknown".to_owned()));
    nothing_moved(&app, &order).await;
    app.refund(&order.order_id, &json!({}), "whole").await.expect(201);
    app.audit().await;
}

#[tokio::test]
async fn a_partial_card_refund_is_paid_to_the_card() {
    let app = TestApp::start().await;
    let order = paid(&app, "card").await;
    unpaid_create(&app, STRANGER).await;
    app.lomi.fault(json!({ "target": "/customers/{id}", "kind": "status", "arg": 500, "times": null })).await;
    part(&app, &order, None).await.expect(201);
    assert_eq!(app.lomi.faults_fired().await, 0, "nobody asks for a number");
    app.audit().await;
}

#[tokio::test]
async fn a_refusal_after_the_payout_stays_in_doubt() {
    let app = TestApp::start().await;
    let order = paid(&app, "wave").await;
    app.lomi.quirks(json!({ "payout_rows_lost": true })).await;
    let body = json!({ "amount": 5_000 });
    let answer = app.refund(&order.order_id, &body, "k").await.expect(202).json();
    assert_eq!(answer["refund"]["status"], "in_doubt");
    assert_eq!((app.lomi.payouts().await.len(), app.lomi.refunds().await.len()), (1, 0), "it left");
    app.lomi.quirks(json!({ "payout_rows_lost": false })).await;
    // A list without the refund proves nothing, however late.
    app.age_refunds(&order.order_id).await;
    app.reconcile().await;
    assert_eq!(app.refunds(&order.order_id).await[0]["status"], "in_doubt");
    let more = app.refund(&order.order_id, &json!({ "amount": 7_501 }), &app.fresh_key()).await;
    assert_eq!(more.problem(), (409, "refund_exceeds_payment".to_owned()));
    app.refund(&order.order_id, &body, "k").await.expect(202);
    assert_eq!(app.lomi.payouts().await.len(), 1);
    app.audit().await;
}

/// lomi limits each call to the amount of the payment: a refund beyond the remainder is paid out, and then refused.
#[tokio::test]
async fn a_payout_beyond_lomis_ceiling_is_in_doubt() {
    let app = TestApp::start().await;
    // A server that neither shows the refunded amount on the payment nor lists the refund yet.
    app.lomi.profile("june2026").await;
    let (order, transaction_id) = app.paid_order("wave").await;
    app.lomi.lose_webhooks().await;
    app.refund_at_lomi(&transaction_id, 10_000).await;
    app.lomi.fault(json!({ "target": "GET /refunds", "kind": "empty_list" })).await;
    let answer = part(&app, &order, None).await.expect(202).json();
    assert_eq!(answer["refund"]["status"], "in_doubt");
    assert_eq!(app.lomi.payouts().await.len(), 2);
    assert!(app.make_due(&order.order_id).await);
    app.reconcile().await;
    let mut statuses: Vec<_> = app.refunds(&order.order_id).await.iter().map(|r| r["status"].to_string()).collect();
    statuses.sort();
    assert_eq!(statuses, ["\"completed\"", "\"in_doubt\""]);
    app.audit().await;
}

/// A refund in lomi's dashboard without an event: lomi itself would pay out beyond the remainder.
#[tokio::test]
async fn a_dashboard_refund_is_not_refunded_again() {
    let app = TestApp::start().await;
    for profile in ["current", "june2026", "seeds"] {
        app.lomi.profile(profile).await;
        app.lomi.lose_webhooks().await;
        let mut body = app.cart(1);
        body["allowed_providers"] = json!(["WAVE", "MTN", "STRIPE"]);
        let order = Created::of(&app.create(&body, &app.fresh_key()).await);
        let transaction_id = app.pay(&order, "wave").await;
        app.status(&order).await.expect(200);
        app.refund_at_lomi(&transaction_id, 10_000).await;
        let payouts = app.lomi.payouts().await.len();
        let over = part(&app, &order, None).await;
        assert_eq!(over.problem(), (409, "refund_exceeds_payment".to_owned()), "{profile}");
        assert_eq!(app.lomi.payouts().await.len(), payouts, "{profile}");
        assert_eq!(app.refunds(&order.order_id).await[0]["amount"], 10_000, "{profile}: the order knows it now");
        app.refund(&order.order_id, &json!({}), &app.fresh_key()).await.expect(201);
        assert_eq!(app.order_status(&order.order_id).await, "refunded", "{profile}");
        app.lomi.clear_faults().await;
    }
    app.audit().await;
}

/// The payment's own row shows more refunded than the list.
#[tokio::test]
async fn an_unlisted_payout_is_still_counted() {
    let app = TestApp::start().await;
    let (order, transaction_id) = app.paid_order("card").await;
    app.lomi.lose_webhooks().await;
    app.keep_refund_secret(&app.refund_at_lomi(&transaction_id, 10_000).await);
    app.lomi.fault(json!({ "target": "GET /refunds", "kind": "empty_list", "times": null })).await;
    let over = app.refund(&order.order_id, &json!({ "amount": 2_501 }), &app.fresh_key()).await;
    assert_eq!(over.problem(), (409, "refund_exceeds_payment".to_owned()));
    app.refund(&order.order_id, &json!({ "amount": 2_500 }), &app.fresh_key()).await.expect(201);
    app.lomi.clear_faults().await;
    app.audit().await;
}

/// A partial refund in doubt, because lomi refused it before money moved.
async fn refused_part(app: &TestApp, order: &Created) -> String {
    app.lomi.fault(json!({ "target": "POST /refunds", "kind": "status", "when": "before", "arg": 400 })).await;
    let lost = part(app, order, None).await.expect(202).json();
    lost["refund"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_operator_may_release_a_refund_in_doubt() {
    let app = TestApp::start().await;
    let order = paid(&app, "wave").await;
    let id = refused_part(&app, &order).await;
    let early = app.release_refund(&order.order_id, &id).await;
    assert_eq!(early.problem(), (409, "refund_not_releasable".to_owned()), "no statement shows it yet");
    app.age_refunds(&order.order_id).await;
    let released = app.release_refund(&order.order_id, &id).await.expect(200).json();
    assert_eq!((&released["refund"]["status"], &released["order"]["status"]), (&json!("failed"), &json!("paid")));
    assert_eq!(app.release_refund(&order.order_id, &id).await.expect(200).json(), released, "once more is no harm");
    assert_eq!(app.timeline(&order.order_id).await.last().unwrap(), "refund_failed/merchant");
    let anew = app.refund(&order.order_id, &json!({}), "anew").await.expect(201).json();
    let settled = app.release_refund(&order.order_id, anew["refund"]["id"].as_str().unwrap()).await;
    assert_eq!(settled.problem(), (409, "refund_not_releasable".to_owned()));
    assert_eq!(app.lomi.refunds().await.len(), 1);
    app.audit().await;
}

/// The operator is wrong: the money has left, and lomi's list shows it.
#[tokio::test]
async fn a_refund_that_lomi_lists_is_not_released() {
    let app = TestApp::start().await;
    let order = paid(&app, "wave").await;
    app.lomi.lose_webhooks().await;
    app.lomi.fault(json!({ "target": "POST /refunds", "kind": "commit_then_500" })).await;
    let lost = part(&app, &order, None).await.expect(202).json();
    let id = lost["refund"]["id"].as_str().unwrap();
    app.age_refunds(&order.order_id).await;
    app.lomi.fault(json!({ "target": "GET /refunds", "kind": "status", "arg": 500, "times": null })).await;
    let blind = app.release_refund(&order.order_id, id).await;
    assert_eq!(blind.problem(), (503, "provider_unavailable".to_owned()), "nobody knows what lomi. has");
    app.lomi.clear_faults().await;
    app.lomi.lose_webhooks().await;
    assert_eq!(app.release_refund(&order.order_id, id).await.problem().1, "refund_not_releasable");
    assert_eq!(app.refunds(&order.order_id).await[0]["status"], "completed");
    assert_eq!(app.order_status(&order.order_id).await, "partially_refunded");
    app.audit().await;
}

/// lomi records the refund later and sends no event.
#[tokio::test]
async fn a_refund_listed_after_its_release_still_counts() {
    let app = TestApp::start().await;
    let order = paid(&app, "wave").await;
    let id = refused_part(&app, &order).await;
    app.age_refunds(&order.order_id).await;
    app.release_refund(&order.order_id, &id).await.expect(200);
    app.lomi.lose_webhooks().await;
    let transaction_id = app.refunds(&order.order_id).await[0]["transaction_id"].as_str().unwrap().to_owned();
    app.refund_at_lomi(&transaction_id, 5_000).await;
    assert!(app.make_due(&order.order_id).await, "it is looked for although it was called off");
    app.reconcile().await;
    assert_eq!(app.order_status(&order.order_id).await, "partially_refunded");
    let too_much = app.refund(&order.order_id, &json!({ "amount": 7_501 }), &app.fresh_key()).await;
    assert_eq!(too_much.problem(), (409, "refund_exceeds_payment".to_owned()));
    app.audit().await;
}

#[tokio::test]
async fn a_slow_number_check_leaves_no_doubt() {
    let app = TestApp::start().await;
    let order = paid(&app, "wave").await;
    for (route, latency_ms) in [("/transactions/{id}", 4_000), ("/customers/{id}", 3_500)] {
        app.lomi.fault(json!({ "target": route, "kind": "latency_ms", "arg": latency_ms })).await;
    }
    let late = part(&app, &order, None).await;
    assert_eq!(late.problem(), (503, "provider_unavailable".to_owned()));
    nothing_moved(&app, &order).await;
    part(&app, &order, None).await.expect(201);
    app.audit().await;
}
