//! One request creates at most one customer, and an answered customer exists.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::record::CustomerSeen;

/// `ledger` is lomi's list of customers, with the deleted ones.
pub(super) fn check(seen: &[CustomerSeen], ledger: &[Value]) -> Vec<String> {
    let mut made = BTreeMap::<&str, Vec<&Value>>::new();
    for customer in ledger {
        if let Some(request) = customer["metadata"]["request"].as_str() {
            made.entry(request).or_default().push(&customer["customer_id"]);
        }
    }
    let doubled = made.iter().filter(|(_, ids)| ids.len() > 1);
    let doubled = doubled.map(|(request, ids)| format!("{request} made {} customers: {ids:?}", ids.len()));
    let lost = seen.iter().filter(|seen| !ledger.iter().any(|customer| customer["customer_id"] == seen.customer_id));
    let lost = lost.map(|seen| format!("customer {} was answered and is not at lomi.", seen.customer_id));
    doubled.chain(lost).collect()
}
