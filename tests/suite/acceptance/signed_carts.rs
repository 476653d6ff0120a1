//! A signed cart belongs to one order.

use futures::future::join_all;
use serde_json::{Value, json};
use tests::cart_token::{in_s, sign};
use tests::{Answer, CardOrder, Created, TestApp, eventually};

fn token(app: &TestApp, jti: Option<&str>) -> String {
    let claims = json!({ "amount": 18_500, "currency_code": "XOF", "exp": in_s(600), "jti": jti });
    let token = sign(&claims, &app.secret("CART_TOKEN_SECRET_ID"));
    app.keep_out_of_logs(&token);
    token
}

async fn page(app: &TestApp, token: &str, key: &str) -> Answer {
    app.create(&app.body(json!({ "cart_token": token })), key).await
}

async fn card(app: &TestApp, token: &str, key: &str) -> Answer {
    app.create_intent(&app.card_body(json!({ "cart_token": token })), key).await
}

/// A holder of the cart token alone learns nothing of the order made from it.
#[track_caller]
fn assert_used(answer: &Answer) {
    assert_eq!(answer.problem(), (409, "cart_token_used".to_owned()));
    assert!(!answer.text().contains("ord_") && answer.json()["order_token"].is_null(), "{}", answer.text());
}

/// Moves the end of the order's page so far back that lomi completes no payment on it any more.
async fn end_for_good(app: &TestApp, order_id: &str) {
    let long_ago_ms = in_s(-4 * 3600) * 1000;
    assert!(app.table.set_number(&format!("ORDER#{order_id}"), "ORDER", "expires_at_ms", long_ago_ms).await);
    app.make_due(order_id).await;
    app.reconcile().await;
}

#[tokio::test]
async fn a_cart_token_makes_one_order_by_every_route() {
    let app = TestApp::start().await;
    let token = token(&app, None);
    let first = page(&app, &token, "one").await.expect(201);
    assert_used(&page(&app, &token, "other").await);
    assert_used(&card(&app, &token, "third").await);
    let admin = app.body(json!({ "cart_token": token }));
    assert_used(&app.create_as_admin(&admin, "fourth").await);
    // The key that created the order still gets its answer.
    assert_eq!(page(&app, &token, "one").await.expect(201).body, first.body);
    app.pay(&Created::of(&first), "wave").await;
    app.wait_for(&Created::of(&first).order_id, "paid").await;
    assert_used(&page(&app, &token, "other").await);
    assert_eq!((app.orders().await.len(), app.lomi.sessions().await.len()), (1, 1));
    app.audit().await;
}

#[tokio::test]
async fn a_re_signed_cart_is_recognised_by_its_jti() {
    let app = TestApp::start().await;
    page(&app, &token(&app, Some("cart-7")), "one").await.expect(201);
    let claims = json!({ "amount": 18_500, "currency_code": "XOF", "exp": in_s(900), "jti": "cart-7" });
    assert_used(&page(&app, &sign(&claims, &app.secret("CART_TOKEN_SECRET_ID")), "other").await);
    page(&app, &token(&app, Some("cart-8")), "third").await.expect(201);
    app.audit().await;
}

#[tokio::test]
async fn of_two_keys_for_one_cart_exactly_one_wins() {
    let app = TestApp::start().await;
    let token = token(&app, None);
    let keys: Vec<_> = (0..6).map(|number| format!("key-{number}")).collect();
    let answers = join_all(keys.iter().map(|key| page(&app, &token, key))).await;
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(won.len(), 1, "{:?}", answers.iter().map(Answer::text).collect::<Vec<_>>());
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        let (status, code) = answer.problem();
        assert!(matches!((status, code.as_str()), (409, "cart_token_used" | "idempotency_in_progress")), "{code}");
    }
    assert_eq!((app.orders().await.len(), app.lomi.sessions().await.len()), (1, 1));
    app.audit().await;
}

#[tokio::test]
async fn a_cart_is_free_again_when_its_page_can_take_no_money() {
    let app = TestApp::start().await;
    let token = token(&app, None);
    let order = Created::of(&page(&app, &token, "one").await);
    app.cancel(&order).await.expect(200);
    // The page stays payable at lomi after the shopper's cancellation.
    assert_used(&page(&app, &token, "other").await);
    end_for_good(&app, &order.order_id).await;
    let other = Created::of(&page(&app, &token, "other").await);
    assert_ne!(other.order_id, order.order_id);
    assert_used(&page(&app, &token, "third").await);
    app.audit().await;
}

#[tokio::test]
async fn a_cart_is_free_again_when_its_order_has_expired() {
    let app = TestApp::start().await;
    let token = token(&app, Some("cart-9"));
    let order = Created::of(&page(&app, &token, "one").await);
    app.outlive(&order.order_id).await;
    app.reconcile().await;
    assert_eq!(app.order_status(&order.order_id).await, "expired");
    end_for_good(&app, &order.order_id).await;
    page(&app, &token, "other").await.expect(201);
    app.audit().await;
}

#[tokio::test]
async fn a_cart_is_free_again_when_lomi_has_ended_its_card_form() {
    let app = TestApp::start().await;
    let token = token(&app, None);
    let order = CardOrder::of(&card(&app, &token, "one").await);
    assert_used(&card(&app, &token, "other").await);
    app.cancel_intent(&order.intent_id).await.expect(200);
    card(&app, &token, "other").await.expect(201);
    app.audit().await;
}

#[tokio::test]
async fn a_cart_falls_back_to_the_page_after_a_refused_form() {
    let app = TestApp::start().await;
    let token = token(&app, None);
    app.lomi.quirks(json!({ "card_rail_muted": true })).await;
    assert_eq!(card(&app, &token, "one").await.problem().1, "card_unavailable");
    let order = Created::of(&page(&app, &token, "other").await);
    app.lomi.quirks(json!({ "card_rail_muted": false })).await;
    // The first order lost its cart, so its own key opens nothing any more.
    assert_used(&card(&app, &token, "one").await);
    app.pay(&order, "card").await;
    app.wait_for(&order.order_id, "paid").await;
    app.audit().await;
}

/// The retry has read that the cart is its own and is calling lomi when another order takes the cart.
#[tokio::test]
async fn a_request_that_loses_its_cart_returns_no_page() {
    let app = TestApp::start().await;
    let token = token(&app, None);
    let refuse = json!({ "target": "POST /checkout-sessions", "kind": "status", "arg": 400 });
    app.lomi.fault(refuse).await;
    assert_eq!(page(&app, &token, "one").await.problem().0, 502);
    let order_id = app.orders().await[0]["order_id"].as_str().unwrap().to_owned();
    let slow = json!({ "target": "POST /checkout-sessions", "kind": "latency_ms", "arg": 2_000 });
    app.lomi.fault(slow).await;
    let retried = || async { app.timeline(&order_id).await.iter().any(|entry| entry.starts_with("retried")) };
    let (late, other) = tokio::join!(page(&app, &token, "one"), async {
        eventually("the retry is at lomi.", async || retried().await.then_some(())).await;
        page(&app, &token, "other").await
    });
    other.expect(201);
    assert_eq!(late.status, 409, "{}", late.text());
    let open: Vec<Value> = app.orders().await.into_iter().filter(|order| order["status"] == "open").collect();
    assert_eq!(open.len(), 1);
    app.end_lease(&order_id).await;
    assert_used(&page(&app, &token, "one").await);
    app.audit().await;
}

#[tokio::test]
async fn a_cart_claim_expires_by_the_clock_and_not_by_ttl() {
    let app = TestApp::start().await;
    let token = token(&app, None);
    page(&app, &token, "one").await.expect(201);
    let cart = app.table.items("CART#").await.pop().unwrap();
    assert!(!cart.to_string().contains(&token) && cart["ttl_s"].as_i64().is_some_and(|end| end > in_s(24 * 3600)));
    assert!(app.table.set_number(cart["PK"].as_str().unwrap(), "CART", "expires_at_ms", 1).await);
    page(&app, &token, "other").await.expect(201);
    app.audit().await;
}
