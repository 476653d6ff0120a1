//! The contract and the code have the same bounds for every request.

use lomi_sandbox::fixtures::{PRICE_A, PRODUCT_A};
use serde_json::{Value, json};
use tests::{Answer, TestApp};

use super::document::Contract;

/// A field of a create body, with accepted values and then refused values.
fn members() -> Vec<(&'static str, Vec<Value>, Vec<Value>)> {
    let text = |count: usize| json!("é".repeat(count));
    let lines = |count: usize| json!(vec![json!({ "sku": "KARITE-500", "quantity": 1 }); count]);
    let labels =
        |count: usize| json!((0..count).map(|n| (format!("n{n}"), json!("x"))).collect::<serde_json::Map<_, _>>());
    let quantity = |quantity: Value| json!([{ "sku": "KARITE-500", "quantity": quantity }]);
    let gift = |amount: Value| json!([{ "sku": "DON-CANTINE", "quantity": 1, "amount": amount }]);
    vec![
        ("title", vec![text(1), text(200)], vec![text(201), json!(5)]),
        ("public_description", vec![text(2000)], vec![text(2001)]),
        ("customer_name", vec![text(1), text(200)], vec![text(0), text(201)]),
        ("customer_email", vec![json!("awa@example.ci")], vec![json!(""), json!("awa"), json!("a@@example.ci")]),
        (
            "customer_phone",
            vec![json!("+2250700000"), json!("00 225 (07) 00.00-00 00"), json!("+123456789012345")],
            vec![json!("0700000000"), json!("+123456"), json!("+1234567890123456"), json!("+22507a000000"), json!("")],
        ),
        ("require_phone", vec![json!(true), json!(false)], vec![json!("true"), json!(1)]),
        (
            "expiration_minutes",
            vec![json!(1), json!(1440)],
            vec![json!(0), json!(1441), json!(-1), json!(1.5), json!("5")],
        ),
        (
            "allowed_providers",
            vec![json!(["WAVE", "MTN"])],
            vec![json!(["wave"]), json!([""]), json!(vec!["WAVE"; 17]), json!(["A".repeat(33)]), json!("WAVE")],
        ),
        (
            "metadata",
            vec![json!({}), labels(50), json!({ "a-b.c_1": "é".repeat(500) }), json!({ "n".repeat(40): "" })],
            vec![
                labels(51),
                json!({ "a": "é".repeat(501) }),
                json!({ "n".repeat(41): "" }),
                json!({ "": "" }),
                json!({ "a b": "" }),
                json!({ "a": null }),
                json!({ "a": ["b"] }),
                json!({ "a": { "b": "c" } }),
                json!([]),
            ],
        ),
        ("items", vec![lines(1), lines(50)], vec![lines(0), lines(51), json!({}), json!([5])]),
        (
            "items",
            vec![quantity(json!(999))],
            vec![quantity(json!(0)), quantity(json!(1000)), quantity(json!(-1)), quantity(json!("2"))],
        ),
        (
            "items",
            vec![gift(json!(500))],
            vec![gift(json!(0)), gift(json!(-500)), gift(json!(1_000_000_000_001_i64)), gift(json!(5.5))],
        ),
        (
            "items",
            vec![],
            vec![json!([{ "sku": "A B", "quantity": 1 }]), json!([{ "sku": "A".repeat(65), "quantity": 1 }])],
        ),
        ("items", vec![], vec![json!([{ "quantity": 1 }]), json!([{ "sku": "KARITE-500" }])]),
        ("items", vec![], vec![json!([{ "sku": "KARITE-500", "quantity": 1, "price": 1 }])]),
        ("success_url", vec![], vec![json!("x".repeat(2049)), json!(5), Value::Null]),
        // A second pricing mode, a field of another mode, and an unknown field.
        ("cart_token", vec![], vec![json!("a.b.c")]),
        ("price_id", vec![], vec![json!("3b9a1c52-0d3b-4a53-8a58-6f3a6f0f1d2e")]),
        ("quantity", vec![], vec![json!(2)]),
        ("amount", vec![], vec![json!(1)]),
        ("currency_code", vec![], vec![json!("XOF")]),
        ("customer_id", vec![], vec![json!("x")]),
        ("reference", vec![], vec![json!("A-1007")]),
    ]
}

/// Fields with another meaning on the public route: a note is a text, an empty list means every provider, and a
/// browser sets neither a reference nor records at lomi.
fn members_of_anybody() -> Vec<(&'static str, Vec<Value>, Vec<Value>)> {
    vec![
        ("payment_reference", vec![], vec![json!("A-1007")]),
        ("subscription_id", vec![], vec![json!(ID)]),
        ("plan_id", vec![], vec![json!(ID)]),
        ("allowed_providers", vec![json!([])], vec![]),
        ("metadata", vec![], vec![json!({ "a": 5 }), json!({ "a": true })]),
    ]
}

fn members_of_the_merchant() -> Vec<(&'static str, Vec<Value>, Vec<Value>)> {
    vec![
        ("payment_reference", vec![json!("é".repeat(200))], vec![json!("é".repeat(201)), json!(5)]),
        ("subscription_id", vec![json!(ID)], vec![json!("sub_1"), json!(5)]),
        ("plan_id", vec![json!(ID)], vec![json!("gold"), json!(5)]),
        ("allowed_providers", vec![], vec![json!([])]),
        ("metadata", vec![json!({ "a": 5, "b": true, "c": 1.5 })], vec![]),
    ]
}

const ID: &str = "3b9a1c52-0d3b-4a53-8a58-6f3a6f0f1d2e";

#[tokio::test]
async fn contract_and_code_agree_on_create_bodies() {
    let (app, contract) = (TestApp::start().await, Contract::published());
    for (path, route) in [
        ("/checkout-sessions", "POST /checkout-sessions"),
        ("/admin/checkout-sessions", "POST /admin/checkout-sessions"),
    ] {
        let own = if path == "/checkout-sessions" { members_of_anybody() } else { members_of_the_merchant() };
        let reserved =
            ["organization_id", "payment_flow", "original_amount", "order_id", "payment_environment", "stripe_x"]
                .map(|name| json!({ name: "" }));
        let labels = ("metadata", vec![], reserved.to_vec());
        for (member, taken, refused) in members().into_iter().chain(own).chain([labels]) {
            for (value, is_taken) in
                taken.iter().map(|value| (value, true)).chain(refused.iter().map(|value| (value, false)))
            {
                let mut body = app.cart(1);
                body[member] = value.clone();
                let said = contract.refuses(route, &body);
                assert_eq!(said.is_none(), is_taken, "{route}: the contract on {member} = {value}: {said:?}");
                let answer = create(&app, path, &body).await;
                let status = if is_taken { 201 } else { 400 };
                assert_eq!(answer.status, status, "{route}: the code on {member} = {value}: {}", answer.text());
            }
        }
    }
    app.audit().await;
}

#[tokio::test]
async fn contract_and_code_agree_on_raw_amounts() {
    let (app, contract) = (TestApp::start().await, Contract::published());
    for (pricing, is_taken) in [
        (json!({ "amount": 100, "currency_code": "XOF" }), true),
        (json!({ "amount": 0, "currency_code": "XOF" }), false),
        (json!({ "amount": 1_000_000_000_001_i64, "currency_code": "XOF" }), false),
        (json!({ "amount": 5000 }), true),
        (json!({ "amount": 5000.0 }), true),
        (json!({ "amount": 5000.5 }), false),
        (json!({ "amount": 5000, "product_id": PRODUCT_A }), true),
        (json!({ "amount": 5000, "product_id": PRODUCT_A, "quantity": 2 }), false),
        (json!({ "amount": 5000, "price_id": PRICE_A }), false),
        (json!({ "amount": 5000, "currency_code": "xof" }), false),
        (json!({ "amount": 5000, "currency_code": "GHS" }), false),
        (json!({ "amount": 5000, "currency_code": "XOF", "quantity": 2 }), false),
        (json!({ "currency_code": "XOF" }), false),
        (json!({}), false),
    ] {
        let body = app.body(pricing);
        assert_eq!(
            contract.refuses("POST /admin/checkout-sessions", &body).is_none(),
            is_taken,
            "the contract on {body}"
        );
        let answer = create(&app, "/admin/checkout-sessions", &body).await;
        assert_eq!(answer.status, if is_taken { 201 } else { 400 }, "the code on {body}: {}", answer.text());
    }
    app.audit().await;
}

#[tokio::test]
async fn contract_and_code_agree_on_products() {
    let (app, contract) = (TestApp::start().await, Contract::published());
    let base = json!({ "title": "Savon noir", "currency_code": "XOF", "amount": 450 });
    for (member, value, is_taken) in [
        ("title", json!("é".repeat(200)), true),
        ("title", json!("é".repeat(201)), false),
        ("title", json!(""), false),
        ("description", json!("é".repeat(2000)), true),
        ("description", json!("é".repeat(2001)), false),
        ("description", Value::Null, true),
        ("amount", json!(1), true),
        ("amount", json!(1_000_000_000_000_i64), true),
        ("amount", json!(1_000_000_000_001_i64), false),
        ("amount", json!(0), false),
        ("amount", json!(4.5), false),
        ("min_amount", json!(1), false),
        ("currency_code", json!("GHS"), false),
        ("image_url", json!("https://shop.example/a.webp"), true),
        ("image_url", json!("http://shop.example/a.webp"), false),
        ("image_url", json!(format!("https://{}", "x".repeat(2041))), false),
        ("active", json!("yes"), false),
        ("prix", json!(5), false),
    ] {
        let mut product = base.clone();
        product[member] = value;
        assert_eq!(
            contract.refuses("PUT /admin/products/{sku}", &product).is_none(),
            is_taken,
            "the contract on {product}"
        );
        let answer = app.admin("PUT", "/admin/products/ESSAI-1", &product).await;
        assert_eq!(answer.status, if is_taken { 200 } else { 400 }, "the code on {product}: {}", answer.text());
    }
    app.audit().await;
}

async fn create(app: &TestApp, path: &str, body: &Value) -> Answer {
    let key = app.fresh_key();
    if path == "/checkout-sessions" { app.create(body, &key).await } else { app.create_as_admin(body, &key).await }
}
