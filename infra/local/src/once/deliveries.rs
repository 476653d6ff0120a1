//! The webhook deliveries of one order.

use serde_json::Value;

/// `lomi-sandbox`'s dispatches of one order.
#[derive(Debug)]
pub(super) struct Deliveries<'a>(Vec<&'a Value>);

impl<'a> Deliveries<'a> {
    /// `outbox` is `lomi-sandbox`'s whole outbox.
    pub(super) fn of(order_id: &str, outbox: &'a Value) -> Self {
        let names_order =
            |dispatch: &&Value| dispatch.pointer("/data/metadata/order_id").and_then(Value::as_str) == Some(order_id);
        Self(outbox.as_array().into_iter().flatten().filter(names_order).collect())
    }

    /// Whether each has had at least one attempt: a dispatch without one says nothing about the webhook.
    pub(super) fn are_tried(&self) -> bool {
        let is_new = |dispatch: &&Value| {
            let attempts = dispatch.get("attempts").and_then(Value::as_array);
            status(dispatch) == "pending" && attempts.is_none_or(Vec::is_empty)
        };
        !self.0.iter().any(is_new)
    }

    /// At least one was delivered, and none was refused or waits for a retry.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.0.is_empty() {
            return Err("lomi sent no webhook for the order".to_owned());
        }
        match self.0.iter().find(|dispatch| status(dispatch) != "delivered") {
            None => Ok(()),
            Some(failed) => Err(format!("lomi's webhook is {}: {}", status(failed), answer(failed))),
        }
    }
}

fn status(dispatch: &Value) -> &str {
    dispatch.get("status").and_then(Value::as_str).unwrap_or_default()
}

/// The last attempt's status, or why it has none.
fn answer(dispatch: &Value) -> String {
    let attempt = dispatch.get("attempts").and_then(Value::as_array).and_then(|attempts| attempts.last());
    let Some(attempt) = attempt else { return "it was not attempted".to_owned() };
    let member = |name: &str| attempt.get(name).filter(|value| !value.is_null());
    match (member("response_status"), member("error").and_then(Value::as_str)) {
        (Some(status), _) => format!("{} answers {status}", member("url").unwrap_or(&Value::Null)),
        (None, Some(error)) => error.to_owned(),
        (None, None) => "no answer".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outbox(status: &str, attempts: Value) -> Value {
        let of = |order_id: &str, status: &str, attempts: Value| json!({ "status": status, "data": { "metadata": { "order_id": order_id } }, "attempts": attempts });
        json!([of("mine", status, attempts), of("another", "dead_letter", json!([]))])
    }

    fn judged(outbox: &Value) -> Result<(), String> {
        Deliveries::of("mine", outbox).check()
    }

    #[test]
    fn a_delivered_webhook_passes_despite_other_orders() {
        assert_eq!(judged(&outbox("delivered", json!([{ "response_status": 200 }]))), Ok(()));
    }

    #[test]
    fn a_rejected_webhook_is_reported_with_its_answer() {
        let refused = judged(&outbox("dead_letter", json!([{ "response_status": 404, "url": "u" }]))).unwrap_err();
        assert!(refused.contains("dead_letter") && refused.contains("404"), "{refused}");
        let waiting = judged(&outbox("pending", json!([{ "error": "timeout" }]))).unwrap_err();
        assert!(waiting.contains("pending") && waiting.contains("timeout"), "{waiting}");
        assert!(judged(&json!([])).is_err());
    }

    #[test]
    fn a_webhook_without_an_attempt_is_waited_for() {
        assert!(!Deliveries::of("mine", &outbox("pending", json!([]))).are_tried());
        assert!(Deliveries::of("mine", &outbox("pending", json!([{ "error": "timeout" }]))).are_tried());
    }
}
