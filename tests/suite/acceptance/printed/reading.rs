//! `GET /checkout-sessions` and `GET /checkout-sessions/{id}` of the documents of 2025.

use std::collections::BTreeSet;

use lomi_sandbox::fixtures::{MERCHANT_A, ORGANIZATION_A, TEST_KEY_A, TEST_KEY_B};
use serde_json::{Value, json};
use tests::{Answer, Created, EMAIL, NAME, PHONE, TestApp};

use super::members;

const PATH: &str = "/admin/checkout-sessions";
const PROFILES: [&str; 3] = ["current", "june2026", "seeds"];

async fn get(app: &TestApp, rest: &str) -> Answer {
    app.admin("GET", &format!("{PATH}{rest}"), &Value::Null).await
}

/// An open order; the oldest generation requires the providers.
async fn open_order(app: &TestApp) -> Created {
    let mut body = app.cart(1);
    body["allowed_providers"] = json!(["WAVE", "MTN"]);
    body["title"] = json!("Commande");
    Created::of(&app.create(&body, &app.fresh_key()).await)
}

#[tokio::test]
async fn a_session_is_read_under_the_documents_names() {
    let app = TestApp::start().await;
    for profile in PROFILES {
        app.lomi.profile(profile).await;
        let order = open_order(&app).await;
        let session = get(&app, &format!("/{}", order.session_id)).await.expect(200).json();
        let expected = json!({
            "checkout_session_id": order.session_id, "order_id": order.order_id, "status": "open",
            "organization_id": ORGANIZATION_A, "amount": 12_500, "currency_code": "XOF", "title": "Commande",
            "customer_email": EMAIL, "customer_name": NAME, "customer_phone": PHONE, "product_id": null,
            "subscription_id": null, "plan_id": null, "public_description": null,
        });
        let names: Vec<_> = expected.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members(&session, &names), expected, "{profile}");
        // The fields that differ between the generations.
        let told = |name: &str, tellers: &[&str], value: Value| {
            let value = if tellers.contains(&profile) { value } else { Value::Null };
            assert_eq!(session[name], value, "{profile} {name}");
        };
        told("url", &["current", "seeds"], json!(order.checkout_url));
        told("environment", &["current", "seeds"], json!("test"));
        told("merchant_id", &["june2026", "seeds"], json!(MERCHANT_A));
        let rails = if profile == "seeds" { json!(["WAVE", "MTN"]) } else { json!([]) };
        assert_eq!(session["allowed_providers"], rails, "{profile}");
        app.pay(&order, "wave").await;
        app.wait_for(&order.order_id, "paid").await;
        let paid = get(&app, &format!("/{}", order.session_id)).await.expect(200).json();
        assert_eq!(paid["status"], "completed", "{profile}");
        assert!(paid["updated_at"].is_string(), "{profile}: {paid}");
        let listed = get(&app, "?limit=1").await.expect(200).json();
        assert_eq!(listed["data"][0]["checkout_session_id"], order.session_id.as_str(), "{profile}");
    }
    app.audit().await;
}

/// lomi stores the return URLs with the token in them; a reader of the session must not get it.
#[tokio::test]
async fn no_session_read_contains_an_order_token() {
    let app = TestApp::start().await;
    for profile in PROFILES {
        app.lomi.profile(profile).await;
        let order = open_order(&app).await;
        let kept = json!(app.lomi.sessions().await).to_string();
        assert!(kept.contains(&order.order_token), "lomi. has it");
        for rest in [format!("/{}", order.session_id), String::new(), "?page=1".to_owned()] {
            let answer = get(&app, &rest).await.expect(200);
            let text = answer.text();
            assert!(!text.contains(&order.order_token), "{profile} {rest}: {text}");
            assert!(
                text.contains(&format!("/return.html#{}.{{ORDER_TOKEN}}", order.order_id)),
                "{profile} {rest}: {text}"
            );
        }
    }
    app.audit().await;
}

#[tokio::test]
async fn a_session_that_is_not_the_merchants_is_not_found() {
    let app = TestApp::start().await;
    for profile in PROFILES {
        app.lomi.profile(profile).await;
        let foreign = session_by(&app, TEST_KEY_B, json!({})).await;
        let unknown = "6c1d3c4e-9e0f-4d6c-8a6e-0d1b7c9f3a54";
        for id in [foreign.as_str(), unknown, "cs_7KQ2MB9RWX4TZD", "x", "%7BCHECKOUT_SESSION_ID%7D"] {
            assert_eq!(get(&app, &format!("/{id}")).await.problem(), (404, "not_found".to_owned()), "{profile} {id}");
        }
    }
    app.audit().await;
}

/// A session that another program opened at lomi.
async fn session_by(app: &TestApp, secret_key: &str, metadata: Value) -> String {
    let body = json!({
        "amount": 7_000, "currency_code": "XOF", "allowed_providers": ["WAVE"], "metadata": metadata,
        "success_url": format!("https://other.example/{}", "0af".repeat(22)), "cancel_url": "https://other.example/no",
    });
    let url = format!("{}/checkout-sessions", app.stack.urls().lomi);
    let made = app.http.send_json("POST", &url, &[("x-api-key", secret_key)], &body).await.expect(201).json();
    let session = made.get("data").unwrap_or(&made);
    session["checkout_session_id"].as_str().expect("an id").to_owned()
}

/// Every page of a list by its cursors.
async fn pages(app: &TestApp, query: &str) -> Vec<Value> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(app, &format!("?{query}&cursor={cursor}")).await.expect(200).json();
        cursor = page["next_cursor"].as_str().unwrap_or_default().to_owned();
        pages.push(page);
        assert!(pages.len() < 20, "the pages go in a circle");
        if cursor.is_empty() {
            return pages;
        }
    }
}

fn ids(page: &Value) -> Vec<String> {
    let rows = page["data"].as_array().expect("rows").iter();
    rows.map(|row| row["checkout_session_id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn every_session_is_listed_once_by_every_paging_style() {
    let app = TestApp::start().await;
    let mut made = BTreeSet::new();
    for _ in 0..5 {
        made.insert(open_order(&app).await.session_id);
    }
    for profile in PROFILES {
        app.lomi.profile(profile).await;
        for limit in [1, 2, 5, 100] {
            let listed: Vec<_> = pages(&app, &format!("limit={limit}")).await.iter().flat_map(ids).collect();
            assert_eq!((listed.len(), listed.into_iter().collect()), (5, made.clone()), "{profile} {limit}");
        }
        let mut counted = Vec::new();
        for page in 1..=3 {
            let answer = get(&app, &format!("?page={page}&limit=2")).await.expect(200).json();
            assert_eq!(answer["meta"], json!({ "current_page": page, "per_page": 2 }), "{profile}");
            counted.extend(ids(&answer));
        }
        assert_eq!((counted.len(), counted.into_iter().collect()), (5, made.clone()), "{profile}");
        assert_eq!(get(&app, "").await.expect(200).json()["meta"], json!({ "current_page": 1, "per_page": 20 }));
    }
    app.audit().await;
}

#[tokio::test]
async fn sessions_are_filtered_by_documented_statuses_only() {
    let app = TestApp::start().await;
    let (paid, open) = (open_order(&app).await, open_order(&app).await);
    app.pay(&paid, "wave").await;
    app.wait_for(&paid.order_id, "paid").await;
    for profile in PROFILES {
        app.lomi.profile(profile).await;
        for (status, expected) in
            [("open", vec![open.session_id.clone()]), ("completed", vec![paid.session_id.clone()]), ("expired", vec![])]
        {
            let listed = get(&app, &format!("?status={status}")).await.expect(200).json();
            assert_eq!(ids(&listed), expected, "{profile} {status}");
        }
        for (query, pointer) in
            [("status=paid", "/status"), ("status=OPEN", "/status"), ("limit=101", "/limit"), ("page=0", "/page")]
        {
            let refused = get(&app, &format!("?{query}")).await;
            assert_eq!((refused.status, refused.pointers()), (400, vec![pointer.to_owned()]), "{profile} {query}");
        }
    }
    app.audit().await;
}

/// Other programs of the merchant may write any order id: only the table knows this stack's orders.
#[tokio::test]
async fn a_session_names_only_an_order_of_the_stack() {
    let app = TestApp::start().await;
    let unknown = "ord_0123456789abcdef0123456789abcdef";
    let id = session_by(&app, TEST_KEY_A, json!({ "order_id": unknown })).await;
    let session = get(&app, &format!("/{id}")).await.expect(200).json();
    assert_eq!((&session["order_id"], &session["metadata"]["order_id"]), (&Value::Null, &json!(unknown)));
    // A possible token of another stack is hidden, too.
    assert_eq!(session["success_url"], "https://other.example/{ORDER_TOKEN}");
    app.audit().await;
}
