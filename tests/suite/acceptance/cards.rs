//! Cards on the shop's own page.

use futures::future::join_all;
use serde_json::{Value, json};
use tests::{CardOrder, EMAIL, NAME, Setup, TestApp};

const DECLINED: &str = "4000000000000002";
const ASKS_THE_BANK: &str = "4000002500003155";
const CUSTOMER: &str = "2f6c1d0e-5b7a-4a53-9d9b-3c2a7a1e8f10";

#[tokio::test]
async fn a_card_on_the_shops_own_page_pays_the_order() {
    let app = TestApp::start().await;
    let answer = app.create_intent(&app.card_cart(2), "k").await.expect(201);
    let card = CardOrder::of(&answer);
    let body = answer.json();
    assert_eq!(
        (&body["status"], &body["amount"], &body["currency_code"]),
        (&json!("open"), &json!(25_000), &json!("XOF"))
    );
    assert_eq!(body["publishable_key"], "lomi_pk_test_local");
    assert_eq!(app.intent(&card).await["original_amount"], 25_000, "the merchant's francs, not the processor's cents");
    app.lomi.confirm_card(&card.intent_id, &card.client_secret).await;
    let paid = app.wait_for(&card.order.order_id, "paid").await;
    assert_eq!(paid["payments"].as_object().unwrap().len(), 1);
    assert_eq!(app.timeline(&card.order.order_id).await, ["created/storefront", "opened/lomi", "paid/webhook"]);
    app.audit().await;
}

#[tokio::test]
async fn card_form_availability_is_known_before_an_order() {
    for (keyless, key) in [(false, json!("lomi_pk_test_local")), (true, Value::Null)] {
        let app = TestApp::start_with(Setup { keyless, ..Setup::default() }).await;
        let answer = app.http.get(&app.url("/card-form"), &[]).await.expect(200);
        assert_eq!(answer.json(), json!({ "publishable_key": key }));
        assert!(app.orders().await.is_empty() && app.lomi.intents().await.is_empty());
        app.audit().await;
    }
}

#[tokio::test]
async fn a_decline_then_a_success_on_one_form_ends_paid() {
    let app = TestApp::start().await;
    let card = app.open_card_order().await;
    let id = &card.order.order_id;
    let refused = app.lomi.present_card(&card.intent_id, &card.client_secret, DECLINED).await;
    assert_eq!(refused["error"]["code"], "card_declined");
    app.lomi.run_outbox().await;
    app.wait_for(id, "failed_attempt").await;
    let failure = app.announced(app.lomi.transactions().await[0]["transaction_id"].as_str().unwrap()).await;
    app.lomi.confirm_card(&card.intent_id, &card.client_secret).await;
    app.wait_for(id, "paid").await;
    assert_eq!(app.deliver(&failure.in_envelope(7)).await.outcome(), "duplicate");
    let again = failure_of_another_kind(&app).await;
    assert_eq!(app.deliver(&again).await.outcome(), "duplicate");
    assert_eq!(app.order_status(id).await, "paid");
    assert_eq!(app.outbox(id).await, ["order.paid"]);
    app.audit().await;
}

/// The same failure under an event name of an older generation.
async fn failure_of_another_kind(app: &TestApp) -> tests::Event {
    let outbox = app.lomi.outbox().await;
    let failed = outbox.iter().find(|dispatch| dispatch["event"] == "PAYMENT_FAILED").unwrap();
    tests::Event::new("payment.failed", failed["data"].clone())
}

#[tokio::test]
async fn a_passed_challenge_pays_and_a_failed_one_keeps_the_form() {
    let app = TestApp::start().await;
    for pass in [false, true] {
        let card = app.open_card_order().await;
        let asked = app.lomi.present_card(&card.intent_id, &card.client_secret, ASKS_THE_BANK).await;
        assert_eq!(asked["paymentIntent"]["status"], "requires_action");
        assert_eq!(app.order_status(&card.order.order_id).await, "open", "nothing has happened yet");
        let told = app.lomi.authenticate(&card.intent_id, pass).await;
        assert_eq!(told["paymentIntent"]["status"] == "succeeded", pass, "{told}");
        app.lomi.run_outbox().await;
        app.wait_for(&card.order.order_id, if pass { "paid" } else { "failed_attempt" }).await;
        if !pass {
            app.lomi.confirm_card(&card.intent_id, &card.client_secret).await;
            app.wait_for(&card.order.order_id, "paid").await;
        }
    }
    app.audit().await;
}

#[tokio::test]
async fn without_direct_cards_the_shop_is_sent_to_the_page() {
    let app = TestApp::start().await;
    app.lomi.quirks(json!({ "card_rail_muted": true })).await;
    let cart = app.card_cart(1);
    let muted = app.create_intent(&cart, "k").await;
    assert_eq!(muted.problem(), (503, "card_unavailable".to_owned()));
    assert_eq!(muted.json()["retryable"], false);
    assert!(muted.json()["detail"].as_str().unwrap().contains("/checkout-sessions"));
    assert_eq!((app.lomi.intents().await.len(), app.orders().await.len()), (0, 1));
    // The page still takes cards.
    let order = app.open_order().await;
    app.pay(&order, "card").await;
    app.wait_for(&order.order_id, "paid").await;
    // lomi repeats its refusal under the same key; the next attempt uses another.
    app.lomi.quirks(json!({ "card_rail_muted": false })).await;
    let card = CardOrder::of(&app.create_intent(&cart, "k").await);
    assert_eq!(app.orders().await.len(), 2, "the muted order goes on");
    app.lomi.confirm_card(&card.intent_id, &card.client_secret).await;
    app.wait_for(&card.order.order_id, "paid").await;
    app.audit().await;
}

#[tokio::test]
async fn an_invalid_charge_is_refused_before_any_call() {
    let app = TestApp::start().await;
    let payer = |pointer: &'static str, payer: Value| (pointer, payer);
    for (pointer, members) in [
        payer("/customer_id", json!({ "customer_email": null, "customer_name": null })),
        payer("/customer_name", json!({ "customer_name": null })),
        payer("/customer_email", json!({ "customer_email": null })),
        payer("/customer_email", json!({ "customer_email": "awa" })),
        payer("/customer_id", json!({ "customer_id": "awa" })),
        payer("/customer_id", json!({ "customer_id": "2f6c1d0e-5b7a-1a53-9d9b-3c2a7a1e8f10" })),
        payer("/product_id", json!({ "product_id": CUSTOMER })),
        payer("/appearance_theme", json!({ "appearance_theme": "neon" })),
        payer("/appearance_billing_address", json!({ "appearance_billing_address": "always" })),
        payer("/appearance_border_radius", json!({ "appearance_border_radius": 65 })),
        payer("/metadata/payment_reference", json!({ "metadata": { "payment_reference": "A-1" } })),
        payer("/amount", json!({ "amount": 1 })),
        payer("/line_items", json!({ "line_items": [{ "price_id": CUSTOMER, "quantity": 1 }] })),
    ] {
        let mut body = app.card_cart(1);
        for (name, value) in members.as_object().unwrap() {
            if value.is_null() {
                body.as_object_mut().unwrap().remove(name);
            } else {
                body[name] = value.clone();
            }
        }
        let refused = app.create_intent(&body, &app.fresh_key()).await;
        assert_eq!(refused.problem(), (400, "validation_failed".to_owned()), "{members}: {}", refused.text());
        let pointers: Vec<_> =
            refused.json()["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
        assert_eq!(pointers, [pointer], "{members}");
    }
    assert_eq!((app.lomi.intents().await.len(), app.orders().await.len()), (0, 0));
    app.audit().await;
}

#[tokio::test]
async fn a_key_sent_concurrently_makes_one_intent() {
    let app = TestApp::start().await;
    let cart = app.card_cart(1);
    let answers = join_all((0..5).map(|_| app.create_intent(&cart, "k"))).await;
    assert!(answers.iter().all(|answer| answer.status == 201 || answer.problem().1 == "idempotency_in_progress"));
    let first = app.create_intent(&cart, "k").await.expect(201);
    assert_eq!(first.header("idempotency-replayed"), "true");
    assert_eq!((app.lomi.intents().await.len(), app.orders().await.len()), (1, 1));
    assert_eq!(app.create_intent(&app.card_cart(2), "k").await.problem(), (422, "idempotency_key_reused".to_owned()));
    app.audit().await;
}

#[tokio::test]
async fn the_merchants_reference_is_sent_and_returned() {
    let app = TestApp::start().await;
    let body = app.card_body(json!({ "amount": 45_000, "currency_code": "XOF", "payment_reference": "Facture 118",
        "description": "Solde", "metadata": { "canal": "web" }, "appearance_theme": "dark", "appearance_border_radius": 8 }));
    let answer = app.create_intent_as_admin(&body, "k").await.expect(201);
    assert_eq!(answer.json()["appearance"], json!({ "theme": "dark", "border_radius": 8, "billing_address": null }));
    let card = CardOrder::of(&answer);
    app.lomi.confirm_card(&card.intent_id, &card.client_secret).await;
    let paid = app.wait_for(&card.order.order_id, "paid").await;
    assert_eq!((&paid["reference"], &paid["metadata"]), (&json!("Facture 118"), &json!({ "canal": "web" })));
    let transactions = app.lomi.transactions().await;
    assert_eq!(transactions[0]["metadata"]["payment_reference"], "Facture 118");
    let stored = paid.to_string();
    assert!(!stored.contains(EMAIL) && !stored.contains(NAME), "the shopper's contact is not kept");
    app.audit().await;
}

#[tokio::test]
async fn ending_a_card_form_does_not_undo_its_payment() {
    let app = TestApp::start().await;
    let card = app.open_card_order().await;
    for _ in 0..2 {
        let cancelled = app.cancel_intent(&card.intent_id).await.expect(200).json();
        assert_eq!((&cancelled["status"], &cancelled["order_status"]), (&json!("canceled"), &json!("cancelled")));
    }
    assert_eq!(app.intent(&card).await["status"], "canceled");
    let timeline = app.timeline(&card.order.order_id).await;
    assert_eq!(timeline[2..], ["intent_cancelled/merchant", "cancelled/merchant"]);

    let paid = app.open_card_order().await;
    app.lomi.lose_webhooks().await;
    app.lomi.confirm_card(&paid.intent_id, &paid.client_secret).await;
    let told = app.cancel_intent(&paid.intent_id).await.expect(200).json();
    assert_eq!((&told["status"], &told["order_status"]), (&json!("succeeded"), &json!("paid")));
    for unknown in ["pi_unknown", "pi_x_secret_y", "unknown"] {
        assert_eq!(app.cancel_intent(unknown).await.problem(), (404, "not_found".to_owned()), "{unknown}");
    }
    app.audit().await;
}

#[tokio::test]
async fn a_customer_of_the_merchant_is_remembered_with_the_order() {
    let app = TestApp::start().await;
    let mut body = app.card_cart(1);
    let customer = app.lomi.customer().await;
    body["customer_id"] = json!(customer);
    let card = CardOrder::of(&app.create_intent(&body, "k").await);
    assert_eq!(app.order(&card.order.order_id).await["customer_id"], *customer);
    let mut cart = app.cart(1);
    cart["customer_id"] = json!(customer);
    let order = tests::Created::of(&app.create(&cart, "k2").await);
    let detail = app.admin("GET", &format!("/admin/orders/{}", order.order_id), &Value::Null).await.expect(200);
    assert_eq!(detail.json()["customer_id"], *customer);
    app.lomi.block_with_invoice(&customer, 5_000).await;
    assert_eq!(app.create(&cart, "k3").await.problem(), (402, "invoice_payment_required".to_owned()));
    app.audit().await;
}

#[tokio::test]
async fn a_card_is_not_charged_below_lomis_minimum() {
    let app = TestApp::start().await;
    app.lomi.fault(json!({ "target": "POST /charge/card", "kind": "status", "arg": 500, "times": null })).await;
    for (amount, currency) in [(999, "XOF"), (49, "EUR"), (49, "USD")] {
        let body = app.card_body(json!({ "amount": amount, "currency_code": currency }));
        let answer = app.create_intent_as_admin(&body, &app.fresh_key()).await;
        assert_eq!(answer.problem(), (400, "card_amount_too_small".to_owned()), "{amount} {currency}");
    }
    assert_eq!((app.lomi.faults_fired().await, app.orders().await.len()), (0, 0), "nothing was asked or written");
    app.lomi.clear_faults().await;
    for (amount, currency) in [(1_000, "XOF"), (50, "EUR"), (50, "USD")] {
        let body = app.card_body(json!({ "amount": amount, "currency_code": currency }));
        app.create_intent_as_admin(&body, &app.fresh_key()).await.expect(201);
    }
    app.audit().await;
}
