//! lomi's payouts to phones for partial refunds: they go to the payer and are accounted for.

use serde_json::Value;

use super::{Books, minor_units};

impl Books {
    pub(super) fn check_payouts(&self) -> Vec<String> {
        let strangers = self.payouts.iter().filter_map(|payout| self.check_receiver(payout));
        strangers.chain(self.payouts.iter().filter_map(|payout| self.check_accounted(payout))).collect()
    }

    /// A payout goes to the number that paid, or to one that a person confirmed.
    fn check_receiver(&self, payout: &Value) -> Option<String> {
        let (transaction, order) = self.behind(payout)?;
        let phone = payout["phone"].as_str()?;
        let is_payers = transaction["metadata"]["payment_mobile"] == phone;
        let is_meant = self.meant_payouts.iter().any(|meant| {
            let is_number = meant.phone.as_deref().map(digits) == Some(digits(phone));
            (order["order_id"] == meant.of.as_str() && is_number)
                || (transaction["transaction_id"] == meant.of.as_str() && meant.phone.is_none())
        });
        let amount = &payout["amount"];
        let (id, payer) = (&order["order_id"], &transaction["metadata"]["payment_mobile"]);
        (!is_payers && !is_meant).then(|| format!("{amount} of order {id} went to {phone}; {payer} had paid"))
    }

    /// There are no more payouts of an amount than refunds of it that are completed or may be.
    fn check_accounted(&self, payout: &Value) -> Option<String> {
        let (transaction, order) = self.behind(payout)?;
        let id = transaction["transaction_id"].as_str()?;
        let amount = minor_units(&payout["amount"], &transaction["currency_code"])?;
        let is_same = |row: &&Value| row["transaction_id"] == id && row["amount"] == payout["amount"];
        let left = self.payouts.iter().filter(is_same).count();
        let refunds = order["refunds"].as_object().into_iter().flat_map(serde_json::Map::values);
        let is_alive = |refund: &&Value| {
            refund["transaction_id"] == id && refund["amount_minor"] == amount && refund["status"] != "failed"
        };
        let elsewhere = self.meant_payouts.iter().filter(|meant| meant.of == id && meant.phone.is_none()).count();
        let failed_at_lomi = self.refunds.iter().filter(is_same).filter(|row| row["status"] == "failed").count();
        let known = refunds.filter(is_alive).count() + elsewhere + failed_at_lomi;
        (left > known).then(|| {
            format!("{left} payouts of {amount} left order {}, and {known} refunds stand for them", order["order_id"])
        })
    }

    /// The payment of a payout and its order, if it is an order of this stack.
    fn behind(&self, payout: &Value) -> Option<(&Value, &Value)> {
        let id = payout["transaction_id"].as_str()?;
        let transaction = self.transactions.iter().find(|row| row["transaction_id"] == id)?;
        let order = self.orders.iter().find(|order| !order["payments"][id].is_null())?;
        Some((transaction, order))
    }
}

/// The digits of a number, without the zeros or the plus before its country code.
fn digits(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    digits.trim_start_matches('0').to_owned()
}
