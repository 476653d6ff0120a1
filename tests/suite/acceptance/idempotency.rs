//! One order and one page per idempotency key.

use futures::future::{join, join_all};
use serde_json::json;
use tests::{Created, TestApp};

#[tokio::test]
async fn a_double_click_makes_one_order_and_one_page() {
    let app = TestApp::start().await;
    let cart = app.cart(1);
    let answers = join_all((0..8).map(|_| app.create(&cart, "double"))).await;
    let created: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert!(!created.is_empty(), "somebody must have got the page");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.problem(), (409, "idempotency_in_progress".to_owned()));
        assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1);
    }
    let again = app.create(&cart, "double").await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert!(created.iter().all(|answer| answer.body == again.body));
    assert_eq!((app.orders().await.len(), app.lomi.sessions().await.len()), (1, 1));
    app.audit().await;
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_bytes() {
    let app = TestApp::start().await;
    let first = app.create(&app.cart(1), "k").await.expect(201);
    assert_eq!(first.header("idempotency-replayed"), "");
    // The first answer is repeated even when the order has changed since.
    let order = Created::of(&first);
    app.pay(&order, "wave").await;
    app.wait_for(&order.order_id, "paid").await;
    let again = app.create(&app.cart(1), "k").await.expect(201);
    assert_eq!((again.body, again.headers["idempotency-replayed"].as_bytes()), (first.body, &b"true"[..]));
    assert_eq!(app.lomi.sessions().await.len(), 1);
    app.audit().await;
}

#[tokio::test]
async fn an_expired_answer_is_not_replayed_before_its_deletion() {
    let app = TestApp::start().await;
    let first = Created::of(&app.create(&app.cart(1), "k").await);
    let claim = app.table.items("IDEM#").await.pop().unwrap();
    assert!(app.table.set_number(claim["PK"].as_str().unwrap(), "IDEM", "expires_at_ms", 1).await);
    // The key is free again, even for another cart. (It also needs a new record at lomi, where a key has one answer.)
    let key = app.key("k");
    let key = [("idempotency-key", key.as_str())];
    let second = app.http.send_json("POST", &app.url("/checkout-sessions"), &key, &app.cart(2)).await.expect(201);
    let second = Created::of(&second);
    assert_ne!(second.order_id, first.order_id);
    assert_eq!((app.table.items("IDEM#").await.len(), app.lomi.sessions().await.len()), (1, 2));
    app.audit().await;
}

#[tokio::test]
async fn a_key_reused_for_another_cart_is_refused() {
    let app = TestApp::start().await;
    let order = Created::of(&app.create(&app.cart(1), "k").await);
    let before = app.order(&order.order_id).await;
    let refused = app.create(&app.cart(2), "k").await;
    assert_eq!(refused.problem(), (422, "idempotency_key_reused".to_owned()));
    assert_eq!(app.order(&order.order_id).await, before);
    assert_eq!((app.orders().await.len(), app.lomi.sessions().await.len()), (1, 1));
    app.audit().await;
}

#[tokio::test]
async fn field_order_does_not_make_another_request() {
    let app = TestApp::start().await;
    let compact = app.cart(1).to_string();
    let first = app.create(&app.cart(1), "k").await.expect(201);
    let members = compact.trim_start_matches('{').trim_end_matches('}');
    // `cart` writes its fields sorted: this moves the last one to the front.
    let (head, tail) = members.rsplit_once(",\"success_url\"").unwrap();
    let turned = format!("{{ \"success_url\"{tail} , {head} }}");
    let key = app.key("k");
    let headers = [("idempotency-key", key.as_str()), ("content-type", "application/json")];
    let again = app.http.send("POST", &app.url("/checkout-sessions"), &headers, turned).await.expect(201);
    assert_eq!(again.body, first.body);
    app.audit().await;
}

#[tokio::test]
async fn a_missing_empty_or_unprintable_key_is_refused() {
    let app = TestApp::start().await;
    let url = app.url("/checkout-sessions");
    let long = "k".repeat(256);
    for headers in [
        vec![],
        vec![("idempotency-key", "")],
        vec![("idempotency-key", "a b")],
        vec![("idempotency-key", long.as_str())],
    ] {
        let answer = app.http.send_json("POST", &url, &headers, &app.cart(1)).await;
        assert_eq!(answer.problem(), (400, "idempotency_key_required".to_owned()), "{headers:?}");
    }
    // The merchant's backend may send no key, but not an invalid one.
    let bearer = app.admin_bearer();
    for (path, body) in [("/admin/checkout-sessions", app.cart(1)), ("/admin/payment-intents", app.card_cart(1))] {
        for key in ["", " ", "a b", long.as_str()] {
            let headers = [("idempotency-key", key), ("authorization", bearer.as_str())];
            let answer = app.http.send_json("POST", &app.url(path), &headers, &body).await;
            assert_eq!(answer.problem(), (400, "idempotency_key_required".to_owned()), "{path} {key:?}");
        }
    }
    assert!(app.orders().await.is_empty());
    app.audit().await;
}

#[tokio::test]
async fn a_merchants_request_without_a_key_is_an_order_of_its_own() {
    let app = TestApp::start().await;
    for (path, body) in [("/admin/checkout-sessions", app.cart(1)), ("/admin/payment-intents", app.card_cart(1))] {
        let (first, second) = join(app.admin("POST", path, &body), app.admin("POST", path, &body)).await;
        for answer in [&first, &second] {
            app.keep_out_of_logs(answer.json()["order_token"].as_str().expect("a token"));
            assert_eq!((answer.status, answer.header("idempotency-replayed")), (201, ""), "{}", answer.text());
        }
        assert_ne!(first.json()["order_id"], second.json()["order_id"], "{path}");
    }
    assert_eq!((app.orders().await.len(), app.table.items("IDEM#").await.len()), (4, 4));
    assert_eq!((app.lomi.sessions().await.len(), app.lomi.intents().await.len()), (2, 2));
    app.audit().await;
}

/// A repeated key gets the order's token: two shoppers with the same guessable key would pay each other's order.
#[tokio::test]
async fn a_low_entropy_key_opens_nothing() {
    let app = TestApp::start().await;
    let card = app.card_cart(1);
    for key in [
        "undefined",
        "null",
        "NaN",
        "1",
        "0",
        "true",
        "cart-1042",
        "21-characters-of-a-ke",
        "undefined-undefined-undefined",
        "cart-null-null-null-null-null",
        "00000000-0000-0000-0000-000000000000",
    ] {
        for (path, body) in [("/checkout-sessions", &app.cart(1)), ("/payment-intents", &card)] {
            let headers = [("idempotency-key", key), ("accept-language", "fr")];
            let answer = app.http.send_json("POST", &app.url(path), &headers, body).await;
            assert_eq!(answer.problem(), (400, "idempotency_key_guessable".to_owned()), "{path} {key}");
            assert!(answer.json()["detail"].as_str().is_some_and(|detail| detail.contains("UUID")));
        }
    }
    assert!(app.orders().await.is_empty() && app.lomi.sessions().await.is_empty());
    // The gateway authenticates the merchant's backend, so it may choose any key.
    let body = app.body(json!({ "amount": 700, "currency_code": "XOF" }));
    app.create_as_admin(&body, "1").await.expect(201);
    for key in ["3f0c2a1e-9b7d-4c58-8e21-5a6b7c8d9e0f", "Zm9vYmFyYmF6cXV4MTIzNA"] {
        let url = app.url("/checkout-sessions");
        app.http.send_json("POST", &url, &[("idempotency-key", key)], &app.cart(1)).await.expect(201);
    }
    app.audit().await;
}

#[tokio::test]
async fn a_shop_and_its_backend_may_use_the_same_key() {
    let app = TestApp::start().await;
    let public = Created::of(&app.create(&app.cart(1), "k").await);
    let body = app.body(json!({ "amount": 700, "currency_code": "XOF" }));
    let admin = Created::of(&app.create_as_admin(&body, "k").await);
    assert_ne!(public.order_id, admin.order_id);
    app.audit().await;
}

#[tokio::test]
async fn a_cart_that_was_refused_leaves_its_key_free() {
    let app = TestApp::start().await;
    let unknown = app.body(json!({ "items": [{ "sku": "NOPE", "quantity": 1 }] }));
    assert_eq!(app.create(&unknown, "k").await.problem().0, 400);
    app.create(&app.cart(1), "k").await.expect(201);
    app.audit().await;
}
