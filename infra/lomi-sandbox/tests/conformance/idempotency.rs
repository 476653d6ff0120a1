use lomi_sandbox::{Profile, fixtures};
use serde_json::{Value, json};

use crate::support::{Lomi, Reply, session_body};

async fn create(lomi: &Lomi, key: &str, body: &Value) -> Reply {
    let headers = [("x-api-key", fixtures::TEST_KEY_A), ("idempotency-key", key)];
    lomi.send("POST", "/checkout-sessions", &headers, body).await.unwrap()
}

#[tokio::test]
async fn the_same_key_and_body_get_the_same_bytes() {
    let lomi = Lomi::start(Profile::Current).await;
    let first = create(&lomi, "k", &session_body()).await;
    let second = create(&lomi, " k ", &session_body()).await;
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(first.text, second.text);
    assert_eq!((first.header("idempotency-cache-hit"), second.header("idempotency-cache-hit")), ("", "true"));
    assert_eq!(lomi.state().await["sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn another_body_under_the_key_is_a_conflict() {
    for (profile, code) in [
        (Profile::Current, "idempotency_key_reused"),
        (Profile::June2026, "conflict"),
        (Profile::Seeds, "RESOURCE_CONFLICT"),
    ] {
        let lomi = Lomi::start(profile).await;
        create(&lomi, "k", &session_body()).await;
        let mut other = session_body();
        other["amount"] = json!(1);
        let reply = create(&lomi, "k", &other).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (409, code));
    }
}

#[tokio::test]
async fn of_two_requests_in_flight_one_is_refused() {
    let lomi = Lomi::start(Profile::Current).await;
    let slow = json!({"target": "POST /checkout-sessions", "kind": "latency_ms", "when": "inside", "arg": 1000});
    lomi.fault(slow).await;
    let body = session_body();
    let second = async {
        while lomi.state().await["idempotency_keys"] == 0 {}
        create(&lomi, "k", &body).await
    };
    let (done, refused) = tokio::join!(create(&lomi, "k", &body), second);
    assert_eq!((done.status, refused.status), (201, 409));
    assert_eq!(refused.error_code(), "idempotency_in_progress");
    assert_eq!(create(&lomi, "k", &body).await.text, done.text);
}

#[tokio::test]
async fn in_june_the_second_waits_for_the_first() {
    let lomi = Lomi::start(Profile::June2026).await;
    lomi.fault(json!({"target": "*", "kind": "latency_ms", "when": "inside", "arg": 200, "times": 2})).await;
    let body = session_body();
    let (one, two) = tokio::join!(create(&lomi, "k", &body), create(&lomi, "k", &body));
    assert_eq!((one.status, two.status), (201, 201));
    assert_eq!(one.text, two.text);
}

#[tokio::test]
async fn only_current_repeats_a_stored_refusal() {
    let nothing = json!({"currency_code": "XOF"});
    let lomi = Lomi::start(Profile::Current).await;
    let first = create(&lomi, "k", &nothing).await;
    let second = create(&lomi, "k", &nothing).await;
    assert_eq!((first.status, first.error_code().as_str()), (400, "amount_invalid"));
    assert_eq!(first.text, second.text);
    assert_eq!(create(&lomi, "k", &session_body()).await.status, 409);

    let lomi = Lomi::start(Profile::June2026).await;
    assert_eq!(create(&lomi, "k", &json!({"amount": 0, "currency_code": "XOF"})).await.status, 500);
    assert_eq!(create(&lomi, "k", &session_body()).await.status, 201);
}

#[tokio::test]
async fn a_malformed_body_does_not_use_up_the_key() {
    let lomi = Lomi::start(Profile::Current).await;
    assert_eq!(create(&lomi, "k", &json!({"amount": "x"})).await.error_code(), "validation_failed");
    assert_eq!(create(&lomi, "k", &session_body()).await.status, 201);
}

#[tokio::test]
async fn a_key_lasts_a_day_and_belongs_to_one_environment() {
    let lomi = Lomi::start(Profile::Current).await;
    let first = create(&lomi, "k", &session_body()).await;
    let live = [("x-api-key", fixtures::LIVE_KEY_A), ("idempotency-key", "k")];
    let other = lomi.send("POST", "/checkout-sessions", &live, &session_body()).await.unwrap();
    assert_ne!(first.json()["checkout_session_id"], other.json()["checkout_session_id"]);
    lomi.advance(24 * 3600).await;
    let later = create(&lomi, "k", &session_body()).await;
    assert_ne!(first.json()["checkout_session_id"], later.json()["checkout_session_id"]);
}
