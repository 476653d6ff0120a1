//! lomi's events, delivered by the test.

use lomi_client::webhook::{LEGACY_HEADER, WebhookSecret, sign};
use lomi_sandbox::fixtures::ORGANIZATION_A;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::http::Answer;
use crate::record::DeliverySeen;
use crate::shop::Created;

/// An envelope of lomi. Every delivery signs exactly its bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Event(Value);

impl Event {
    /// An event of any name, of the stack's own organisation unless `data` names another.
    #[must_use]
    pub fn new(name: &str, mut data: Value) -> Self {
        if let Some(data) = data.as_object_mut() {
            data.entry("organization_id").or_insert_with(|| ORGANIZATION_A.into());
        }
        Self(json!({
            "id": "0f0e0d0c-0b0a-4908-8706-050403020100",
            "event": name,
            "timestamp": "2026-06-20T09:14:07.512Z",
            "data": data,
            "lomi_environment": "production",
        }))
    }

    /// The same event with the value at a JSON pointer set.
    #[track_caller]
    #[must_use]
    pub fn with(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        let parent = self.0.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
        parent.insert(name.to_owned(), value.into());
        self
    }

    /// The same event without the value at a JSON pointer.
    #[track_caller]
    #[must_use]
    pub fn without(mut self, pointer: &str) -> Self {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        self.0.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object").remove(name);
        self
    }

    /// The same event in another envelope.
    #[must_use]
    pub fn in_envelope(self, number: u32) -> Self {
        self.with("/id", format!("11111111-2222-4333-8444-{number:012}"))
    }

    /// The bytes that are signed and sent.
    #[must_use]
    pub fn bytes(&self) -> String {
        self.0.to_string()
    }
}

impl TestApp {
    /// Completes a payment at lomi without delivering its event; returns the event.
    pub async fn pay_silently(&self, order: &Created, method: &str) -> Event {
        self.lomi.lose_webhooks().await;
        let transaction_id = self.pay(order, method).await;
        let event = self.announced(&transaction_id).await;
        self.lomi.clear_faults().await;
        event
    }

    /// lomi's newest event of a transaction, sent or lost.
    pub async fn announced(&self, transaction_id: &str) -> Event {
        let (outbox, rows) = (self.lomi.outbox().await, self.lomi.transactions().await);
        let row = rows.iter().find(|row| row["transaction_id"] == transaction_id).expect("lomi. has the payment");
        let ids = [&row["transaction_id"], &row["public_id"]];
        let dispatch = outbox.iter().rev().find(|dispatch| ids.contains(&&dispatch["data"]["transaction_id"]));
        let dispatch = dispatch.expect("lomi. announces every payment");
        Event::new(dispatch["event"].as_str().expect("a name"), dispatch["data"].clone())
    }

    /// Delivers an event as lomi does, signed with the stack's webhook secret.
    pub async fn deliver(&self, event: &Event) -> Answer {
        self.deliver_bytes(&event.bytes()).await
    }

    /// Delivers any bytes, signed with the stack's webhook secret.
    pub async fn deliver_bytes(&self, bytes: &str) -> Answer {
        let signature = signature(self.stack.webhook_secret(), bytes);
        let answer = self.post_webhook(bytes, &[(LEGACY_HEADER, &signature)]).await;
        let seen = DeliverySeen { status: answer.status, event: bytes.to_owned() };
        self.record.lock().deliveries.push(seen);
        answer
    }

    /// Delivers an event signed with another secret. The audit does not expect that it is accepted.
    pub async fn deliver_signed_with(&self, event: &Event, secret: &str) -> Answer {
        let bytes = event.bytes();
        let signature = signature(secret, &bytes);
        self.post_webhook(&bytes, &[(LEGACY_HEADER, &signature)]).await
    }

    /// `POST /webhooks/lomi` with exactly these bytes and headers. The audit does not expect that it is accepted.
    pub async fn post_webhook(&self, bytes: &str, headers: &[(&str, &str)]) -> Answer {
        let mut headers = headers.to_vec();
        headers.push(("content-type", "application/json"));
        self.http.send("POST", &self.url("/webhooks/lomi"), &headers, bytes.to_owned()).await
    }
}

fn signature(secret: &str, bytes: &str) -> String {
    sign(&WebhookSecret::parse(secret).expect("a webhook secret"), bytes.as_bytes())
}

impl Answer {
    /// The outcome in a 200.
    #[track_caller]
    #[must_use]
    pub fn outcome(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.text());
        let json = self.json();
        assert_eq!(json["received"], true, "{json}");
        json["outcome"].as_str().unwrap_or_default().to_owned()
    }
}
