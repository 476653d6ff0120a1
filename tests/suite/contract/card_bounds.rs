//! The contract and the code have the same bounds for a card form's body.

use serde_json::{Value, json};
use tests::TestApp;

use super::document::Contract;

const ID: &str = "2f6c1d0e-5b7a-4a53-9d9b-3c2a7a1e8f10";

/// A field, with accepted values and then refused values.
fn members() -> Vec<(&'static str, Vec<Value>, Vec<Value>)> {
    let text = |count: usize| json!("é".repeat(count));
    vec![
        ("title", vec![text(200)], vec![text(201)]),
        ("description", vec![text(500)], vec![text(501), json!(5)]),
        ("customer_id", vec![], vec![json!("cus_1"), json!(ID.replace("-4a", "-1a"))]),
        ("customer_email", vec![json!("awa@example.ci")], vec![json!("awa"), json!("")]),
        ("customer_name", vec![text(200)], vec![text(201), text(0)]),
        ("customer_phone", vec![json!("00 225 07 00 00 00 00")], vec![json!("0700000000")]),
        (
            "metadata",
            vec![json!({ "a": "b" })],
            vec![json!({ "payment_reference": "A" }), json!({ "organization_id": "A" }), json!({ "a": null })],
        ),
        ("appearance_theme", vec![json!("light"), json!("dark"), json!("flat")], vec![json!("night"), json!(1)]),
        ("appearance_border_radius", vec![json!(0), json!(64)], vec![json!(65), json!(-1), json!(1.5)]),
        ("appearance_billing_address", vec![json!("auto"), json!("never")], vec![json!("always")]),
        ("success_url", vec![], vec![json!("https://shop.example")]),
        ("price_id", vec![], vec![json!(ID)]),
        ("amount", vec![], vec![json!(5000)]),
        ("cart_token", vec![], vec![json!("a.b.c")]),
    ]
}

/// Fields for the merchant's backend only. The public route refuses every value.
fn members_of_the_merchant() -> Vec<(&'static str, Vec<Value>, Vec<Value>)> {
    let text = |count: usize| json!("é".repeat(count));
    vec![
        ("payment_reference", vec![text(200)], vec![text(201)]),
        (
            "quantity",
            vec![json!(1), json!(2.0), json!(1_000_000)],
            vec![json!(0), json!(1_000_001), json!(2.5), json!("2")],
        ),
        ("metadata", vec![json!({ "a": 1 }), json!({ "a": true })], vec![]),
        ("product_id", vec![json!(ID)], vec![json!("prod_1"), json!(ID.replace("-4a", "-1a"))]),
        ("subscription_id", vec![json!(ID)], vec![json!("sub_1"), json!(ID.replace("-4a", "-1a"))]),
    ]
}

#[tokio::test]
async fn contract_and_code_agree_on_card_forms() {
    let (app, contract) = (TestApp::start().await, Contract::published());
    for route in ["POST /payment-intents", "POST /admin/payment-intents"] {
        let is_public = route == "POST /payment-intents";
        let own = members_of_the_merchant().into_iter().map(|(member, taken, refused)| match is_public {
            true => (member, vec![], [taken, refused].concat()),
            false => (member, taken, refused),
        });
        for (member, taken, refused) in members().into_iter().chain(own) {
            let taken = taken.iter().map(|value| (value, true));
            for (value, is_taken) in taken.chain(refused.iter().map(|value| (value, false))) {
                let mut body = app.card_cart(1);
                body[member] = value.clone();
                check(&app, &contract, route, &body, is_taken).await;
            }
        }
    }
    for (price, is_taken) in [
        (json!({ "amount": 5000 }), true),
        (json!({ "amount": 5000.0, "currency": "EUR" }), true),
        (json!({ "amount": 5000.5 }), false),
        (json!({ "amount": 5000, "currency": "eur" }), false),
        (json!({ "currency": "XOF" }), false),
    ] {
        check(&app, &contract, "POST /admin/payment-intents", &app.card_body(price), is_taken).await;
    }
    for (payer, is_taken) in [
        (json!({ "customer_email": "awa@example.ci" }), false),
        (json!({ "customer_name": "Awa" }), false),
        (json!({ "customer_email": "awa@example.ci", "customer_name": "Awa" }), true),
        (json!({ "customer_id": app.lomi.customer().await }), true),
        (json!({}), false),
    ] {
        let mut body = json!({ "amount": 5000, "currency_code": "XOF" });
        body.as_object_mut().unwrap().extend(payer.as_object().cloned().unwrap());
        check(&app, &contract, "POST /admin/payment-intents", &body, is_taken).await;
    }
    app.audit().await;
}

async fn check(app: &TestApp, contract: &Contract, route: &str, body: &Value, is_taken: bool) {
    let said = contract.refuses(route, body);
    assert_eq!(said.is_none(), is_taken, "{route}: the contract on {body}: {said:?}");
    let key = app.fresh_key();
    let answer = if route == "POST /payment-intents" {
        app.create_intent(body, &key).await
    } else {
        app.create_intent_as_admin(body, &key).await
    };
    let status = if is_taken { 201 } else { 400 };
    assert_eq!(answer.status, status, "{route}: the code on {body}: {}", answer.text());
}
