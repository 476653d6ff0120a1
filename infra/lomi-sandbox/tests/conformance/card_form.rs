use lomi_sandbox::{Profile, fixtures};
use serde_json::{Value, json};

use crate::support::{Lomi, Receiver, Reply, charge_body, lomi_and_shop};

const GOOD: &str = "4242424242424242";

async fn confirm(lomi: &Lomi, charge: &Value, card: &str) -> Reply {
    let body = json!({"client_secret": charge["client_secret"], "card_number": card, "exp": "12/34", "cvc": "123"});
    lomi.post(&format!("/_sim/card/{}/confirm", charge["id"].as_str().unwrap()), body).await
}

async fn authenticate(lomi: &Lomi, charge: &Value, pass: bool) -> Reply {
    lomi.post(&format!("/_sim/card/{}/authenticate", charge["id"].as_str().unwrap()), json!({"pass": pass})).await
}

async fn status(lomi: &Lomi, charge: &Value) -> Value {
    lomi.get(&format!("/charge/card/{}", charge["id"].as_str().unwrap())).await.json()["data"].clone()
}

#[tokio::test]
async fn a_decline_then_a_success_is_one_transaction() {
    for profile in [Profile::Current, Profile::June2026, Profile::Seeds] {
        let (lomi, shop, _) = lomi_and_shop(profile).await;
        let charge = lomi.charge("k").await;
        let declined = confirm(&lomi, &charge, "4000000000000002").await;
        assert_eq!((declined.status, declined.error_code().as_str()), (402, "card_declined"));
        assert_eq!(status(&lomi, &charge).await["status"], "requires_payment_method");
        assert_eq!(status(&lomi, &charge).await["transaction"]["status"], "failed");
        lomi.advance(0).await;
        let paid = confirm(&lomi, &charge, GOOD).await.json();
        assert_eq!(paid["paymentIntent"], json!({"id": charge["id"], "status": "succeeded"}));
        lomi.advance(0).await;
        assert_eq!(shop.events(), ["PAYMENT_FAILED", "PAYMENT_SUCCEEDED"]);
        let data = |at: usize| shop.received()[at].json()["data"].clone();
        assert_eq!(data(0)["transaction_id"], data(1)["transaction_id"]);
        assert_eq!((&data(1)["status"], &data(1)["checkout_session_id"]), (&json!("completed"), &Value::Null));
        assert_eq!((&data(1)["gross_amount"], &data(1)["currency_code"]), (&json!(25000), &json!("XOF")));
    }
}

#[tokio::test]
async fn no_event_of_a_charge_names_its_intent_or_reference() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    let charge = lomi.charge("k").await;
    confirm(&lomi, &charge, "4000000000009995").await;
    confirm(&lomi, &charge, GOOD).await;
    lomi.advance(0).await;
    assert_eq!(shop.received().len(), 2);
    for event in shop.received() {
        for secret in ["pi_", "payment_reference", "REF-77", "stripe_"] {
            assert!(!event.text().contains(secret), "{secret} in {}", event.text());
        }
        assert_eq!(event.json()["data"]["metadata"], json!({"order_id": "A-1007", "lines": 2}));
    }
    assert_eq!(lomi.state().await["intents"][0]["metadata"]["payment_reference"], "REF-77");
    let listed = lomi.get("/transactions").await.json();
    assert_eq!(listed["data"][0]["provider_transaction_id"], charge["id"]);
}

#[tokio::test]
async fn every_test_card_behaves_as_documented() {
    let lomi = Lomi::start(Profile::Current).await;
    for (card, code) in [
        ("4000000000000002", "card_declined"),
        ("4000000000009995", "insufficient_funds"),
        ("4000000000009987", "lost_card"),
        ("4000000000009979", "stolen_card"),
        ("4000000000000069", "expired_card"),
        ("4000000000000127", "incorrect_cvc"),
        ("4000000000000119", "processing_error"),
        ("4000000000006975", "card_velocity_exceeded"),
    ] {
        let charge = lomi.charge(card).await;
        assert_eq!(confirm(&lomi, &charge, card).await.error_code(), code);
        assert_eq!(status(&lomi, &charge).await["transaction"]["status"], "failed");
    }
    for card in [GOOD, "378282246310005", "5555555555554444"] {
        let charge = lomi.charge(card).await;
        assert_eq!(confirm(&lomi, &charge, card).await.json()["paymentIntent"]["status"], "succeeded");
    }
}

#[tokio::test]
async fn a_card_refused_by_the_form_sends_no_event() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    let charge = lomi.charge("k").await;
    let form = async |card: &str, exp: &str, cvc: &str| {
        let body = json!({"client_secret": charge["client_secret"], "card_number": card, "exp": exp, "cvc": cvc});
        let reply = lomi.post(&format!("/_sim/card/{}/confirm", charge["id"].as_str().unwrap()), body).await;
        assert_eq!(reply.json()["error"]["type"], "validation_error", "{reply:?}");
        reply.error_code()
    };
    assert_eq!(form("4242424242424241", "12/34", "123").await, "incorrect_number");
    assert_eq!(form(GOOD, "05/26", "123").await, "expired_card");
    assert_eq!(form(GOOD, "soon", "123").await, "invalid_expiry");
    assert_eq!(form(GOOD, "06/26", "12").await, "incomplete_cvc");
    lomi.advance(0).await;
    assert!(shop.received().is_empty());
    assert_eq!(status(&lomi, &charge).await["transaction"]["status"], "pending");
}

#[tokio::test]
async fn a_challenge_failed_and_then_passed_is_the_same_transaction() {
    for card in ["4000002500003155", "4000002760003184", "4000000000003220"] {
        let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
        let charge = lomi.charge("k").await;
        assert_eq!(confirm(&lomi, &charge, card).await.json()["paymentIntent"]["status"], "requires_action");
        assert_eq!(status(&lomi, &charge).await["status"], "requires_action");
        let failed = authenticate(&lomi, &charge, false).await;
        assert_eq!((failed.status, failed.error_code().as_str()), (402, "authentication_failed"));
        assert_eq!(authenticate(&lomi, &charge, true).await.error_code(), "payment_intent_unexpected_state");
        lomi.advance(0).await;
        confirm(&lomi, &charge, card).await;
        let passed = authenticate(&lomi, &charge, true).await.json();
        assert_eq!(passed["paymentIntent"]["status"], "succeeded");
        lomi.advance(0).await;
        assert_eq!(shop.events(), ["PAYMENT_FAILED", "PAYMENT_SUCCEEDED"]);
        let ids = shop.received().iter().map(|one| one.json()["data"]["transaction_id"].clone()).collect::<Vec<_>>();
        assert_eq!(ids[0], ids[1]);
    }
}

#[tokio::test]
async fn a_passed_challenge_may_still_end_in_a_refusal() {
    let lomi = Lomi::start(Profile::Current).await;
    for (card, code) in [("4000008260003178", "insufficient_funds"), ("4000008400001629", "card_declined")] {
        let charge = lomi.charge(card).await;
        assert_eq!(confirm(&lomi, &charge, card).await.json()["paymentIntent"]["status"], "requires_action");
        assert_eq!(authenticate(&lomi, &charge, true).await.error_code(), code);
    }
}

#[tokio::test]
async fn a_final_intent_takes_no_card_and_cannot_be_cancelled() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    let paid = lomi.charge("paid").await;
    confirm(&lomi, &paid, GOOD).await;
    let cancel = |charge: &Value| format!("/charge/card/{}/cancel", charge["id"].as_str().unwrap());
    assert_eq!(lomi.post(&cancel(&paid), Value::Null).await.status, 500);
    let cancelled = lomi.charge("cancelled").await;
    assert_eq!(lomi.post(&cancel(&cancelled), Value::Null).await.status, 200);
    for charge in [&paid, &cancelled] {
        assert_eq!(confirm(&lomi, charge, GOOD).await.error_code(), "payment_intent_unexpected_state");
    }
    lomi.advance(0).await;
    assert_eq!(shop.events(), ["PAYMENT_SUCCEEDED"]);
}

#[tokio::test]
async fn a_challenged_intent_can_be_cancelled() {
    let lomi = Lomi::start(Profile::Current).await;
    let charge = lomi.charge("k").await;
    confirm(&lomi, &charge, "4000002500003155").await;
    let cancel = format!("/charge/card/{}/cancel", charge["id"].as_str().unwrap());
    assert_eq!(lomi.post(&cancel, Value::Null).await.status, 200);
    assert_eq!(authenticate(&lomi, &charge, true).await.status, 400);
}

#[tokio::test]
async fn the_form_needs_the_right_secret() {
    let lomi = Lomi::start(Profile::Current).await;
    let charge = lomi.charge("k").await;
    let mut forged = charge.clone();
    forged["client_secret"] = json!("pi_x_secret_y");
    assert_eq!(confirm(&lomi, &forged, GOOD).await.status, 403);
    forged["id"] = json!("pi_unknown");
    assert_eq!(confirm(&lomi, &forged, GOOD).await.status, 404);
    assert_eq!(status(&lomi, &charge).await["status"], "requires_payment_method");
}

#[tokio::test]
async fn a_live_unknown_card_is_declined_and_announced_to_live() {
    let lomi = Lomi::start(Profile::Current).await;
    let shop = Receiver::start().await;
    lomi.register(fixtures::LIVE_KEY_A, &shop.url).await;
    let live = [("x-api-key", fixtures::LIVE_KEY_A), ("idempotency-key", "k")];
    let charge = lomi.send("POST", "/charge/card", &live, &charge_body()).await.unwrap().json()["data"].clone();
    assert_eq!(confirm(&lomi, &charge, "5555555555554444").await.error_code(), "card_declined");
    lomi.advance(0).await;
    assert_eq!(shop.events(), ["PAYMENT_FAILED"]);
}

#[tokio::test]
async fn caller_metadata_selects_the_notified_account_in_live() {
    let lomi = Lomi::start(Profile::Current).await;
    let shop = Receiver::start().await;
    lomi.register(fixtures::LIVE_KEY_A, &shop.url).await;
    let mut body = charge_body();
    body["metadata"] = json!({"organization_id": fixtures::ORGANIZATION_A, "original_amount": "1"});
    let stranger = [("x-api-key", fixtures::LIVE_KEY_B), ("idempotency-key", "k")];
    let charge = lomi.send("POST", "/charge/card", &stranger, &body).await.unwrap().json()["data"].clone();
    let metadata = lomi.state().await["intents"][0]["metadata"].clone();
    assert_eq!(
        (&metadata["organization_id"], &metadata["original_amount"]),
        (&body["metadata"]["organization_id"], &json!("1"))
    );
    assert_eq!(metadata["merchant_id"], fixtures::MERCHANT_B);
    assert_eq!(confirm(&lomi, &charge, "5555555555554444").await.error_code(), "card_declined");
    lomi.advance(0).await;
    assert_eq!(shop.received()[0].json()["data"]["organization_id"], fixtures::ORGANIZATION_B);
}

#[tokio::test]
async fn an_orphan_is_charged_and_not_announced() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    let mut body = charge_body();
    body["customer_id"] = json!("7c0dd2f4-52a1-4f0e-9a53-0f6f2a1b9c11");
    assert_eq!(lomi.post_once("/charge/card", "k", &body).await.status, 400);
    let orphan = lomi.state().await["intents"][0].clone();
    assert_eq!(confirm(&lomi, &orphan, GOOD).await.json()["paymentIntent"]["status"], "succeeded");
    lomi.advance(0).await;
    assert!(shop.received().is_empty());
    assert_eq!(status(&lomi, &orphan).await["transaction"], Value::Null);
}

#[tokio::test]
async fn a_payment_approved_by_hand_succeeds_at_the_processor_too() {
    let lomi = Lomi::start(Profile::Current).await;
    let charge = lomi.charge("k").await;
    let transaction = status(&lomi, &charge).await["transaction"]["transaction_id"].clone();
    let path = format!("/_sim/transactions/{}", transaction.as_str().unwrap());
    assert_eq!(lomi.post(&format!("{path}/decline"), Value::Null).await.json()["status"], "failed");
    assert_eq!(lomi.post(&format!("{path}/approve"), Value::Null).await.json()["status"], "completed");
    assert_eq!(status(&lomi, &charge).await["status"], "succeeded");
}

#[tokio::test]
async fn another_origin_can_load_the_script_and_read_the_answers() {
    let lomi = Lomi::start(Profile::Current).await;
    let script = lomi.get("/_sim/card.js").await;
    assert_eq!((script.status, script.header("content-type")), (200, "text/javascript; charset=utf-8"));
    assert!(script.text.contains("window.loadLomi"));
    let charge = lomi.charge("k").await;
    assert_eq!(confirm(&lomi, &charge, "4000000000000002").await.header("access-control-allow-origin"), "*");
    let malformed = lomi.post("/_sim/card/pi_1/confirm", json!("{")).await;
    assert_eq!((malformed.status, malformed.header("access-control-allow-origin")), (400, "*"));
    assert_eq!(lomi.get("/me").await.header("access-control-allow-origin"), "");
}
