use lomi_sandbox::{Profile, fixtures};
use serde_json::{Value, json};

use crate::support::{Lomi, session_body, settings};

#[tokio::test]
async fn each_profile_answers_in_its_own_shape() {
    for (profile, url_name, is_wrapped) in [
        (Profile::Current, "checkout_url", false),
        (Profile::June2026, "checkout_url", false),
        (Profile::Seeds, "url", true),
    ] {
        let lomi = Lomi::start(profile).await;
        let reply = lomi.post("/checkout-sessions", session_body()).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        let json = reply.json();
        let session = if is_wrapped { &json["data"] } else { &json };
        let id = session["checkout_session_id"].as_str().unwrap();
        let expected = format!("{}/checkout/{id}", lomi.sandbox.base_url());
        assert_eq!(session[url_name], json!(expected), "{profile:?}");
        assert_eq!(session["status"], "open");
        assert_eq!(session["amount"], 25000);
        assert_eq!(session["metadata"], json!({"order_id": "A-1007"}));
        assert_eq!(json.get("data").is_some(), is_wrapped);
        let end = if is_wrapped { "2026-06-20T09:30:00.000Z" } else { "2026-06-20T10:00:00.000Z" };
        assert_eq!(session["expires_at"], end);
    }
}

#[tokio::test]
async fn a_read_lacks_the_checkout_url_in_june_only() {
    for (profile, name, has_url) in [
        (Profile::Current, "checkout_url", true),
        (Profile::June2026, "checkout_url", false),
        (Profile::Seeds, "url", true),
    ] {
        let lomi = Lomi::start(profile).await;
        let id = lomi.session().await;
        let json = lomi.get(&format!("/checkout-sessions/{id}")).await.json();
        let session = json.get("data").unwrap_or(&json);
        assert_eq!(session["checkout_session_id"], json!(id));
        assert_eq!(session.get(name).is_some(), has_url, "{profile:?}");
        assert_eq!(session.get("environment").is_some(), has_url);
    }
}

#[tokio::test]
async fn both_keys_of_an_organisation_read_its_session() {
    let lomi = Lomi::start(Profile::Current).await;
    let id = lomi.session().await;
    let headers = [("x-api-key", fixtures::LIVE_KEY_A)];
    let reply = lomi.send("GET", &format!("/checkout-sessions/{id}"), &headers, &Value::Null).await.unwrap();
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn a_product_or_line_items_decide_the_amount() {
    let lomi = Lomi::start(Profile::Current).await;
    let product = json!({"amount": 1, "product_id": fixtures::PRODUCT_A, "quantity": 3});
    assert_eq!(lomi.post("/checkout-sessions", product).await.json()["amount"], 15000);
    let items = json!([{"price_id": fixtures::PRICE_A, "quantity": 2}, {"price_id": fixtures::PRICE_A, "quantity": 1}]);
    let reply = lomi.post("/checkout-sessions", json!({"amount": 1, "line_items": items})).await;
    assert_eq!(reply.json()["amount"], 15000);
}

#[tokio::test]
async fn only_seeds_takes_the_amount_from_a_plan() {
    for (profile, amount) in [(Profile::Seeds, 5000), (Profile::June2026, 25000), (Profile::Current, 25000)] {
        let lomi = Lomi::start(profile).await;
        let mut body = session_body();
        body["plan_id"] = json!(fixtures::PLAN_A);
        let json = lomi.post("/checkout-sessions", body.clone()).await.json();
        let session = json.get("data").unwrap_or(&json);
        assert_eq!(session["amount"], amount, "{profile:?}");
        assert_eq!(session.get("plan_id").is_some(), amount == 5000, "{profile:?}");
        body["plan_id"] = json!(fixtures::PRODUCT_B);
        let status = lomi.post("/checkout-sessions", body.clone()).await.status;
        assert_eq!(status, if amount == 5000 { 400 } else { 201 }, "{profile:?}");
        lomi.post("/_sim/profile", json!({"quirks": {"session_fields_refused": ["plan_id"]}})).await;
        let refused = lomi.post("/checkout-sessions", body).await;
        assert_eq!(refused.status, 400, "{profile:?}");
        assert_eq!(lomi.post("/checkout-sessions", session_body()).await.status, 201, "{profile:?}");
    }
}

#[tokio::test]
async fn a_foreign_price_is_an_internal_error() {
    let lomi = Lomi::start(Profile::Current).await;
    let reply = lomi.post("/checkout-sessions", json!({"price_id": fixtures::PRICE_B})).await;
    assert_eq!((reply.status, reply.error_code().as_str()), (500, "internal_error"));
    assert_eq!(reply.json()["error"]["details"], Value::Null);
}

#[tokio::test]
async fn lists_are_newest_first_and_keep_environments_apart() {
    let lomi = Lomi::start(Profile::Current).await;
    let (first, second) = (lomi.session().await, lomi.session().await);
    let live = lomi.session_by(fixtures::LIVE_KEY_A).await;
    let ids = |json: Value| {
        let rows = json["data"].as_array().unwrap().clone();
        rows.iter().map(|row| row["checkout_session_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(lomi.get("/checkout-sessions").await.json()), [second.clone(), first.clone()]);
    lomi.quirk("list_mixes_environments").await;
    assert_eq!(ids(lomi.get("/checkout-sessions?status=open").await.json()), [live, second, first]);
}

#[tokio::test]
async fn lists_in_seeds_are_wrapped_and_paged() {
    let lomi = Lomi::start(Profile::Seeds).await;
    lomi.session().await;
    let second = lomi.session().await;
    let json = lomi.get("/checkout-sessions?limit=1&page=1").await.json();
    assert_eq!(json["data"][0]["checkout_session_id"], json!(second));
    assert_eq!(json["meta"], json!({"current_page": 1, "per_page": 1}));
}

#[tokio::test]
async fn an_expired_session_shows_it_only_after_the_sweep() {
    let lomi = Lomi::start(Profile::Current).await;
    lomi.advance(5).await;
    let id = lomi.session().await;
    let status = async || lomi.get(&format!("/checkout-sessions/{id}")).await.json()["status"].clone();
    lomi.advance(3600).await;
    lomi.advance(60).await;
    assert_eq!(status().await, "expired");
    assert_eq!(lomi.outbox().await.len(), 0);
}

#[tokio::test]
async fn without_a_sweep_expiry_is_decided_at_the_read() {
    let lomi = Lomi::start_with(lomi_sandbox::Settings { expiry_sweep_s: 0, ..settings(Profile::Current) }).await;
    let id = lomi.session().await;
    lomi.sandbox.sim().clock().advance_to(lomi.sandbox.sim().clock().now().plus_s(3600));
    assert_eq!(lomi.get(&format!("/checkout-sessions/{id}")).await.json()["status"], "expired");
}

#[tokio::test]
async fn a_customer_with_an_unpaid_invoice_gets_no_session() {
    let lomi = Lomi::start(Profile::Current).await;
    let customer = fixtures::CUSTOMER_A;
    let path = format!("/_sim/customers/{customer}/blocking-invoice");
    assert_eq!(lomi.post(&path, json!({"amount": 12000})).await.status, 201);
    let mut body = session_body();
    body["customer_id"] = json!(customer);
    let reply = lomi.post("/checkout-sessions", body.clone()).await;
    assert_eq!(reply.status, 201);
    assert_eq!(reply.json()["reason"], "invoice_payment_required");
    assert_eq!(reply.json()["blocking_invoice"]["amount_remaining"], 12000);
    assert!(reply.json().get("checkout_session_id").is_none());
    let mut by_subscription = session_body();
    by_subscription["subscription_id"] = json!(fixtures::SUBSCRIPTION_A);
    assert_eq!(lomi.post("/checkout-sessions", by_subscription).await.json()["reason"], "invoice_payment_required");
    body["metadata"]["payment_flow"] = json!("invoice_payment");
    assert!(lomi.post("/checkout-sessions", body).await.json()["checkout_session_id"].is_string());
}

#[tokio::test]
async fn state_survives_a_restart_and_waiting_retries_do_not() {
    let file = std::env::temp_dir().join(format!("lomi-sandbox-{}.json", std::process::id()));
    let _ = std::fs::remove_file(&file);
    let saved = || lomi_sandbox::Settings { data_file: Some(file.clone()), ..settings(Profile::Current) };
    let lomi = Lomi::start_with(saved()).await;
    let receiver = crate::support::Receiver::start().await;
    receiver.always(503);
    lomi.register(fixtures::TEST_KEY_A, &receiver.url).await;
    let id = lomi.session().await;
    lomi.pay(&id, json!({"method": "wave"})).await;
    lomi.advance(0).await;
    lomi.sandbox.shutdown().await.unwrap();

    let lomi = Lomi::start_with(saved()).await;
    assert_eq!(lomi.get(&format!("/checkout-sessions/{id}")).await.json()["status"], "completed");
    lomi.advance(100).await;
    let outbox = lomi.outbox().await;
    assert_eq!((outbox[0]["status"].as_str(), receiver.received().len()), (Some("dead_letter"), 1));
    std::fs::remove_file(&file).unwrap();
}
