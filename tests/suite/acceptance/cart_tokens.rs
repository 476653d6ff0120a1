//! Prices signed by the merchant's backend.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::cart_token::{in_s, sign, sign_with_header};
use tests::{Answer, Created, TestApp};

fn claims(amount: Value, exp: Value) -> Value {
    json!({ "amount": amount, "currency_code": "XOF", "reference": "A-1007", "exp": exp })
}

fn with(claim: &str, value: Value) -> Value {
    let mut claims = claims(json!(18_500), json!(in_s(600)));
    claims[claim] = value;
    claims
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
    // A NumericDate may have a fraction.
    let exp: Value = serde_json::from_str(&format!("{}.123", in_s(600))).unwrap();
    let token = sign(&claims(json!(18_500), exp), &app.secret("CART_TOKEN_SECRET_ID"));
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
async fn an_expired_forged_or_unsigned_token_buys_nothing() {
    let app = TestApp::start().await;
    let key = app.secret("CART_TOKEN_SECRET_ID");
    let valid = || json!(in_s(600));
    let good = sign(&claims(json!(18_500), valid()), &key);
    let cheap = sign(&claims(json!(1), valid()), "another key");
    // The cheap claims under the good signature.
    let spliced: Vec<&str> = cheap.split('.').take(2).chain(good.split('.').skip(2)).collect();
    let (unsigned, _) = good.rsplit_once('.').unwrap();
    for token in [
        cheap.clone(),
        spliced.join("."),
        format!("{unsigned}."),
        sign_with_header(&json!({ "alg": "none" }), &claims(json!(1), valid()), &key),
        sign_with_header(&json!({ "alg": "HS512" }), &claims(json!(1), valid()), &key),
        sign(&claims(json!(-100), valid()), &key),
        sign(&claims(json!(10.5), valid()), &key),
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
async fn a_wrong_claim_is_reported_by_name() {
    let app = TestApp::start().await;
    let key = app.secret("CART_TOKEN_SECRET_ID");
    let mut said = BTreeSet::new();
    for (claim, value) in [
        ("exp", Value::Null),
        ("exp", json!("tomorrow")),
        ("exp", json!(in_s(-1))),
        // Milliseconds: a price valid for 56 000 years.
        ("exp", json!(in_s(600) * 1000)),
        ("exp", json!(in_s(10 * 365 * 24 * 3600))),
        ("nbf", json!(in_s(3600))),
        ("nbf", json!("now")),
        ("amount", Value::Null),
        ("currency_code", json!("GHS")),
        ("reference", json!(7)),
        ("jti", json!("undefined")),
    ] {
        let answer = create(&app, &sign(&with(claim, value.clone()), &key)).await;
        assert_eq!(answer.problem(), (400, "validation_failed".to_owned()), "{claim} {value}");
        let detail = answer.json()["errors"][0]["detail"].as_str().unwrap_or_default().to_owned();
        assert!(detail.contains(claim), "{detail} does not name {claim}");
        assert!(said.insert(detail.clone()), "{detail} is said of two causes");
    }
    assert!(app.orders().await.is_empty() && app.lomi.sessions().await.is_empty());
    create(&app, &sign(&with("nbf", json!(in_s(30))), &key)).await.expect(201);
    app.audit().await;
}

#[tokio::test]
async fn an_overlong_token_is_refused_without_parsing() {
    let app = TestApp::start().await;
    let answer = create(&app, &"x".repeat(4097)).await;
    assert_eq!(answer.pointers(), ["/cart_token"]);
    app.audit().await;
}
