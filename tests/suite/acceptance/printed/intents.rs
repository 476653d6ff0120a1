//! `POST /payment-intents` and `POST /charge/card` of the documents of 2026.

use serde_json::json;
use tests::{CardOrder, TestApp};

use super::{members, pasted, pasted_text, with};

const PATH: &str = "/admin/payment-intents";

#[tokio::test]
async fn a_card_form_is_opened_as_the_documents_print_it() {
    let app = TestApp::start().await;
    let body = json!({
        "amount": 10_000,
        "currency_code": "XOF",
        "customer_email": "customer@example.com",
        "customer_name": "Ada Lovelace",
        "description": "Commande #ORD-12345",
        "payment_reference": "ORD-12345",
    });
    for profile in ["current", "june2026", "seeds"] {
        app.lomi.profile(profile).await;
        let answer = pasted(&app, PATH, &body).await.expect(201);
        let json = answer.json();
        assert_eq!(json["id"], json["payment_intent_id"], "{profile}");
        // In francs; the amount that the card processor collects after conversion is another one.
        let names = ["amount", "currency", "original_amount", "original_currency", "status"];
        let expected = json!({ "amount": 10_000, "currency": "XOF", "original_amount": 10_000, "original_currency": "XOF", "status": "open" });
        assert_eq!(members(&json, &names), expected, "{profile}");
        let card = CardOrder::of(&answer);
        app.lomi.confirm_card(&card.intent_id, &card.client_secret).await;
        let paid = app.wait_for(&card.order.order_id, "paid").await;
        assert_eq!(paid["reference"], "ORD-12345", "{profile}");
    }
    app.audit().await;
}

#[tokio::test]
async fn a_repeated_card_form_request_gets_the_same_bytes() {
    let app = TestApp::start().await;
    let body = app.card_body(json!({ "amount": 10_000 }));
    let first = app.create_intent_as_admin(&body, "k").await.expect(201);
    assert_eq!(app.create_intent_as_admin(&body, "k").await.expect(201).body, first.body);
    let public = app.create_intent(&app.card_cart(1), "k").await.expect(201).json();
    for name in ["id", "currency", "original_amount", "original_currency"] {
        assert!(first.json().get(name).is_some() && public.get(name).is_none(), "{name}");
    }
    app.audit().await;
}

#[tokio::test]
async fn an_amount_without_a_payer_is_refused() {
    let app = TestApp::start().await;
    let refused = pasted(&app, PATH, &json!({ "amount": 10_000 })).await;
    assert_eq!((refused.status, refused.pointers()), (400, vec!["/customer_id".to_owned()]));
    assert!(refused.text().contains("customer_id, or customer_email and customer_name"), "{}", refused.text());
    assert!(app.orders().await.is_empty() && app.lomi.intents().await.is_empty());
    app.audit().await;
}

#[tokio::test]
async fn a_currency_field_has_two_spellings() {
    let app = TestApp::start().await;
    let body = app.card_body(json!({ "amount": 10_000 }));
    for members in [json!({ "currency": "EUR" }), json!({ "currency": "EUR", "currency_code": "EUR" })] {
        let json = pasted(&app, PATH, &with(&body, members)).await.expect(201).json();
        assert_eq!((&json["currency"], &json["currency_code"]), (&json!("EUR"), &json!("EUR")));
    }
    for (members, pointer) in [
        (json!({ "currency": "EUR", "currency_code": "XOF" }), "/currency"),
        (json!({ "currency": "eur" }), "/currency_code"),
    ] {
        let refused = pasted(&app, PATH, &with(&body, members.clone())).await;
        assert_eq!((refused.status, refused.pointers()), (400, vec![pointer.to_owned()]), "{members}");
    }
    // A cart has its currency from the catalogue, and a browser never sends one.
    let cart = with(&app.card_cart(1), json!({ "currency": "XOF" }));
    assert_eq!(pasted(&app, PATH, &cart).await.pointers(), ["/currency"]);
    assert_eq!(app.create_intent(&cart, &app.fresh_key()).await.pointers(), ["/currency"]);
    app.audit().await;
}

#[tokio::test]
async fn an_integral_float_is_accepted_as_a_whole_number() {
    let app = TestApp::start().await;
    let text = |amount: &str, quantity: &str| {
        let body = app.card_body(json!({ "amount": "<amount>", "quantity": "<quantity>" })).to_string();
        body.replace("\"<amount>\"", amount).replace("\"<quantity>\"", quantity)
    };
    for (amount, quantity) in [("10000", "2"), ("10000.0", "2.0")] {
        let json = pasted_text(&app, PATH, &text(amount, quantity)).await.expect(201).json();
        assert_eq!(json["amount"], 10_000, "{amount}");
        assert_eq!(app.lomi.transactions().await.last().expect("a payment")["quantity"], 2, "{quantity}");
    }
    for (amount, quantity, pointer) in [
        ("10000.5", "2", "/amount"),
        ("1e4", "2", "/amount"),
        ("10000", "2.5", "/quantity"),
        ("10000", "0", "/quantity"),
        ("10000", "\"2\"", "/quantity"),
        ("-1", "2", "/amount"),
        ("\"10000\"", "2", "/amount"),
    ] {
        let refused = pasted_text(&app, PATH, &text(amount, quantity)).await;
        assert_eq!((refused.status, refused.pointers()), (400, vec![pointer.to_owned()]), "{amount} {quantity}");
        assert!(refused.text().contains("whole number"), "{}", refused.text());
    }
    app.audit().await;
}
