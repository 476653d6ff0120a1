//! `POST /checkout-sessions` of the documents of 2025.

use lomi_sandbox::fixtures::{CUSTOMER_A, MERCHANT_A, ORGANIZATION_A, PLAN_A, PRODUCT_A, SUBSCRIPTION_A};
use serde_json::{Value, json};
use tests::{Answer, Created, EMAIL, NAME, PHONE, Setup, TestApp};

use super::{members, pasted, pasted_text, with};

const PATH: &str = "/admin/checkout-sessions";

fn printed(app: &TestApp) -> Value {
    json!({
        "success_url": format!("{}/order/success?", app.origin),
        "cancel_url": format!("{}/cart", app.origin),
        "allowed_providers": ["WAVE", "ORANGE"],
        "amount": 10_000,
        "currency_code": "XOF",
        "title": "Your Order Summary",
        "metadata": { "internal_order_ref": "ORD-12345" },
    })
}

#[tokio::test]
async fn a_session_is_opened_as_the_documents_print_it() {
    let app = TestApp::start().await;
    for profile in ["current", "june2026", "seeds"] {
        app.lomi.profile(profile).await;
        let answer = pasted(&app, PATH, &printed(&app)).await.expect(201);
        let json = answer.json();
        assert_eq!(json["url"], json["checkout_url"], "{profile}");
        let merchant = if profile == "seeds" { json!(MERCHANT_A) } else { Value::Null };
        let expected = with(
            &printed(&app),
            json!({
                "status": "open", "merchant_id": merchant, "organization_id": ORGANIZATION_A, "environment": "test",
                "public_description": null, "customer_email": null, "customer_name": null, "customer_phone": null,
                "product_id": null, "subscription_id": null, "plan_id": null,
            }),
        );
        let names: Vec<_> = expected.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members(&json, &names), expected, "{profile}");
        for time in ["created_at", "expires_at"] {
            assert!(json[time].as_str().is_some_and(|time| time.ends_with('Z')), "{profile} {time}: {json}");
        }
        let order = Created::of(&answer);
        app.pay(&order, "wave").await;
        let paid = app.wait_for(&order.order_id, "paid").await;
        assert_eq!(paid["metadata"], json!({ "internal_order_ref": "ORD-12345" }), "{profile}");
    }
    app.audit().await;
}

/// The stored answer has no personal data of the shopper, and a repeated request still gets the same bytes.
#[tokio::test]
async fn the_shoppers_contact_is_returned_and_not_stored() {
    let app = TestApp::start().await;
    let contact = json!({ "customer_email": EMAIL, "customer_name": NAME, "customer_phone": "00225 07 00 00 99 11" });
    let body = with(&printed(&app), contact);
    let first = app.create_as_admin(&body, "k").await.expect(201);
    let shown = members(&first.json(), &["customer_email", "customer_name", "customer_phone"]);
    assert_eq!(shown, json!({ "customer_email": EMAIL, "customer_name": NAME, "customer_phone": PHONE }));
    let again = app.create_as_admin(&body, "k").await.expect(201);
    assert_eq!((&again.body, again.header("idempotency-replayed")), (&first.body, "true"));
    let table = json!(app.table.items("").await).to_string();
    assert!(table.contains("Your Order Summary"), "the whole table was read");
    for contact in [EMAIL, NAME, PHONE, "00225 07"] {
        assert!(!table.contains(contact), "{contact} is kept");
    }
    // A storefront gets the same fields as before.
    let public = app.create(&app.cart(1), "k").await.expect(201).json();
    let names: Vec<_> = public.as_object().unwrap().keys().map(String::as_str).collect();
    let always = ["amount", "checkout_session_id", "checkout_url", "currency_code", "expires_at"];
    assert_eq!(names, [&always[..], &["order_id", "order_token", "status"]].concat());
    app.audit().await;
}

#[tokio::test]
async fn a_product_beside_an_amount_prices_nothing() {
    let app = TestApp::start().await;
    for profile in ["current", "june2026", "seeds"] {
        app.lomi.profile(profile).await;
        // 5 000 francs is lomi's own price of the product.
        let noted = with(&printed(&app), json!({ "amount": 5_000, "product_id": PRODUCT_A }));
        let json = pasted(&app, PATH, &noted).await.expect(201).json();
        assert_eq!(json["product_id"], PRODUCT_A, "{profile}");
        assert_eq!(app.lomi.sessions().await.last().expect("a session")["product_id"], PRODUCT_A, "{profile}");
        // lomi opens this page at 5 000 francs: it is not returned.
        let dearer = with(&noted, json!({ "amount": 7_000 }));
        handed_out_nothing(&app, pasted(&app, PATH, &dearer).await).await;
        // Without an amount lomi prices the product; its first generation requires an amount.
        if profile != "seeds" {
            let mut by_lomi = noted;
            by_lomi.as_object_mut().unwrap().retain(|name, _| !["amount", "currency_code"].contains(&name.as_str()));
            let json = pasted(&app, PATH, &by_lomi).await.expect(201).json();
            assert_eq!((&json["amount"], &json["product_id"]), (&json!(5_000), &json!(PRODUCT_A)), "{profile}");
        }
    }
    app.audit().await;
}

#[tokio::test]
async fn a_plan_is_sent_where_lomi_has_plans() {
    let app = TestApp::start().await;
    let noted = with(&printed(&app), json!({ "amount": 5_000, "plan_id": PLAN_A }));
    for (profile, plan) in [("current", Value::Null), ("june2026", Value::Null), ("seeds", json!(PLAN_A))] {
        app.lomi.profile(profile).await;
        assert_eq!(pasted(&app, PATH, &noted).await.expect(201).json()["plan_id"], plan, "{profile}");
    }
    // A plan with another price, or an unknown plan.
    let unknown = json!({ "plan_id": "b0000000-0000-4000-8000-000000000009" });
    for other in [with(&noted, json!({ "amount": 7_000 })), with(&noted, unknown)] {
        handed_out_nothing(&app, pasted(&app, PATH, &other).await).await;
    }
    app.lomi.profile("current").await;
    app.lomi.quirks(json!({ "session_fields_refused": ["plan_id"] })).await;
    handed_out_nothing(&app, pasted(&app, PATH, &noted).await).await;
    pasted(&app, PATH, &printed(&app)).await.expect(201);
    app.audit().await;
}

/// lomi refused, or opened another page: the caller gets no page.
async fn handed_out_nothing(app: &TestApp, answer: Answer) {
    assert_eq!(answer.problem(), (502, "provider_rejected".to_owned()));
    let orders = app.orders().await;
    let rejected: Vec<_> = orders.iter().filter(|order| order["status"] == "rejected").collect();
    assert!(!rejected.is_empty() && rejected.iter().all(|order| order["checkout_session_id"].is_null()));
}

#[tokio::test]
async fn an_unpaid_invoice_of_a_subscription_comes_first() {
    let app = TestApp::start().await;
    let body = with(&printed(&app), json!({ "subscription_id": SUBSCRIPTION_A }));
    let json = pasted(&app, PATH, &body).await.expect(201).json();
    assert_eq!(json["subscription_id"], SUBSCRIPTION_A);
    assert_eq!(app.lomi.sessions().await[0]["subscription_id"], SUBSCRIPTION_A);
    app.lomi.block_with_invoice(CUSTOMER_A, 12_000).await;
    let before = app.lomi.sessions().await.len();
    let blocked = pasted(&app, PATH, &body).await;
    assert_eq!(blocked.problem(), (402, "invoice_payment_required".to_owned()));
    assert_eq!(app.lomi.sessions().await.len(), before);
    app.audit().await;
}

#[tokio::test]
async fn a_wrong_field_of_a_session_is_named() {
    let app = TestApp::start().await;
    for (wrong, pointer) in [
        (json!({ "allowed_providers": [] }), "/allowed_providers"),
        (json!({ "subscription_id": "sub_1" }), "/subscription_id"),
        (json!({ "plan_id": "gold" }), "/plan_id"),
        (json!({ "product_id": "a b" }), "/product_id"),
        (json!({ "product_id": PRODUCT_A, "quantity": 2 }), "/quantity"),
        (json!({ "amount": 10_000.5 }), "/amount"),
        (json!({ "amount": "10000" }), "/amount"),
        (json!({ "currency_code": "xof" }), "/currency_code"),
    ] {
        let refused = pasted(&app, PATH, &with(&printed(&app), wrong.clone())).await;
        assert_eq!((refused.status, refused.pointers()), (400, vec![pointer.to_owned()]), "{wrong}");
    }
    // A browser cannot set records at lomi.
    for member in ["subscription_id", "plan_id"] {
        let refused = app.create(&with(&app.cart(1), json!({ member: SUBSCRIPTION_A })), &app.fresh_key()).await;
        assert_eq!(refused.pointers(), [format!("/{member}")], "{}", refused.text());
        assert!(refused.text().contains("Only your own backend"));
    }
    // An omitted list means every provider; an amount in another spelling is the same amount.
    let mut body = printed(&app);
    body.as_object_mut().unwrap().remove("allowed_providers");
    let text = body.to_string().replace("10000", "10000.0");
    let json = pasted_text(&app, PATH, &text).await.expect(201).json();
    assert_eq!((&json["allowed_providers"], &json["amount"]), (&json!([]), &json!(10_000)));
    app.audit().await;
}

#[tokio::test]
async fn an_amount_without_a_currency_uses_the_stacks_currency() {
    for (default_currency, currency) in [("", "XOF"), ("EUR", "EUR")] {
        let app = TestApp::start_with(Setup { default_currency, ..Setup::default() }).await;
        let mut page = printed(&app);
        page.as_object_mut().unwrap().remove("currency_code");
        let card = app.card_body(json!({ "amount": 10_000 }));
        for (path, body) in [(PATH, page), ("/admin/payment-intents", card)] {
            let json = pasted(&app, path, &body).await.expect(201).json();
            assert_eq!((&json["amount"], &json["currency_code"]), (&json!(10_000), &json!(currency)), "{path}");
            let said = pasted(&app, path, &with(&body, json!({ "currency_code": "USD" }))).await.expect(201).json();
            assert_eq!(said["currency_code"], "USD", "{path}");
        }
        app.audit().await;
    }
}
