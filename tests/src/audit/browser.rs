//! Text from a browser is a note: it appears neither in lomi's metadata nor in the events for the merchant's systems.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Books;
use crate::record::CreateSeen;

/// The fields of a public create with free text of the shopper. Ids in lomi's catalogue are not free text.
const NAMES: [&str; 2] = ["payment_reference", "reference"];

impl Books {
    /// The notes of an order stay in it, and its card form belongs to the organisation of the stack's key.
    pub(super) fn check_notes(&self, order: &Value) -> Vec<String> {
        let id = &order["order_id"];
        let notes = order["shopper_notes"].as_object().cloned().unwrap_or_default();
        let rows = self.transactions.iter().chain(&self.intents).filter(|row| row["metadata"]["order_id"] == *id);
        let labels = rows.flat_map(|row| row["metadata"].as_object().into_iter().flatten());
        let leaked = labels.filter(|(name, value)| notes.get(*name).is_some_and(|note| note == *value));
        let told = self.outbox.iter().filter(|item| item["order_id"] == *id);
        let named = told.filter(|item| notes.values().any(|note| *note != "" && *note == item["reference"]));
        let own = self.intents.iter().filter(|intent| intent["id"] == order["payment_intent_id"]);
        let row_of =
            |intent: &Value| self.transactions.iter().find(|row| row["transaction_id"] == intent["transaction_id"]);
        let strange = own.filter(|intent| {
            row_of(intent).is_some_and(|row| row["organization_id"] != intent["metadata"]["organization_id"])
        });
        let leaked = leaked.map(|(name, _)| format!("lomi has the note {name} of order {id}"));
        let named = named.map(|item| format!("a note names order {id} in {}", item["event_type"]));
        leaked.chain(named).chain(strange.map(|_| format!("order {id} is paid to somebody else"))).collect()
    }
}

/// `sessions` are lomi's; `books` has the rest of lomi's ledger.
pub(super) fn check(creates: &[CreateSeen], books: &Books, sessions: &[Value]) -> Vec<String> {
    let opened = creates.iter().filter(|create| create.status == 201 && !create.path.starts_with("/admin/"));
    opened.flat_map(|create| check_create(create, books, sessions)).collect()
}

fn check_create(create: &CreateSeen, books: &Books, sessions: &[Value]) -> Vec<String> {
    let answer: Value = serde_json::from_str(&create.body).unwrap_or_default();
    let id = &answer["order_id"];
    let (sent_names, sent_texts) = sent(&create.sent);
    let mut findings = Vec::new();
    for row in [sessions, &books.transactions, &books.intents].into_iter().flatten() {
        if row["metadata"]["order_id"] != *id {
            continue;
        }
        for (name, value) in row["metadata"].as_object().into_iter().flatten() {
            let is_sent = sent_names.contains(name) || value.as_str().is_some_and(|text| sent_texts.contains(text));
            findings.extend(is_sent.then(|| format!("lomi has a browser's {name} as metadata of order {id}")));
        }
        let is_card = create.path == "/payment-intents" && row.get("quantity").is_some();
        let is_priced = row["product_id"].is_string() || row["subscription_id"].is_string() || row["quantity"] != 1;
        findings.extend((is_card && is_priced).then(|| format!("lomi books order {id} as a browser says: {row}")));
    }
    let told = books.outbox.iter().filter(|item| item["order_id"] == *id);
    let named = told.filter(|item| item["reference"].as_str().is_some_and(|text| sent_texts.contains(text)));
    findings.extend(named.map(|item| format!("a browser named order {id} in {}", item["event_type"])));
    findings
}

/// The names of the labels that were sent, and every non-trivial text in them.
fn sent(body: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
    let labels = body["metadata"].as_object().cloned().unwrap_or_default();
    let texts = labels.values().chain(NAMES.map(|name| &body[name]));
    let texts = texts.filter_map(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned).collect();
    (labels.into_iter().map(|(name, _)| name).collect(), texts)
}
