//! The shop whose shoppers pay by card on its own page.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::http::Answer;
use crate::shop::{Created, EMAIL, NAME, PHONE};

/// An order with a card form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardOrder {
    /// The order, its token and its price; its session is empty.
    pub order: Created,
    /// lomi's intent.
    pub intent_id: String,
    /// The client secret of the intent.
    pub client_secret: String,
}

impl CardOrder {
    /// Reads a 201.
    #[track_caller]
    #[must_use]
    pub fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 201, "{}", answer.text());
        let json = answer.json();
        let text = |name: &str| json[name].as_str().unwrap_or_else(|| panic!("no {name} in {json}")).to_owned();
        Self {
            order: Created {
                order_id: text("order_id"),
                order_token: text("order_token"),
                session_id: String::new(),
                checkout_url: String::new(),
                amount: json["amount"].as_i64().expect("an amount"),
            },
            intent_id: text("payment_intent_id"),
            client_secret: text("client_secret"),
        }
    }
}

impl TestApp {
    /// A complete body for a card form with `pricing`; fields of `pricing` win.
    #[must_use]
    pub fn card_body(&self, pricing: Value) -> Value {
        let mut body = json!({ "customer_email": EMAIL, "customer_name": NAME, "customer_phone": PHONE });
        let Value::Object(pricing) = pricing else { panic!("pricing is an object") };
        body.as_object_mut().expect("an object").extend(pricing);
        body
    }

    /// `quantity` pieces of the first article at 12 500 francs each, for a card form.
    #[must_use]
    pub fn card_cart(&self, quantity: u32) -> Value {
        self.card_body(json!({ "items": [{ "sku": "PAGNE-WAX-6Y", "quantity": quantity }] }))
    }

    /// `POST /payment-intents` under the key of that name.
    pub async fn create_intent(&self, body: &Value, name: &str) -> Answer {
        self.post_create("/payment-intents", body, &[("idempotency-key", &self.key(name))]).await
    }

    /// `POST /admin/payment-intents`, as the merchant's own backend.
    pub async fn create_intent_as_admin(&self, body: &Value, key: &str) -> Answer {
        let bearer = self.admin_bearer();
        let headers = [("idempotency-key", key), ("authorization", bearer.as_str())];
        self.post_create("/admin/payment-intents", body, &headers).await
    }

    /// `POST /admin/payment-intents/{payment_intent_id}/cancel`.
    pub async fn cancel_intent(&self, intent_id: &str) -> Answer {
        self.admin("POST", &format!("/admin/payment-intents/{intent_id}/cancel"), &Value::Null).await
    }

    /// One open order of 12 500 francs with a card form.
    pub async fn open_card_order(&self) -> CardOrder {
        CardOrder::of(&self.create_intent(&self.card_cart(1), &self.fresh_key()).await)
    }

    /// The order's intent at lomi.
    pub async fn intent(&self, card: &CardOrder) -> Value {
        let intents = self.lomi.intents().await;
        intents.into_iter().find(|intent| intent["id"] == *card.intent_id).expect("lomi. knows the intent")
    }
}
