//! Card numbers belong on lomi's page only.

use serde_json::{Value, json};
use tests::TestApp;

use super::assert_refused;

const CARD: &str = "4242424242424242";
const SPELLINGS: [&str; 3] = [CARD, "4242 4242 4242 4242", "4242-4242-4242-4242"];

#[tokio::test]
async fn a_card_number_is_refused_everywhere_and_never_logged() {
    let app = TestApp::start().await;
    SPELLINGS.iter().for_each(|card| app.keep_out_of_logs(card));
    let order = app.open_order().await;
    for card in SPELLINGS {
        for member in [
            json!({ "card_number": card }),
            json!({ "card": { "number": card, "cvc": "123", "exp_month": 12, "exp_year": 2030 } }),
            json!({ "payment_method": { "type": "card", "card": { "number": card } } }),
            json!({ "customer_phone": card }),
            json!({ "customer_email": card }),
            json!({ "allowed_providers": [card] }),
            json!({ "success_url": card }),
            json!({ "cart_token": card }),
            json!({ "expiration_minutes": card }),
        ] {
            let mut body = app.cart(1);
            body.as_object_mut().expect("an object").extend(member.as_object().expect("an object").clone());
            assert_refused(&app.create(&body, &app.fresh_key()).await, &member.to_string());
            assert_refused(&app.create_as_admin(&body, &app.fresh_key()).await, &member.to_string());
        }
        let product = json!({ "title": "Savon", "currency_code": "XOF", "amount": 450, "card_number": card });
        assert_refused(&app.admin("PUT", "/admin/products/SAVON", &product).await, "a product");
        assert_refused(&app.admin("GET", &format!("/admin/orders/{card}"), &Value::Null).await, "an order");
        assert_refused(&app.admin("GET", &format!("/admin/orders?cursor={card}"), &Value::Null).await, "a cursor");
        assert_refused(&app.status_with(card, card).await, "an order and its token");
        assert_refused(&app.status_with(&order.order_id, card).await, "a token");
        let header = [("x-lomi-signature", card), ("x-lomi-event", card)];
        assert_refused(&app.post_webhook(&json!({ "card_number": card }).to_string(), &header).await, "a webhook");
    }
    app.audit().await;
}

/// In free text a card number cannot be distinguished from an invoice number; it is sent to lomi and never logged.
#[tokio::test]
async fn a_card_number_in_free_text_is_never_logged_either() {
    let app = TestApp::start().await;
    SPELLINGS.iter().for_each(|card| app.keep_out_of_logs(card));
    for (index, card) in SPELLINGS.iter().enumerate() {
        let mut body = app.cart(1);
        body["title"] = json!(card);
        body["customer_name"] = json!(card);
        body["metadata"] = json!({ "note": card });
        app.create(&body, &format!("{CARD}{index}")).await.expect(201);
    }
    app.audit().await;
}
