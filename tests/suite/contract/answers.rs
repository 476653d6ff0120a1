//! The stack's answers match the contract when nothing fails.

use serde_json::{Value, json};
use tests::{Event, TestApp};

use super::document::Contract;
use super::{customers, links, operations, queries, refunds, refusals, sessions};
use crate::infrastructure::{mutated, read};

/// An answer that no client can provoke from outside: a defect of the stack.
fn is_out_of_reach(answer: &str) -> bool {
    answer.ends_with(" 500")
}

#[tokio::test]
async fn every_documented_answer_occurs_and_fits() {
    let (app, contract) = (TestApp::start().await, Contract::published());
    shopping(&app, &contract).await;
    turning_back(&app, &contract).await;
    paying_by_card(&app, &contract).await;
    cataloguing(&app, &contract).await;
    customers::are_answered(&app, &contract).await;
    sessions::are_answered(&app, &contract).await;
    refunds::of_refunds(&app, &contract).await;
    links::are_answered(&app, &contract).await;
    operations::are_answered(&app, &contract).await;
    refusals::of_bad_requests(&app, &contract).await;
    queries::are_refused(&app, &contract).await;
    refusals::of_strangers(&app, &contract).await;
    refusals::of_lomi(&app, &contract).await;
    refusals::of_an_intent(&app, &contract).await;
    refusals::of_the_store(&app, &contract).await;
    let unseen: Vec<_> = contract.unseen().into_iter().filter(|answer| !is_out_of_reach(answer)).collect();
    assert_eq!(unseen, Vec::<String>::new());
    app.audit().await;
}

async fn shopping(app: &TestApp, contract: &Contract) {
    contract.holds("GET /products", &app.http.get(&app.url("/products"), &[]).await.expect(200));
    for (text, status) in [("10+000", 200), ("10.000", 400)] {
        let url = app.url(&format!("/amounts?currency_code=XOF&text={text}"));
        contract.holds("GET /amounts", &app.http.get(&url, &[]).await.expect(status));
    }
    let mut cart = app.cart(2);
    cart["items"] =
        json!([{ "sku": "KARITE-500", "quantity": 2 }, { "sku": "DON-CANTINE", "quantity": 1, "amount": 5000 }]);
    cart["metadata"] = json!({ "panier": "A-1007" });
    cart["title"] = json!("Commande A-1007");
    let created = app.create(&cart, "shopping").await.expect(201);
    contract.holds("POST /checkout-sessions", &created);
    let replayed = app.create(&cart, "shopping").await.expect(201);
    assert_eq!(replayed.header("idempotency-replayed"), "true");
    contract.holds("POST /checkout-sessions", &replayed);

    let order = tests::Created::of(&created);
    contract.holds("GET /orders/{order_id}", &app.status(&order).await.expect(200));
    let event = app.pay_silently(&order, "wave").await;
    for outcome in ["applied", "duplicate"] {
        let delivered = app.deliver(&event).await;
        assert_eq!(delivered.outcome(), outcome);
        contract.holds("POST /webhooks/lomi", &delivered);
    }
    for (event, outcome) in [
        (Event::new("PAYOUT_CREATED", json!({})), "ignored"),
        (event.clone().with("/data/metadata/order_id", "ord_00000000000000000000000000000000"), "quarantined"),
    ] {
        let delivered = app.deliver(&event).await;
        assert_eq!(delivered.outcome(), outcome);
        contract.holds("POST /webhooks/lomi", &delivered);
    }
    contract.holds("GET /orders/{order_id}", &app.status(&order).await.expect(200));
    contract.holds("POST /orders/{order_id}/cancel", &app.cancel(&order).await.expect(200));
    let detail = app.admin("GET", &format!("/admin/orders/{}", order.order_id), &Value::Null).await.expect(200);
    assert_eq!(detail.json()["status"], "paid");
    contract.holds("GET /admin/orders/{order_id}", &detail);
}

/// Orders that were not simply paid, and the list of all.
async fn turning_back(app: &TestApp, contract: &Contract) {
    let body = app.body(json!({ "amount": 45_000, "currency_code": "XOF" }));
    let created = app.create_as_admin(&body, "invoice").await.expect(201);
    contract.holds("POST /admin/checkout-sessions", &created);
    let order = tests::Created::of(&created);
    contract.holds("POST /orders/{order_id}/cancel", &app.cancel(&order).await.expect(200));
    contract.holds("GET /orders/{order_id}", &app.status(&order).await.expect(200));
    app.pay(&order, "card").await;
    app.wait_for(&order.order_id, "paid").await;
    app.lomi.quirks(json!({ "allow_double_pay": true })).await;
    app.lomi.late_approve(&order.session_id).await;
    for path in
        [format!("/admin/orders/{}", order.order_id), format!("/admin/orders/{}", app.open_order().await.order_id)]
    {
        contract.holds("GET /admin/orders/{order_id}", &app.admin("GET", &path, &Value::Null).await.expect(200));
    }
    for query in ["", "?limit=1", "?status=paid"] {
        let page = app.admin("GET", &format!("/admin/orders{query}"), &Value::Null).await.expect(200);
        assert_eq!(page.json()["next_cursor"].is_string(), query == "?limit=1");
        contract.holds("GET /admin/orders", &page);
    }
}

async fn paying_by_card(app: &TestApp, contract: &Contract) {
    contract.holds("GET /card-form", &app.http.get(&app.url("/card-form"), &[]).await.expect(200));
    let look = json!({ "appearance_theme": "flat", "appearance_billing_address": "never" });
    let mut cart = app.card_cart(1);
    cart.as_object_mut().expect("an object").extend(look.as_object().cloned().expect("an object"));
    for _ in 0..2 {
        contract.holds("POST /payment-intents", &app.create_intent(&cart, "by-card").await.expect(201));
    }
    let priced = app.card_body(json!({ "amount": 45_000, "currency_code": "XOF" }));
    let created = app.create_intent_as_admin(&priced, "by-card").await.expect(201);
    contract.holds("POST /admin/payment-intents", &created);
    let card = tests::CardOrder::of(&created);
    let cancelled = app.cancel_intent(&card.intent_id).await.expect(200);
    contract.holds("POST /admin/payment-intents/{payment_intent_id}/cancel", &cancelled);
    let path = format!("/admin/orders/{}", card.order.order_id);
    contract.holds("GET /admin/orders/{order_id}", &app.admin("GET", &path, &Value::Null).await.expect(200));
}

async fn cataloguing(app: &TestApp, contract: &Contract) {
    let fixed = json!({ "title": "Savon noir", "description": "300 g", "currency_code": "EUR", "amount": 450, "active": false,
        "image_url": "https://shop.example/savon.webp" });
    let open = json!({ "title": "Don", "currency_code": "XOF", "min_amount": 500, "max_amount": 9000 });
    for product in [fixed, open] {
        let path = "/admin/products/ESSAI-1";
        assert_eq!(contract.refuses("PUT /admin/products/{sku}", &product), None);
        contract.holds("PUT /admin/products/{sku}", &app.admin("PUT", path, &product).await.expect(200));
        contract.holds("GET /admin/products/{sku}", &app.admin("GET", path, &Value::Null).await.expect(200));
        contract.holds("GET /admin/products", &app.admin("GET", "/admin/products", &Value::Null).await.expect(200));
        contract.holds("DELETE /admin/products/{sku}", &app.admin("DELETE", path, &Value::Null).await.expect(204));
    }
}

#[tokio::test]
async fn a_contract_that_differs_from_the_answers_is_found() {
    let app = TestApp::start().await;
    let answer = app.http.get(&app.url("/products"), &[]).await.expect(200);
    let order = app.open_order().await;
    let status = app.status(&order).await.expect(200);
    let unknown = app.status_with("unknown", "x").await.expect(404);
    let text = read("infra/openapi.yaml");
    for (route, answer, from, to, finding) in [
        (
            "GET /products",
            &answer,
            "        image_url: {type: [string, 'null'], pattern",
            "        picture: {type: [string, 'null'], pattern",
            "image_url",
        ),
        ("GET /products", &answer, "enum: [XOF, USD, EUR]", "enum: [USD, EUR]", "currency_code"),
        (
            "GET /products",
            &answer,
            "'200':\n          description: Every active product.",
            "'201':\n          description: Every active product.",
            "no such",
        ),
        (
            "GET /orders/{order_id}",
            &status,
            "[order_id, status, amount, currency_code, payment,",
            "[order_id, receipt,",
            "receipt",
        ),
        (
            "GET /orders/{order_id}",
            &status,
            "created_at: {type: string, format: date-time}",
            "created_at: {type: integer}",
            "created_at",
        ),
        ("GET /orders/{order_id}", &unknown, "description: '`not_found`.", "description: '", "not_found"),
        ("GET /orders/{order_id}", &unknown, "            - not_found\n", "", "code"),
    ] {
        let findings = Contract::parse(&mutated(&text, from, to)).findings(route, answer);
        assert!(findings.iter().any(|found| found.contains(finding)), "{from:?} -> {to:?}: {findings:?}");
        assert_eq!(Contract::parse(&text).findings(route, answer), Vec::<String>::new());
    }
    app.audit().await;
}
