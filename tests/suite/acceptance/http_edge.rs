//! CORS, languages, and refusals that point to the wrong field.

use serde_json::json;
use tests::TestApp;

#[tokio::test]
async fn only_the_shops_origin_may_call_the_api() {
    let app = TestApp::start().await;
    let ask = async |origin: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "content-type,idempotency-key,authorization"),
        ];
        app.http.send("OPTIONS", &app.url("/checkout-sessions"), &headers, "").await
    };
    let own = ask(&app.origin).await;
    assert!((200..300).contains(&own.status));
    assert_eq!(own.header("access-control-allow-origin"), app.origin);
    assert!(own.header("access-control-allow-methods").contains("POST"));
    for name in ["content-type", "idempotency-key", "authorization"] {
        assert!(own.header("access-control-allow-headers").contains(name), "{name}");
    }
    let foreign = ask("https://evil.example").await;
    assert_eq!(foreign.header("access-control-allow-origin"), "");
    app.audit().await;
}

#[tokio::test]
async fn a_shop_can_read_its_answers_and_refusals() {
    let app = TestApp::start().await;
    let key = app.key("k");
    let headers = [("origin", app.origin.as_str()), ("idempotency-key", key.as_str())];
    let url = app.url("/checkout-sessions");
    let answer = app.http.send_json("POST", &url, &headers, &app.cart(1)).await.expect(201);
    let refusal = app.http.send_json("POST", &url, &headers, &app.cart(2)).await.expect(422);
    for answer in [answer, refusal] {
        assert_eq!(answer.header("access-control-allow-origin"), app.origin);
        assert!(answer.header("access-control-expose-headers").contains("idempotency-replayed"));
    }
    app.audit().await;
}

#[tokio::test]
async fn a_french_shop_gets_french_refusals() {
    let app = TestApp::start().await;
    let url = app.url("/checkout-sessions");
    let body = app.body(json!({ "items": [{ "sku": "NOPE", "quantity": 1 }] }));
    let key = app.key("k");
    let in_language = async |language: &str| {
        let headers = [("accept-language", language), ("idempotency-key", key.as_str())];
        app.http.send_json("POST", &url, &headers, &body).await.expect(400)
    };
    let french = in_language("fr-CI,fr;q=0.9,en;q=0.5").await;
    assert_eq!(french.header("content-language"), "fr");
    assert_eq!(french.json()["title"], "Requête invalide");
    assert_eq!(french.json()["errors"][0]["detail"], "Cet article n'est pas en vente.");
    let english = in_language("en").await;
    assert_eq!(english.json()["title"], "Invalid request");
    assert_eq!(english.json()["code"], french.json()["code"]);
    let headers = [("accept-language", "fr")];
    let unknown = app.http.get(&app.url("/orders/unknown"), &headers).await;
    assert_eq!((unknown.status, unknown.json()["title"].clone()), (404, json!("Introuvable")));
    app.audit().await;
}

#[tokio::test]
async fn a_problem_says_what_failed_where_and_if_to_retry() {
    let app = TestApp::start().await;
    let answer = app.create(&json!({}), "k").await;
    let problem = answer.json();
    assert_eq!(answer.problem(), (400, "validation_failed".to_owned()));
    assert_eq!(problem["status"], 400);
    assert_eq!(problem["retryable"], false);
    assert!(!problem["request_id"].as_str().unwrap().is_empty());
    assert!(problem["type"].as_str().unwrap().ends_with("validation_failed"));
    assert_eq!(answer.pointers(), ["/success_url"]);
    app.audit().await;
}

#[tokio::test]
async fn every_wrong_field_is_reported_by_its_pointer() {
    let app = TestApp::start().await;
    for (member, value, pointer) in [
        ("success_url", json!("https://evil.example/"), "/success_url"),
        ("cancel_url", json!("javascript:alert(1)"), "/cancel_url"),
        ("customer_email", json!("nobody"), "/customer_email"),
        ("customer_phone", json!("07"), "/customer_phone"),
        ("metadata", json!({ "order_id": "mine" }), "/metadata/order_id"),
        ("metadata", json!({ "a": 5 }), "/metadata/a"),
        ("expiration_minutes", json!(0), "/expiration_minutes"),
        ("allowed_providers", json!(["wave!"]), "/allowed_providers"),
        ("items", json!([{ "sku": "PAGNE-WAX-6Y", "quantity": "two" }]), "/items/0/quantity"),
        ("items", json!([{ "sku": "PAGNE-WAX-6Y", "quantity": 1, "price": 1 }]), "/items/0/price"),
        ("succes_url", json!("typing mistake"), "/succes_url"),
    ] {
        let mut body = app.cart(1);
        body[member] = value.clone();
        let answer = app.create(&body, &app.fresh_key()).await;
        assert_eq!((answer.status, answer.pointers()), (400, vec![pointer.to_owned()]), "{member} = {value}");
    }
    assert!(app.orders().await.is_empty());
    app.audit().await;
}
