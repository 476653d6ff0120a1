//! Prices signed by the merchant's own backend.

use serde_json::{Value, json};
use tests::cart_token::{sign, sign_with_header};
use tests::{Answer, Created, TestApp};

/// Far in the future, and far in the past, in seconds since the epoch.
const VALID: i64 = 4_000_000_000;
const LONG_AGO: i64 = 1_000_000_000;

fn claims(amount: Value, exp: i64) -> Value {
    json!({ "amount": amount, "currency_code": "XOF", "reference": "A-1007", "exp": exp })
}

async fn create(app: &TestApp, token: &str) -> Answer {
    if token.len() > 16 {
        app.keep_out_of_logs(token);
    }
    app.create(&app.body(json!({ "cart_token": token })), &app.fresh_key()).await
}

#[tokio::test]
async fn a_signed_cart_has_the_signed_price_and_reference() {
    let app = TestApp::start().await;
    let token = sign(&claims(json!(18_500), VALID), &app.secret("CART_TOKEN_SECRET_ID"));
    let order = Created::of(&create(&app, &token).await);
    assert_eq!(order.amount, 18_500);
    app.pay(&order, "wave").await;
    app.wait_for(&order.order_id, "paid").await;
    let shown = app.admin("GET", &format!("/admin/orders/{}", order.order_id), &Value::Null).await.expect(200).json();
    assert_eq!(shown["reference"], "A-1007");
    let event = &app.table.items("OUTBOX#").await[0];
    assert_eq!((&event["reference"], &event["amount"]), (&json!("A-1007"), &json!(18_500)));
    app.audit().await;
}

#[tokio::test]
async fn a_token_that_is_expired_forged_or_unsigned_buys_nothing() {
    let app = TestApp::start().await;
    let key = app.secret("CART_TOKEN_SECRET_ID");
    let good = sign(&claims(json!(18_500), VALID), &key);
    let cheap = sign(&claims(json!(1), VALID), "another key");
    // The cheap claims under the good signature.
    let spliced: Vec<&str> = cheap.split('.').take(2).chain(good.split('.').skip(2)).collect();
    let (unsigned, _) = good.rsplit_once('.').unwrap();
    for token in [
        sign(&claims(json!(18_500), LONG_AGO), &key),
        cheap.clone(),
        spliced.join("."),
        format!("{unsigned}."),
        sign_with_header(&json!({ "alg": "none" }), &claims(json!(1), VALID), &key),
        sign_with_header(&json!({ "alg": "HS512" }), &claims(json!(1), VALID), &key),
        sign(&json!({ "amount": 100, "currency_code": "XOF" }), &key),
        sign(&claims(json!(0), VALID), &key),
        sign(&claims(json!(-100), VALID), &key),
        sign(&claims(json!(10.5), VALID), &key),
        sign(&json!({ "amount": 100, "currency_code": "GHS", "exp": VALID }), &key),
        "not.a.token".to_owned(),
        ".".to_owned(),
    ] {
        let answer = create(&app, &token).await;
        assert_eq!(answer.problem(), (400, "validation_failed".to_owned()), "{token}");
        assert_eq!(answer.pointers(), ["/cart_token"], "{token}");
    }
    assert!(app.orders().await.is_empty() && app.lomi.sessions().await.is_empty());
    app.audit().await;
}

#[tokio::test]
async fn an_overlong_token_is_refused_unread() {
    let app = TestApp::start().await;
    let answer = create(&app, &"x".repeat(4097)).await;
    assert_eq!(answer.pointers(), ["/cart_token"]);
    app.audit().await;
}
