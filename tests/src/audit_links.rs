//! The rule of managed links: each paid order counts once, and an order beyond the limit is marked.

use serde_json::Value;

use crate::audit::is_paid;

pub(crate) fn check_link(link: &Value, orders: &[Value]) -> Vec<String> {
    let code = &link["code"];
    let paid = || orders.iter().filter(|order| order["link_code"] == *code && is_paid(order));
    let count = |name: &str| link[name].as_u64().unwrap_or_default();
    let counted = count("paid_count") + count("surplus_count");
    let flagged = paid().filter(|order| order["beyond_link_limit"] == true).count() as u64;
    let mut findings = Vec::new();
    if counted != paid().count() as u64 {
        findings.push(format!("link {code} has {} paid orders and counts {counted}", paid().count()));
    }
    if flagged != count("surplus_count") {
        findings.push(format!("link {code} has {flagged} flagged orders and a surplus of {}", count("surplus_count")));
    }
    if link["max_payments"].as_u64().is_some_and(|max| count("paid_count") > max) {
        findings.push(format!("link {code} took more payments than it takes: {link}"));
    }
    findings
}
