//! The actions of an operator.

use serde_json::Value;

use crate::app::TestApp;
use crate::http::Answer;

impl TestApp {
    /// The first page of `GET /admin/quarantine?{query}`.
    pub async fn quarantine(&self, query: &str) -> Vec<Value> {
        let answer = self.admin("GET", &format!("/admin/quarantine?{query}"), &Value::Null).await.expect(200);
        answer.json()["data"].as_array().cloned().expect("a list")
    }

    /// The id of the only unresolved quarantined event.
    pub async fn only_quarantined(&self) -> String {
        let open = self.quarantine("").await;
        assert_eq!(open.len(), 1, "{open:?}");
        open[0]["quarantine_id"].as_str().expect("an id").to_owned()
    }

    /// `POST /admin/quarantine/{quarantine_id}/replay`.
    pub async fn replay(&self, quarantine_id: &str) -> Answer {
        self.admin("POST", &format!("/admin/quarantine/{quarantine_id}/replay"), &Value::Null).await
    }

    /// The outcome of a successful replay: `outcome`, or `outcome: reason`.
    pub async fn replayed(&self, quarantine_id: &str) -> String {
        let json = self.replay(quarantine_id).await.expect(200).json();
        let outcome = json["outcome"].as_str().expect("an outcome");
        json["reason"].as_str().map_or_else(|| outcome.to_owned(), |reason| format!("{outcome}: {reason}"))
    }

    /// `POST /admin/orders/{order_id}/sync`.
    pub async fn ask(&self, order_id: &str) -> Answer {
        self.admin("POST", &format!("/admin/orders/{order_id}/sync"), &Value::Null).await
    }

    /// The changes of a sync: `what/source`, oldest first.
    pub async fn asked(&self, order_id: &str) -> Vec<String> {
        let json = self.ask(order_id).await.expect(200).json();
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let changes = json["changes"].as_array().expect("a list").iter();
        changes.map(|entry| format!("{}/{}", word(&entry["what"]), word(&entry["source"]))).collect()
    }

    /// `POST /admin/orders/{order_id}/events/replay`.
    pub async fn republish(&self, order_id: &str) -> Answer {
        self.admin("POST", &format!("/admin/orders/{order_id}/events/replay"), &Value::Null).await
    }

    /// `GET /admin/health`: the overall state, which follows from the checks, and the checks by name.
    pub async fn health(&self) -> (String, Value) {
        let json = self.admin("GET", "/admin/health", &Value::Null).await.expect(200).json();
        let is_in_order = json["checks"].as_object().expect("checks").values().all(|check| check["hint"].is_null());
        assert_eq!(json["status"], if is_in_order { "ok" } else { "attention" }, "{json}");
        (json["status"].as_str().expect("a status").to_owned(), json["checks"].clone())
    }

    /// The state of each check, by name.
    pub async fn health_states(&self) -> std::collections::BTreeMap<String, String> {
        let (_, checks) = self.health().await;
        let states = checks.as_object().expect("checks").iter();
        states.map(|(name, check)| (name.clone(), check["state"].as_str().unwrap_or_default().to_owned())).collect()
    }

    /// The last log line of a function, as JSON.
    pub fn last_line(&self, function: &str) -> Value {
        let line = self.stack.logs().into_iter().rfind(|entry| entry.function == function).expect("a line");
        serde_json::from_str(&line.line).expect("a line is JSON")
    }

    /// `POST /admin/webhook-deliveries/replay`.
    pub async fn resend(&self, body: &Value) -> Answer {
        self.admin("POST", "/admin/webhook-deliveries/replay", body).await
    }

    /// How many were delivered, skipped and failed.
    pub async fn resent(&self, body: &Value) -> (usize, u64, Vec<Value>) {
        let json = self.resend(body).await.expect(200).json();
        let failed = json["failed"].as_array().cloned().expect("a list");
        (json["replayed"].as_array().map_or(0, Vec::len), json["skipped"].as_u64().expect("a number"), failed)
    }

    /// Delivers the order's event while the order is missing, so that it is quarantined; then restores the order.
    pub async fn deliver_too_early(&self, order_id: &str, event: &crate::Event) {
        let (pk, sk) = (format!("ORDER#{order_id}"), "ORDER");
        let order = self.table.take(&pk, sk).await;
        assert_eq!(self.deliver(event).await.outcome(), "quarantined");
        self.table.put(&order).await;
    }
}
