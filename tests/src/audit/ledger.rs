//! Rules for runs in which all events come from lomi and none is made up by the test: the books agree entry by entry.

use serde_json::{Map, Value};

use super::{Books, fits};

impl Books {
    /// Each payment of an order exists at lomi, each of lomi's counts, and nothing is unfinished. For books at rest.
    #[must_use]
    pub fn check_entries(&self) -> Vec<String> {
        let mut findings: Vec<String> = self.orders.iter().flat_map(|order| self.check_payments(order)).collect();
        findings.extend(self.transactions.iter().filter_map(|row| self.check_counted(row)));
        findings.extend(self.orders.iter().flat_map(unsettled));
        findings
    }

    /// No payment is made up, and a second one is marked as surplus.
    fn check_payments(&self, order: &Value) -> Vec<String> {
        let payments = order["payments"].as_object().cloned().unwrap_or_default();
        let is_taken = |id: &str| {
            let mut rows = self.transactions.iter().filter(|row| row["transaction_id"] == id);
            rows.any(|row| was_taken(row) && self.is_of(row, order) && fits(row, &row["environment"], order))
        };
        let made_up = payments.keys().filter(|id| !is_taken(id));
        let mut findings: Vec<_> =
            made_up.map(|id| format!("lomi. took no payment {id} for order {}", order["order_id"])).collect();
        if (payments.len() > 1) != (order["overpaid"] == true) {
            let flag = &order["overpaid"];
            findings.push(format!("order {} has {} payments, overpaid is {flag}", order["order_id"], payments.len()));
        }
        findings
    }

    /// A payment that fits its order counts for it; it must not be quarantined. One payment may be known by its page
    /// alone.
    fn check_counted(&self, row: &Value) -> Option<String> {
        let id = row["transaction_id"].as_str()?;
        let order = self.orders.iter().find(|order| self.is_of(row, order))?;
        let payments = order["payments"].as_object()?;
        let of_order = self.transactions.iter().filter(|row| was_taken(row) && self.is_of(row, order)).count();
        let by_its_page = order["completed_unnamed"] == true && payments.is_empty() && of_order == 1;
        let counts = payments.contains_key(id) || by_its_page;
        let is_good = was_taken(row) && fits(row, &row["environment"], order);
        (is_good && !counts).then(|| format!("transaction {id} does not count for order {}", order["order_id"]))
    }
}

fn was_taken(row: &Value) -> bool {
    row["status"] == "completed" || row["status"] == "refunded"
}

/// Unfinished work that no later run would finish.
fn unsettled(order: &Value) -> Vec<String> {
    let id = &order["order_id"];
    let mut findings = Vec::new();
    if ["creating", "in_doubt", "open", "failed_attempt"].iter().any(|status| order["status"] == *status) {
        findings.push(format!("order {id} is still {}", order["status"]));
    }
    let refunds = order["refunds"].as_object().into_iter().flat_map(Map::values);
    // A partial refund that lomi pays out stays in doubt until lomi lists it: a missing row proves nothing.
    let stays = |refund: &&Value| refund["status"] == "in_doubt" && is_paid_out(order, refund);
    let is_open = |refund: &&Value| refund["status"] == "requested" || refund["status"] == "in_doubt";
    let open = refunds.filter(is_open).filter(|refund| !stays(refund));
    findings.extend(open.map(|refund| format!("order {id} still has a refund {}", refund["status"])));
    if order["orphaned_intents"].as_array().is_some_and(|intents| !intents.is_empty()) {
        findings.push(format!("order {id} still has orphaned intents: {}", order["orphaned_intents"]));
    }
    findings
}

/// Whether lomi carries the refund out as a payout: a partial refund of a mobile-money payment.
fn is_paid_out(order: &Value, refund: &Value) -> bool {
    let payment = &order["payments"][refund["transaction_id"].as_str().unwrap_or_default()];
    payment["provider_code"] != "STRIPE" && refund["amount_minor"].as_i64() < order["amount"].as_i64()
}
