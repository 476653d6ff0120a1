use lomi_sandbox::{Profile, fixtures};
use serde_json::{Value, json};

use crate::support::{Lomi, Receiver, lomi_and_shop, session_body};

#[tokio::test]
async fn a_paid_session_takes_a_late_payment_only_by_quirk() {
    let lomi = Lomi::start(Profile::Current).await;
    let id = lomi.session().await;
    lomi.pay(&id, json!({"method": "card"})).await;
    let path = format!("/_sim/sessions/{id}/late_approve");
    assert_eq!(lomi.post(&path, Value::Null).await.status, 409);
    assert_eq!(lomi.state().await["transactions"].as_array().unwrap().len(), 1);
    lomi.quirk("allow_double_pay").await;
    assert_eq!(lomi.post(&path, Value::Null).await.status, 200);
    assert_eq!(lomi.state().await["transactions"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_cancelled_session_stays_open_and_payable() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    let id = lomi.session().await;
    let cancelled = lomi.post(&format!("/_sim/sessions/{id}/cancel"), Value::Null).await.json();
    assert_eq!(
        (&cancelled["redirect"], &cancelled["session_status"]),
        (&json!("https://shop.example/cancel"), &json!("open"))
    );
    lomi.advance(0).await;
    assert!(shop.received().is_empty());
    let paid = lomi.pay(&id, json!({"method": "card"})).await;
    assert_eq!((&paid["step"], &paid["session_status"]), (&json!("paid"), &json!("completed")));
}

#[tokio::test]
async fn a_payment_after_expiry_sends_an_event() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    let id = lomi.session().await;
    lomi.post(&format!("/_sim/sessions/{id}/expire"), Value::Null).await;
    assert_eq!(lomi.post(&format!("/_sim/sessions/{id}/pay"), json!({"method": "wave"})).await.status, 410);
    lomi.advance(0).await;
    assert!(shop.received().is_empty());
    let late = lomi.post(&format!("/_sim/sessions/{id}/late_approve"), Value::Null).await.json();
    assert_eq!(late["session_status"], "completed");
    lomi.advance(0).await;
    assert_eq!(shop.events(), ["PAYMENT_SUCCEEDED"]);
}

#[tokio::test]
async fn after_a_decline_the_next_try_completes_the_same_transaction() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    let id = lomi.session().await;
    let declined = lomi.pay(&id, json!({"method": "card", "card_number": "4000000000009995"})).await;
    assert_eq!((&declined["step"], &declined["code"]), (&json!("declined"), &json!("insufficient_funds")));
    assert_eq!(declined["session_status"], "open");
    lomi.advance(0).await;
    let paid = lomi.pay(&id, json!({"method": "card"})).await;
    lomi.advance(0).await;
    assert_eq!(paid["transaction_id"], declined["transaction_id"]);
    assert_eq!(shop.events(), ["PAYMENT_FAILED", "PAYMENT_SUCCEEDED"]);
}

#[tokio::test]
async fn a_card_number_refused_by_the_page_sends_no_event() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    let id = lomi.session().await;
    let refused = lomi.pay(&id, json!({"method": "card", "card_number": "4242424242424241"})).await;
    assert_eq!((&refused["code"], &refused["transaction_id"]), (&json!("incorrect_number"), &Value::Null));
    lomi.advance(0).await;
    assert!(shop.received().is_empty());
}

#[tokio::test]
async fn a_challenge_is_passed_or_failed() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    let id = lomi.session().await;
    let card = "4000002500003155";
    assert_eq!(lomi.pay(&id, json!({"method": "card", "card_number": card})).await["step"], "challenge");
    let failed = lomi.pay(&id, json!({"method": "card", "card_number": card, "challenge": false})).await;
    assert_eq!(failed["code"], "authentication_failed");
    let passed = lomi.pay(&id, json!({"method": "card", "card_number": card, "challenge": true})).await;
    assert_eq!((&passed["step"], &passed["transaction_id"]), (&json!("paid"), &failed["transaction_id"]));
    lomi.advance(0).await;
    assert_eq!(shop.received().len(), 2);
}

#[tokio::test]
async fn a_test_wallet_payment_completes_even_if_the_shopper_leaves() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    for method in ["wave", "mtn"] {
        let id = lomi.session().await;
        let abandoned = lomi.pay(&id, json!({"method": method, "outcome": "abandon"})).await;
        assert_eq!(
            (&abandoned["step"], &abandoned["redirect"]),
            (&json!("left"), &json!("https://shop.example/cancel"))
        );
        assert_eq!(abandoned["session_status"], "completed");
    }
    lomi.advance(0).await;
    assert_eq!(shop.events(), ["PAYMENT_SUCCEEDED", "PAYMENT_SUCCEEDED"]);
}

#[tokio::test]
async fn a_live_wallet_payment_waits_for_approval() {
    let lomi = Lomi::start(Profile::Current).await;
    let shop = Receiver::start().await;
    lomi.register(fixtures::LIVE_KEY_A, &shop.url).await;
    let id = lomi.session_by(fixtures::LIVE_KEY_A).await;
    let waiting = lomi.pay(&id, json!({"method": "wave"})).await;
    assert_eq!((&waiting["step"], &waiting["session_status"]), (&json!("waiting"), &json!("open")));
    let path = format!("/_sim/transactions/{}", waiting["transaction_id"].as_str().unwrap());
    assert_eq!(lomi.post(&format!("{path}/decline"), Value::Null).await.json()["status"], "failed");
    assert_eq!(lomi.post(&format!("{path}/approve"), Value::Null).await.json()["status"], "completed");
    assert_eq!(lomi.post(&format!("{path}/decline"), Value::Null).await.json()["changed"], false);
    lomi.advance(0).await;
    let mut events = shop.events();
    events.sort();
    assert_eq!(events, ["PAYMENT_FAILED", "PAYMENT_SUCCEEDED"]);
}

#[tokio::test]
async fn a_pending_payment_expires_silently_and_may_still_complete() {
    let lomi = Lomi::start(Profile::Current).await;
    let id = lomi.session_by(fixtures::LIVE_KEY_A).await;
    let waiting = lomi.pay(&id, json!({"method": "mtn"})).await;
    lomi.advance(7260).await;
    let status = async || lomi.state().await["transactions"][0]["status"].clone();
    assert_eq!(status().await, "expired");
    let path = format!("/_sim/transactions/{}/approve", waiting["transaction_id"].as_str().unwrap());
    lomi.post(&path, Value::Null).await;
    assert_eq!(status().await, "completed");
}

#[tokio::test]
async fn a_paid_session_takes_a_second_payment_only_under_a_quirk() {
    let lomi = Lomi::start(Profile::Current).await;
    let id = lomi.session().await;
    lomi.pay(&id, json!({"method": "wave"})).await;
    let path = format!("/_sim/sessions/{id}/pay");
    assert_eq!(lomi.post(&path, json!({"method": "wave"})).await.status, 409);
    lomi.quirk("allow_double_pay").await;
    lomi.pay(&id, json!({"method": "wave"})).await;
    assert_eq!(lomi.get("/transactions?status=completed").await.json()["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn transactions_carry_the_sessions_metadata_and_not_its_id() {
    let lomi = Lomi::start(Profile::Current).await;
    let id = lomi.session().await;
    let paid = lomi.pay(&id, json!({"method": "wave", "phone": "+2250700000001", "name": "Awa"})).await;
    let path = format!("/transactions/{}", paid["transaction_id"].as_str().unwrap());
    let row = lomi.get(&path).await.json();
    assert_eq!(row["metadata"]["order_id"], "A-1007");
    assert_eq!(
        (&row["gross_amount"], &row["fee_amount"], &row["net_amount"]),
        (&json!(25000), &json!(750), &json!(24250))
    );
    assert!(row.get("checkout_session_id").is_none());
    let list = lomi.get("/transactions?provider=WAVE&currency=XOF&startDate=2026-06-20").await.json()["data"].clone();
    assert_eq!((&list[0]["customer_phone"], &list[0]["customer_name"]), (&json!("+2250700000001"), &json!("Awa")));
    assert_eq!(lomi.get("/transactions?provider=MTN").await.json()["data"], json!([]));
    let live = [("x-api-key", fixtures::LIVE_KEY_A)];
    assert_eq!(lomi.send("GET", &path, &live, &Value::Null).await.unwrap().status, 404);
    assert_eq!(lomi.send("GET", "/transactions", &live, &Value::Null).await.unwrap().json()["data"], json!([]));
}

#[tokio::test]
async fn a_placeholder_is_replaced_only_with_raw_braces() {
    let lomi = Lomi::start(Profile::Current).await;
    let mut body = session_body();
    body["success_url"] =
        json!("https://shop.example/ok?a={checkout_session_id}&b={{CHECKOUT_SESSION_ID}}&c=%7BCHECKOUT_SESSION_ID%7D");
    let pay = async || {
        let id = lomi.post("/checkout-sessions", body.clone()).await.json()["checkout_session_id"].clone();
        let id = id.as_str().unwrap().to_owned();
        let paid = lomi.pay(&id, json!({"method": "card"})).await;
        (id, paid["redirect"].as_str().unwrap().to_owned())
    };
    let (id, url) = pay().await;
    assert_eq!(url, format!("https://shop.example/ok?a={id}&b={id}&c=%7BCHECKOUT_SESSION_ID%7D"));
    lomi.quirk("placeholder_percent_encoded").await;
    let (id, url) = pay().await;
    assert_eq!(url, format!("https://shop.example/ok?a={id}&b={id}&c={id}"));
}

#[tokio::test]
async fn seeds_keep_to_the_allowed_providers() {
    let lomi = Lomi::start(Profile::Seeds).await;
    let mut body = session_body();
    body["allowed_providers"] = json!(["WAVE"]);
    let id = lomi.post("/checkout-sessions", body).await.json()["data"]["checkout_session_id"].clone();
    let path = format!("/_sim/sessions/{}/pay", id.as_str().unwrap());
    assert_eq!(lomi.post(&path, json!({"method": "card"})).await.status, 400);
    assert_eq!(lomi.post(&path, json!({"method": "wave"})).await.status, 200);
}

#[tokio::test]
async fn since_1_2_0_a_transaction_is_read_by_either_id() {
    for (profile, status) in [(Profile::Current, 200), (Profile::June2026, 500)] {
        let lomi = Lomi::start(profile).await;
        let id = lomi.payment(json!({"method": "wave"})).await;
        let row = lomi.get(&format!("/transactions/{id}")).await.json();
        let path = format!("/transactions/{}", row["public_id"].as_str().unwrap_or("txn_7KQ2MB9RWX4TZD"));
        let reply = lomi.get(&path).await;
        assert_eq!(reply.status, status, "{profile:?}");
        assert!(status == 500 || reply.json() == row);
        assert_eq!(lomi.as_stranger("GET", &path).await.status, if status == 200 { 404 } else { 500 });
    }
}
