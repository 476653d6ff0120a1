//! Links, with the requests and answers as lomi's document prints them.

use lomi_sandbox::fixtures::{PRICE_A, PRODUCT_A};
use serde_json::{Value, json};
use tests::TestApp;

const GENERATIONS: [&str; 3] = ["current", "june2026", "seeds"];
const LIST: &str = "/admin/payment-links";

fn donation() -> Value {
    json!({ "link_type": "instant", "title": "Donation", "currency_code": "XOF", "amount": 5_000 })
}

async fn made(app: &TestApp, body: &Value) -> Value {
    app.post_link(body, &app.fresh_key()).await.expect(201).json()
}

async fn listed(app: &TestApp, query: &str) -> (Vec<Value>, Option<String>) {
    let page = app.admin("GET", &format!("{LIST}?{query}"), &Value::Null).await.expect(200).json();
    let ids = page["data"].as_array().unwrap().iter().map(|link| link["id"].clone());
    (ids.collect(), page["next_cursor"].as_str().map(str::to_owned))
}

/// lomi's printed id of the product or price with this UUID.
async fn printed_id(app: &TestApp, member: &str, uuid: &str) -> Value {
    let sold = app.create(&app.body(json!({ member: uuid })), &app.fresh_key()).await.expect(201).json();
    let url = format!("{}/checkout-sessions/{}", app.stack.urls().lomi, sold["checkout_session_id"].as_str().unwrap());
    let session = app.http.get(&url, &[("x-api-key", &app.secret("LOMI_SECRET_KEY_ID"))]).await.expect(200).json();
    session[member].clone()
}

#[tokio::test]
async fn a_link_is_created_and_shown_as_lomi_documents_it() {
    let app = TestApp::start().await;
    for profile in GENERATIONS {
        app.lomi.profile(profile).await;
        let link = made(&app, &donation()).await;
        let named = ["kind", "link_type", "amount", "currency_code", "is_active", "status"].map(|name| &link[name]);
        let expected = [json!("native"), json!("instant"), json!(5_000), json!("XOF"), json!(true), json!("active")];
        assert_eq!(named, expected.each_ref(), "{profile}");
        let product =
            json!({ "link_type": "product", "title": "Premium", "currency_code": "XOF", "product_id": PRODUCT_A });
        let link = made(&app, &product).await;
        assert_eq!((&link["product_id"], &link["amount"]), (&json!(PRODUCT_A), &Value::Null), "{profile}");
        let priced = json!({ "link_type": "product", "title": "Premium", "currency_code": "XOF", "product_id": PRODUCT_A, "amount": 5 });
        let refused = app.post_link(&priced, &app.fresh_key()).await;
        assert_eq!((refused.status, refused.pointers()), (400, vec!["/amount".to_owned()]), "{profile}");
    }
    let ours = made(&app, &json!({ "title": "Kermesse", "amount": 2_000, "currency_code": "XOF" })).await;
    let named = ["kind", "link_type", "amount", "currency_code", "is_active"].map(|name| &ours[name]);
    assert_eq!(named, [&json!("managed"), &Value::Null, &json!(2_000), &json!("XOF"), &json!(true)]);
    let path = format!("{LIST}/{}", ours["id"].as_str().unwrap());
    assert_eq!(app.admin("DELETE", &path, &Value::Null).await.expect(200).json()["is_active"], false);
    let open =
        made(&app, &json!({ "title": "Don", "open_amount": { "currency_code": "EUR", "min": 1, "max": 9 } })).await;
    assert_eq!((&open["amount"], &open["currency_code"]), (&Value::Null, &json!("EUR")));
    app.audit().await;
}

#[tokio::test]
async fn a_product_is_found_by_the_id_that_lomi_documents() {
    let app = TestApp::start().await;
    let product_id = printed_id(&app, "product_id", PRODUCT_A).await;
    let price_id = printed_id(&app, "price_id", PRICE_A).await;
    assert!(product_id.as_str().is_some_and(|id| id.starts_with("prod_")), "{product_id}");
    let body = json!({ "link_type": "product", "title": "Premium", "currency_code": "XOF", "product_id": product_id,
        "price_id": price_id, "allow_coupon_code": true });
    let link = made(&app, &body).await;
    assert_eq!((&link["product_id"], &link["price_id"]), (&product_id, &price_id));
    app.audit().await;
}

#[tokio::test]
async fn a_link_that_lomi_cannot_read_is_not_found() {
    let app = TestApp::start().await;
    for profile in GENERATIONS {
        app.lomi.profile(profile).await;
        for id in ["pl_abc123", "plink_abc123"] {
            for (method, body) in [("GET", Value::Null), ("PATCH", json!({ "title": "Don" })), ("DELETE", Value::Null)]
            {
                let answer = app.admin(method, &format!("{LIST}/{id}"), &body).await;
                assert_eq!(answer.problem(), (404, "not_found".to_owned()), "{profile}: {method} {id}");
            }
        }
    }
    app.lomi.fault(json!({ "target": "GET /payment-links/{id}", "kind": "status", "arg": 500, "times": null })).await;
    assert_eq!(app.admin("GET", &format!("{LIST}/pl_abc123"), &Value::Null).await.status, 404);
    assert_eq!(app.lomi.faults_fired().await, 1, "asked once");
    app.lomi.clear_faults().await;
    app.audit().await;
}

#[tokio::test]
async fn one_list_pages_from_managed_to_native_links() {
    let app = TestApp::start().await;
    for profile in GENERATIONS {
        app.lomi.profile(profile).await;
        let (lomis, _) = listed(&app, "kind=native").await;
        assert_eq!(listed(&app, "").await.0, lomis, "{profile}: without links of ours, lomi.'s come first");
        made(&app, &donation()).await;
    }
    for _ in 0..3 {
        app.link(json!({})).await;
    }
    let ((ours, end), (lomis, _)) = (listed(&app, "kind=managed").await, listed(&app, "kind=native").await);
    assert_eq!((ours.len(), end, lomis.len()), (3, None, 3));
    for limit in [1, 2, 3, 100] {
        let (mut all, mut next) = listed(&app, &format!("limit={limit}")).await;
        while let Some(cursor) = next {
            let (rows, after) = listed(&app, &format!("limit={limit}&cursor={cursor}")).await;
            all.extend(rows);
            next = after;
        }
        assert_eq!(all, [ours.clone(), lomis.clone()].concat(), "{limit}");
    }
    // lomi's page is unreachable: managed links are shown without it.
    app.lomi.fault(json!({ "target": "GET /payment-links", "kind": "status", "arg": 503, "times": null })).await;
    assert_eq!(listed(&app, "").await.0, ours);
    app.lomi.clear_faults().await;
    app.audit().await;
}

#[tokio::test]
async fn documented_filters_list_native_links() {
    let app = TestApp::start().await;
    app.link(json!({})).await;
    let instant = made(&app, &donation()).await["id"].clone();
    let product =
        json!({ "link_type": "product", "title": "Premium", "currency_code": "XOF", "product_id": PRODUCT_A });
    let product = made(&app, &product).await["id"].clone();
    let off = format!("{LIST}/{}", instant.as_str().unwrap());
    app.admin("PATCH", &off, &json!({ "is_active": false })).await.expect(200);
    for profile in GENERATIONS {
        app.lomi.profile(profile).await;
        for (query, expected) in [
            ("linkType=product&isActive=true&limit=20", vec![&product]),
            ("link_type=instant&linkType=instant", vec![&instant]),
            ("isActive=false", vec![&instant]),
            ("linkType=instant&isActive=true", vec![]),
            ("offset=0", vec![&product, &instant]),
            ("offset=1&limit=5", vec![&instant]),
            ("offset=2", vec![]),
        ] {
            let (rows, _) = listed(&app, query).await;
            assert_eq!(rows.iter().collect::<Vec<_>>(), expected, "{profile}: {query}");
        }
    }
    app.audit().await;
}

#[tokio::test]
async fn the_labels_of_a_native_link_are_kept_by_the_stack() {
    let app = TestApp::start().await;
    for profile in GENERATIONS {
        for forgets in [true, false] {
            app.lomi.profile(profile).await;
            app.lomi.quirks(json!({ "link_metadata_dropped": forgets })).await;
            let mut body = donation();
            body["metadata"] = json!({ "campagne": "rentrée" });
            let link = made(&app, &body).await;
            assert_eq!(link["metadata"], body["metadata"], "{profile} {forgets}");
            let id = link["id"].as_str().unwrap();
            assert_eq!(app.shown_link(id).await, link, "{profile} {forgets}");
            let list = app.admin("GET", &format!("{LIST}?kind=native"), &Value::Null).await.expect(200).json();
            assert_eq!(list["data"][0], link, "{profile} {forgets}");
            let path = format!("{LIST}/{id}");
            let changed =
                app.admin("PATCH", &path, &json!({ "metadata": { "lieu": "Thiès" } })).await.expect(200).json();
            assert_eq!(changed["metadata"], json!({ "lieu": "Thiès" }), "{profile} {forgets}");
            assert_eq!(app.shown_link(id).await, changed, "{profile} {forgets}");
            let at_lomi = app.lomi.links().await.pop().expect("a link");
            // Only API 1.2.0 changes a link; the labels that it can store are sent to it.
            if !forgets {
                let expected = if profile == "current" { &changed } else { &link };
                assert_eq!(at_lomi["metadata"], expected["metadata"], "{profile}");
            }
            let cleared = app.admin("PATCH", &path, &json!({ "metadata": {} })).await.expect(200).json();
            assert_eq!(cleared["metadata"], json!({}), "{profile} {forgets}: ours count, also none");
        }
    }
    app.audit().await;
}

#[tokio::test]
async fn an_order_by_a_native_link_has_the_labels_of_the_link() {
    let app = TestApp::start().await;
    let mut body = donation();
    body["metadata"] = json!({ "campagne": "rentrée" });
    let link = made(&app, &body).await;
    let session = app.lomi.follow_link(link["id"].as_str().unwrap()).await;
    app.lomi.pay(&session, "card").await;
    app.lomi.run_outbox().await;
    app.reconcile().await;
    let orders = app.orders().await;
    assert_eq!((orders.len(), &orders[0]["metadata"]), (1, &body["metadata"]));
    let id = orders[0]["order_id"].as_str().unwrap();
    let shown = app.admin("GET", &format!("/admin/orders/{id}"), &Value::Null).await.expect(200).json();
    assert_eq!(shown["metadata"], body["metadata"]);
    app.audit().await;
}

#[tokio::test]
async fn a_request_without_a_key_makes_a_new_link() {
    let app = TestApp::start().await;
    for body in [donation(), app.link_body(json!({}))] {
        let make = async || app.admin("POST", LIST, &body).await;
        let (first, second) = (make().await.expect(201), make().await.expect(201));
        assert_eq!((first.header("idempotency-replayed"), second.header("idempotency-replayed")), ("", ""));
        assert_ne!(first.json()["id"], second.json()["id"], "{body}");
    }
    assert_eq!((app.lomi.links().await.len(), app.table.items("LINK#").await.len()), (2, 2));
    app.audit().await;
}
