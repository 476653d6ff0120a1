//! Hostile input, closed routes, and data that must never be logged.

mod canaries;
mod cards;
mod doors;
mod input;
mod links;
mod numbers;
mod urls;

use bytes::Bytes;
use tests::{Answer, Created, TestApp};

/// Checks that a request is refused as the client's error: a 5xx would mean that it broke something, and a status
/// below 400 that it succeeded.
#[track_caller]
fn assert_refused(answer: &Answer, what: &str) {
    assert!((400..500).contains(&answer.status), "{what}: {} {}", answer.status, answer.text());
    let is_problem = answer.header("content-type") == "application/problem+json";
    let is_gateways = answer.json()["message"].is_string();
    assert!(is_problem || is_gateways, "{what}: {}", answer.text());
}

async fn post_create(app: &TestApp, body: impl Into<Bytes>) -> Answer {
    let key = app.fresh_key();
    let headers = [("idempotency-key", key.as_str()), ("content-type", "application/json")];
    app.http.send("POST", &app.url("/checkout-sessions"), &headers, body).await
}

async fn assert_still_sells(app: &TestApp) {
    let order = Created::of(&app.create(&app.cart(1), &app.fresh_key()).await);
    app.pay(&order, "card").await;
    app.wait_for(&order.order_id, "paid").await;
}
