//! Payment links, as a merchant creates them and shoppers follow them.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::http::Answer;

const PHONE: &str =
    "Mozilla/5.0 (Linux; Android 13; TECNO KI5) AppleWebKit/537.36 Chrome/125.0.0.0 Mobile Safari/537.36";

/// A payment page that a link led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Led {
    /// The order behind the page.
    pub order_id: String,
    /// lomi's page.
    pub session_id: String,
}

impl TestApp {
    /// A complete managed link with `terms`, such as `{"max_payments": 1}`: 5 000 francs unless `terms` has a price.
    #[must_use]
    pub fn link_body(&self, terms: Value) -> Value {
        let mut body = json!({ "kind": "managed", "title": "Cotisation d’octobre" });
        let Value::Object(terms) = terms else { panic!("terms are an object") };
        if !["amount", "open_amount", "items"].iter().any(|price| terms.contains_key(*price)) {
            body["amount"] = json!(5_000);
            body["currency_code"] = json!("XOF");
        }
        body.as_object_mut().expect("an object").extend(terms);
        body
    }

    /// `POST /admin/payment-links`.
    pub async fn post_link(&self, body: &Value, key: &str) -> Answer {
        let bearer = self.admin_bearer();
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        self.http.send_json("POST", &self.url("/admin/payment-links"), &headers, body).await
    }

    /// Creates a managed link with `terms`; returns its code.
    pub async fn link(&self, terms: Value) -> String {
        let answer = self.post_link(&self.link_body(terms), &self.fresh_key()).await.expect(201);
        answer.json()["code"].as_str().expect("a code").to_owned()
    }

    /// The link as the back office shows it.
    pub async fn shown_link(&self, id: &str) -> Value {
        self.admin("GET", &format!("/admin/payment-links/{id}"), &Value::Null).await.expect(200).json()
    }

    /// Follows a link as a phone does; `rest` is the code and what comes after it.
    pub async fn follow(&self, rest: &str, language: &str) -> Answer {
        let headers = [("user-agent", PHONE), ("accept-language", language)];
        self.http.get(&self.url(&format!("/pay/{rest}")), &headers).await
    }

    /// Follows a link to its payment page.
    pub async fn led(&self, rest: &str) -> Led {
        let answer = self.follow(rest, "fr").await.expect(303);
        let session_id = answer.header("location").rsplit('/').next().unwrap_or_default().to_owned();
        let orders = self.orders().await;
        let order = orders.iter().find(|order| order["checkout_session_id"] == session_id.as_str());
        let order = order.unwrap_or_else(|| panic!("no order behind {}", answer.header("location")));
        Led { order_id: order["order_id"].as_str().expect("an id").to_owned(), session_id }
    }

    /// Pays on the page of a followed link; the order is paid afterwards.
    pub async fn pay_led(&self, led: &Led, method: &str) {
        let step = self.lomi.pay(&led.session_id, method).await;
        assert_eq!(step["step"], "paid", "{step}");
        self.wait_for(&led.order_id, "paid").await;
    }
}
