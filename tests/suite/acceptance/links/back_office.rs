//! Managed links in the back office.

use futures::future::join_all;
use serde_json::{Value, json};
use tests::TestApp;

#[tokio::test]
async fn a_repeated_key_makes_one_managed_link() {
    let app = TestApp::start().await;
    let body = app.link_body(json!({ "max_payments": 1 }));
    let answers = join_all((0..5).map(|_| app.post_link(&body, "k"))).await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert!(made.iter().all(|answer| answer.body == made[0].body));
    let refused = answers.iter().filter(|answer| answer.status != 201);
    refused.for_each(|answer| assert_eq!(answer.problem(), (409, "idempotency_in_progress".to_owned())));
    let code = made[0].json()["code"].as_str().unwrap().to_owned();
    app.led(&code).await;
    let again = app.post_link(&body, "k").await.expect(201);
    assert_eq!((&again.body, again.header("idempotency-replayed")), (&made[0].body, "true"));
    let other = app.post_link(&app.link_body(json!({})), "k").await;
    assert_eq!(other.problem(), (422, "idempotency_key_reused".to_owned()));
    let malformed = app.post_link(&body, "a b").await;
    assert_eq!(malformed.problem(), (400, "idempotency_key_required".to_owned()));
    assert_eq!(app.table.items("LINK#").await.len(), 1);
    app.audit().await;
}

#[tokio::test]
async fn every_link_is_listed_once_page_by_page_newest_first() {
    let app = TestApp::start().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(app.link(json!({})).await);
    }
    made.reverse();
    app.admin("DELETE", &format!("/admin/payment-links/{}", made[1]), &Value::Null).await.expect(200);
    app.open_order().await;
    for limit in [1, 2, 100] {
        let (mut codes, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/admin/payment-links?limit={limit}&cursor={cursor}");
            let page = app.admin("GET", &path, &Value::Null).await.expect(200).json();
            codes.extend(page["data"].as_array().unwrap().iter().map(|link| link["code"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = next.to_owned();
        }
        codes.sort_by_key(|code| made.iter().position(|made| made == code));
        assert_eq!(codes, made, "{limit}");
    }
    for (query, pointer) in [
        ("limit=0", "/limit"),
        ("kind=other", "/kind"),
        ("kind=managed&is_active=true", "/is_active"),
        ("kind=managed&linkType=instant", "/linkType"),
        ("kind=managed&offset=0", "/offset"),
        ("kind=managed&cursor=native", "/cursor"),
        ("kind=native&cursor=native", "/cursor"),
        ("linkType=x", "/linkType"),
        ("isActive=oui", "/isActive"),
        ("linkType=product&link_type=instant", "/linkType"),
        ("isActive=true&is_active=false", "/isActive"),
        ("offset=-1", "/offset"),
        ("offset=981", "/offset"),
        ("offset=5&cursor=20.p2", "/offset"),
        ("page=2", "/page"),
        ("cursor=x", "/cursor"),
        ("cursor=20.p2&limit=5", "/cursor"),
        ("kind=native&cursor=x", "/cursor"),
        ("kind=native&is_active=oui", "/is_active"),
        ("kind=native&link_type=x", "/link_type"),
    ] {
        let answer = app.admin("GET", &format!("/admin/payment-links?{query}"), &Value::Null).await;
        assert_eq!((answer.status, answer.pointers()), (400, vec![pointer.to_owned()]), "{query}");
    }
    app.audit().await;
}

#[tokio::test]
async fn ending_a_link_twice_is_ending_it_once() {
    let app = TestApp::start().await;
    let code = app.link(json!({})).await;
    let path = format!("/admin/payment-links/{code}");
    for _ in 0..2 {
        assert_eq!(app.admin("DELETE", &path, &Value::Null).await.expect(200).json()["status"], "inactive");
    }
    for id in ["0000000000", "x", "7q3k9x2m4C"] {
        for method in ["GET", "DELETE"] {
            let answer = app.admin(method, &format!("/admin/payment-links/{id}"), &Value::Null).await;
            assert_eq!(answer.problem(), (404, "not_found".to_owned()), "{method} {id}");
        }
    }
    app.audit().await;
}

#[tokio::test]
async fn an_invalid_managed_link_is_refused_with_a_pointer() {
    let app = TestApp::start().await;
    let open = |min: i64, max: i64| json!({ "open_amount": { "currency_code": "XOF", "min": min, "max": max } });
    for (terms, pointer) in [
        (json!({ "amount": 0, "currency_code": "XOF" }), "/amount"),
        (json!({ "amount": 5, "currency_code": "GHS" }), "/currency_code"),
        (json!({ "amount": 5, "currency_code": "XOF", "items": [{ "sku": "PAGNE-WAX-6Y", "quantity": 1 }] }), ""),
        (open(9, 5), "/open_amount"),
        (open(0, 5), "/open_amount"),
        (json!({ "items": [] }), "/items"),
        (json!({ "items": [{ "sku": "UNKNOWN", "quantity": 1 }] }), "/items/0/sku"),
        (json!({ "items": [{ "sku": "DON-CANTINE", "quantity": 1 }] }), "/items/0/amount"),
        (json!({ "max_payments": 0 }), "/max_payments"),
        (json!({ "max_payments": 1_000_001 }), "/max_payments"),
        (json!({ "expires_at": "2020-01-01T00:00:00Z" }), "/expires_at"),
        (json!({ "title": " " }), "/title"),
        (json!({ "description": "é".repeat(2001) }), "/description"),
        (json!({ "metadata": { "order_id": "x" } }), "/metadata/order_id"),
        (json!({ "success_url": "https://evil.example/" }), "/success_url"),
        (json!({ "cancel_url": "javascript:alert(1)" }), "/cancel_url"),
        (json!({ "link_type": "instant" }), "/link_type"),
        (json!({ "kind": "magic" }), "/kind"),
        (json!({ "prix": 5 }), "/prix"),
    ] {
        let answer = app.post_link(&app.link_body(terms.clone()), &app.fresh_key()).await;
        assert_eq!((answer.status, answer.pointers()), (400, vec![pointer.to_owned()]), "{terms}: {}", answer.text());
    }
    assert!(app.table.items("LINK#").await.is_empty());
    app.audit().await;
}
