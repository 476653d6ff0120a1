use hmac::{Hmac, KeyInit, Mac};
use lomi_sandbox::{Profile, fixtures};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{Lomi, Receiver, Reply, charge_body, lomi_and_shop};

fn hmac(secret: &str, message: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    hex::encode(mac.chain_update(message).finalize().into_bytes())
}

#[tokio::test]
async fn deliveries_are_signed_and_dated_only_in_current() {
    for (profile, is_dated) in [(Profile::Current, true), (Profile::June2026, false), (Profile::Seeds, false)] {
        let (lomi, shop, secret) = lomi_and_shop(profile).await;
        let id = lomi.session().await;
        lomi.pay(&id, json!({"method": "wave"})).await;
        lomi.advance(0).await;
        let received = shop.received().into_iter().find(|one| one.event() == "PAYMENT_SUCCEEDED").unwrap();
        assert_eq!(received.header("x-lomi-signature").unwrap(), hmac(&secret, received.text()));
        assert_eq!(received.header("x-lomi-event"), Some("PAYMENT_SUCCEEDED"));
        assert_eq!(received.header("user-agent"), Some("Lomi-Webhook/1.0"));
        assert_eq!(received.header("x-lomi-timestamp").is_some(), is_dated, "{profile:?}");
        let dated = received.header("x-lomi-signature-v1");
        let t = 1_781_946_000;
        let expected = format!("t={t},v1={}", hmac(&secret, &format!("{t}.{}", received.text())));
        assert_eq!(dated, is_dated.then_some(expected.as_str()));
    }
}

#[tokio::test]
async fn a_body_has_its_fields_in_order() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    let id = lomi.session().await;
    lomi.pay(&id, json!({"method": "wave"})).await;
    lomi.advance(0).await;
    let received = shop.received()[0].clone();
    let text = received.text();
    let at = |name: &str| text.find(&format!("\"{name}\":")).unwrap_or_else(|| panic!("{name} in {text}"));
    let names = ["id", "event", "timestamp", "data", "transaction_id", "gross_amount", "metadata", "lomi_environment"];
    assert!(names.windows(2).all(|pair| at(pair[0]) < at(pair[1])), "{text}");
    let data = &received.json()["data"];
    assert_eq!((&data["gross_amount"], &data["metadata"]["order_id"]), (&json!(25000), &json!("A-1007")));
    assert!(data.get("environment").is_none() && data.get("checkout_session_id").is_none());
}

#[tokio::test]
async fn no_event_contains_card_network_data() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    let body = json!({"amount": 500, "metadata": {"order_id": "A-1", "stripe_of_mine": "x"}});
    let id = lomi.post("/checkout-sessions", body).await.json()["checkout_session_id"].clone();
    lomi.pay(id.as_str().unwrap(), json!({"method": "card"})).await;
    lomi.advance(0).await;
    let text = shop.received()[0].text().to_owned();
    for secret in ["pi_", "stripe_", "payment_reference", "card_country"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert_eq!(shop.received()[0].json()["data"]["checkout_session_id"], id);
    assert_eq!(shop.received()[0].json()["data"]["environment"], "test");
}

#[tokio::test]
async fn test_and_live_endpoints_get_only_their_own_unless_misrouted() {
    let lomi = Lomi::start(Profile::Current).await;
    let (test, live) = (Receiver::start().await, Receiver::start().await);
    lomi.register(fixtures::TEST_KEY_A, &test.url).await;
    lomi.register(fixtures::LIVE_KEY_A, &live.url).await;
    let pay = async || {
        let id = lomi.session().await;
        lomi.pay(&id, json!({"method": "wave"})).await;
        lomi.advance(0).await;
    };
    pay().await;
    assert_eq!((test.received().len(), live.received().len()), (1, 0));
    lomi.quirk("misroute_test_events").await;
    pay().await;
    assert_eq!((test.received().len(), live.received().len()), (1, 1));
}

#[tokio::test]
async fn card_charge_metadata_selects_the_notified_account() {
    for profile in [Profile::Current, Profile::June2026, Profile::Seeds] {
        let (lomi, shop, secret) = lomi_and_shop(profile).await;
        let own = Receiver::start().await;
        lomi.sandbox.sim().register_webhook(fixtures::TEST_KEY_B, &own.url).unwrap();
        let mut body = charge_body();
        body["metadata"]["organization_id"] = json!(fixtures::ORGANIZATION_A);
        let headers = [("x-api-key", fixtures::TEST_KEY_B), ("idempotency-key", "k")];
        let charge = lomi.send("POST", "/charge/card", &headers, &body).await.unwrap().json()["data"].clone();
        let confirm = format!("/_sim/card/{}/confirm", charge["id"].as_str().unwrap());
        for card in ["4000000000000002", "4242424242424242"] {
            let form = json!({"client_secret": charge["client_secret"], "card_number": card});
            lomi.post(&confirm, form).await;
            lomi.advance(0).await;
        }
        assert_eq!((shop.events(), own.events()), (vec!["PAYMENT_FAILED".into(), "PAYMENT_SUCCEEDED".into()], vec![]));
        for received in shop.received() {
            assert_eq!(received.header("x-lomi-signature").unwrap(), hmac(&secret, received.text()), "with our secret");
            let data = received.json()["data"].clone();
            assert_eq!(data["organization_id"], fixtures::ORGANIZATION_B, "the row is theirs");
            assert_eq!(data["metadata"]["organization_id"], fixtures::ORGANIZATION_A);
            let row = format!("/transactions/{}", data["transaction_id"].as_str().unwrap());
            assert_eq!(lomi.get(&row).await.status, 404, "and denied to our key");
        }
    }
}

#[tokio::test]
async fn seeds_sends_session_events_too() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Seeds).await;
    let paid = lomi.session().await;
    lomi.session().await;
    lomi.pay(&paid, json!({"method": "wave"})).await;
    lomi.advance(31 * 60).await;
    let mut events = shop.events();
    events.sort();
    assert_eq!(events, ["PAYMENT_SUCCEEDED", "checkout.session.completed", "checkout.session.expired"]);
}

#[tokio::test]
async fn an_endpoint_shows_its_secret_only_once() {
    let lomi = Lomi::start(Profile::Current).await;
    let shop = Receiver::start().await;
    let (id, secret) = lomi.register(fixtures::TEST_KEY_A, &shop.url).await;
    assert!(secret.starts_with("whsec_"));
    let path = format!("/webhooks/{id}");
    assert!(!lomi.get(&path).await.text.contains(&secret) && !lomi.get("/webhooks").await.text.contains(&secret));
    let changed = lomi.call("PATCH", &path, &json!({"is_active": false})).await.json();
    assert_eq!((&changed["is_active"], &changed["active"]), (&json!(false), &json!(false)));
    let session = lomi.session().await;
    lomi.pay(&session, json!({"method": "wave"})).await;
    lomi.advance(0).await;
    assert!(shop.received().is_empty());
    let stranger = [("x-api-key", fixtures::TEST_KEY_B)];
    assert_eq!(lomi.send("GET", &path, &stranger, &Value::Null).await.unwrap().status, 404);
    assert_eq!(lomi.call("DELETE", &path, &Value::Null).await.json(), json!({"deleted": true}));
    assert_eq!(lomi.get(&path).await.status, 404);
}

#[tokio::test]
async fn bad_endpoints_are_refused() {
    let lomi = Lomi::start(Profile::Current).await;
    for body in [
        json!({"url": "ftp://shop.example", "authorized_events": ["PAYMENT_SUCCEEDED"]}),
        json!({"url": "https://shop.example", "authorized_events": []}),
        json!({"url": "https://shop.example", "authorized_events": ["PAYMENT_IMAGINED"]}),
        json!({"url": "https://shop.example"}),
    ] {
        assert_eq!(lomi.post("/webhooks", body).await.status, 400);
    }
    let june = Lomi::start(Profile::June2026).await;
    let good = json!({"url": "https://shop.example", "authorized_events": ["PAYMENT_SUCCEEDED"]});
    assert_eq!(june.post("/webhooks", good).await.status, 400);
}

#[tokio::test]
async fn a_test_send_has_another_envelope_and_reports_the_answer() {
    let lomi = Lomi::start(Profile::Current).await;
    let shop = Receiver::start().await;
    let (id, secret) = lomi.register(fixtures::TEST_KEY_A, &shop.url).await;
    assert_eq!(lomi.post(&format!("/webhooks/{id}/test"), Value::Null).await.status, 200);
    let received = shop.received()[0].clone();
    assert_eq!(received.header("x-lomi-event"), Some("test.webhook"));
    assert_eq!(received.header("x-lomi-signature").unwrap(), hmac(&secret, received.text()));
    assert_eq!((&received.json()["type"], &received.json()["livemode"]), (&json!("test.webhook"), &json!(false)));
    shop.always(500);
    assert_eq!(lomi.post(&format!("/webhooks/{id}/test"), Value::Null).await.status, 400);
    assert!(lomi.outbox().await.is_empty());
}

#[tokio::test]
async fn a_logged_delivery_is_replayed_with_its_id_and_content() {
    let lomi = Lomi::start(Profile::Current).await;
    let shop = Receiver::start().await;
    let (id, _) = lomi.register(fixtures::TEST_KEY_A, &shop.url).await;
    shop.next(404, 0);
    let session = lomi.session().await;
    lomi.pay(&session, json!({"method": "wave"})).await;
    lomi.advance(100).await;
    let logs = lomi.get(&format!("/webhooks/deliveries?webhookId={id}&failedOnly=true")).await.json();
    let log_id = logs[0]["log_id"].as_str().unwrap().to_owned();
    assert_eq!((&logs[0]["response_status"], &logs[0]["success"]), (&json!(404), &json!(false)));
    assert_eq!(lomi.get(&format!("/webhooks/deliveries/{log_id}")).await.json()["attempt_number"], 1);
    let reply = lomi.post(&format!("/webhooks/{id}/deliveries/{log_id}/retry"), Value::Null).await;
    assert_eq!((reply.status, &reply.json()["delivered"]), (200, &json!(true)));
    let received = shop.received();
    assert_eq!(received[0].text(), received[1].text());
    assert_eq!(reply.json()["event_id"], received[0].json()["id"]);
    shop.always(500);
    assert_eq!(lomi.post(&format!("/webhooks/{id}/deliveries/{log_id}/retry"), Value::Null).await.status, 400);
    let unknown = format!("/webhooks/{id}/deliveries/{id}/retry");
    assert_eq!(lomi.post(&unknown, Value::Null).await.status, 404);
}

#[tokio::test]
async fn deliveries_have_other_paths_since_1_2_0() {
    for profile in [Profile::Current, Profile::June2026, Profile::Seeds] {
        let (lomi, _shop, _) = lomi_and_shop(profile).await;
        let is_new = profile == Profile::Current;
        let id = lomi.state().await["webhooks"][0]["webhook_id"].as_str().unwrap().to_owned();
        let unknown = |reply: &Reply| reply.json()["error"]["message"].as_str().unwrap().starts_with("Cannot ");
        for (method, path, is_here) in [
            ("GET", format!("/webhooks/deliveries/{id}"), is_new),
            ("POST", format!("/webhooks/{id}/deliveries/{id}/retry"), is_new),
            ("GET", format!("/webhook-delivery-logs/{id}"), !is_new),
            ("POST", format!("/webhooks/{id}/logs/{id}/retry"), !is_new),
        ] {
            let reply = lomi.call(method, &path, &Value::Null).await;
            assert_eq!((reply.status, unknown(&reply)), (404, !is_here), "{profile:?} {path}");
        }
        let list = lomi.get(&format!("/webhooks/deliveries?webhookId={id}")).await;
        assert_eq!(list.status, if is_new { 200 } else { 404 });
        assert!(is_new || !unknown(&list), "an older server looks for a webhook with this id");
    }
    let lomi = Lomi::start(Profile::Current).await;
    assert_eq!(lomi.get("/webhooks/deliveries").await.status, 400, "of which webhook?");
}

#[tokio::test]
async fn an_endpoint_takes_its_events_by_the_generations_name() {
    let (new, old) = (json!(["PAYMENT_SUCCEEDED"]), json!(["PAYMENT_FAILED"]));
    let url = "https://shop.example/hook";
    let lomi = Lomi::start(Profile::Current).await;
    for (body, events) in [
        (json!({"url": url, "events": new}), &new),
        (json!({"url": url, "authorized_events": old}), &old),
        (json!({"url": url, "events": new, "authorized_events": old}), &new),
    ] {
        let made = lomi.post("/webhooks", body).await.json();
        assert_eq!((&made["authorized_events"], made["secret"].is_string()), (events, true), "flat, with the secret");
    }
    let seeds = Lomi::start(Profile::Seeds).await;
    assert_eq!(seeds.post("/webhooks", json!({"url": url, "events": new})).await.status, 400);
    let made = seeds.post("/webhooks", json!({"url": url, "events": new, "authorized_events": old})).await.json();
    assert_eq!((&made["data"]["authorized_events"], made["secret"].is_string()), (&old, true));
}

#[tokio::test]
async fn any_event_can_be_sent_by_hand() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    let own = json!({"event": "PAYMENT_CREATED", "data": {"zulu": 1, "alpha": 2}});
    assert_eq!(lomi.post("/test/webhook-event", own).await.status, 201);
    lomi.advance(0).await;
    assert_eq!(shop.received()[0].json()["data"]["merchant_id"], json!(fixtures::MERCHANT_A));
    let event = r#"{"event":"PAYMENT_SUCCEEDED","data":{"zulu":1,"alpha":2},"environment":"test"}"#;
    assert_eq!(lomi.post("/_sim/events", json!(event)).await.json()["dispatches"].as_array().unwrap().len(), 1);
    lomi.advance(0).await;
    assert!(shop.received()[1].text().contains(r#""data":{"zulu":1,"alpha":2}"#));
}
