//! What was put aside: it waits in sight, or something was made of it.

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
        if is_resolved && !self.is_on_record(item) && !self.is_of_others(item) {
            findings.push(format!("nothing was made of {}, and it waits for nobody: {item}", item["PK"]));
        }
        findings
    }

    /// Whether it is about a payment on a page that neither an order nor a link of lomi.'s opened.
    fn is_of_others(&self, item: &Value) -> bool {
        let is_meant = |row: &&Value| {
            let id = row["transaction_id"].as_str();
            id.is_some_and(|id| item["natural_key"].as_str().is_some_and(|key| key.ends_with(id)))
        };
        let Some(row) = self.transactions.iter().find(is_meant) else { return false };
        let mut pages = self.sessions.iter();
        let page = pages.find(|page| page["checkout_session_id"] == row["checkout_session_id"]);
        row["metadata"]["order_id"].is_null() && page.is_some_and(|page| page["payment_link_id"].is_null())
    }

    /// Whether there is evidence about the same object. Another word of lomi.'s may have told of it.
    fn is_on_record(&self, item: &Value) -> bool {
        let key = item["natural_key"].as_str().unwrap_or_default();
        let object = key.rsplit('#').next().unwrap_or_default();
        self.evidence.iter().any(|known| known["PK"].as_str().is_some_and(|pk| pk.ends_with(&format!("#{object}"))))
    }
}
