//! A browser's text about an order is a shopper's note. Only the merchant's backend sets references and labels.

use serde_json::{Value, json};
use tests::cart_token::{in_s, sign};
use tests::{CardOrder, Created, TestApp};

/// A name that lomi interprets, and an attacker's value for it.
const MEANT: [(&str, &str); 8] = [
    ("organization_id", "b0000000-0000-4000-8000-000000000001"),
    ("merchant_id", "b0000000-0000-4000-8000-000000000002"),
    ("environment", "live"),
    ("customer_id", "b0000000-0000-4000-8000-000000000005"),
    ("source", "checkout"),
    ("original_amount", "1"),
    ("payment_flow", "invoice_payment"),
    ("subscription_id", "b0000000-0000-4000-8000-000000000006"),
];
const NOTES: [(&str, &str); 2] = [("gift", "Pour Fatou"), ("reference", "FACTURE-DE-QUELQUUN")];

fn notes() -> Value {
    NOTES
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .into_iter()
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Checks the stored order, lomi's rows and the outbox event of a paid order with notes.
async fn only_noted(app: &TestApp, order_id: &str) {
    app.wait_for(order_id, "paid").await;
    let shown = app.admin("GET", &format!("/admin/orders/{order_id}"), &Value::Null).await.expect(200).json();
    assert_eq!((&shown["shopper_notes"], &shown["metadata"]), (&notes(), &json!({})));
    assert_eq!(shown["reference"], Value::Null);
    let told = app.table.items(&format!("OUTBOX#{order_id}#")).await;
    assert_eq!((told.len(), &told[0]["reference"]), (1, &json!("")));
    let (lomi, told) = (app.lomi.transactions().await, json!(told).to_string());
    let row = lomi.iter().find(|row| row["metadata"]["order_id"] == *order_id).expect("lomi's row").to_string();
    for (_, note) in NOTES {
        assert!(!row.contains(note) && !told.contains(note), "{note}: {row} {told}");
    }
}

#[tokio::test]
async fn a_shoppers_notes_stay_in_the_order() {
    let app = TestApp::start().await;
    let mut cart = app.cart(1);
    cart["metadata"] = notes();
    let order = Created::of(&app.create(&cart, "page").await);
    app.pay(&order, "wave").await;
    only_noted(&app, &order.order_id).await;

    let mut cart = app.card_cart(1);
    cart["metadata"] = notes();
    let card = CardOrder::of(&app.create_intent(&cart, "card").await);
    app.lomi.confirm_card(&card.intent_id, &card.client_secret).await;
    only_noted(&app, &card.order.order_id).await;
    app.audit().await;
}

#[tokio::test]
async fn a_browser_cannot_set_the_merchants_fields() {
    let app = TestApp::start().await;
    let id = "2f6c1d0e-5b7a-4a53-9d9b-3c2a7a1e8f10";
    for (field, value) in [
        ("payment_reference", json!("A-1007")),
        ("product_id", json!(id)),
        ("subscription_id", json!(id)),
        ("quantity", json!(40)),
    ] {
        let mut cart = app.card_cart(1);
        cart[field] = value;
        let refused = app.create_intent(&cart, &app.fresh_key()).await;
        assert_eq!(refused.pointers(), [format!("/{field}")], "{}", refused.text());
        assert!(refused.text().contains("Only your own backend"), "{}", refused.text());
        app.create_intent_as_admin(&cart, &app.fresh_key()).await.expect(201);
    }
    let mut cart = app.cart(1);
    for field in ["payment_reference", "reference"] {
        cart[field] = json!("A-1007");
        assert_eq!(app.create(&cart, &app.fresh_key()).await.pointers(), [format!("/{field}")]);
        cart.as_object_mut().unwrap().remove(field);
    }
    let orders = app.orders().await;
    assert!(orders.len() == 4 && app.lomi.sessions().await.is_empty());
    app.audit().await;
}

#[tokio::test]
async fn the_merchants_reference_works_for_page_and_card_form() {
    let app = TestApp::start().await;
    let terms =
        json!({ "amount": 4_000, "currency_code": "XOF", "payment_reference": "F-118", "metadata": { "a": "b" } });
    let order = Created::of(&app.create_as_admin(&app.body(terms), "page").await);
    app.pay(&order, "mtn").await;
    let paid = app.wait_for(&order.order_id, "paid").await;
    assert_eq!((&paid["reference"], &paid["metadata"]), (&json!("F-118"), &json!({ "a": "b" })));
    assert_eq!(app.table.items("OUTBOX#").await[0]["reference"], "F-118");
    assert_eq!(app.lomi.transactions().await[0]["metadata"]["a"], "b");
    app.audit().await;
}

#[tokio::test]
async fn a_signed_cart_supplies_its_reference_and_labels() {
    let app = TestApp::start().await;
    let claims = json!({ "amount": 7_000, "currency_code": "XOF", "exp": in_s(600), "reference": "A-1007",
        "metadata": { "counter": "3" } });
    let token = sign(&claims, &app.secret("CART_TOKEN_SECRET_ID"));
    app.keep_out_of_logs(&token);
    let body = json!({ "cart_token": token, "metadata": notes() });
    let order = Created::of(&app.create(&app.body(body), "k").await);
    app.pay(&order, "wave").await;
    let paid = app.wait_for(&order.order_id, "paid").await;
    assert_eq!((&paid["metadata"], &paid["shopper_notes"]), (&json!({ "counter": "3" }), &notes()));
    let lomi = app.lomi.transactions().await;
    assert_eq!(lomi[0]["metadata"]["counter"], "3");
    assert_eq!(app.table.items("OUTBOX#").await[0]["reference"], "A-1007");
    app.audit().await;
}

#[tokio::test]
async fn reserved_label_names_are_refused_everywhere() {
    let app = TestApp::start().await;
    for (name, value) in MEANT {
        let pointer = [format!("/metadata/{name}")];
        let (mut page, mut card) = (app.cart(1), app.card_cart(1));
        page["metadata"] = json!({ name: value });
        card["metadata"] = json!({ name: value });
        assert_eq!(app.create(&page, &app.fresh_key()).await.pointers(), pointer);
        assert_eq!(app.create_as_admin(&page, &app.fresh_key()).await.pointers(), pointer);
        assert_eq!(app.create_intent(&card, &app.fresh_key()).await.pointers(), pointer);
        assert_eq!(app.create_intent_as_admin(&card, &app.fresh_key()).await.pointers(), pointer);
        let link = app.link_body(json!({ "metadata": { name: value } }));
        assert_eq!(app.post_link(&link, &app.fresh_key()).await.pointers(), pointer);
        let claims = json!({ "amount": 700, "currency_code": "XOF", "exp": in_s(600), "metadata": { name: value } });
        let token = sign(&claims, &app.secret("CART_TOKEN_SECRET_ID"));
        app.keep_out_of_logs(&token);
        let signed = app.create(&app.body(json!({ "cart_token": token })), &app.fresh_key()).await;
        assert_eq!(signed.pointers(), ["/cart_token/metadata"]);
    }
    assert!(app.orders().await.is_empty() && app.lomi.sessions().await.is_empty());
    app.audit().await;
}

/// A link from before a name was reserved keeps its label here; lomi does not receive it.
#[tokio::test]
async fn a_reserved_label_of_an_older_link_is_not_sent() {
    let app = TestApp::start().await;
    let code = app.link(json!({ "metadata": { "season": "2026" } })).await;
    let mut link = app.table.item(&format!("LINK#{code}"), "LINK").await.unwrap();
    link["metadata"]["payment_flow"] = json!("invoice_payment");
    app.table.put(&link).await;
    let led = app.led(&format!("{code}?metadata=x&reference=A-1007&payment_reference=A-1007&payment_flow=x")).await;
    app.pay_led(&led, "wave").await;
    let order = app.order(&led.order_id).await;
    assert_eq!(order["metadata"], json!({ "payment_flow": "invoice_payment", "season": "2026" }));
    assert_eq!((&order["reference"], &order["shopper_notes"]), (&Value::Null, &Value::Null));
    let session = app.lomi.sessions().await.remove(0);
    assert_eq!((&session["metadata"]["season"], &session["metadata"]["payment_flow"]), (&json!("2026"), &Value::Null));
    app.audit().await;
}
