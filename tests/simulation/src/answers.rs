//! The answers that clients received, and the rules for them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use checkout::refunds::{RefundError, Refunded};
use checkout::sessions::{CreateError, Created};
use serde_json::Value;

/// An order as its shop knows it.
#[derive(Clone, Debug)]
pub struct Bought {
    /// The order's id.
    pub order_id: String,
    /// The order's token.
    pub order_token: String,
    /// The payment page or card form.
    pub payable: Payable,
}

/// The payment page or card form that the shop received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payable {
    /// A session's id.
    Page(String),
    /// An intent's id and its client secret.
    Card(String, String),
}

impl Bought {
    /// Reads the answer to a create.
    #[must_use]
    pub fn read(created: &Created) -> Self {
        let body: Value = serde_json::from_str(&created.answer.body).expect("an answer is JSON");
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let payable = match body["checkout_session_id"].as_str() {
            Some(session) => Payable::Page(session.to_owned()),
            None => Payable::Card(text("payment_intent_id"), text("client_secret")),
        };
        Self { order_id: text("order_id"), order_token: text("order_token"), payable }
    }
}

/// All answers of one schedule.
#[derive(Debug, Default)]
pub struct Answers {
    created: RefCell<Vec<(String, String)>>,
    refunds: RefCell<Vec<(String, String)>>,
    odd: RefCell<Vec<String>>,
}

impl Answers {
    /// Records the answer to a create under `key`. Returns the order when the answer is final.
    pub fn created(&self, key: &str, answer: &Option<Result<Created, CreateError>>) -> Option<Bought> {
        match answer {
            Some(Ok(created)) => {
                self.created.borrow_mut().push((key.to_owned(), created.answer.body.clone()));
                Some(Bought::read(created))
            }
            Some(Err(CreateError::KeyReused)) => {
                self.odd.borrow_mut().push(format!("{key} was called reused"));
                None
            }
            _ => None,
        }
    }

    /// Records the answer to a refund under `key`.
    pub fn refunded(&self, key: &str, answer: &Option<Result<Refunded, RefundError>>) {
        if let Some(Ok(refunded)) = answer {
            self.refunds.borrow_mut().push((key.to_owned(), refunded.id.clone()));
        }
    }

    /// Records something that must not happen.
    pub fn odd(&self, what: String) {
        self.odd.borrow_mut().push(what);
    }

    /// One answer per key, one payment page or card form per order.
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        let mut by_key = BTreeMap::<String, BTreeSet<String>>::new();
        let mut by_order = BTreeMap::<String, BTreeSet<String>>::new();
        for (key, body) in self.created.borrow().iter() {
            by_key.entry(key.clone()).or_default().insert(body.clone());
            let answer: Value = serde_json::from_str(body).unwrap_or_default();
            let handed_out = format!("{} {}", answer["checkout_url"], answer["client_secret"]);
            by_order.entry(answer["order_id"].to_string()).or_default().insert(handed_out);
        }
        let mut refunds = BTreeMap::<String, BTreeSet<String>>::new();
        for (key, id) in self.refunds.borrow().iter() {
            refunds.entry(key.clone()).or_default().insert(id.clone());
        }
        let keys = by_key.iter().filter(|(_, bodies)| bodies.len() > 1);
        let keys = keys.map(|(key, bodies)| format!("{key} was answered in {} ways", bodies.len()));
        let orders = by_order.iter().filter(|(_, payables)| payables.len() > 1);
        let orders = orders.map(|(order, payables)| format!("order {order} has {} things to pay on", payables.len()));
        let refunds = refunds.iter().filter(|(_, ids)| ids.len() > 1);
        let refunds = refunds.map(|(key, ids)| format!("{key} made refunds {ids:?}"));
        keys.chain(orders).chain(refunds).chain(self.odd.borrow().iter().cloned()).collect()
    }
}
