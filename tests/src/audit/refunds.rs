//! Refunds: lomi's ledger, the orders and the outbox agree.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{Books, minor_units};
use crate::record::RefundSeen;

impl Books {
    pub(super) fn check_refunds(&self) -> Vec<String> {
        let mut findings: Vec<String> = self.transactions.iter().filter_map(|row| self.check_ceiling(row)).collect();
        findings.extend(self.refunds.iter().filter_map(|row| self.check_known(row)));
        findings.extend(self.orders.iter().flat_map(|order| self.check_own(order)));
        findings.extend(self.orders.iter().flat_map(|order| self.check_told(order)));
        findings
    }

    /// One refund per key, and every answered refund is in its order.
    pub(super) fn check_refunds_seen(&self, seen: &[RefundSeen]) -> Vec<String> {
        let mut by_key = BTreeMap::<&str, BTreeSet<&str>>::new();
        for seen in seen {
            by_key.entry(&seen.key).or_default().insert(&seen.id);
        }
        let doubled = by_key.iter().filter(|(_, ids)| ids.len() > 1);
        let doubled = doubled.map(|(key, ids)| format!("{key} made {} refunds: {ids:?}", ids.len()));
        let is_there = |seen: &&RefundSeen| {
            let mut of = self.orders.iter().filter(|order| order["order_id"] == seen.order_id.as_str());
            of.any(|order| order["refunds"][&seen.id].is_object())
        };
        let lost = seen.iter().filter(|seen| !is_there(seen));
        doubled.chain(lost.map(|seen| format!("refund {} was answered and is gone", seen.id))).collect()
    }

    /// The refunds of a payment never exceed it.
    fn check_ceiling(&self, transaction: &Value) -> Option<String> {
        let currency = &transaction["currency_code"];
        let rows = self.refunds.iter().filter(|row| row["transaction_id"] == transaction["transaction_id"]);
        let kept = rows.filter(|row| row["status"] != "failed");
        let sum: i64 = kept.filter_map(|row| minor_units(&row["amount"], currency)).sum();
        let gross = minor_units(&transaction["gross_amount"], currency)?;
        // A coupon is part of the gross amount, or has been taken off it: at least one of the two is the price.
        let paid = match self.orders.iter().find(|order| self.is_of(transaction, order)) {
            Some(order) if order["allows_coupons"] == true => {
                let discount = minor_units(&transaction["discount_amount"], currency).unwrap_or_default();
                gross.min(order["amount"].as_i64()? - discount)
            }
            _ => gross,
        };
        (sum > paid).then(|| format!("{sum} of {paid} went back of {}", transaction["transaction_id"]))
    }

    /// Every refund of an order's payment is in the order, as lomi has it, unless no event was sent.
    fn check_known(&self, row: &Value) -> Option<String> {
        let (id, transaction_id) = (row["refund_id"].as_str()?, row["transaction_id"].as_str()?);
        let order = self.orders.iter().find(|order| !order["payments"][transaction_id].is_null())?;
        let aside = self.quarantine.iter().any(|item| item["PK"].as_str().is_some_and(|key| key.contains(id)));
        if aside || self.secret_refunds.contains(id) {
            return None;
        }
        let known = refunds(order).find(|refund| refund["refund_id"] == id);
        let same = known.is_some_and(|refund| {
            refund["status"] == row["status"]
                && refund["amount_minor"].as_i64() == minor_units(&row["amount"], &order["currency_code"])
        });
        (!same).then(|| format!("refund {id} is {} at lomi. and here: {known:?}", row["status"]))
    }

    /// One refund per id, a proof for every completed refund, and a status that follows from the money.
    fn check_own(&self, order: &Value) -> Vec<String> {
        let id = &order["order_id"];
        let mut names = BTreeSet::new();
        let mut findings = Vec::new();
        for refund in refunds(order) {
            let Some(name) = refund["refund_id"].as_str() else { continue };
            if !names.insert(name) {
                findings.push(format!("refund {name} stands twice in order {id}"));
            }
            let in_ledger = self.refunds.iter().any(|row| row["refund_id"] == name);
            let told = self.evidence.iter().any(|item| item["PK"].as_str().is_some_and(|key| key.contains(name)));
            if !in_ledger && !told {
                findings.push(format!("nothing proves refund {name} of order {id}"));
            }
        }
        let expected = status_by_money(order);
        if expected.is_some_and(|status| order["status"] != status) {
            findings.push(format!("order {id} is {} and its money says {expected:?}", order["status"]));
        }
        findings
    }

    /// Every completed refund has one outbox event, and no other refund has one.
    fn check_told(&self, order: &Value) -> Vec<String> {
        let id = &order["order_id"];
        let of_order = self.outbox.iter().filter(|item| item["order_id"] == *id);
        let told: Vec<_> = of_order.filter(|item| item["event_type"] == "order.refunded").collect();
        let completed = refunds(order).filter(|refund| refund["status"] == "completed");
        let unequal = completed.filter(|refund| {
            let same =
                |item: &&&Value| item["refund_id"] == refund["refund_id"] && item["amount"] == refund["amount_minor"];
            told.iter().filter(same).count() != 1
        });
        let mut findings: Vec<_> =
            unequal.map(|refund| format!("order {id} did not tell once of refund {refund}")).collect();
        let is_meant = |item: &&&Value| {
            refunds(order).any(|refund| {
                refund["refund_id"] == item["refund_id"]
                    && ["completed", "failed"].iter().any(|s| refund["status"] == *s)
            })
        };
        findings.extend(told.iter().filter(|item| !is_meant(item)).map(|item| format!("nothing behind {item}")));
        findings
    }
}

fn refunds(order: &Value) -> impl Iterator<Item = &Value> {
    order["refunds"].as_object().into_iter().flat_map(Map::values)
}

/// The status that follows from an order's payments and refunds; `None` without payments.
fn status_by_money(order: &Value) -> Option<&'static str> {
    let (price, payments) = (order["amount"].as_i64()?, order["payments"].as_object()?);
    let unnamed = payments.is_empty() && order["completed_unnamed"] == true;
    let count = i64::try_from(payments.len()).ok()? + i64::from(unnamed);
    let counts = |refund: &&Value| {
        let of = refund["transaction_id"].as_str().unwrap_or_default();
        refund["status"] == "completed" && (payments.contains_key(of) || unnamed)
    };
    let refunded: i64 = refunds(order).filter(counts).filter_map(|refund| refund["amount_minor"].as_i64()).sum();
    let discounts = payments.values().map(|payment| payment["discount_minor"].as_i64().unwrap_or_default());
    let kept = count * price - discounts.clone().sum::<i64>() - refunded;
    let least_paid = price - discounts.max().unwrap_or_default();
    match (count, kept) {
        (0, _) => None,
        (_, kept) if kept >= least_paid => Some("paid"),
        (_, kept) if kept > 0 => Some("partially_refunded"),
        _ => Some("refunded"),
    }
}
