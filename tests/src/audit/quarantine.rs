//! Quarantined events: each is open or resolved by an event.

use serde_json::Value;

use super::Books;

impl Books {
    pub(super) fn check_quarantined(&self, item: &Value) -> Vec<String> {
        let is_resolved = item["resolved_at_ms"].is_i64();
        let listing = if is_resolved { "QUARANTINE#resolved" } else { "QUARANTINE" };
        let mut findings = Vec::new();
        if item["listing_pk"] != listing {
            findings.push(format!("{} is listed under {}", item["PK"], item["listing_pk"]));
        }
        if is_resolved && !self.is_on_record(item) {
            findings.push(format!("nothing was made of {}, and it waits for nobody: {item}", item["PK"]));
        }
        findings
    }

    /// Whether an event of the same object is stored. It may have another name.
    fn is_on_record(&self, item: &Value) -> bool {
        let key = item["natural_key"].as_str().unwrap_or_default();
        let told = key.rsplit('#').next().unwrap_or_default();
        // A payment with a public id is stored under its UUID.
        let row = self.transactions.iter().find(|row| row["public_id"] == told);
        let object = row.and_then(|row| row["transaction_id"].as_str()).unwrap_or(told);
        self.evidence.iter().any(|known| known["PK"].as_str().is_some_and(|pk| pk.ends_with(&format!("#{object}"))))
    }
}
