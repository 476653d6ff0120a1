//! Everything has a bound, and nothing secret gets out.

use std::time::Duration;

use crate::support::{CREATED, Lomi, Reply, json, key, order, with_headers};
use lomi_client::{BuildError, Client, CreateCheckoutSession, Error, ErrorKind, Outcome, SecretKey};
use tokio::time::Instant;

/// Makes one field invalid.
type Breakage = fn(&mut CreateCheckoutSession);

const MIB: usize = 1024 * 1024;

async fn me_once(lomi: &Lomi, attempt_timeout: Duration) -> Error {
    let client = lomi.builder().max_attempts(1).attempt_timeout(attempt_timeout).build().unwrap();
    client.me().send().await.unwrap_err()
}

#[tokio::test]
async fn a_slow_server_is_abandoned_when_the_attempt_times_out() {
    for reply in [Reply::Drip, Reply::Hang] {
        let lomi = Lomi::start(vec![reply]).await;
        let error = me_once(&lomi, Duration::from_millis(300)).await;
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::TimedOut, Outcome::Unknown));
    }
}

#[tokio::test]
async fn the_deadline_ends_an_attempt_before_its_own_time_out() {
    let lomi = Lomi::start(vec![Reply::Hang, Reply::Hang]).await;
    let started = Instant::now();
    let deadline = started + Duration::from_millis(300);
    let error = lomi.client().me().deadline(deadline).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn an_answer_over_the_size_limit_is_abandoned() {
    let long = format!("\"{}\"", "x".repeat(MIB));
    let declared = json("200 OK", &long);
    let undeclared = Reply::Bytes(format!("HTTP/1.1 200 OK\r\n\r\n{long}").into_bytes());
    let chunked =
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{long}\r\n0\r\n\r\n", long.len());
    for reply in [declared, undeclared, Reply::Bytes(chunked.into_bytes())] {
        let lomi = Lomi::start(vec![reply]).await;
        let error = me_once(&lomi, Duration::from_secs(5)).await;
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::AnswerTooLarge, Outcome::Unknown));
        assert_eq!(error.status(), Some(200));
    }
}

#[tokio::test]
async fn a_refusal_counts_even_when_its_body_is_endless() {
    let reply = with_headers("400 Bad Request", "", &"x".repeat(MIB + 1));
    let lomi = Lomi::start(vec![reply]).await;
    let error = me_once(&lomi, Duration::from_secs(5)).await;
    assert_eq!((error.status(), error.outcome()), (Some(400), Outcome::Rejected));
}

#[tokio::test]
async fn depth_and_malformed_utf8_are_an_unusable_answer() {
    let deep = [b"[".repeat(100_000), b"{\"data\":".repeat(100_000)].map(|body| {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        [head.into_bytes(), body].concat()
    });
    let not_utf8 = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n{\"\xff\"".to_vec();
    for bytes in deep.into_iter().chain([not_utf8]) {
        let lomi = Lomi::start(vec![Reply::Bytes(bytes)]).await;
        let error = me_once(&lomi, Duration::from_secs(5)).await;
        assert_eq!(error.kind(), ErrorKind::UnusableAnswer);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Lomi::start(vec![json("201 Created", CREATED)]).await;
    for status in ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let location = format!("location: {}/checkout-sessions\r\n", elsewhere.url);
        let lomi = Lomi::start(vec![with_headers(status, &location, "")]).await;
        let call = lomi.client().checkout_sessions().create(&order()).idempotency_key(key());
        let error = call.send().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Refused, Outcome::Unknown));
    }
    assert_eq!(elsewhere.count(), 0);
}

#[tokio::test]
async fn errors_show_neither_key_nor_body() {
    let echo = r#"{"error":{"code":"bad request","message":"lomi_sk_test_canary a@b.example"}}"#;
    for reply in [
        json("400 Bad Request", echo),
        json("500 Internal Server Error", "lomi_sk_test_canary a@b.example"),
        json("201 Created", echo),
        Reply::Drop,
    ] {
        let lomi = Lomi::start(vec![reply]).await;
        let client = lomi.builder().max_attempts(1).build().unwrap();
        let mut session = order();
        session.customer.email = Some("a@b.example".to_owned());
        let error = client.checkout_sessions().create(&session).send().await.unwrap_err();
        let source = std::error::Error::source(&error).map(|source| format!("{source} {source:?}"));
        let shown = format!("{error} {error:?} {source:?} {client:?} {session:?}");
        assert!(!shown.contains("canary") && !shown.contains("a@b"), "{shown}");
    }
}

#[tokio::test]
async fn a_handshake_that_fails_counts_as_no_connection() {
    let lomi = Lomi::start(vec![Reply::DropUnread]).await;
    let http = lomi_client::https::client(Duration::from_secs(5)).unwrap();
    let error = http.get(lomi.url.replace("http:", "https:")).send().await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
}

#[tokio::test]
async fn a_request_id_is_taken_from_the_header_or_the_body() {
    let in_header = with_headers("404 Not Found", "x-request-id: r-1\r\n", r#"{"request_id":"r-2"}"#);
    let in_body = json("404 Not Found", r#"{"request_id":"r-2"}"#);
    for (reply, id) in [(in_header, "r-1"), (in_body, "r-2")] {
        let lomi = Lomi::start(vec![reply]).await;
        let error = me_once(&lomi, Duration::from_secs(5)).await;
        assert_eq!(error.request_id(), Some(id));
        assert!(error.to_string().contains(id));
    }
}

#[tokio::test]
async fn an_invalid_session_is_not_sent() {
    let lomi = Lomi::start(vec![json("201 Created", CREATED)]).await;
    let broken: [(&str, Breakage); 6] = [
        ("success_url", |session| session.success_url = "/thanks".to_owned()),
        ("cancel_url", |session| session.cancel_url = "javascript:alert(1)".to_owned()),
        ("amount", |session| session.amount = None),
        ("amount", |session| session.amount = lomi_client::Amount::from_scaled(0, 0)),
        ("currency_code", |session| session.currency_code = None),
        ("metadata", |session| {
            session.metadata = (0..65).map(|n| (n.to_string(), String::new())).collect();
        }),
    ];
    for (field, break_it) in broken {
        let mut session = order();
        break_it(&mut session);
        let error = lomi.client().checkout_sessions().create(&session).send().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidRequest, Outcome::NotSent));
        assert!(error.to_string().contains(field), "{error}");
    }
    assert_eq!(lomi.count(), 0);
}

#[test]
fn a_client_with_invalid_settings_is_not_built() {
    let builder = || Client::builder(SecretKey::parse("lomi_sk_test_a").unwrap());
    assert!(builder().build().is_ok());
    let no_connect = builder().connect_timeout(Duration::ZERO).build();
    assert!(matches!(no_connect, Err(BuildError::ZeroTimeout)));
    let no_attempt = builder().attempt_timeout(Duration::ZERO).build();
    assert!(matches!(no_attempt, Err(BuildError::ZeroTimeout)));
    let live_on_sandbox = Client::builder(SecretKey::parse("lomi_sk_live_a").unwrap())
        .base_url("https://sandbox.api.lomi.africa")
        .build();
    assert!(matches!(live_on_sandbox, Err(BuildError::EnvironmentMismatch)));
}
