//! The test event of the dashboard: its own envelope, the usual signature, one attempt, not in the outbox.

use serde_json::json;

use super::attempt::{Delivery, base_headers};
use super::sign::{dated_signature, signature};
use crate::clock::Timestamp;
use crate::context::Context;
use crate::model::Endpoint;
use crate::ordered_fields::OrderedFields;

const EVENT: &str = "test.webhook";

pub(crate) fn delivery(context: &mut Context, endpoint: &Endpoint, now: Timestamp) -> Delivery {
    let mut envelope = OrderedFields::default();
    envelope.set("id", json!(context.ids.token("evt_test_", 24)));
    envelope.set("type", json!(EVENT));
    envelope.set("created", json!(now.unix_s()));
    let object = json!({
        "id": context.ids.uuid(),
        "merchant_id": endpoint.created_by,
        "organization_id": endpoint.organization_id,
        "test": true,
        "status": "success",
        "amount": 1000,
        "currency": "XOF",
        "metadata": {"test_mode": true},
    });
    envelope.set("data", json!({ "object": object }));
    envelope.set("livemode", json!(false));
    envelope.set("webhook_id", json!(endpoint.webhook_id));
    let body = serde_json::to_string(&envelope).unwrap_or_default();
    let mut headers = base_headers(EVENT);
    headers.push(("X-Lomi-Signature".to_owned(), signature(&endpoint.secret, &body)));
    if context.profile.is_current() {
        headers.push(("X-Lomi-Timestamp".to_owned(), now.to_string()));
        let dated = dated_signature(&endpoint.secret, &body, now.unix_s());
        headers.push(("X-Lomi-Signature-V1".to_owned(), dated));
    }
    let timeout_ms = context.profile.webhook_timeout_ms();
    Delivery { dispatch_id: String::new(), url: endpoint.url.clone(), headers, body, timeout_ms }
}
