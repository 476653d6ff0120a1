//! When a call is sent again, when it is not, and what an error then says about what happened.

use std::time::Duration;

use crate::support::{CREATED, Lomi, Reply, builder, cut_short, json, key, order, reserve, with_headers};
use lomi_client::{CreatedCheckoutSession, Error, ErrorKind, Outcome};
use tokio::time::{Instant, timeout};

const IN_PROGRESS: &str = r#"{"error":{"code":"idempotency_in_progress","message":"wait"}}"#;
const REUSED: &str = r#"{"error":{"code":"idempotency_key_reused","message":"other body"}}"#;

async fn create_keyed(lomi: &Lomi) -> Result<CreatedCheckoutSession, Error> {
    lomi.client().checkout_sessions().create(&order()).idempotency_key(key()).send().await
}

async fn create_unkeyed(lomi: &Lomi) -> Result<CreatedCheckoutSession, Error> {
    lomi.client().checkout_sessions().create(&order()).send().await
}

fn three(reply: impl Fn() -> Reply) -> Vec<Reply> {
    vec![reply(), reply(), reply()]
}

#[tokio::test]
async fn a_keyed_create_survives_every_failure_that_may_pass() {
    let failures: [fn() -> Reply; 8] = [
        || Reply::Drop,
        || Reply::DropUnread,
        || json("500 Internal Server Error", r#"{"error":{"code":"internal_error"}}"#),
        || with_headers("502 Bad Gateway", "content-type: text/html\r\n", "<html>bad gateway"),
        || json("429 Too Many Requests", r#"{"error":{"code":"rate_limit_exceeded"}}"#),
        || json("409 Conflict", IN_PROGRESS),
        || json("201 Created", r#"{"checkout_session_id":"a465"#),
        || cut_short("201 Created", CREATED),
    ];
    for (number, failure) in failures.iter().enumerate() {
        let lomi = Lomi::start(vec![failure(), failure(), json("201 Created", CREATED)]).await;
        let created = create_keyed(&lomi).await;
        assert!(matches!(created, Ok(CreatedCheckoutSession::Session(_))), "{number}: {created:?}");
    }
}

#[tokio::test]
async fn every_attempt_carries_the_same_key_and_the_same_bytes() {
    let lomi =
        Lomi::start(vec![Reply::Drop, json("503 Service Unavailable", "{}"), json("201 Created", CREATED)]).await;
    let _ = create_keyed(&lomi).await.unwrap();
    let received = lomi.received();
    assert_eq!(received.len(), 3);
    for request in &received {
        assert_eq!(request.headers["idempotency-key"], "order-A-1007");
        assert_eq!(request.headers["x-api-key"], "lomi_sk_test_canary");
        assert_eq!(request.body, received[0].body);
    }
}

#[tokio::test]
async fn an_unkeyed_create_is_never_retried_once_sent() {
    let failures: [fn() -> Reply; 5] = [
        || Reply::Drop,
        || json("500 Internal Server Error", "{}"),
        || json("429 Too Many Requests", "{}"),
        || json("201 Created", "{"),
        || cut_short("201 Created", CREATED),
    ];
    for (number, failure) in failures.iter().enumerate() {
        let lomi = Lomi::start(vec![failure(), json("201 Created", CREATED)]).await;
        let error = create_unkeyed(&lomi).await.unwrap_err();
        assert_eq!((lomi.count(), error.attempts()), (1, 1), "{number}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_retried_even_without_a_key() {
    let port = reserve("127.0.0.1:0".parse().unwrap());
    let closed = builder(&format!("http://{}", port.local_addr().unwrap())).build().unwrap();
    let error = closed.checkout_sessions().create(&order()).send().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::NotSent));
    assert_eq!(error.attempts(), 3);
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn a_refused_connection_leaves_an_earlier_attempt_unknown() {
    let lomi = Lomi::start(vec![Reply::Drop]).await;
    let error = create_keyed(&lomi).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::Unknown));
}

#[tokio::test]
async fn a_refusal_leaves_an_earlier_attempt_unknown() {
    let bad_request = r#"{"error":{"code":"amount_invalid"}}"#;
    let lomi = Lomi::start(vec![Reply::Drop, json("400 Bad Request", bad_request)]).await;
    let error = create_keyed(&lomi).await.unwrap_err();
    assert_eq!((error.status(), error.outcome()), (Some(400), Outcome::Unknown));
    assert_eq!((error.code(), error.attempts()), (Some("amount_invalid"), 2));
}

#[tokio::test]
async fn a_read_is_only_as_uncertain_as_its_last_answer() {
    let lomi = Lomi::start(vec![Reply::Drop, json("401 Unauthorized", "{}")]).await;
    let error = lomi.client().me().send().await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Rejected);
}

#[tokio::test]
async fn a_refusal_is_final_and_says_that_nothing_happened() {
    let refusals = [
        ("400 Bad Request", "{}"),
        ("401 Unauthorized", "{}"),
        ("403 Forbidden", "{}"),
        ("404 Not Found", "{}"),
        ("409 Conflict", REUSED),
        ("409 Conflict", r#"{"error":{"status":409,"code":"RESOURCE_CONFLICT"}}"#),
    ];
    for (status, body) in refusals {
        let lomi = Lomi::start(vec![json(status, body), json("201 Created", CREATED)]).await;
        let error = create_keyed(&lomi).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Rejected, "{status} {body}");
        assert!(!error.is_retryable(), "{status} {body}");
        assert_eq!(lomi.count(), 1, "{status} {body}");
    }
}

#[tokio::test]
async fn a_keyed_create_that_keeps_failing_ends_unknown() {
    let failures: [fn() -> Reply; 5] = [
        || Reply::Drop,
        || json("500 Internal Server Error", "{}"),
        || json("409 Conflict", IN_PROGRESS),
        || json("409 Conflict", "<html>"),
        || json("201 Created", "[]"),
    ];
    for (number, failure) in failures.iter().enumerate() {
        let lomi = Lomi::start(three(failure)).await;
        let error = create_keyed(&lomi).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown, "{number}");
        assert!(error.is_retryable(), "{number}");
        assert_eq!((lomi.count(), error.attempts()), (3, 3), "{number}");
    }
}

#[tokio::test]
async fn a_rate_limit_is_a_refusal_that_may_be_repeated() {
    let lomi = Lomi::start(three(|| json("429 Too Many Requests", "{}"))).await;
    let error = create_keyed(&lomi).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Rejected);
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_replayed_failure_is_not_retried() {
    let hit = "idempotency-cache-hit: true\r\n";
    let replay = with_headers("500 Internal Server Error", hit, "{}");
    let lomi = Lomi::start(vec![replay, json("201 Created", CREATED)]).await;
    let error = create_keyed(&lomi).await.unwrap_err();
    assert!(error.is_replay() && !error.is_retryable());
    assert_eq!((error.outcome(), lomi.count()), (Outcome::Unknown, 1));
}

#[tokio::test]
async fn a_wait_that_fits_before_the_deadline_is_kept() {
    let busy = with_headers("429 Too Many Requests", "retry-after: 1\r\n", "{}");
    let lomi = Lomi::start(vec![busy, json("201 Created", CREATED)]).await;
    let started = Instant::now();
    let _ = create_keyed(&lomi).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_returned_at_once() {
    let answers = [
        with_headers("429 Too Many Requests", "retry-after: 60\r\n", "{}"),
        json("429 Too Many Requests", r#"{"error":{"details":{"retry_after_seconds":60}}}"#),
        with_headers("503 Service Unavailable", "retry-after: 4294967295\r\n", "{}"),
    ];
    for answer in answers {
        let lomi = Lomi::start(vec![answer, json("201 Created", CREATED)]).await;
        let deadline = Instant::now() + Duration::from_secs(30);
        let call = lomi.client().checkout_sessions().create(&order()).idempotency_key(key());
        let answered = timeout(Duration::from_secs(10), call.deadline(deadline).send()).await;
        let error = answered.expect("it waited").unwrap_err();
        assert!(error.retry_after() >= Some(Duration::from_secs(60)));
        assert_eq!(lomi.count(), 1);
    }
}

#[tokio::test]
async fn a_deadline_in_the_past_sends_nothing() {
    let lomi = Lomi::start(vec![json("201 Created", CREATED)]).await;
    let call = lomi.client().checkout_sessions().create(&order()).deadline(Instant::now());
    let answered = timeout(Duration::from_secs(10), call.send()).await;
    let error = answered.expect("it waited").unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::DeadlinePassed, Outcome::NotSent));
    assert_eq!((lomi.count(), error.attempts()), (0, 0));
}

#[tokio::test]
async fn the_builder_bounds_the_attempts() {
    let lomi = Lomi::start(three(|| json("500 Internal Server Error", "{}"))).await;
    let client = lomi.builder().max_attempts(1).build().unwrap();
    let error = client.me().send().await.unwrap_err();
    assert_eq!((error.attempts(), lomi.count()), (1, 1));
    assert!(lomi.builder().max_attempts(0).build().is_err());
    assert!(lomi.builder().max_attempts(11).build().is_err());
}

#[tokio::test]
async fn a_call_can_be_sent_from_any_task() {
    let lomi = Lomi::start(vec![json("200 OK", r#"{"organization_id":"o"}"#)]).await;
    let me = tokio::spawn(lomi.client().me().send()).await.unwrap();
    assert!(me.is_ok());
}
