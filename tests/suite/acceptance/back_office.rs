//! The back office: closed to everyone without the token, complete for the merchant.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{Created, TestApp};

#[tokio::test]
async fn the_back_office_is_closed_without_its_token() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let detail = format!("/admin/orders/{}", order.order_id);
    let refunds = format!("{detail}/refunds");
    let ask = format!("{detail}/sync");
    let own = format!("Bearer {}", order.order_token);
    for (method, path) in [
        ("POST", "/admin/checkout-sessions"),
        ("GET", "/admin/orders"),
        ("GET", detail.as_str()),
        ("POST", refunds.as_str()),
        ("POST", "/admin/payment-links"),
        ("GET", "/admin/payment-links"),
        ("GET", "/admin/payment-links/0000000000"),
        ("PATCH", "/admin/payment-links/0000000000"),
        ("DELETE", "/admin/payment-links/0000000000"),
        ("GET", "/admin/products"),
        ("GET", "/admin/products/PAGNE-WAX-6Y"),
        ("PUT", "/admin/products/PAGNE-WAX-6Y"),
        ("DELETE", "/admin/products/PAGNE-WAX-6Y"),
        ("POST", "/admin/customers"),
        ("GET", "/admin/customers"),
        ("GET", "/admin/customers/a0000000-0000-4000-8000-000000000005"),
        ("PATCH", "/admin/customers/a0000000-0000-4000-8000-000000000005"),
        ("DELETE", "/admin/customers/a0000000-0000-4000-8000-000000000005"),
        ("GET", "/admin/customers/a0000000-0000-4000-8000-000000000005/transactions"),
        ("GET", "/admin/quarantine"),
        ("GET", "/admin/quarantine/qtn_0123456789abcdef0123456789abcdef"),
        ("POST", "/admin/quarantine/qtn_0123456789abcdef0123456789abcdef/replay"),
        ("POST", ask.as_str()),
        ("POST", "/admin/webhook-deliveries/replay"),
    ] {
        for bearer in ["", "Bearer ", "Bearer wrong", &own] {
            let headers = [("authorization", bearer), ("idempotency-key", "k")];
            let answer = app.http.send_json(method, &app.url(path), &headers, &json!({})).await;
            assert_eq!(answer.status, 403, "{method} {path} with {bearer:?}");
        }
    }
    app.admin("GET", "/admin/products/PAGNE-WAX-6Y", &Value::Null).await.expect(200);
    app.audit().await;
}

#[tokio::test]
async fn the_merchants_own_backend_may_name_an_amount() {
    let app = TestApp::start().await;
    let body = app.body(json!({ "amount": 7_777, "currency_code": "XOF" }));
    let first = app.create_as_admin(&body, "k").await;
    let order = Created::of(&first);
    assert_eq!(order.amount, 7_777);
    assert_eq!(app.create_as_admin(&body, "k").await.body, first.body);
    app.pay(&order, "mtn").await;
    app.wait_for(&order.order_id, "paid").await;
    for (amount, currency, pointer) in [
        (json!(0), "XOF", "/amount"),
        (json!(-1), "XOF", "/amount"),
        (json!(1.5), "XOF", "/amount"),
        (json!(100), "GHS", "/currency_code"),
    ] {
        let body = app.body(json!({ "amount": amount, "currency_code": currency }));
        let answer = app.create_as_admin(&body, &app.fresh_key()).await;
        assert_eq!((answer.status, answer.pointers()), (400, vec![pointer.to_owned()]), "{amount} {currency}");
    }
    app.audit().await;
}

#[tokio::test]
async fn every_order_is_listed_once_page_by_page_newest_first() {
    let app = TestApp::start().await;
    let mut made = Vec::new();
    for _ in 0..7 {
        made.push(app.open_order().await);
    }
    app.cancel(&made[1]).await.expect(200);
    app.cancel(&made[4]).await.expect(200);
    app.pay(&made[2], "wave").await;
    app.wait_for(&made[2].order_id, "paid").await;
    for limit in [1, 2, 3, 100] {
        let listed = pages(&app, &format!("limit={limit}")).await;
        assert_eq!(ids(&listed), made.iter().rev().map(|order| order.order_id.clone()).collect::<Vec<_>>(), "{limit}");
    }
    let cancelled = pages(&app, "status=cancelled&limit=1").await;
    assert_eq!(ids(&cancelled), [made[4].order_id.clone(), made[1].order_id.clone()]);
    assert_eq!(ids(&pages(&app, "status=paid").await), [made[2].order_id.clone()]);
    assert_eq!(pages(&app, "status=open").await.len(), 4);
    assert!(pages(&app, "status=refunded").await.is_empty());
    app.audit().await;
}

#[tokio::test]
async fn an_invalid_list_query_is_refused_with_a_pointer() {
    let app = TestApp::start().await;
    for (query, pointer) in [
        ("status=paye", "/status"),
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("limit=many", "/limit"),
        ("cursor=nonsense", "/cursor"),
        ("cursor=1234567890123.x", "/cursor"),
    ] {
        let answer = app.admin("GET", &format!("/admin/orders?{query}"), &Value::Null).await;
        assert_eq!((answer.status, answer.pointers()), (400, vec![pointer.to_owned()]), "{query}");
    }
    app.audit().await;
}

#[tokio::test]
async fn the_back_office_shows_the_whole_timeline_and_no_token() {
    let app = TestApp::start().await;
    let mut body = app.cart(3);
    body["metadata"] = json!({ "panier": "A-1007" });
    let order = Created::of(&app.create(&body, "k").await);
    app.cancel(&order).await.expect(200);
    app.pay(&order, "card").await;
    app.wait_for(&order.order_id, "paid").await;
    let answer = app.admin("GET", &format!("/admin/orders/{}", order.order_id), &Value::Null).await.expect(200);
    let shown = answer.json();
    let story: Vec<&str> =
        shown["timeline"].as_array().unwrap().iter().map(|entry| entry["what"].as_str().unwrap()).collect();
    assert_eq!(story, ["created", "opened", "cancelled", "paid"]);
    assert_eq!(shown["checkout_session_id"], order.session_id.as_str());
    assert_eq!(shown["items"][0]["sku"], "PAGNE-WAX-6Y");
    assert_eq!(shown["items"][0]["quantity"], 3);
    assert_eq!(shown["shopper_notes"], json!({ "panier": "A-1007" }));
    assert_eq!(shown["paid_after_cancel"], true);
    assert!(!answer.text().contains(&order.order_token), "the token is the shopper's alone");
    let unknown = app.admin("GET", "/admin/orders/unknown", &Value::Null).await;
    assert_eq!(unknown.problem(), (404, "not_found".to_owned()));
    app.audit().await;
}

#[tokio::test]
async fn a_product_is_written_read_shown_and_removed() {
    let app = TestApp::start().await;
    let product = json!({ "title": "Savon noir", "currency_code": "XOF", "amount": 1_500 });
    app.admin("PUT", "/admin/products/SAVON", &product).await.expect(200);
    let read = app.admin("GET", "/admin/products/SAVON", &Value::Null).await.expect(200).json();
    assert_eq!((&read["amount"], &read["active"], &read["sku"]), (&json!(1_500), &json!(true), &json!("SAVON")));
    let shown = app.http.get(&app.url("/products"), &[]).await.expect(200);
    assert!(shown.text().contains("SAVON") && shown.header("cache-control").contains("max-age"));
    app.admin("DELETE", "/admin/products/SAVON", &Value::Null).await.expect(204);
    assert_eq!(app.admin("DELETE", "/admin/products/SAVON", &Value::Null).await.problem().0, 404);
    for (change, pointer) in [
        (json!({ "title": "" }), "/title"),
        (json!({ "amount": 0 }), "/amount"),
        (json!({ "min_amount": 5 }), "/amount"),
        (json!({ "image_url": "http://x.example/a.png" }), "/image_url"),
        (json!({ "prix": 5 }), "/prix"),
    ] {
        let mut wrong = product.clone();
        wrong.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = app.admin("PUT", "/admin/products/SAVON", &wrong).await;
        assert_eq!((answer.status, answer.pointers()), (400, vec![pointer.to_owned()]), "{change}");
    }
    app.audit().await;
}

/// Every order of a list, page after page; a repeated cursor fails the test.
async fn pages(app: &TestApp, query: &str) -> Vec<Value> {
    let (mut listed, mut seen, mut cursor) = (Vec::new(), BTreeSet::new(), String::new());
    loop {
        let path = format!("/admin/orders?{query}&cursor={cursor}");
        let page = app.admin("GET", &path, &Value::Null).await.expect(200).json();
        listed.extend(page["data"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => assert!(seen.insert(next.to_owned()), "the pages go in a circle"),
            None => return listed,
        }
        cursor = page["next_cursor"].as_str().unwrap().to_owned();
    }
}

fn ids(orders: &[Value]) -> Vec<String> {
    orders.iter().map(|order| order["order_id"].as_str().unwrap().to_owned()).collect()
}
