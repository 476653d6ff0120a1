//! Hostile input, closed doors, and what must never be written down.

mod canaries;
mod cards;
mod doors;
mod input;
mod links;
mod numbers;
mod urls;

use bytes::Bytes;
use tests::{Answer, Created, TestApp};

/// A request that must be refused as the sender's fault, whatever it is: an answer of the 5xx would say that it broke
/// something, and one below 400 that it got through.
#[track_caller]
fn assert_refused(answer: &Answer, what: &str) {
    assert!((400..500).contains(&answer.status), "{what}: {} {}", answer.status, answer.text());
    let is_problem = answer.header("content-type") == "application/problem+json";
    let is_gateways = answer.json()["message"].is_string();
    assert!(is_problem || is_gateways, "{what}: {}", answer.text());
}

/// A create with any bytes for a body.
async fn post_create(app: &TestApp, body: impl Into<Bytes>) -> Answer {
    let key = app.fresh_key();
    let headers = [("idempotency-key", key.as_str()), ("content-type", "application/json")];
    app.http.send("POST", &app.url("/checkout-sessions"), &headers, body).await
}

/// After whatever happened, a shopper still buys.
async fn assert_still_sells(app: &TestApp) {
    let order = Created::of(&app.create(&app.cart(1), &app.fresh_key()).await);
    app.pay(&order, "card").await;
    app.wait_for(&order.order_id, "paid").await;
}
