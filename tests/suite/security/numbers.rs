//! Invalid amounts and quantities, and prices from callers who may not set them.

use serde_json::json;
use tests::TestApp;

use super::post_create;

/// Texts that must never be accepted as a whole number.
const NO_WHOLE_NUMBERS: [&str; 22] = [
    "-1",
    "0",
    "-0",
    "0.5",
    "1.5",
    "-12500",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "-9223372036854775809",
    "340282366920938463463374607431768211456",
    "1e3",
    "1E+2",
    "1e309",
    "NaN",
    "Infinity",
    "-Infinity",
    "0x10",
    "\"12500\"",
    "\"10,00\"",
    "true",
    "[1]",
];

#[tokio::test]
async fn a_quantity_or_amount_is_a_positive_whole_number() {
    let app = TestApp::start().await;
    let cart = app.cart(1).to_string();
    let gift = app.body(json!({ "items": [{ "sku": "DON-CANTINE", "quantity": 1, "amount": 777 }] })).to_string();
    for text in NO_WHOLE_NUMBERS {
        for (body, pointer) in [
            (cart.replacen(r#""quantity":1"#, &format!(r#""quantity":{text}"#), 1), "/items/0/quantity"),
            (gift.replacen("777", text, 1), "/items/0/amount"),
            (cart.replacen('{', &format!(r#"{{"expiration_minutes":{text},"#), 1), "/expiration_minutes"),
        ] {
            let answer = post_create(&app, body).await;
            let (status, code) = answer.problem();
            assert_eq!(status, 400, "{pointer} = {text}");
            let is_named = answer.json()["errors"].is_array() && answer.pointers() == [pointer];
            assert!(is_named || code == "malformed_json", "{pointer} = {text}: {}", answer.text());
        }
    }
    assert!(app.orders().await.is_empty());
    app.audit().await;
}

#[tokio::test]
async fn a_raw_amount_is_a_positive_whole_number() {
    let app = TestApp::start().await;
    let bearer = app.admin_bearer();
    let body = app.body(json!({ "amount": 777, "currency_code": "XOF" })).to_string();
    for text in NO_WHOLE_NUMBERS {
        let key = app.fresh_key();
        let headers =
            [("authorization", bearer.as_str()), ("idempotency-key", &key), ("content-type", "application/json")];
        let url = app.url("/admin/checkout-sessions");
        let answer = app.http.send("POST", &url, &headers, body.replacen("777", text, 1)).await;
        assert_eq!(answer.problem().0, 400, "{text}");
    }
    assert!(app.orders().await.is_empty());
    app.audit().await;
}

#[tokio::test]
async fn a_browser_that_names_a_price_is_refused_with_a_pointer_to_it() {
    let app = TestApp::start().await;
    for (pricing, pointer) in [
        (json!({ "amount": 1, "currency_code": "XOF" }), "/amount"),
        (json!({ "amount": 1 }), "/amount"),
        (json!({ "items": [{ "sku": "PAGNE-WAX-6Y", "quantity": 1 }], "amount": 1 }), "/amount"),
        (json!({ "items": [{ "sku": "PAGNE-WAX-6Y", "quantity": 1 }], "currency_code": "XOF" }), "/currency_code"),
        (json!({ "items": [{ "sku": "PAGNE-WAX-6Y", "quantity": 1, "amount": 1 }] }), "/items/0/amount"),
        (json!({ "items": [{ "sku": "PAGNE-WAX-6Y", "quantity": 1, "unit_amount": 1 }] }), "/items/0/unit_amount"),
        (json!({ "items": [{ "sku": "PAGNE-WAX-6Y", "quantity": 1 }], "total": 1 }), "/total"),
        (json!({ "items": [{ "sku": "DON-CANTINE", "quantity": 1, "amount": 499 }] }), "/items/0/amount"),
    ] {
        let answer = app.create(&app.body(pricing.clone()), &app.fresh_key()).await;
        assert_eq!((answer.status, answer.pointers()), (400, vec![pointer.to_owned()]), "{pricing}");
    }
    assert!(app.orders().await.is_empty());
    app.audit().await;
}

#[tokio::test]
async fn a_total_out_of_bounds_is_refused_and_not_wrapped() {
    let app = TestApp::start().await;
    let product = json!({ "title": "Or", "currency_code": "XOF", "amount": 1_000_000_000_000_i64 });
    app.admin("PUT", "/admin/products/OR", &product).await.expect(200);
    for items in [
        json!([{ "sku": "OR", "quantity": 999 }]),
        json!(vec![json!({ "sku": "OR", "quantity": 1 }); 50]),
        json!([{ "sku": "OR", "quantity": 1 }, { "sku": "BISSAP-1L", "quantity": 1 }]),
    ] {
        let answer = app.create(&app.body(json!({ "items": items })), &app.fresh_key()).await;
        assert_eq!((answer.status, answer.pointers()), (400, vec!["/items".to_owned()]));
    }
    app.audit().await;
}
