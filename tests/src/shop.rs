//! The shop and its shopper, as clients of the public routes.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::http::Answer;
use crate::record::CreateSeen;
use crate::wait::eventually;

/// The shopper's address in every cart; no log line may contain it.
pub const EMAIL: &str = "awa.canary@example.com";
/// The shopper's name in every cart.
pub const NAME: &str = "Awa Canari-Koné";
/// The shopper's number in every cart.
pub const PHONE: &str = "+2250700009911";

/// An order as the shop knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// The order's id.
    pub order_id: String,
    /// The order's token.
    pub order_token: String,
    /// lomi's page.
    pub session_id: String,
    /// The URL of the payment page.
    pub checkout_url: String,
    /// In minor units.
    pub amount: i64,
}

impl Created {
    /// Reads a 201.
    #[track_caller]
    #[must_use]
    pub fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 201, "{}", answer.text());
        let json = answer.json();
        let text = |name: &str| json[name].as_str().unwrap_or_else(|| panic!("no {name} in {json}")).to_owned();
        Self {
            order_id: text("order_id"),
            order_token: text("order_token"),
            session_id: text("checkout_session_id"),
            checkout_url: text("checkout_url"),
            amount: json["amount"].as_i64().expect("an amount"),
        }
    }
}

impl TestApp {
    /// A complete create body with `pricing`, such as `{"items": [...]}`; fields of `pricing` win.
    #[must_use]
    pub fn body(&self, pricing: Value) -> Value {
        let mut body = json!({
            "success_url": format!("{}/return.html#{{ORDER_ID}}.{{ORDER_TOKEN}}", self.origin),
            "cancel_url": format!("{}/cancel.html#{{ORDER_ID}}.{{ORDER_TOKEN}}", self.origin),
            "customer_email": EMAIL,
            "customer_name": NAME,
            "customer_phone": PHONE,
        });
        let Value::Object(pricing) = pricing else { panic!("pricing is an object") };
        body.as_object_mut().expect("an object").extend(pricing);
        body
    }

    /// `quantity` pieces of the first article, 12 500 francs each.
    #[must_use]
    pub fn cart(&self, quantity: u32) -> Value {
        self.body(json!({ "items": [{ "sku": "PAGNE-WAX-6Y", "quantity": quantity }] }))
    }

    /// The random idempotency key that a shopper's browser generates; the test refers to it as `name`.
    #[must_use]
    pub fn key(&self, name: &str) -> String {
        format!("{name}-3f0c2a1e-9b7d-4c58-8e21-5a6b7c8d9e0f")
    }

    /// An idempotency key that no other request of this test has.
    #[must_use]
    pub fn fresh_key(&self) -> String {
        let mut serial = self.serial.lock().expect("nobody panics with it");
        *serial += 1;
        self.key(&format!("key-{serial}"))
    }

    /// `POST /checkout-sessions` under the key of that name.
    pub async fn create(&self, body: &Value, name: &str) -> Answer {
        self.post_create("/checkout-sessions", body, &[("idempotency-key", &self.key(name))]).await
    }

    /// `POST /admin/checkout-sessions`, as the merchant's own backend.
    pub async fn create_as_admin(&self, body: &Value, key: &str) -> Answer {
        let bearer = self.admin_bearer();
        let headers = [("idempotency-key", key), ("authorization", bearer.as_str())];
        self.post_create("/admin/checkout-sessions", body, &headers).await
    }

    pub(crate) async fn post_create(&self, path: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
        let answer = self.http.send_json("POST", &self.url(path), headers, body).await;
        let key = format!("{path} {}", headers[0].1);
        let mut record = self.record.lock();
        let (path, sent) = (path.to_owned(), body.clone());
        record.creates.push(CreateSeen { path, sent, key, status: answer.status, body: answer.text() });
        if answer.status == 201 {
            let body = answer.json();
            let secrets = ["order_token", "client_secret"].map(|name| body[name].as_str().map(str::to_owned));
            record.canaries.extend(secrets.into_iter().flatten());
        }
        answer
    }

    /// One open order of 12 500 francs.
    pub async fn open_order(&self) -> Created {
        Created::of(&self.create(&self.cart(1), &self.fresh_key()).await)
    }

    /// `GET /orders/{order_id}` with the order's token.
    pub async fn status(&self, order: &Created) -> Answer {
        self.status_with(&order.order_id, &order.order_token).await
    }

    /// `GET /orders/{order_id}` with any token.
    pub async fn status_with(&self, order_id: &str, token: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        self.http.get(&self.url(&format!("/orders/{order_id}")), &[("authorization", &bearer)]).await
    }

    /// `POST /orders/{order_id}/cancel` with the order's token.
    pub async fn cancel(&self, order: &Created) -> Answer {
        let bearer = format!("Bearer {}", order.order_token);
        let url = self.url(&format!("/orders/{}/cancel", order.order_id));
        self.http.send("POST", &url, &[("authorization", &bearer)], "").await
    }

    /// A shopper pays; returns lomi's id of the transaction. The event may still be lost.
    pub async fn pay(&self, order: &Created, method: &str) -> String {
        let step = self.lomi.pay(&order.session_id, method).await;
        assert_eq!(step["step"], "paid", "{step}");
        step["transaction_id"].as_str().expect("a transaction").to_owned()
    }

    /// The order in the table.
    pub async fn order(&self, order_id: &str) -> Value {
        let item = self.table.item(&format!("ORDER#{order_id}"), "ORDER").await;
        item.unwrap_or_else(|| panic!("no order {order_id}"))
    }

    /// The order's status in the table.
    pub async fn order_status(&self, order_id: &str) -> String {
        self.order(order_id).await["status"].as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the table has the order in `status`. Reads only the table.
    pub async fn wait_for(&self, order_id: &str, status: &str) -> Value {
        let what = format!("order {order_id} is {status}");
        let order =
            eventually(&what, async || Some(self.order(order_id).await).filter(|order| order["status"] == status));
        order.await
    }

    /// The order's timeline: `what/source`, oldest first.
    pub async fn timeline(&self, order_id: &str) -> Vec<String> {
        let order = self.order(order_id).await;
        let entries = order["timeline"].as_array().cloned().unwrap_or_default();
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        entries.iter().map(|entry| format!("{}/{}", word(&entry["what"]), word(&entry["source"]))).collect()
    }
}
