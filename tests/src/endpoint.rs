//! This stack's webhook at lomi.

use local::InvokeError;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::lomi::Lomi;

const FUNCTION: &str = "webhook-endpoint";
/// As the template makes Secrets Manager generate it.
const PLACEHOLDER: &str = r#"{"placeholder":"0123456789abcdef0123456789abcdef"}"#;
/// The variables with the ids of the two secrets.
const KEY: &str = "LOMI_SECRET_KEY_ID";
const SECRET: &str = "LOMI_WEBHOOK_SECRET_ID";

impl TestApp {
    /// The URL to which lomi sends this stack's events.
    #[must_use]
    pub fn webhook_url(&self) -> String {
        self.url("/webhooks/lomi")
    }

    /// As after a first deployment and the merchant's lomi key: lomi has no endpoint, and no webhook secret is stored.
    pub async fn without_webhook(&self) {
        for endpoint in self.endpoints().await {
            self.delete_endpoint(&endpoint).await;
        }
        self.stack.secrets().set(self.secret_id(SECRET), PLACEHOLDER);
        for function in ["webhook-handler", FUNCTION] {
            self.stack.kill(function).await.expect("a function");
        }
    }

    /// Removes the lomi key, as before the merchant has stored it; returns the key.
    pub async fn without_key(&self) -> String {
        let key = self.secret(KEY);
        self.stack.secrets().set(self.secret_id(KEY), PLACEHOLDER);
        self.stack.kill(FUNCTION).await.expect("a function");
        key
    }

    /// lomi's endpoints of this key, newest first.
    pub async fn endpoints(&self) -> Vec<Value> {
        self.lomi.endpoints(&self.lomi_key()).await
    }

    /// Creates an endpoint in lomi's dashboard; returns its id and its secret.
    pub async fn endpoint_by_hand(&self) -> (String, String) {
        let body = json!({ "url": self.webhook_url(), "authorized_events": ["PAYMENT_SUCCEEDED"] });
        let made = self.lomi.make_endpoint(&self.lomi_key(), &body).await;
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        // Older generations wrap the row in an envelope.
        (text(&made.get("data").unwrap_or(&made)["webhook_id"]), text(&made["secret"]))
    }

    /// Endpoints of this stack with lost secrets, as after this many lost answers.
    pub async fn orphan_endpoints(&self, count: usize) {
        let description = "lomi-checkout lomi-checkout-local";
        let body = json!({ "url": self.webhook_url(), "authorized_events": ["PAYMENT_SUCCEEDED"], "description": description });
        for _ in 0..count {
            self.lomi.make_endpoint(&self.lomi_key(), &body).await;
        }
    }

    /// An endpoint is deleted at lomi.
    pub async fn delete_endpoint(&self, endpoint: &Value) {
        let id = endpoint["webhook_id"].as_str().expect("an id");
        self.lomi.change_endpoint(&self.lomi_key(), "DELETE", id, &Value::Null).await;
    }

    /// An endpoint is changed at lomi.
    pub async fn change_endpoint(&self, endpoint: &Value, changes: &Value) {
        let id = endpoint["webhook_id"].as_str().expect("an id");
        self.lomi.change_endpoint(&self.lomi_key(), "PATCH", id, changes).await;
    }

    /// Excludes this endpoint's deliveries from the audit: it signed before its secret was stored.
    pub fn excuse_endpoint(&self, endpoint: &Value) {
        let id = endpoint["webhook_id"].as_str().expect("an id").to_owned();
        self.record.lock().early_endpoints.push(id);
    }

    /// Runs the function as its schedule does; returns its status.
    pub async fn webhook_status(&self) -> String {
        let answer = self.stack.invoke_scheduled(FUNCTION).await;
        self.note_webhook_secret();
        status(answer)
    }

    /// Runs the function with a request for a new secret; returns its status.
    pub async fn rotate_webhook(&self) -> String {
        let answer = self.stack.invoke(FUNCTION, json!({ "Url": self.webhook_url(), "Rotate": true })).await;
        self.note_webhook_secret();
        status(answer)
    }

    /// The audit fails when a log line contains the current webhook secret.
    pub fn note_webhook_secret(&self) {
        self.keep_out_of_logs(&self.secret(SECRET));
    }

    fn lomi_key(&self) -> String {
        lomi_sandbox::fixtures::TEST_KEY_A.to_owned()
    }
}

#[track_caller]
fn status(answer: Result<Value, InvokeError>) -> String {
    let answer = answer.expect("the function always ends well");
    answer["Status"].as_str().expect("a word").to_owned()
}

impl Lomi {
    async fn endpoints(&self, secret_key: &str) -> Vec<Value> {
        let rows = self.call("GET", "", secret_key, &Value::Null).await;
        rows.as_array().expect("a list").clone()
    }

    async fn make_endpoint(&self, secret_key: &str, body: &Value) -> Value {
        self.call("POST", "", secret_key, body).await
    }

    async fn change_endpoint(&self, secret_key: &str, method: &str, id: &str, changes: &Value) {
        self.call(method, &format!("/{id}"), secret_key, changes).await;
    }

    async fn call(&self, method: &str, path: &str, secret_key: &str, body: &Value) -> Value {
        let url = format!("{}/webhooks{path}", self.url);
        let answer = self.http.send_json(method, &url, &[("x-api-key", secret_key)], body).await;
        assert!((200..300).contains(&answer.status), "{method} {path}: {} {}", answer.status, answer.text());
        answer.json()
    }
}
