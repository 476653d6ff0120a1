//! The gateway between an HTTP client and a function.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod support;

use local::StackOptions;
use serde_json::{Value, json};
use support::{get, json, probe_url, request, send, stack};

async fn event(request: support::Request, body: impl Into<bytes::Bytes>) -> Value {
    let response = send(request, body).await;
    assert_eq!(response.status(), 200, "{response:?}");
    json(&response)["event"].clone()
}

#[tokio::test]
async fn a_request_becomes_an_event_of_payload_format_2() {
    let stack = stack().await;
    let request = request("POST", probe_url(&stack, "/probe/a%20b?x=1&y=%C3%A9&x=2"))
        .header("X-Twice", "one")
        .header("X-Twice", "two")
        .header("Cookie", "a=1; b=2")
        .header("User-Agent", "test/1")
        .header("Content-Type", "application/json; charset=utf-8");
    let event = event(request, r#"{"é":1}"#).await;
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["routeKey"], "ANY /probe/{command}");
    assert_eq!(event["rawPath"], "/probe/a b");
    assert_eq!(event["rawQueryString"], "x=1&y=%C3%A9&x=2");
    assert_eq!(event["queryStringParameters"], json!({ "x": "1,2", "y": "é" }));
    assert_eq!(event["pathParameters"], json!({ "command": "a b" }));
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(event["headers"]["x-twice"], "one,two");
    assert_eq!(event["headers"]["x-forwarded-for"], "127.0.0.1");
    assert!(event["headers"].get("cookie").is_none());
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!(r#"{"é":1}"#), &json!(false)));
    let context = &event["requestContext"];
    assert_eq!((&context["stage"], &context["http"]["method"]), (&json!("$default"), &json!("POST")));
    assert_eq!((&context["http"]["sourceIp"], &context["http"]["userAgent"]), (&json!("127.0.0.1"), &json!("test/1")));
    assert_eq!(context["http"]["protocol"], "HTTP/1.1");
    assert!(context["timeEpoch"].is_u64() && context["requestId"].is_string());
    stack.stop().await;
}

#[tokio::test]
async fn a_caller_cannot_pose_as_the_gateway() {
    let stack = stack().await;
    let request = request("GET", probe_url(&stack, "/probe/x"))
        .header("x-forwarded-proto", "https")
        .header("x-amzn-trace-id", "Root=mine")
        .header("x-forwarded-for", "192.0.2.1");
    let headers = event(request, "").await["headers"].clone();
    assert_eq!(headers["x-forwarded-proto"], "http");
    assert!(!headers["x-amzn-trace-id"].as_str().unwrap().contains("mine"), "{headers}");
    assert_eq!(headers["x-forwarded-for"], "192.0.2.1,127.0.0.1");
    stack.stop().await;
}

#[tokio::test]
async fn only_textual_media_types_are_sent_as_text() {
    let stack = stack().await;
    let cases: [(&str, &[u8], bool); 6] = [
        ("text/plain", b"abc", false),
        ("application/xml", b"<a/>", false),
        ("application/x-www-form-urlencoded", b"a=1", true),
        ("application/octet-stream", b"abc", true),
        ("application/json", b"\xff\xfe", true),
        ("", b"abc", true),
    ];
    for (media_type, body, expected) in cases {
        let mut request = request("POST", probe_url(&stack, "/probe/x"));
        if !media_type.is_empty() {
            request = request.header("content-type", media_type);
        }
        let event = event(request, body).await;
        assert_eq!(event["isBase64Encoded"], expected, "{media_type}");
    }
    let event = event(request("POST", probe_url(&stack, "/probe/x")), "").await;
    assert!(event.get("body").is_none());
    stack.stop().await;
}

#[tokio::test]
async fn a_response_comes_back_with_its_headers_and_cookies() {
    let stack = stack().await;
    let response = get(probe_url(&stack, "/probe/x")).await;
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["set-cookie"], "a=1");
    assert!(response.headers().contains_key("apigw-requestid"));
    let raw = get(probe_url(&stack, "/probe/raw")).await;
    assert_eq!((raw.status().as_u16(), json(&raw)), (200, json!({ "hello": "world" })));
    stack.stop().await;
}

#[tokio::test]
async fn an_unknown_route_is_not_found() {
    let stack = stack().await;
    for path in ["/", "/probe", "/probe/a/b", "/admin/probe/x"] {
        let response = get(probe_url(&stack, path)).await;
        assert_eq!((response.status().as_u16(), json(&response)), (404, json!({ "message": "Not Found" })), "{path}");
    }
    let response = send(request("POST", probe_url(&stack, "/admin/probe")), "").await;
    assert_eq!(response.status(), 404);
    stack.stop().await;
}

#[tokio::test]
async fn a_guarded_route_opens_for_the_admin_token_only() {
    let stack = stack().await;
    let url = probe_url(&stack, "/admin/probe");
    for authorization in ["", "Bearer ", "Bearer wrong", stack.admin_token()] {
        let response = send(request("GET", &url).header("authorization", authorization), "").await;
        assert_eq!((response.status().as_u16(), json(&response)), (403, json!({ "message": "Forbidden" })));
    }
    let bearer = format!("Bearer {}", stack.admin_token());
    assert_eq!(send(request("GET", &url).header("authorization", bearer), "").await.status(), 200);
    stack.stop().await;
}

#[tokio::test]
async fn bodies_and_heads_have_the_gateways_limits() {
    let stack = stack().await;
    let url = probe_url(&stack, "/probe/x");
    let refused = |response: &http::Response<bytes::Bytes>| (response.status().as_u16(), json(response));
    let too_large = (413, json!({ "message": "Request Entity Too Large" }));
    let over = send(request("POST", &url).header("content-type", "text/plain"), vec![b'a'; 10 * 1024 * 1024 + 1]).await;
    assert_eq!(refused(&over), too_large);
    // Within API Gateway's limit, but not within Lambda's 6 MB for an event.
    let event = send(request("POST", &url).header("content-type", "text/plain"), vec![b'a'; 7 * 1024 * 1024]).await;
    assert_eq!(refused(&event), too_large);
    let fits = send(request("POST", &url).header("content-type", "text/plain"), vec![b'a'; 1024 * 1024]).await;
    assert_eq!(fits.status(), 200);
    let headers = send(request("GET", &url).header("x-large", "a".repeat(10_240)), "").await;
    assert_eq!(headers.status(), 431);
    let line = get(format!("{url}?{}", "a".repeat(10_240))).await;
    assert_eq!(line.status(), 414);
    stack.stop().await;
}

#[tokio::test]
async fn cors_admits_the_shops_origin_only() {
    let stack = stack().await;
    let url = probe_url(&stack, "/probe/x");
    let shop = stack.urls().shop.clone();
    let preflight = |origin: &str| {
        request("OPTIONS", &url).header("origin", origin).header("access-control-request-method", "POST")
    };
    let allowed = send(preflight(&shop), "").await;
    assert_eq!(allowed.status(), 204);
    assert_eq!(allowed.headers()["access-control-allow-origin"], shop.as_str());
    // Only the local gateway allows DELETE, for the demo's back-office page.
    assert_eq!(allowed.headers()["access-control-allow-methods"], "GET,POST,DELETE");
    assert_eq!(allowed.headers()["access-control-allow-headers"], "content-type");
    assert_eq!(allowed.headers()["access-control-max-age"], "600");
    let strange = send(preflight("https://evil.example"), "").await;
    assert_eq!(strange.status(), 204);
    assert!(!strange.headers().contains_key("access-control-allow-origin"));

    let answer = send(request("GET", &url).header("origin", &shop), "").await;
    assert_eq!(answer.headers()["access-control-allow-origin"], shop.as_str());
    assert_eq!(answer.headers()["access-control-expose-headers"], "retry-after");
    // The probe answers `*`, which the gateway removes.
    let answer = send(request("GET", &url).header("origin", "https://evil.example"), "").await;
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
    stack.stop().await;
}

#[tokio::test]
async fn the_shop_server_serves_only_its_own_folder() {
    let stack = stack().await;
    let shop = &stack.urls().shop;
    let index = get(format!("{shop}/")).await;
    assert_eq!((index.status().as_u16(), index.body().as_ref()), (200, &b"<h1>shop</h1>"[..]));
    assert_eq!(index.headers()["content-type"], "text/html; charset=utf-8");
    let config = get(format!("{shop}/config.js")).await;
    let (api, lomi) = (&stack.urls().gateway, &stack.urls().lomi);
    let script = String::from_utf8_lossy(config.body()).into_owned();
    let given = script.strip_prefix("window.CHECKOUT_CONFIG = ").and_then(|rest| rest.strip_suffix(";\n")).unwrap();
    // `lomi-sandbox`'s card form needs no other origin.
    let card = json!({ "script": format!("{lomi}/_sim/card.js"), "scripts": [], "frames": [], "connects": [] });
    assert_eq!(serde_json::from_str::<Value>(given).unwrap(), json!({ "api": api, "card": card }));
    for path in ["/nothing.html", "/%2e%2e/storefront/index.html", "//etc/passwd"] {
        assert_eq!(get(format!("{shop}{path}")).await.status(), 404, "{path}");
    }
    assert_eq!(send(request("POST", format!("{shop}/")), "").await.status(), 405);
    stack.stop().await;
}

#[tokio::test]
async fn given_parameters_override_the_shops_origin() {
    let parameters = [("AllowedOrigins".to_owned(), "https://mine.example".to_owned())].into();
    let stack = support::launch(StackOptions { parameters, ..StackOptions::default() }).await.unwrap();
    let answer = send(request("GET", probe_url(&stack, "/probe/x")).header("origin", "https://mine.example"), "").await;
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://mine.example");
    stack.stop().await;
}
