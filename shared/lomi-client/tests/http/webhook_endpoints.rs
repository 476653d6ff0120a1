//! Webhook endpoints, the log of deliveries and replays.

use crate::support::{Lomi, OBJECT_ID, Reply, json, unsent};
use lomi_client::webhook::{EventKind, Secrets, Signatures, sign, verify};
use lomi_client::{
    CreateWebhookEndpoint, DeliveryLogId, Environment, ErrorKind, Outcome, UpdateWebhookEndpoint, WebhookEndpointId,
};

const LOG_ID: &str = "5a3f8d0e-1b2c-4d3e-8f4a-6b7c8d9e0f11";
const ROW: &str = r#"{"webhook_id":"0d6f5f5e-7f0b-4c59-8c1b-8c7c0e1f2a33","id":"0d6f5f5e-7f0b-4c59-8c1b-8c7c0e1f2a33","url":"https://shop.example/hooks","authorized_events":["PAYMENT_SUCCEEDED","DISPUTE_CREATED"],"events":["PAYMENT_SUCCEEDED"],"is_active":true,"active":true,"environment":"test","organization_id":"o","metadata":null,"last_triggered_at":null,"last_response_status":200,"retry_count":0,"created_at":"2026-06-20T09:13:11.020Z","updated_at":null}"#;

fn id() -> WebhookEndpointId {
    WebhookEndpointId::parse(OBJECT_ID).unwrap()
}

fn endpoint() -> CreateWebhookEndpoint {
    let events = vec![EventKind::PaymentSucceeded, EventKind::DisputeCreated];
    CreateWebhookEndpoint::new("https://shop.example/hooks", events)
}

#[tokio::test]
async fn a_new_endpoint_has_a_working_hidden_secret() {
    let body = format!(r#"{{"data":{ROW},"secret":"whsec_canary"}}"#);
    let lomi = Lomi::start(vec![json("201 Created", &body)]).await;
    let new = lomi.client().webhook_endpoints().create(&endpoint()).send().await.unwrap();
    assert_eq!((new.endpoint.webhook_endpoint_id.as_str(), new.endpoint.is_active), (OBJECT_ID, Some(true)));
    assert_eq!(new.endpoint.authorized_events, endpoint().authorized_events);
    assert_eq!(new.endpoint.environment, Some(Environment::Test));
    assert_eq!(new.secret.expose(), "whsec_canary");
    assert!(!format!("{new:?}").contains("canary"));
    let secret = new.secret.to_secret().unwrap();
    let header = sign(&secret, b"{}");
    let signatures = Signatures { legacy: Some(&header), v1: None };
    assert!(verify(signatures, b"{}", &Secrets::new(vec![secret]).unwrap()).is_ok());
    assert_eq!(
        lomi.received()[0].body,
        r#"{"events":["PAYMENT_SUCCEEDED","DISPUTE_CREATED"],"url":"https://shop.example/hooks","authorized_events":["PAYMENT_SUCCEEDED","DISPUTE_CREATED"]}"#
    );
}

#[tokio::test]
async fn an_endpoint_without_its_secret_is_unusable_and_may_exist() {
    for reply in [json("201 Created", &format!(r#"{{"data":{ROW}}}"#)), Reply::Drop] {
        let lomi = Lomi::start(vec![reply, json("201 Created", ROW)]).await;
        let error = lomi.client().webhook_endpoints().create(&endpoint()).send().await.unwrap_err();
        assert_eq!((error.outcome(), lomi.count()), (Outcome::Unknown, 1));
    }
}

#[tokio::test]
async fn an_endpoint_that_lomi_would_refuse_is_not_sent() {
    let kind = EventKind::PaymentSucceeded;
    let broken = [
        ("url", CreateWebhookEndpoint::new("http://shop.example/hooks", vec![kind.clone()])),
        ("url", CreateWebhookEndpoint::new("https://user:pw@shop.example", vec![kind])),
        ("authorized_events", CreateWebhookEndpoint::new("https://shop.example", Vec::new())),
        ("authorized_events", CreateWebhookEndpoint::new("https://shop.example", vec![EventKind::Test])),
    ];
    let lomi = Lomi::start(vec![json("201 Created", ROW)]).await;
    for (field, endpoint) in broken {
        let error = lomi.client().webhook_endpoints().create(&endpoint).send().await.unwrap_err();
        assert_eq!(unsent(&error), field);
    }
    let changes = UpdateWebhookEndpoint { authorized_events: Some(Vec::new()), ..Default::default() };
    let error = lomi.client().webhook_endpoints().update(&id(), &changes).send().await.unwrap_err();
    assert_eq!((unsent(&error).as_str(), lomi.count()), ("authorized_events", 0));
}

#[tokio::test]
async fn an_endpoint_is_listed_read_updated_tested_and_deleted() {
    let replies = vec![
        json("200 OK", &format!("[{ROW}]")),
        json("200 OK", ROW),
        json("200 OK", ROW),
        json("200 OK", r#"{"delivered":true}"#),
        json("200 OK", r#"{"deleted":true}"#),
    ];
    let lomi = Lomi::start(replies).await;
    let endpoints = lomi.client().webhook_endpoints();
    assert_eq!(endpoints.list().send().await.unwrap().len(), 1);
    assert_eq!(endpoints.get(&id()).send().await.unwrap().last_response_status, Some(200));
    let changes = UpdateWebhookEndpoint {
        authorized_events: Some(vec![EventKind::RefundCompleted]),
        is_active: Some(false),
        ..Default::default()
    };
    endpoints.update(&id(), &changes).send().await.unwrap();
    endpoints.test(&id()).send().await.unwrap();
    endpoints.delete(&id()).send().await.unwrap();
    let received = lomi.received();
    assert_eq!(received[2].body, r#"{"authorized_events":["REFUND_COMPLETED"],"is_active":false}"#);
    let lines: Vec<_> = received.iter().map(|request| request.line.replace(OBJECT_ID, "ID")).collect();
    assert_eq!(
        lines,
        [
            "GET /webhooks HTTP/1.1",
            "GET /webhooks/ID HTTP/1.1",
            "PATCH /webhooks/ID HTTP/1.1",
            "POST /webhooks/ID/test HTTP/1.1",
            "DELETE /webhooks/ID HTTP/1.1",
        ]
    );
}

fn log() -> String {
    format!(
        r#"{{"log_id":"{LOG_ID}","webhook_id":"{OBJECT_ID}","organization_id":"o","event_type":"PAYMENT_SUCCEEDED","payload":{{"id":"canary"}},"response_status":503,"response_body":"canary","attempt_number":4,"success":false,"headers":{{}},"request_duration_ms":41,"ip_address":null,"user_agent":"x","created_at":"2026-06-20T09:13:11.020Z"}}"#
    )
}

#[tokio::test]
async fn a_delivery_is_found_read_and_replayed() {
    let replies = vec![
        json("200 OK", &format!("[{}]", log())),
        json("200 OK", &log()),
        json("200 OK", r#"{"delivered":true,"response_status":200,"event_id":"evt-1"}"#),
    ];
    let lomi = Lomi::start(replies).await;
    let logs = lomi.client().delivery_logs();
    let failed = logs.list(&id()).success(true).success(false).limit(10).offset(5).send().await.unwrap();
    let log_id = DeliveryLogId::parse(LOG_ID).unwrap();
    assert_eq!(failed[0].delivery_log_id, log_id);
    assert_eq!(failed[0].event_type, Some(EventKind::PaymentSucceeded));
    assert_eq!((failed[0].success, failed[0].response_status), (Some(false), Some(503)));
    assert_eq!(failed[0].payload.as_deref(), Some(r#"{"id":"canary"}"#));
    assert!(!format!("{failed:?}").contains("canary"));
    assert_eq!(logs.get(&log_id).send().await.unwrap().attempt_number, Some(4));
    let replay = logs.replay(&id(), &log_id).send().await.unwrap();
    assert_eq!((replay.delivered, replay.event_id.as_deref()), (true, Some("evt-1")));
    let lines: Vec<_> = lomi.received().into_iter().map(|request| request.line).collect();
    assert_eq!(
        lines,
        [
            format!("GET /webhooks/deliveries?failedOnly=true&limit=10&offset=5&webhookId={OBJECT_ID} HTTP/1.1"),
            format!("GET /webhooks/deliveries/{LOG_ID} HTTP/1.1"),
            format!("POST /webhooks/{OBJECT_ID}/deliveries/{LOG_ID}/retry HTTP/1.1"),
        ]
    );
}

#[tokio::test]
async fn a_secret_in_the_row_is_read_as_one_beside_it() {
    let flat = ROW.replacen('{', r#"{"secret":"whsec_canary","#, 1);
    let lomi = Lomi::start(vec![json("201 Created", &flat)]).await;
    let new = lomi.client().webhook_endpoints().create(&endpoint()).send().await.unwrap();
    assert_eq!((new.secret.expose(), new.endpoint.webhook_endpoint_id.as_str()), ("whsec_canary", OBJECT_ID));
}

fn unknown(route: &str) -> Reply {
    json("404 Not Found", &format!(r#"{{"error":{{"code":"not_found","message":"Cannot {route}"}}}}"#))
}

fn paths(lomi: &Lomi) -> Vec<String> {
    let path = |line: &str| line.split([' ', '?']).nth(1).unwrap().replace(OBJECT_ID, "W").replace(LOG_ID, "L");
    lomi.received().iter().map(|request| path(&request.line)).collect()
}

#[tokio::test]
async fn the_client_remembers_the_paths_of_an_older_server() {
    let replies = vec![
        json("404 Not Found", r#"{"error":{"code":"not_found","message":"Webhook deliveries not found"}}"#),
        json("200 OK", "[]"),
        json("200 OK", &log()),
        json("200 OK", r#"{"delivered":true}"#),
        // It was replaced by a newer one.
        unknown("GET /webhook-delivery-logs"),
        json("200 OK", "[]"),
        json("200 OK", &log()),
    ];
    let lomi = Lomi::start(replies).await;
    let (logs, log_id) = (lomi.client().delivery_logs(), DeliveryLogId::parse(LOG_ID).unwrap());
    logs.list(&id()).send().await.unwrap();
    logs.get(&log_id).send().await.unwrap();
    logs.replay(&id(), &log_id).send().await.unwrap();
    logs.list(&id()).send().await.unwrap();
    logs.get(&log_id).send().await.unwrap();
    let (new, old) = ("/webhooks/deliveries", "/webhook-delivery-logs");
    let (new_log, old_log) = (format!("{new}/L"), format!("{old}/L"));
    assert_eq!(paths(&lomi), [new, old, &old_log, "/webhooks/W/logs/L/retry", old, new, &new_log]);
}

#[tokio::test]
async fn a_missing_log_is_requested_at_one_path_only() {
    let missing = r#"{"error":{"code":"not_found","message":"Delivery log not found"}}"#;
    let lomi = Lomi::start(vec![json("404 Not Found", missing)]).await;
    let log_id = DeliveryLogId::parse(LOG_ID).unwrap();
    let error = lomi.client().delivery_logs().get(&log_id).send().await.unwrap_err();
    assert_eq!((error.status(), error.attempts(), lomi.count()), (Some(404), 1, 1));
}

#[tokio::test]
async fn a_replay_uses_the_older_path_only_as_a_fallback() {
    let log_id = DeliveryLogId::parse(LOG_ID).unwrap();
    let lomi = Lomi::start(vec![unknown("POST /webhooks"), json("200 OK", r#"{"delivered":true}"#)]).await;
    lomi.client().delivery_logs().replay(&id(), &log_id).send().await.unwrap();
    assert_eq!(paths(&lomi), ["/webhooks/W/deliveries/L/retry", "/webhooks/W/logs/L/retry"]);
    let lomi = Lomi::start(vec![json("500 Internal Server Error", "{}")]).await;
    let error = lomi.client().delivery_logs().replay(&id(), &log_id).send().await.unwrap_err();
    assert_eq!((error.outcome(), lomi.count()), (Outcome::Unknown, 1), "it may have been sent");
}

#[tokio::test]
async fn the_error_of_the_newer_path_wins_when_both_are_unknown() {
    let lomi = Lomi::start(vec![unknown("GET /webhooks/deliveries"), unknown("GET /webhook-delivery-logs")]).await;
    let error = lomi.client().delivery_logs().list(&id()).send().await.unwrap_err();
    assert_eq!((error.message(), lomi.count()), (Some("Cannot GET /webhooks/deliveries"), 2));
}

#[tokio::test]
async fn a_replay_without_a_result_is_unusable() {
    let lomi = Lomi::start(vec![json("200 OK", "{}")]).await;
    let log_id = DeliveryLogId::parse(LOG_ID).unwrap();
    let error = lomi.client().delivery_logs().replay(&id(), &log_id).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnusableAnswer);
}
