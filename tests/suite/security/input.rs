//! Malformed bodies.

use serde_json::{Value, json};
use tests::TestApp;

use super::{assert_refused, assert_still_sells, post_create};

#[tokio::test]
async fn every_field_of_a_create_refuses_other_types() {
    let app = TestApp::start().await;
    let junk = [json!(5), json!(-1), json!(1.5), json!(true), json!("\u{0}"), json!([[]]), json!({ "$ne": 1 })];
    let takes = |member: &str, value: &Value| match member {
        "title" | "public_description" => value.is_string(),
        "expiration_minutes" => *value == json!(5),
        _ => false,
    };
    for member in [
        "success_url",
        "cancel_url",
        "items",
        "allowed_providers",
        "title",
        "public_description",
        "customer_email",
        "customer_name",
        "customer_phone",
        "metadata",
        "expiration_minutes",
    ] {
        for value in junk.iter().filter(|value| !takes(member, value)) {
            let mut body = app.cart(1);
            body[member] = value.clone();
            let answer = post_create(&app, body.to_string()).await;
            assert_eq!(answer.problem(), (400, "validation_failed".to_owned()), "{member} = {value}");
            let pointers = answer.pointers();
            let is_named = pointers.iter().all(|pointer| pointer.starts_with(&format!("/{member}")));
            assert!(is_named && !pointers.is_empty(), "{member} = {value}: {pointers:?}");
        }
    }
    assert!(app.orders().await.is_empty());
    assert_still_sells(&app).await;
    app.audit().await;
}

#[tokio::test]
async fn an_unknown_field_is_refused_at_every_depth() {
    let app = TestApp::start().await;
    for (place, name, pointer) in [
        ("", "succes_url", "/succes_url"),
        ("", "__proto__", "/__proto__"),
        ("", "a/b~c", "/a~1b~0c"),
        ("", "", "/"),
        ("", "status", "/status"),
        ("", "order_id", "/order_id"),
        ("/items/0", "unit_amount", "/items/0/unit_amount"),
        ("/items/0", "currency_code", "/items/0/currency_code"),
    ] {
        let mut body = app.cart(1);
        body.pointer_mut(place).expect("a place")[name] = json!("x");
        let answer = post_create(&app, body.to_string()).await;
        assert_eq!((answer.status, answer.pointers()), (400, vec![pointer.to_owned()]), "{name:?} in {place:?}");
    }
    let product = json!({ "title": "A", "currency_code": "XOF", "amount": 1, "sku": "OTHER" });
    let answer = app.admin("PUT", "/admin/products/A", &product).await;
    assert_eq!((answer.status, answer.pointers()), (400, vec!["/sku".to_owned()]));
    app.audit().await;
}

#[tokio::test]
async fn a_duplicate_field_is_refused() {
    let app = TestApp::start().await;
    let cart = app.cart(1).to_string();
    let twice = [
        (cart.replacen('{', r#"{"success_url":"https://evil.example/","#, 1), "/success_url"),
        (cart.replacen('{', r#"{"items":[],"#, 1), "/items"),
        (cart.replacen(r#""quantity":1"#, r#""quantity":1,"quantity":2"#, 1), "/items/0/quantity"),
    ];
    for (body, pointer) in twice {
        let answer = post_create(&app, body.clone()).await;
        assert_eq!((answer.status, answer.pointers()), (400, vec![pointer.to_owned()]), "{body}");
    }
    app.audit().await;
}

#[tokio::test]
async fn a_body_that_is_not_utf8_json_is_refused() {
    let app = TestApp::start().await;
    let cart = app.cart(1).to_string();
    let utf16: Vec<u8> = cart.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let overlong = cart.replacen("PAGNE", "\u{1}", 1).into_bytes();
    let overlong: Vec<u8> =
        overlong.iter().flat_map(|byte| if *byte == 1 { vec![0xc0, 0xaf] } else { vec![*byte] }).collect();
    for (what, body) in [
        ("nothing", Vec::new()),
        ("no JSON", b"items=1&quantity=2".to_vec()),
        ("half a body", cart.as_bytes()[..cart.len() / 2].to_vec()),
        ("two bodies", format!("{cart}{cart}").into_bytes()),
        ("a byte order mark", [&[0xef, 0xbb, 0xbf], cart.as_bytes()].concat()),
        ("UTF-16", utf16),
        ("Latin-1", cart.replace("Koné", "Kon\u{1}").bytes().map(|byte| if byte == 1 { 0xe9 } else { byte }).collect()),
        ("an overlong slash", overlong),
        ("a lone surrogate", cart.replace("Koné", r"\ud800").into_bytes()),
        ("a raw control character", cart.replace("Koné", "\u{7}").into_bytes()),
        ("a NUL at the end", format!("{cart}\0").into_bytes()),
        ("a comment", format!("{cart} // done").into_bytes()),
    ] {
        let answer = post_create(&app, body).await;
        assert_eq!(answer.problem(), (400, "malformed_json".to_owned()), "{what}");
    }
    for body in ["null", "[]", "5", "\"x\"", "true"] {
        let answer = post_create(&app, body).await;
        assert_eq!(answer.problem(), (400, "validation_failed".to_owned()), "{body}");
    }
    assert!(app.orders().await.is_empty());
    assert_still_sells(&app).await;
    app.audit().await;
}

#[tokio::test]
async fn a_huge_body_is_a_413() {
    let app = TestApp::start().await;
    let bearer = app.admin_bearer();
    for bytes in [300 * 1024, 5_000_000, 10_000_000, 11_000_000] {
        let body = bytes::Bytes::from(format!("\"{}\"", "x".repeat(bytes)));
        for (method, path) in [
            ("POST", "/checkout-sessions"),
            ("POST", "/payment-intents"),
            ("POST", "/admin/payment-intents"),
            ("POST", "/admin/checkout-sessions"),
            ("POST", "/webhooks/lomi"),
            ("POST", "/orders/ord_0123456789abcdef0123456789abcdef/cancel"),
            ("PUT", "/admin/products/A"),
            ("POST", "/admin/payment-links"),
        ] {
            let headers = [
                ("authorization", bearer.as_str()),
                ("idempotency-key", "large"),
                ("content-type", "application/json"),
                ("x-lomi-signature", "00"),
            ];
            let answer = app.http.send(method, &app.url(path), &headers, body.clone()).await;
            assert_refused(&answer, path);
            assert_eq!(answer.status, 413, "{bytes} bytes to {path}");
        }
    }
    assert_still_sells(&app).await;
    app.audit().await;
}

#[tokio::test]
async fn deeply_nested_json_is_a_4xx() {
    let app = TestApp::start().await;
    for depth in [128, 10_000, 100_000] {
        let arrays = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let objects = format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        let in_member = app.cart(1).to_string().replacen('{', &format!(r#"{{"metadata":{arrays},"#), 1);
        for body in [arrays, objects, in_member, "[".repeat(depth), r#"{"items":["#.repeat(depth)] {
            assert_refused(&post_create(&app, body).await, &format!("{depth} levels"));
        }
    }
    assert_still_sells(&app).await;
    app.audit().await;
}

/// An authentic delivery never gets a 4xx, not even with malformed bytes: it is quarantined.
#[tokio::test]
async fn a_signed_malformed_delivery_is_quarantined_with_200() {
    let app = TestApp::start().await;
    for bytes in
        ["{", "null", "[]", "\"\u{0}\"", r#"{"event":5,"data":[]}"#, r#"{"event":"PAYMENT_SUCCEEDED","data":null}"#]
    {
        assert_eq!(app.deliver_bytes(bytes).await.outcome(), "quarantined", "{bytes}");
    }
    let deep = format!(r#"{{"event":"PAYMENT_SUCCEEDED","data":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(app.deliver_bytes(&deep).await.outcome(), "quarantined");
    assert_still_sells(&app).await;
    app.audit().await;
}
