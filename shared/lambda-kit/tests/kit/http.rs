//! Requests through the Lambda Runtime API, as the platform sends them.

use crate::runtime::{Function, REQUEST_ID, event};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const ORDER: &str = "ord_0123456789abcdef0123456789abcdef";

async fn function() -> Function {
    Function::start("function", &[]).await
}

fn cart(body: &str) -> Value {
    event("POST /carts", &json!({"content-type": "application/json; charset=utf-8"}), body)
}

fn base64(mut event: Value, bytes: &[u8]) -> Value {
    event["body"] = STANDARD.encode(bytes).into();
    event["isBase64Encoded"] = true.into();
    event
}

#[tokio::test]
async fn a_valid_body_reaches_the_handler_and_is_answered() {
    let mut function = function().await;
    let answer = function.http(&cart(r#"{"items":[{"sku":"MANGO","quantity":2}]}"#)).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.json()["items"][0]["sku"], "MANGO");
}

#[tokio::test]
async fn a_base64_body_is_decoded() {
    let mut function = function().await;
    let answer = function.http(&base64(cart(""), br#"{"items":[]}"#)).await;
    assert_eq!(answer.status, 201);
}

#[tokio::test]
async fn binary_bodies_pass_through_unchanged() {
    let mut function = function().await;
    let bytes = [0xff, 0x00, 0xfe];
    let answer = function.http(&base64(event("POST /bytes", &json!({}), ""), &bytes)).await;
    assert!(answer.is_base64);
    assert_eq!(STANDARD.decode(answer.body).unwrap(), bytes);
}

#[tokio::test]
async fn a_body_with_invalid_base64_is_a_400() {
    let mut function = function().await;
    let mut event = cart("!!!not base64!!!");
    event["isBase64Encoded"] = true.into();
    let answer = function.http(&event).await;
    assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("malformed_json")));
}

#[tokio::test]
async fn bad_json_of_every_kind_is_a_400() {
    let mut function = function().await;
    let unfinished = format!(r#"{{"items":[],"x":{}"#, r#"{"a":"#.repeat(10_000));
    for body in ["", "{", "nul", r#"{"items":[]} trailing"#, &unfinished] {
        let answer = function.http(&cart(body)).await;
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("malformed_json")));
    }
    for bytes in [&b"{\"items\":[],\"note\":\"\xff\"}"[..], b"{\"items\":[],\"\xc3\x28\":1}", b"\xff\xfe"] {
        let answer = function.http(&base64(cart(""), bytes)).await;
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("malformed_json")));
    }
}

#[tokio::test]
async fn a_deeply_nested_body_costs_a_4xx() {
    let mut function = function().await;
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    for body in [nested(30_000), format!(r#"{{"note":{}}}"#, nested(30_000)), format!(r#"{{"x":{}}}"#, nested(30_000))]
    {
        assert_eq!(function.http(&cart(&body)).await.status, 400);
    }
    assert_eq!(function.http(&cart(&nested(100_000))).await.status, 413);
    assert_eq!(function.http(&cart(r#"{"items":[]}"#)).await.status, 201, "and the function lives");
}

#[tokio::test]
async fn a_body_over_the_limit_is_a_413() {
    let mut function = function().await;
    let cap = 64 * 1024;
    let post = |bytes: usize| base64(event("POST /bytes", &json!({}), ""), &vec![b'a'; bytes]);
    assert_eq!(function.http(&post(cap)).await.status, 200);
    for size in [cap + 1, cap + 2, cap + 3, 4_000_000] {
        let answer = function.http(&post(size)).await;
        assert_eq!((answer.status, &answer.json()["code"]), (413, &json!("payload_too_large")), "{size}");
    }
    assert_eq!(function.http(&event("POST /bytes", &json!({}), &"a".repeat(cap))).await.status, 200);
    assert_eq!(function.http(&event("POST /bytes", &json!({}), &"a".repeat(cap + 1))).await.status, 413);
}

#[tokio::test]
async fn only_a_wrong_content_type_is_a_415() {
    let mut function = function().await;
    for (headers, status) in [
        (json!({}), 201),
        (json!({"content-type": "APPLICATION/JSON"}), 201),
        (json!({"content-type": "application/merge-patch+json"}), 201),
        (json!({"content-type": "text/plain"}), 415),
        (json!({"content-type": ""}), 415),
    ] {
        let answer = function.http(&event("POST /carts", &headers, r#"{"items":[]}"#)).await;
        assert_eq!(answer.status, status, "{headers}");
    }
}

#[tokio::test]
async fn every_unknown_field_is_reported_with_its_pointer() {
    let mut function = function().await;
    let body = r#"{"items":[{"sku":"A","quantity":1,"price":1}],"a/b~c":{"deep":[1]},"note":null}"#;
    let answer = function.http(&cart(body)).await;
    assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("validation_failed")));
    let pointers: Vec<Value> =
        answer.json()["errors"].as_array().unwrap().iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(pointers, [json!("/items/0/price"), json!("/a~1b~0c")]);
}

#[tokio::test]
async fn an_invalid_value_is_reported_with_its_pointer() {
    let mut function = function().await;
    for (body, pointer) in [
        (r#"{"items":[{"sku":"A","quantity":1},{"sku":"A","quantity":300}]}"#, "/items/1/quantity"),
        (r#"{"items":[{"sku":"A","quantity":1.5}]}"#, "/items/0/quantity"),
        (r#"{"items":[{"sku":7,"quantity":1}]}"#, "/items/0/sku"),
        (r#"{"items":[{"sku":"A"}]}"#, "/items/0/quantity"),
        (r#"{"note":null}"#, "/items"),
        (r#"{"items":[],"items":[]}"#, "/items"),
        ("[]", ""),
    ] {
        let answer = function.http(&cart(body)).await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{body}");
    }
}

#[tokio::test]
async fn many_unknown_fields_are_reported_up_to_a_bound() {
    let mut function = function().await;
    let fields: Vec<String> = (0..1000).map(|n| format!(r#""m{n}":0"#)).collect();
    let answer = function.http(&cart(&format!(r#"{{"items":[],{}}}"#, fields.join(",")))).await;
    assert_eq!(answer.json()["errors"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn a_problem_is_in_french_when_preferred() {
    let mut function = function().await;
    let french = event("GET /nowhere", &json!({"accept-language": "en;q=0.5, fr-SN;q=0.9"}), "");
    let answer = function.http(&french).await;
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert_eq!(answer.headers["content-language"], "fr");
    assert_eq!(
        answer.json(),
        json!({
            "type": "urn:lomi-checkout:problem:not_found", "title": "Introuvable", "status": 404,
            "detail": "Cela n'existe pas, ou vous n'y avez pas accès.", "code": "not_found", "request_id": REQUEST_ID,
            "retryable": false
        })
    );
    assert_eq!(function.http(&event("GET /nowhere", &json!({}), "")).await.json()["title"], "Not found");
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_process_continues() {
    let mut function = function().await;
    let mut panics = event("GET /panic", &json!({}), "");
    panics["rawQueryString"] = "canary=awa%40example.sn".into();
    panics["queryStringParameters"] = json!({"canary": "awa@example.sn"});
    let answer = function.http(&panics).await;
    assert_eq!((answer.status, &answer.json()["code"]), (500, &json!("internal_error")));
    assert_eq!(function.http(&cart(r#"{"items":[]}"#)).await.status, 201);
    let printed = function.stop().await;
    assert!(!printed.contains("canary") && !printed.contains("awa@example.sn"), "{printed}");
    assert!(printed.contains(r#""outcome":"panicked""#) && printed.contains(r#""Panicked":1"#), "{printed}");
    assert!(printed.contains(r#""event":"panic""#) && printed.contains("function.rs"), "{printed}");
}

#[tokio::test]
async fn a_hanging_request_is_answered_before_the_timeout() {
    let mut function = function().await;
    let began = Instant::now();
    let (kind, answer) = function.run_within(&event("GET /hang", &json!({}), ""), Duration::from_millis(800)).await;
    assert!(began.elapsed() < Duration::from_millis(800));
    assert_eq!((kind.as_str(), &answer["statusCode"]), ("response", &json!(503)));
    assert_eq!(answer["headers"]["retry-after"], "1");
    let began = Instant::now();
    assert_eq!(function.http(&event("GET /hang", &json!({}), "")).await.status, 503);
    assert!(began.elapsed() >= Duration::from_secs(2), "the route's own budget holds too");
    assert_eq!(function.events().await[0]["outcome"], "timed_out");
}

#[tokio::test]
async fn a_foreign_event_is_answered_without_ending_the_process() {
    let mut function = function().await;
    for event in [json!({}), json!([]), json!(null), json!({"requestContext": 7})] {
        assert_eq!(function.http(&event).await.status, 500);
    }
    let mut odd = cart(r#"{"items":[]}"#);
    odd["headers"]["host"] = "no host at all[".into();
    odd["rawPath"] = "/é %zz".into();
    assert_eq!(function.http(&odd).await.status, 201);
}

#[tokio::test]
async fn a_request_logs_one_line_without_its_content() {
    let mut function = function().await;
    let mut request = event("GET /orders/{order_id}", &json!({"authorization": "Bearer canary-token"}), "canary-body");
    request["pathParameters"] = json!({"order_id": ORDER});
    assert_eq!(function.http(&request).await.status, 503, "nothing listens where the table should be");
    request["pathParameters"] = json!({"order_id": "awa@example.sn"});
    request["headers"] = json!({});
    assert_eq!(function.http(&request).await.status, 401);
    let events = function.events().await;
    assert!(!format!("{events:?}").contains("canary"), "{events:?}");
    let (first, second) = (&events[0], &events[1]);
    for (name, value) in [
        ("level", json!("ERROR")),
        ("Environment", json!("sandbox")),
        ("Function", json!("example")),
        ("request.id", json!(REQUEST_ID)),
        ("request.body_bytes", json!(11)),
        ("http.route", json!("GET /orders/{order_id}")),
        ("http.status", json!(503)),
        ("problem.code", json!("store_unavailable")),
        ("order.id", json!(ORDER)),
        ("cold_start", json!(true)),
        ("outcome", json!("failed")),
        ("InDoubt", json!(1)),
        ("OwnFailures", json!(1)),
    ] {
        assert_eq!(first[name], value, "{name}");
    }
    assert!(first["duration_ms"].is_i64());
    let metrics = &first["_aws"]["CloudWatchMetrics"][0]["Metrics"];
    assert_eq!(*metrics, json!([{"Name": "InDoubt", "Unit": "Count"}, {"Name": "OwnFailures", "Unit": "Count"}]));
    assert_eq!(second["OwnFailures"], Value::Null, "a refusal is the caller's");
    assert_eq!((&second["order.id"], &second["cold_start"]), (&json!("unrecognised"), &json!(false)));
}
