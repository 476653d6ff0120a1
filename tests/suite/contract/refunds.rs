//! `POST /admin/orders/{order_id}/refunds` answers as the contract describes, with the same bounds.

use serde_json::{Value, json};
use tests::{Answer, TestApp};

use super::document::Contract;

const ROUTE: &str = "POST /admin/orders/{order_id}/refunds";
const RELEASE: &str = "POST /admin/orders/{order_id}/refunds/{refund_id}/release";
const DETAIL: &str = "GET /admin/orders/{order_id}";

pub(super) async fn of_refunds(app: &TestApp, contract: &Contract) {
    let (order, _) = app.paid_order("card").await;
    let refund = async |body: Value, key: &str| app.refund(&order.order_id, &body, key).await;
    let holds = |answer: &Answer, status: u16, code: &str| {
        if !code.is_empty() {
            assert_eq!(answer.problem(), (status, code.to_owned()));
        }
        assert_eq!(answer.status, status, "{}", answer.text());
        contract.holds(ROUTE, answer);
    };
    holds(&refund(json!({ "amount": 500, "reason": "Tasse cassée" }), "refund").await, 201, "");
    holds(&refund(json!({ "amount": 500, "reason": "Tasse cassée" }), "refund").await, 201, "");
    holds(&refund(json!({ "amount": 501 }), "refund").await, 422, "idempotency_key_reused");
    holds(&refund(json!({ "amount": 12_500 }), "too much").await, 400, "idempotency_key_required");
    holds(&refund(json!({ "amount": 12_500 }), "too-much").await, 409, "refund_exceeds_payment");
    holds(&refund(json!({ "amount": 0 }), "none").await, 400, "validation_failed");
    for (status, code) in [(400, "provider_rejected"), (429, "provider_unavailable")] {
        app.lomi.fault(json!({ "target": "POST /refunds", "kind": "status", "arg": status })).await;
        let answer = refund(json!({ "amount": 100 }), &app.fresh_key()).await;
        holds(&answer, if status == 400 { 502 } else { 503 }, code);
    }
    app.lomi.fault(json!({ "target": "POST /refunds", "kind": "commit_then_500" })).await;
    app.lomi.lose_webhooks().await;
    holds(&refund(json!({ "amount": 700 }), "doubt").await, 202, "");
    holds(&refund(json!({ "amount": 700 }), "doubt").await, 202, "");
    app.lomi.clear_faults().await;
    let detail = app.admin("GET", &format!("/admin/orders/{}", order.order_id), &Value::Null).await.expect(200);
    contract.holds(DETAIL, &detail);
    of_releases(app, contract).await;
    of_payouts(app, &holds).await;
    of_other_orders(app, &holds).await;
    of_wrong_requests(app, &order.order_id, &holds).await;
}

async fn of_releases(app: &TestApp, contract: &Contract) {
    let (order, _) = app.paid_order("card").await;
    let holds = async |id: &str, status: u16| {
        contract.holds(RELEASE, &app.release_refund(&order.order_id, id).await.expect(status));
    };
    let ask = async |key: &str, status: u16| {
        let answer = app.refund(&order.order_id, &json!({ "amount": 100 }), key).await.expect(status).json();
        answer["refund"]["id"].as_str().expect("an id").to_owned()
    };
    holds(&ask("made", 201).await, 409).await;
    holds(&format!("rfd_{}", "0".repeat(32)), 404).await;
    app.lomi.fault(json!({ "target": "POST /refunds", "kind": "status", "when": "before", "arg": 500 })).await;
    let in_doubt = ask("lost", 202).await;
    let url = app.url(&format!("/admin/orders/{}/refunds/{in_doubt}/release", order.order_id));
    contract.holds(RELEASE, &app.http.send("POST", &url, &[], "").await.expect(403));
    let bearer = app.admin_bearer();
    let headers = [("authorization", bearer.as_str())];
    contract.holds(RELEASE, &app.http.send("POST", &url, &headers, " ".repeat(9 * 1024)).await.expect(413));
    app.dynamodb.cut();
    holds(&in_doubt, 503).await;
    app.dynamodb.mend();
    app.age_refunds(&order.order_id).await;
    for _ in 0..2 {
        holds(&in_doubt, 200).await;
    }
}

async fn of_payouts(app: &TestApp, holds: &impl Fn(&Answer, u16, &str)) {
    let (order, _) = app.paid_order("wave").await;
    let part = async |key: &str| app.refund(&order.order_id, &json!({ "amount": 500 }), key).await;
    let mut stranger = app.cart(1);
    stranger["customer_phone"] = json!("+2250799999999");
    app.create(&stranger, "stranger").await.expect(201);
    holds(&part("stranger").await, 409, "refund_phone_differs");
    let mut guest = app.card_cart(1);
    guest.as_object_mut().expect("a body").remove("customer_phone");
    app.create_intent(&guest, "card-form").await.expect(201);
    holds(&part("erased").await, 409, "refund_phone_unknown");
    app.create(&app.cart(1), "again").await.expect(201);
    holds(&part("again").await, 201, "");
}

async fn of_other_orders(app: &TestApp, holds: &impl Fn(&Answer, u16, &str)) {
    holds(&app.refund("unknown", &json!({}), "k").await, 404, "not_found");
    let open = app.open_order().await;
    holds(&app.refund(&open.order_id, &json!({}), "k").await, 409, "order_closed");
    let payment = app.pay_silently(&open, "card").await;
    app.settle_by_page(&open.order_id).await;
    holds(&app.refund(&open.order_id, &json!({}), "k").await, 409, "payment_unidentified");
    app.deliver(&payment).await.expect(200);
}

async fn of_wrong_requests(app: &TestApp, order_id: &str, holds: &impl Fn(&Answer, u16, &str)) {
    let (url, bearer) = (app.url(&format!("/admin/orders/{order_id}/refunds")), app.admin_bearer());
    let send = async |content_type: &str, body: String| {
        let headers = [("idempotency-key", "wrong"), ("authorization", &bearer), ("content-type", content_type)];
        app.http.send("POST", &url, &headers, body).await
    };
    holds(&send("application/json", "{".to_owned()).await, 400, "malformed_json");
    holds(&send("application/json", " ".repeat(9 * 1024)).await, 413, "payload_too_large");
    holds(&send("text/plain", "{}".to_owned()).await, 415, "unsupported_media_type");
    holds(&app.http.send("POST", &url, &[], "{}").await, 403, "");
    app.dynamodb.cut();
    holds(&app.refund(order_id, &json!({}), "no-store").await, 503, "store_unavailable");
    app.dynamodb.mend();
}

#[tokio::test]
async fn contract_and_code_agree_on_refund_bodies() {
    let (app, contract) = (TestApp::start().await, Contract::published());
    let (order, transaction_id) = app.paid_order("card").await;
    for (body, is_taken) in [
        (json!({ "amount": 1 }), true),
        (json!({ "amount": 1_000_000_000_000_i64 }), true),
        (json!({ "amount": 1_000_000_000_001_i64 }), false),
        (json!({ "amount": 0 }), false),
        (json!({ "amount": 1.5 }), false),
        (json!({ "amount": "5" }), false),
        (json!({ "amount": 1, "reason": "é".repeat(500) }), true),
        (json!({ "amount": 1, "reason": "é".repeat(501) }), false),
        (json!({ "amount": 1, "transaction_id": transaction_id, "reason": null }), true),
        (json!({ "amount": 1, "transaction_id": "no id" }), false),
        (json!({ "amount": 1, "confirmed_phone": null }), true),
        (json!({ "amount": 1, "confirmed_phone": "+225 07 00 00 00 00" }), true),
        (json!({ "amount": 1, "confirmed_phone": "12345" }), false),
        (json!({ "amount": 1, "confirmed_phone": "the same" }), false),
        (json!({ "amount": 1, "currency_code": "XOF" }), false),
        (json!([]), false),
    ] {
        assert_eq!(contract.refuses(ROUTE, &body).is_none(), is_taken, "the contract on {body}");
        let answer = app.refund(&order.order_id, &body, &app.fresh_key()).await;
        assert_eq!(answer.status != 400, is_taken, "the code on {body}: {} {}", answer.status, answer.text());
    }
    app.audit().await;
}
