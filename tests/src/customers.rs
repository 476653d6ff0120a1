//! The back office and its customers.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::http::Answer;
use crate::record::CustomerSeen;

impl TestApp {
    /// `POST /admin/customers`, marked so that the audit can match customers to requests.
    pub async fn create_customer(&self, customer: &Value) -> Answer {
        let mut customer = customer.clone();
        if customer["metadata"].is_null() {
            customer["metadata"] = json!({});
        }
        customer["metadata"]["request"] = self.fresh_key().into();
        let answer = self.admin("POST", "/admin/customers", &customer).await;
        if answer.status == 201 {
            let customer_id = answer.json()["customer_id"].as_str().expect("an id").to_owned();
            self.record.lock().customers.push(CustomerSeen { customer_id });
        }
        answer
    }

    /// A customer with a name only; returns the id.
    pub async fn named_customer(&self, name: &str) -> String {
        let answer = self.create_customer(&json!({ "name": name })).await.expect(201);
        answer.json()["customer_id"].as_str().expect("an id").to_owned()
    }

    /// A request about one customer; `path` begins behind the id.
    pub async fn about_customer(&self, method: &str, id: &str, path: &str, body: &Value) -> Answer {
        self.admin(method, &format!("/admin/customers/{id}{path}"), body).await
    }
}
