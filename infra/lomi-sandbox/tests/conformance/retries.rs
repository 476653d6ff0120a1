use lomi_sandbox::{Profile, fixtures};
use serde_json::{Value, json};

use crate::support::{Lomi, Receiver, lomi_and_shop};

async fn pay_in_test(lomi: &Lomi) {
    let id = lomi.session().await;
    lomi.pay(&id, json!({"method": "wave"})).await;
}

#[tokio::test]
async fn an_endpoint_that_answers_503_is_retried_on_schedule() {
    for (profile, expected) in
        [(Profile::Current, vec![0, 2, 6, 14, 30, 62]), (Profile::June2026, vec![0, 5, 15, 35, 75])]
    {
        let (lomi, shop, _) = lomi_and_shop(profile).await;
        shop.always(503);
        pay_in_test(&lomi).await;
        lomi.advance(300).await;
        assert_eq!(lomi.attempt_times().await, expected, "{profile:?}");
        assert_eq!(lomi.outbox().await[0]["status"], "dead_letter");
        let ids: Vec<Value> = shop.received().iter().map(|one| one.json()["id"].clone()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "the queue keeps the id");
        let stamps: Vec<Value> = shop.received().iter().map(|one| one.json()["timestamp"].clone()).collect();
        assert!(stamps.windows(2).all(|pair| pair[0] != pair[1]), "every attempt has its own time");
    }
}

#[tokio::test]
async fn the_direct_path_logs_an_id_that_was_never_sent() {
    let lomi = Lomi::start(Profile::June2026).await;
    let shop = Receiver::start().await;
    lomi.sandbox.sim().register_webhook(fixtures::LIVE_KEY_A, &shop.url).unwrap();
    shop.always(503);
    let id = lomi.session_by(fixtures::LIVE_KEY_A).await;
    let waiting = lomi.pay(&id, json!({"method": "wave"})).await;
    let path = format!("/_sim/transactions/{}/approve", waiting["transaction_id"].as_str().unwrap());
    lomi.post(&path, Value::Null).await;
    lomi.advance(100).await;
    assert_eq!(lomi.attempt_times().await, [0, 3, 9, 21]);
    let mut ids: Vec<String> = shop.received().iter().map(|one| one.json()["id"].to_string()).collect();
    let live = [("x-api-key", fixtures::LIVE_KEY_A)];
    let logs = lomi.send("GET", "/webhook-delivery-logs", &live, &Value::Null).await.unwrap().json();
    assert_eq!(logs.as_array().unwrap().len(), 1);
    ids.push(logs[0]["payload"]["id"].to_string());
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5);
}

#[tokio::test]
async fn every_4xx_ends_the_delivery() {
    for profile in [Profile::Current, Profile::June2026, Profile::Seeds] {
        for status in [400, 401, 404, 408, 410, 429] {
            let (lomi, shop, _) = lomi_and_shop(profile).await;
            lomi.post("/_sim/profile", json!({"quirks": {"session_events": false}})).await;
            shop.always(status);
            pay_in_test(&lomi).await;
            lomi.advance(300).await;
            assert_eq!(lomi.attempt_times().await, [0], "{profile:?} {status}");
            assert_eq!(lomi.logs().await.len(), 1);
        }
    }
}

#[tokio::test]
async fn a_queued_event_that_ran_out_of_retries_leaves_no_log() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    shop.always(500);
    pay_in_test(&lomi).await;
    lomi.advance(300).await;
    assert!(lomi.logs().await.is_empty());
}

#[tokio::test]
async fn a_redirect_is_retried_and_not_followed() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    shop.next(302, 0);
    pay_in_test(&lomi).await;
    lomi.advance(2).await;
    assert_eq!(lomi.attempt_times().await, [0, 2]);
    assert_eq!(lomi.outbox().await[0]["status"], "delivered");
}

#[tokio::test]
async fn a_disabled_endpoint_is_not_retried() {
    let lomi = Lomi::start(Profile::Current).await;
    let shop = Receiver::start().await;
    shop.always(503);
    let (webhook, _) = lomi.register(fixtures::TEST_KEY_A, &shop.url).await;
    pay_in_test(&lomi).await;
    lomi.advance(0).await;
    lomi.call("PATCH", &format!("/webhooks/{webhook}"), &json!({"is_active": false})).await;
    lomi.advance(300).await;
    assert_eq!(lomi.attempt_times().await, [0]);
    assert_eq!(lomi.outbox().await[0]["status"], "dead_letter");
}

#[tokio::test]
async fn a_slow_answer_counts_as_a_failed_delivery() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    shop.next(200, 4500);
    pay_in_test(&lomi).await;
    lomi.advance(2).await;
    let outbox = lomi.outbox().await;
    assert_eq!(outbox[0]["attempts"][0]["error"], "timeout");
    assert_eq!((shop.received().len(), &outbox[0]["status"]), (2, &json!("delivered")));
}

#[tokio::test]
async fn a_dead_address_is_retried() {
    let lomi = Lomi::start(Profile::Current).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    lomi.sandbox.sim().register_webhook(fixtures::TEST_KEY_A, &url).unwrap();
    pay_in_test(&lomi).await;
    lomi.advance(2).await;
    assert_eq!(lomi.attempt_times().await, [0, 2]);
    assert!(lomi.outbox().await[0]["attempts"][0]["error"].is_string());
}

#[tokio::test]
async fn waiting_retries_can_run_now_and_dead_ones_be_resent() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    shop.next(500, 0);
    pay_in_test(&lomi).await;
    lomi.advance(0).await;
    assert_eq!(lomi.post("/_sim/outbox/run", Value::Null).await.json()["waiting"], 0);
    let outbox = lomi.outbox().await;
    assert_eq!((outbox[0]["status"].as_str(), shop.received().len()), (Some("delivered"), 2));
    let path = format!("/_sim/outbox/{}/resend", outbox[0]["dispatch_id"].as_str().unwrap());
    assert_eq!(lomi.post(&path, Value::Null).await.json()["delivered"], true);
    let received = shop.received();
    assert_eq!(received[0].json()["id"], received[2].json()["id"]);
}
