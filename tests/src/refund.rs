//! Refunds: requested here or in lomi's dashboard, and lomi's events about them.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::delivery::Event;
use crate::http::Answer;
use crate::record::{MeantPayout, RefundSeen};
use crate::shop::Created;

/// Longer than the wait for a refund that lomi does not know.
const OLD_MS: i64 = 25 * 60 * 60 * 1000;

impl TestApp {
    /// A paid order of 12 500 francs, and lomi's id of its payment.
    pub async fn paid_order(&self, method: &str) -> (Created, String) {
        let order = self.open_order().await;
        let transaction_id = self.pay(&order, method).await;
        self.wait_for(&order.order_id, "paid").await;
        (order, transaction_id)
    }

    /// `POST /admin/orders/{order_id}/refunds`.
    pub async fn refund(&self, order_id: &str, body: &Value, key: &str) -> Answer {
        let (bearer, url) = (self.admin_bearer(), self.url(&format!("/admin/orders/{order_id}/refunds")));
        let headers = [("idempotency-key", key), ("authorization", bearer.as_str())];
        if let Some(phone) = body["confirmed_phone"].as_str() {
            self.answer_for_payout(order_id, phone);
        }
        let answer = self.http.send_json("POST", &url, &headers, body).await;
        if answer.status < 300 {
            let id = answer.json()["refund"]["id"].as_str().expect("an id").to_owned();
            let seen = RefundSeen { key: format!("{order_id} {key}"), order_id: order_id.to_owned(), id };
            self.record.lock().refunds.push(seen);
        }
        answer
    }

    /// `POST /admin/orders/{order_id}/refunds/{id}/release`: a person has checked that the money did not leave.
    pub async fn release_refund(&self, order_id: &str, id: &str) -> Answer {
        self.admin("POST", &format!("/admin/orders/{order_id}/refunds/{id}/release"), &Value::Null).await
    }

    /// A person confirms that partial refunds of this order go to this number.
    pub fn answer_for_payout(&self, order_id: &str, phone: &str) {
        let meant = MeantPayout { of: order_id.to_owned(), phone: Some(phone.to_owned()) };
        self.record.lock().meant_payouts.push(meant);
    }

    /// Refunds in lomi's dashboard; returns lomi's id of the refund.
    pub async fn refund_at_lomi(&self, transaction_id: &str, amount: i64) -> String {
        let body = json!({ "transaction_id": transaction_id, "amount": amount });
        self.record.lock().meant_payouts.push(MeantPayout { of: transaction_id.to_owned(), phone: None });
        let mut answer = self.post_refund_at_lomi(&body).await;
        if answer["requires_confirmation"] == true {
            let mut confirmed = body;
            confirmed["confirmation_token"] = answer["confirmation_token"].take();
            answer = self.post_refund_at_lomi(&confirmed).await;
        }
        answer["refund_id"].as_str().expect("a refund").to_owned()
    }

    async fn post_refund_at_lomi(&self, body: &Value) -> Value {
        let (secret, key) = (self.secret("LOMI_SECRET_KEY_ID"), self.fresh_key());
        let headers = [("x-api-key", secret.as_str()), ("idempotency-key", &key)];
        let url = format!("{}/refunds", self.stack.urls().lomi);
        self.http.send_json("POST", &url, &headers, body).await.expect(201).json()
    }

    /// No event will ever be sent for this refund: the audit does not expect the stack to know it.
    pub fn keep_refund_secret(&self, refund_id: &str) {
        self.record.lock().secret_refunds.push(refund_id.to_owned());
    }

    /// lomi's event about its newest refund of a payment, sent or lost.
    pub async fn announced_refund(&self, name: &str, transaction_id: &str) -> Event {
        let outbox = self.lomi.outbox().await;
        let is_it = |row: &&Value| row["event"] == name && row["data"]["transaction_id"] == transaction_id;
        let dispatch = outbox.iter().rev().find(is_it).expect("lomi. announces every refund");
        Event::new(name, dispatch["data"].clone())
    }

    /// The order's refunds as the back office shows them.
    pub async fn refunds(&self, order_id: &str) -> Vec<Value> {
        let detail = self.admin("GET", &format!("/admin/orders/{order_id}"), &Value::Null).await.expect(200).json();
        detail["refunds"].as_array().cloned().expect("refunds")
    }

    /// Ends the lease of every refund that was requested here, as if its time had passed, and makes the order due.
    pub async fn end_refund_leases(&self, order_id: &str) {
        self.edit_refunds(order_id, |refund| refund["request"]["lease_until_ms"] = 0.into()).await;
    }

    /// Makes every refund that was requested here 25 hours older, ends its lease, and makes the order due.
    pub async fn age_refunds(&self, order_id: &str) {
        let older = |refund: &mut Value| {
            let requested_at_ms = refund["requested_at_ms"].as_i64().expect("a time");
            refund["requested_at_ms"] = (requested_at_ms - OLD_MS).into();
            refund["request"]["lease_until_ms"] = 0.into();
        };
        self.edit_refunds(order_id, older).await;
    }

    async fn edit_refunds(&self, order_id: &str, edit: impl Fn(&mut Value)) {
        let mut order = self.order(order_id).await;
        let refunds = order["refunds"].as_object_mut().expect("refunds").values_mut();
        refunds.filter(|refund| !refund["request"].is_null()).for_each(edit);
        self.table.put(&order).await;
        assert!(self.make_due(order_id).await, "an open refund keeps its order due");
    }
}
