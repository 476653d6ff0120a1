//! The simulator's control API: the actions of shoppers and operators at lomi, and faults.

use serde_json::{Value, json};

use crate::http::Http;

/// lomi, controlled by the test.
#[derive(Clone, Debug)]
pub struct Lomi {
    pub(crate) http: Http,
    pub(crate) url: String,
}

impl Lomi {
    /// The simulator at `url` (`http://<address>`).
    #[must_use]
    pub fn new(http: Http, url: &str) -> Self {
        Self { http, url: url.to_owned() }
    }

    /// One click on the pay button: `method` is `card`, `wave` or `mtn`. A decline is no error.
    pub async fn pay(&self, session_id: &str, method: &str) -> Value {
        self.pay_with(session_id, &json!({ "method": method })).await
    }

    /// As [`Lomi::pay`], with every field of the form.
    pub async fn pay_with(&self, session_id: &str, form: &Value) -> Value {
        self.post(&format!("/sessions/{session_id}/pay"), form).await
    }

    /// Submits the card form of a charge with a good card.
    pub async fn confirm_card(&self, intent_id: &str, client_secret: &str) -> Value {
        let answer = self.present_card(intent_id, client_secret, "4242424242424242").await;
        assert_eq!(answer["paymentIntent"]["status"], "succeeded", "{answer}");
        answer
    }

    /// Submits the card form with any card; returns the form's answer, which may be a refusal.
    pub async fn present_card(&self, intent_id: &str, client_secret: &str, card_number: &str) -> Value {
        let form = json!({ "client_secret": client_secret, "card_number": card_number, "exp": "12/34", "cvc": "123" });
        let url = self.path(&format!("/card/{intent_id}/confirm"));
        self.http.send_json("POST", &url, &[], &form).await.json()
    }

    /// Passes or fails the bank's challenge; returns the form's answer.
    pub async fn authenticate(&self, intent_id: &str, pass: bool) -> Value {
        let url = self.path(&format!("/card/{intent_id}/authenticate"));
        self.http.send_json("POST", &url, &[], &json!({ "pass": pass })).await.json()
    }

    /// The intents, oldest first.
    pub async fn intents(&self) -> Vec<Value> {
        list(&self.get("/state").await["intents"])
    }

    /// Creates an unpaid invoice of `francs`: the customer gets no session before it is paid.
    pub async fn block_with_invoice(&self, customer_id: &str, francs: u32) -> Value {
        self.post(&format!("/customers/{customer_id}/blocking-invoice"), &json!({ "amount": francs })).await
    }

    /// Completes a payment whatever the state of the session.
    pub async fn late_approve(&self, session_id: &str) -> Value {
        self.post(&format!("/sessions/{session_id}/late_approve"), &json!({})).await
    }

    /// Completes a pending or held payment.
    pub async fn approve(&self, transaction_id: &str) -> Value {
        self.post(&format!("/transactions/{transaction_id}/approve"), &json!({})).await
    }

    /// Declines a pending or held payment.
    pub async fn decline(&self, transaction_id: &str) -> Value {
        self.post(&format!("/transactions/{transaction_id}/decline"), &json!({})).await
    }

    /// Removes the metadata of the page from lomi's row of a payment.
    pub async fn unlabel(&self, transaction_id: &str) {
        self.post(&format!("/transactions/{transaction_id}/unlabel"), &json!({})).await;
    }

    /// Sends the next event of a dispute of the payment: `{turn, status?, reason?}`.
    pub async fn dispute(&self, transaction_id: &str, turn: &Value) {
        self.post(&format!("/transactions/{transaction_id}/dispute"), turn).await;
    }

    /// Expires the session.
    pub async fn expire(&self, session_id: &str) -> Value {
        self.post(&format!("/sessions/{session_id}/expire"), &json!({})).await
    }

    /// Plants a fault.
    pub async fn fault(&self, plan: Value) {
        self.post("/faults", &plan).await;
    }

    /// Plants a webhook fault that stays.
    pub async fn webhook_fault(&self, kind: &str, arg: Value) {
        self.fault(json!({ "target": "webhook", "kind": kind, "arg": arg, "times": null })).await;
    }

    /// Loses every event from now on.
    pub async fn lose_webhooks(&self) {
        self.webhook_fault("lose", Value::Null).await;
    }

    /// How often the planted faults fired.
    pub async fn faults_fired(&self) -> u64 {
        let faults = self.get("/faults").await;
        faults.as_array().into_iter().flatten().filter_map(|fault| fault["fired"].as_u64()).sum()
    }

    /// Removes all faults.
    pub async fn clear_faults(&self) {
        self.http.send("DELETE", &self.path("/faults"), &[], "").await.expect(200);
    }

    /// Switches lomi to another generation: `current`, `june2026` or `seeds`.
    pub async fn profile(&self, name: &str) {
        self.post("/profile", &json!({ "profile": name })).await;
    }

    /// Switches single behaviours.
    pub async fn quirks(&self, quirks: Value) {
        self.post("/profile", &json!({ "quirks": quirks })).await;
    }

    /// Advances lomi's clock, with everything that falls due on the way.
    pub async fn advance_s(&self, seconds: i64) {
        self.post("/clock", &json!({ "advance_s": seconds })).await;
    }

    /// Sends every waiting event, and waits for the answers.
    pub async fn run_outbox(&self) {
        self.http.send("POST", &self.path("/outbox/run"), &[], "").await.expect(200);
    }

    /// Sends any event to every endpoint.
    pub async fn emit(&self, event: &str, data: Value) {
        self.post("/events", &json!({ "event": event, "data": data, "environment": "test" })).await;
    }

    /// Every event, oldest first, with every delivery attempt.
    pub async fn outbox(&self) -> Vec<Value> {
        list(&self.get("/outbox").await)
    }

    /// The id of a customer that lomi knows in test mode.
    pub async fn customer(&self) -> String {
        let customers = list(&self.get("/state").await["customers"]);
        let customer = customers.iter().find(|customer| customer["environment"] == "test");
        customer.and_then(|customer| customer["customer_id"].as_str()).expect("a customer").to_owned()
    }

    /// Creates a native link through lomi's API with this key; returns its id.
    pub async fn payment_link(&self, secret_key: &str, link: &Value) -> String {
        let url = format!("{}/payment-links", self.url);
        let answer = self.http.send_json("POST", &url, &[("x-api-key", secret_key)], link).await.expect(201);
        answer.json()["link_id"].as_str().expect("a link").to_owned()
    }

    /// Opens a native link; returns the page that it leads to.
    pub async fn follow_link(&self, link_id: &str) -> String {
        let answer = self.http.get(&format!("{}/pay/{link_id}", self.url), &[]).await.expect(303);
        let page = answer.header("location").rsplit('/').next().unwrap_or_default();
        page.split('?').next().unwrap_or_default().to_owned()
    }

    /// The sessions, oldest first.
    pub async fn sessions(&self) -> Vec<Value> {
        list(&self.get("/state").await["sessions"])
    }

    /// The transactions, oldest first.
    pub async fn transactions(&self) -> Vec<Value> {
        list(&self.get("/state").await["transactions"])
    }

    /// The native links, oldest first.
    pub async fn links(&self) -> Vec<Value> {
        list(&self.get("/state").await["payment_links"])
    }

    /// The customers with the deleted ones, oldest first.
    pub async fn customers(&self) -> Vec<Value> {
        list(&self.get("/state").await["customers"])
    }

    /// The refunds, oldest first.
    pub async fn refunds(&self) -> Vec<Value> {
        list(&self.get("/state").await["refunds"])
    }

    /// lomi's payouts for partial refunds, oldest first, with or without a refund row.
    pub async fn payouts(&self) -> Vec<Value> {
        list(&self.get("/state").await["payouts"])
    }

    /// From now on every refund is pending until its payout, which is net of a fee.
    pub async fn pay_refunds_out_later(&self) {
        self.quirks(json!({ "refunds_paid_out_later": true })).await;
    }

    /// Pays out a pending refund.
    pub async fn pay_out_refund(&self, refund_id: &str) {
        self.post(&format!("/refunds/{refund_id}/pay-out"), &json!({})).await;
    }

    /// Fails a recorded refund.
    pub async fn fail_refund(&self, refund_id: &str) {
        self.post(&format!("/refunds/{refund_id}/fail"), &json!({})).await;
    }

    async fn get(&self, path: &str) -> Value {
        self.http.get(&self.path(path), &[]).await.expect(200).json()
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self.http.send_json("POST", &self.path(path), &[], body).await;
        assert!((200..300).contains(&answer.status), "{path}: {} {}", answer.status, answer.text());
        answer.json()
    }

    fn path(&self, path: &str) -> String {
        format!("{}/_sim{path}", self.url)
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}
