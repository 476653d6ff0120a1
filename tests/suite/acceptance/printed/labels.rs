//! `metadata` of the documents: texts, flags and numbers, up to fifty.

use serde_json::{Map, Value, json};
use tests::{
    Answer, TestApp,
    cart_token::{in_s, sign},
};

use super::{pasted, pasted_text, with};

/// Bodies that create an order or a link for the merchant, by route.
fn bodies(app: &TestApp) -> [(&'static str, Value); 2] {
    [
        ("/admin/checkout-sessions", app.body(json!({ "amount": 700, "allowed_providers": ["WAVE"] }))),
        ("/admin/payment-intents", app.card_body(json!({ "amount": 1_000 }))),
    ]
}

async fn labelled(app: &TestApp, metadata: &Value) -> Vec<Answer> {
    let mut answers = Vec::new();
    for (path, body) in bodies(app) {
        answers.push(pasted(app, path, &with(&body, json!({ "metadata": metadata }))).await);
    }
    answers.push(app.post_link(&app.link_body(json!({ "metadata": metadata })), &app.fresh_key()).await);
    answers
}

#[tokio::test]
async fn a_label_is_a_text_a_flag_or_a_number() {
    let app = TestApp::start().await;
    let given = r#"{"channel":"web","gift":true,"points":12,"rate":1.50,"account":123456789012345678901234}"#;
    let kept = json!({ "channel": "web", "gift": "true", "points": "12", "rate": "1.50", "account": "123456789012345678901234" });
    for (path, body) in bodies(&app) {
        let text = with(&body, json!({ "metadata": "<labels>" })).to_string().replace("\"<labels>\"", given);
        let id = pasted_text(&app, path, &text).await.expect(201).json()["order_id"].as_str().unwrap().to_owned();
        assert_eq!(app.order(&id).await["metadata"], kept, "{path}");
    }
    let session = app.lomi.sessions().await.remove(0);
    assert_eq!((&session["metadata"]["points"], &session["metadata"]["rate"]), (&json!("12"), &json!("1.50")));
    let link = app.link(json!({ "metadata": { "points": 12, "gift": false } })).await;
    assert_eq!(app.shown_link(&link).await["metadata"], json!({ "points": "12", "gift": "false" }));
    let claims = json!({ "amount": 700, "currency_code": "XOF", "exp": in_s(600), "metadata": { "points": 12 } });
    let token = sign(&claims, &app.secret("CART_TOKEN_SECRET_ID"));
    app.keep_out_of_logs(&token);
    let signed = app.create(&app.body(json!({ "cart_token": token })), &app.fresh_key()).await.expect(201).json();
    assert_eq!(app.order(signed["order_id"].as_str().unwrap()).await["metadata"], json!({ "points": "12" }));
    app.audit().await;
}

#[tokio::test]
async fn an_invalid_label_is_refused_with_the_rule() {
    let app = TestApp::start().await;
    for tree in [json!({ "b": 1 }), json!(["b"]), Value::Null] {
        for refused in labelled(&app, &json!({ "a": tree })).await {
            assert_eq!((refused.status, refused.pointers()), (400, vec!["/metadata/a".to_owned()]), "{tree}");
            assert!(refused.text().contains("Must be a string, a boolean or a number"), "{}", refused.text());
        }
    }
    // A shopper's notes are texts.
    for (create, cart) in [(true, app.cart(1)), (false, app.card_cart(1))] {
        let noted = with(&cart, json!({ "metadata": { "a": 12 } }));
        let key = app.fresh_key();
        let refused = if create { app.create(&noted, &key).await } else { app.create_intent(&noted, &key).await };
        assert_eq!((refused.status, refused.pointers()), (400, vec!["/metadata/a".to_owned()]));
    }
    assert!(app.orders().await.is_empty());
    app.audit().await;
}

#[tokio::test]
async fn a_label_named_order_id_is_refused_with_a_hint() {
    let app = TestApp::start().await;
    for refused in labelled(&app, &json!({ "order_id": "ORD-12345" })).await {
        assert_eq!((refused.status, refused.pointers()), (400, vec!["/metadata/order_id".to_owned()]));
        assert!(refused.text().contains("payment_reference"), "{}", refused.text());
    }
    for refused in labelled(&app, &json!({ "source": "web" })).await {
        assert!(refused.status == 400 && !refused.text().contains("payment_reference"), "{}", refused.text());
    }
    app.audit().await;
}

#[tokio::test]
async fn the_labels_of_an_order_are_bounded() {
    let app = TestApp::start().await;
    let labels = |count: usize, text: &str| {
        json!((0..count).map(|number| (format!("n{number:02}"), json!(text))).collect::<Map<_, _>>())
    };
    for generation in ["seeds", "june2026", "current"] {
        app.lomi.profile(generation).await;
        for opened in labelled(&app, &labels(50, "x")).await {
            let order_id = opened.expect(201).json()["order_id"].as_str().map(str::to_owned);
            let kept = match order_id {
                Some(id) => app.order(&id).await["metadata"].as_object().map(Map::len),
                None => Some(50),
            };
            assert_eq!(kept, Some(50), "{generation}");
        }
    }
    for (metadata, rule) in [(labels(51, "x"), "50"), (labels(50, &"x".repeat(80)), "4096")] {
        for refused in labelled(&app, &metadata).await {
            assert_eq!((refused.status, refused.pointers()), (400, vec!["/metadata".to_owned()]));
            assert!(refused.text().contains(rule), "{}", refused.text());
        }
    }
    let public = app.create(&with(&app.cart(1), json!({ "metadata": labels(50, "x") })), &app.fresh_key()).await;
    public.expect(201);
    app.audit().await;
}
