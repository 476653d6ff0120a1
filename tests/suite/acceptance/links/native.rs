//! Native links: lomi's rules are checked before the call, and lomi is called once.

use serde_json::{Value, json};
use tests::TestApp;

const PRODUCT: &str = lomi_sandbox::fixtures::PRODUCT_A;

fn instant(members: Value) -> Value {
    let mut body =
        json!({ "kind": "native", "link_type": "instant", "title": "Don", "currency_code": "XOF", "amount": 5_000 });
    for (name, value) in members.as_object().unwrap() {
        match value {
            Value::Null => drop(body.as_object_mut().unwrap().remove(name)),
            value => body[name] = value.clone(),
        }
    }
    body
}

#[tokio::test]
async fn native_links_work_in_every_generation() {
    let app = TestApp::start().await;
    for profile in ["current", "june2026", "seeds"] {
        app.lomi.profile(profile).await;
        let body = instant(json!({ "description": "Merci", "expires_at": "2099-12-31T23:59:59Z" }));
        let made = app.post_link(&body, &app.fresh_key()).await.expect(201).json();
        assert_eq!(
            (&made["kind"], &made["link_type"], &made["code"]),
            (&json!("native"), &json!("instant"), &Value::Null)
        );
        assert_eq!(made["price"], json!({ "amount": 5_000, "currency_code": "XOF" }));
        assert_eq!((&made["status"], &made["expires_at"]), (&json!("active"), &json!("2099-12-31T23:59:59Z")));
        let read = app.shown_link(made["id"].as_str().unwrap()).await;
        assert_eq!(read, made, "{profile}");
        let listed = app.admin("GET", "/admin/payment-links?kind=native", &Value::Null).await.expect(200).json();
        assert_eq!(listed["data"][0], made, "{profile}");
    }
    let product = json!({ "kind": "native", "link_type": "product", "title": "Abonnement", "currency_code": "XOF", "product_id": PRODUCT });
    let made = app.post_link(&product, "product").await.expect(201).json();
    assert_eq!((&made["price"], &made["product_id"]), (&Value::Null, &json!(PRODUCT)));
    app.audit().await;
}

#[tokio::test]
async fn native_links_are_listed_page_by_page_and_by_type() {
    let app = TestApp::start().await;
    for _ in 0..5 {
        app.post_link(&instant(json!({})), &app.fresh_key()).await.expect(201);
    }
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/admin/payment-links?kind=native&is_active=true&link_type=instant&limit=2&cursor={cursor}");
        let page = app.admin("GET", &path, &Value::Null).await.expect(200).json();
        ids.extend(page["data"].as_array().unwrap().iter().map(|link| link["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = next.to_owned();
    }
    assert_eq!(ids.len(), 5);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5, "no link comes twice");
    let path = "/admin/payment-links?kind=native&link_type=product";
    assert_eq!(app.admin("GET", path, &Value::Null).await.expect(200).json()["data"], json!([]));
    app.audit().await;
}

#[tokio::test]
async fn an_invalid_native_link_is_never_sent_to_lomi() {
    let app = TestApp::start().await;
    let product = |members: Value| {
        let mut all = json!({ "link_type": "product", "amount": null, "product_id": PRODUCT });
        all.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        instant(all)
    };
    for (body, pointer) in [
        (instant(json!({ "amount": null })), "/amount"),
        (instant(json!({ "amount": 0 })), "/amount"),
        (product(json!({ "amount": 5_000 })), "/amount"),
        (product(json!({ "product_id": null })), "/product_id"),
        (product(json!({ "product_id": "price_abc123" })), "/product_id"),
        (product(json!({ "price_id": "x" })), "/price_id"),
        (instant(json!({ "product_id": PRODUCT })), "/product_id"),
        (instant(json!({ "link_type": null })), "/link_type"),
        (instant(json!({ "link_type": "donation" })), "/link_type"),
        (instant(json!({ "currency_code": "GHS" })), "/currency_code"),
        (instant(json!({ "currency_code": null })), "/currency_code"),
        (instant(json!({ "title": "" })), "/title"),
        (instant(json!({ "title": "é".repeat(201) })), "/title"),
        (instant(json!({ "expires_at": "2020-01-01T00:00:00Z" })), "/expires_at"),
        (instant(json!({ "expires_at": "tomorrow" })), "/expires_at"),
        (instant(json!({ "success_url": "https://evil.example/" })), "/success_url"),
        (instant(json!({ "metadata": { "order_id": "x" } })), "/metadata/order_id"),
        (instant(json!({ "max_payments": 1 })), "/max_payments"),
        (instant(json!({ "montant": 1 })), "/montant"),
    ] {
        let answer = app.post_link(&body, &app.fresh_key()).await;
        assert_eq!((answer.status, answer.pointers()), (400, vec![pointer.to_owned()]), "{body}");
    }
    let listed = app.admin("GET", "/admin/payment-links?kind=native", &Value::Null).await.expect(200).json();
    assert_eq!(listed["data"], json!([]));
    app.audit().await;
}

async fn native_count(app: &TestApp) -> usize {
    let listed = app.admin("GET", "/admin/payment-links?kind=native", &Value::Null).await.expect(200).json();
    listed["data"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_repeated_key_makes_one_native_link() {
    let app = TestApp::start().await;
    let first = app.post_link(&instant(json!({})), "k").await.expect(201);
    let again = app.post_link(&instant(json!({})), "k").await.expect(201);
    assert_eq!((&first.body, again.header("idempotency-replayed")), (&again.body, "true"));
    let other = app.post_link(&instant(json!({ "amount": 1 })), "k").await;
    assert_eq!(other.problem(), (422, "idempotency_key_reused".to_owned()));
    assert_eq!(native_count(&app).await, 1);
    app.audit().await;
}

#[tokio::test]
async fn a_lost_native_link_create_is_reported_and_not_repeated() {
    let app = TestApp::start().await;
    app.lomi.fault(json!({ "target": "POST /payment-links", "kind": "status", "when": "after", "arg": 500 })).await;
    let lost = app.post_link(&instant(json!({})), "k").await;
    assert_eq!(lost.problem(), (502, "outcome_unknown".to_owned()));
    assert_eq!(app.post_link(&instant(json!({})), "k").await.problem(), (409, "idempotency_in_progress".to_owned()));
    let receipts = app.table.items("IDEM#").await;
    assert!(app.table.set_number(receipts[0]["PK"].as_str().unwrap(), "IDEM", "begun_at_ms", 1).await);
    assert_eq!(app.post_link(&instant(json!({})), "k").await.problem(), (502, "outcome_unknown".to_owned()));
    assert_eq!(native_count(&app).await, 1);
    app.audit().await;
}

#[tokio::test]
async fn a_refusal_of_lomi_leaves_the_key_free() {
    let app = TestApp::start().await;
    app.lomi.fault(json!({ "target": "POST /payment-links", "kind": "status", "arg": 400 })).await;
    let refused = app.post_link(&instant(json!({})), "k").await;
    assert_eq!(refused.problem(), (502, "provider_rejected".to_owned()));
    app.post_link(&instant(json!({})), "k").await.expect(201);
    assert_eq!(native_count(&app).await, 1);
    app.audit().await;
}

#[tokio::test]
async fn a_native_link_is_changed_and_ended() {
    let app = TestApp::start().await;
    let id = app.post_link(&instant(json!({})), "k").await.expect(201).json()["id"].as_str().unwrap().to_owned();
    let path = format!("/admin/payment-links/{id}");
    let changes = json!({
        "title": " Cotisation ", "amount": 7_500, "currency_code": "XOF", "expires_at": "2099-01-01T00:00:00Z",
        "require_phone": true, "single_use": true,
    });
    let changed = app.admin("PATCH", &path, &changes).await.expect(200).json();
    assert_eq!((&changed["title"], &changed["price"]["amount"]), (&json!("Cotisation"), &json!(7_500)));
    assert_eq!(app.shown_link(&id).await, changed, "lomi. shows the same");
    let at_lomi = app.lomi.links().await.pop().expect("a link");
    let said = ["require_name", "require_email", "require_phone", "require_billing_address", "single_use"];
    assert_eq!(said.map(|flag| at_lomi[flag].clone()), [true, true, true, false, true].map(|flag| json!(flag)));

    let off = app.admin("PATCH", &path, &json!({ "is_active": false })).await.expect(200).json();
    assert_eq!(off["status"], "inactive");
    app.admin("PATCH", &path, &json!({ "is_active": true })).await.expect(200);
    for _ in 0..2 {
        assert_eq!(app.admin("DELETE", &path, &Value::Null).await.expect(200).json()["status"], "inactive");
    }
    assert_eq!(app.shown_link(&id).await["status"], "inactive");
    app.audit().await;
}

#[tokio::test]
async fn an_invalid_change_of_a_link_is_refused() {
    let app = TestApp::start().await;
    let id = app.post_link(&instant(json!({})), "k").await.expect(201).json()["id"].as_str().unwrap().to_owned();
    let path = format!("/admin/payment-links/{id}");
    for (changes, pointer) in [
        (json!({}), ""),
        (json!({ "title": " " }), "/title"),
        (json!({ "amount": 7_500 }), "/currency_code"),
        (json!({ "amount": 7_500, "currency_code": "EUR" }), "/currency_code"),
        (json!({ "amount": 0, "currency_code": "XOF" }), "/amount"),
        (json!({ "currency_code": "XOF" }), "/currency_code"),
        (json!({ "expires_at": "tomorrow" }), "/expires_at"),
        (json!({ "success_url": "https://evil.example/" }), "/success_url"),
        (json!({ "metadata": { "order_id": "x" } }), "/metadata/order_id"),
        (json!({ "max_payments": 1 }), "/max_payments"),
    ] {
        let answer = app.admin("PATCH", &path, &changes).await;
        assert_eq!((answer.status, answer.pointers()), (400, vec![pointer.to_owned()]), "{changes}");
    }
    let managed = json!({ "kind": "managed", "title": "Kermesse", "amount": 5_000, "currency_code": "XOF" });
    let code = app.post_link(&managed, "m").await.expect(201).json()["id"].as_str().unwrap().to_owned();
    let answer = app.admin("PATCH", &format!("/admin/payment-links/{code}"), &json!({ "title": "Fête" })).await;
    assert_eq!(answer.status, 400, "a managed link is another one's business");
    app.audit().await;
}

#[tokio::test]
async fn before_1_2_0_only_the_dashboard_changes_a_link() {
    let app = TestApp::start().await;
    let id = app.post_link(&instant(json!({})), "k").await.expect(201).json()["id"].as_str().unwrap().to_owned();
    let path = format!("/admin/payment-links/{id}");
    for profile in ["june2026", "seeds"] {
        app.lomi.profile(profile).await;
        for (method, body) in [("PATCH", json!({ "title": "Don" })), ("DELETE", Value::Null)] {
            let answer = app.admin(method, &path, &body).await;
            assert_eq!(answer.problem(), (409, "native_link_unchangeable".to_owned()), "{profile} {method}");
        }
    }
    assert_eq!(app.shown_link(&id).await["status"], "active");
    app.audit().await;
}

#[tokio::test]
async fn a_link_for_one_use_ends_with_its_first_payment() {
    let app = TestApp::start().await;
    let made = app.post_link(&instant(json!({ "single_use": true })), "k").await.expect(201).json();
    let id = made["id"].as_str().unwrap();
    let (first, second) = (app.lomi.follow_link(id).await, app.lomi.follow_link(id).await);
    app.lomi.pay(&first, "wave").await;
    assert_eq!(app.shown_link(id).await["status"], "inactive");
    app.lomi.pay(&second, "wave").await;
    app.lomi.run_outbox().await;
    app.reconcile().await;
    app.audit().await;
}
