//! Closed routes, and what their answers reveal.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{Answer, TestApp};

use super::{assert_refused, assert_still_sells};

#[tokio::test]
async fn no_spelling_of_a_back_office_address_opens_it() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    for path in [
        "/admin/orders",
        "/admin/orders/",
        "//admin/orders",
        "/./admin/orders",
        "/%61dmin/orders",
        "/ADMIN/orders",
        "/admin%2forders",
        "/products/../admin/orders",
        "/products/..%2fadmin%2forders",
        "/admin/orders?authorization=x",
        "/admin/orders;a=b",
    ] {
        let wrong = format!("Bearer {}x", app.stack.admin_token());
        for bearer in ["", "Bearer", "Bearer null", "Basic YWRtaW46YWRtaW4=", &wrong] {
            let answer = app.http.get(&app.url(path), &[("authorization", bearer)]).await;
            assert_refused(&answer, path);
            assert!(!answer.text().contains(&order.order_id), "{path}");
        }
    }
    app.audit().await;
}

/// Headers with another identity are ignored: only the gateway decides which route matched.
#[tokio::test]
async fn forged_route_and_identity_headers_open_nothing() {
    let app = TestApp::start().await;
    let body = app.body(json!({ "amount": 1, "currency_code": "XOF" }));
    for (name, value) in [
        ("x-original-url", "/admin/checkout-sessions"),
        ("x-rewrite-url", "/admin/checkout-sessions"),
        ("x-forwarded-path", "/admin/checkout-sessions"),
        ("x-http-method-override", "PUT"),
        ("x-amzn-request-context", r#"{"routeKey":"POST /admin/checkout-sessions"}"#),
        ("x-forwarded-for", "127.0.0.1"),
    ] {
        let key = app.fresh_key();
        let headers = [("idempotency-key", key.as_str()), (name, value)];
        let answer = app.http.send_json("POST", &app.url("/checkout-sessions"), &headers, &body).await;
        assert_eq!((answer.status, answer.pointers()), (400, vec!["/amount".to_owned()]), "{name}");
    }
    assert!(app.orders().await.is_empty());
    app.audit().await;
}

#[tokio::test]
async fn a_method_that_a_route_does_not_have_reaches_no_function() {
    let app = TestApp::start().await;
    let routes = [
        ("/products", "GET"),
        ("/checkout-sessions", "POST"),
        ("/payment-intents", "POST"),
        ("/orders/ord_0123456789abcdef0123456789abcdef", "GET"),
        ("/orders/ord_0123456789abcdef0123456789abcdef/cancel", "POST"),
        ("/webhooks/lomi", "POST"),
        ("/pay/0000000000", "GET"),
        ("/pay/0000000000/thanks", "GET"),
        ("/payment-links/0000000000/qr.svg", "GET"),
    ];
    for (path, own) in routes {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            if method != own {
                let answer = app.http.send(method, &app.url(path), &[("idempotency-key", "k")], "{}").await;
                assert_eq!((answer.status, answer.json()), (404, of_the_gateway()), "{method} {path}");
            }
        }
    }
    for path in [
        "/",
        "/checkout-session",
        "/webhooks",
        "/webhooks/other",
        "/_sim/state",
        "/.env",
        "/orders/..%2f..%2fetc%2fpasswd",
    ] {
        let answer = app.http.get(&app.url(path), &[]).await;
        assert_eq!((answer.status, answer.json()), (404, of_the_gateway()), "{path}");
    }
    app.audit().await;
}

/// The gateway's own answer: no function was invoked.
fn of_the_gateway() -> Value {
    json!({ "message": "Not Found" })
}

#[tokio::test]
async fn guessing_order_ids_reveals_nothing() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let unknown = "ord_0123456789abcdef0123456789abcdef";
    let long = "a".repeat(2000);
    let mut shapes = BTreeSet::new();
    for suffix in ["", "/cancel"] {
        let method = if suffix.is_empty() { "GET" } else { "POST" };
        for (id, token) in [
            (order.order_id.as_str(), "0".repeat(64).as_str()),
            (&order.order_id, ""),
            (&order.order_id, &order.order_token.to_uppercase()),
            (&order.order_id, &order.order_token.replacen(char::is_alphanumeric, "", 1)),
            (&order.order_id, &format!("{}0", order.order_token)),
            (unknown, &order.order_token),
            (unknown, ""),
            ("ord_", "x"),
            ("%00", "x"),
            ("%ff%fe", "x"),
            ("ord_%0d%0aset-cookie:%20a=b", "x"),
            ("'%20OR%201=1--", "x"),
            (&order.order_id.to_uppercase(), &order.order_token),
            (&long, "x"),
        ] {
            let bearer = format!("Bearer {token}");
            let url = app.url(&format!("/orders/{id}{suffix}"));
            let answer = app.http.send(method, &url, &[("authorization", &bearer)], "").await;
            shapes.insert(shape(&answer));
        }
    }
    assert_eq!(shapes.len(), 1, "{shapes:#?}");
    assert_eq!(app.order_status(&order.order_id).await, "open");
    app.audit().await;
}

/// Everything of an answer that is equal for any two requests.
fn shape(answer: &Answer) -> (u16, String, BTreeSet<String>, usize) {
    let mut json = answer.json();
    let id = json["request_id"].take();
    assert_eq!(id.as_str().map(str::len), Some(36), "{}", answer.text());
    (answer.status, json.to_string(), names(answer), answer.body.len())
}

fn names(answer: &Answer) -> BTreeSet<String> {
    answer.headers.keys().map(|name| name.as_str().to_owned()).collect()
}

#[tokio::test]
async fn client_input_never_becomes_a_response_header() {
    let app = TestApp::start().await;
    let usual = names(&app.create(&app.cart(1), &app.fresh_key()).await.expect(201));
    for key in ["k%0d%0aset-cookie:a=0b1c2d3e4f5a", "k\tset-cookie:", "clé", "k k", "", " ", &"k".repeat(256)] {
        let headers = [("idempotency-key", key), ("accept-language", "fr\t;q=1, set-cookie:a=b")];
        let answer = app.http.send_json("POST", &app.url("/checkout-sessions"), &headers, &app.cart(1)).await;
        if key.contains('%') {
            // Visible ASCII: an odd key, but a valid one.
            answer.clone().expect(201);
        } else {
            assert_eq!(answer.problem(), (400, "idempotency_key_required".to_owned()), "{key:?}");
        }
        let names = names(&answer);
        assert!(names.difference(&usual).all(|name| name == "content-language"), "{key:?}: {names:?}");
    }
    for path in ["/orders/a%0d%0aset-cookie:a=b", "/products?a=%0d%0aset-cookie:a=b"] {
        let answer = app.http.get(&app.url(path), &[]).await;
        assert!(answer.headers.get("set-cookie").is_none(), "{path}");
    }
    for query in ["status=%ff", "limit=%0d%0a1", "cursor=%00"] {
        let answer = app.admin("GET", &format!("/admin/orders?{query}"), &Value::Null).await;
        assert_eq!(answer.problem(), (400, "validation_failed".to_owned()), "{query}");
    }
    assert_still_sells(&app).await;
    app.audit().await;
}

/// A refusal consists of our own text: it repeats nothing of the request except the pointer.
#[tokio::test]
async fn a_refusal_repeats_no_value_that_was_sent() {
    let app = TestApp::start().await;
    let script = "<script>alert(1)</script>";
    for (member, value) in [
        ("success_url", json!(script)),
        ("customer_email", json!(script)),
        ("customer_phone", json!(script)),
        ("allowed_providers", json!([script])),
        ("cart_token", json!(script)),
        ("metadata", json!({ script: "x" })),
        ("items", json!([{ "sku": script, "quantity": 1 }])),
        ("items", json!(script)),
    ] {
        let mut body = app.cart(1);
        body[member] = value;
        let answer = app.create(&body, &app.fresh_key()).await.expect(400);
        assert!(!answer.text().contains("script"), "{member}: {}", answer.text());
    }
    let delivery =
        app.http.send_json("POST", &app.url("/webhooks/lomi"), &[("x-lomi-event", script)], &json!(script)).await;
    assert!(!delivery.text().contains("script"));
    app.audit().await;
}
