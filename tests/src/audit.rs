//! The auditor checks the rules that hold at the end of every test, whatever the test was about.
//!
//! It compares three books: lomi's ledger, the table, and the answers that clients got.

mod browser;
mod customers;
mod ledger;
mod payouts;
mod quarantine;
mod refunds;

use std::collections::{BTreeMap, BTreeSet};

use lomi_sandbox::fixtures::ORGANIZATION_A;
use serde_json::Value;

use crate::app::TestApp;
use crate::audit_links::check_link;
use crate::record::MeantPayout;

/// Faults after which a delivery is not authentic any more.
const UNAUTHENTIC: [&str; 4] = ["bad_signature", "wrong_secret", "reserialised", "oversize_body"];
const PAID: [&str; 3] = ["paid", "partially_refunded", "refunded"];

/// Whether a payment has arrived for the order, in the table or as it is shown.
#[must_use]
pub fn is_paid(order: &Value) -> bool {
    PAID.iter().any(|status| order["status"] == *status)
}

/// Fails a test that succeeds without an audit.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    audited: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.audited && !std::thread::panicking() {
            panic!("a test ends with `app.audit().await`");
        }
    }
}

/// The three books: lomi's ledger, the table, and the outbox. Rows and items as JSON.
#[derive(Debug, Default)]
pub struct Books {
    /// `ORDER#` items.
    pub orders: Vec<Value>,
    /// `LINK#` items.
    pub links: Vec<Value>,
    /// `EVT#` items.
    pub evidence: Vec<Value>,
    /// `QUARANTINE#` items.
    pub quarantine: Vec<Value>,
    /// `OUTBOX#` items.
    pub outbox: Vec<Value>,
    /// The organisation of the stack's key. lomi's rows of any other one are not this stack's.
    pub organization_id: String,
    /// lomi's transactions.
    pub transactions: Vec<Value>,
    /// lomi's customers.
    pub customers: Vec<Value>,
    /// lomi's intents.
    pub intents: Vec<Value>,
    /// lomi's refunds.
    pub refunds: Vec<Value>,
    /// lomi's payouts for partial refunds.
    pub payouts: Vec<Value>,
    /// Payouts that a person confirmed.
    pub meant_payouts: Vec<MeantPayout>,
    /// Refunds at lomi for which no event was sent.
    pub secret_refunds: BTreeSet<String>,
    /// lomi's events with every delivery attempt.
    pub dispatches: Vec<Value>,
}

impl TestApp {
    /// Lets everything come to rest, compares the books, and stops the stack.
    pub async fn audit(mut self) {
        self.guard.audited = true;
        self.rest().await;
        let books = self.read_books().await;
        let mut findings = books.check();
        findings.extend(self.check_answers());
        let sessions = self.lomi.sessions().await;
        findings.extend(browser::check(&self.record.lock().creates, &books, &sessions));
        findings.extend(books.check_refunds_seen(&self.record.lock().refunds));
        findings.extend(customers::check(&self.record.lock().customers, &books.customers));
        findings.extend(self.check_logs());
        self.recorder.note_secrets(self.stack.secrets());
        self.recorder.note_test();
        self.stack.stop().await;
        assert!(findings.is_empty(), "the audit found:\n- {}", findings.join("\n- "));
    }

    /// Repairs what the test broke, delivers waiting events, and has the reconciler poll every order that is not final.
    async fn rest(&self) {
        self.dynamodb.mend();
        self.stack.secrets().set_unreachable(false);
        self.lomi.clear_faults().await;
        self.lomi.run_outbox().await;
        for order in self.orders().await {
            self.make_due(order["order_id"].as_str().unwrap_or_default()).await;
        }
        if !self.live {
            self.reconcile().await;
        }
    }

    async fn read_books(&self) -> Books {
        let secret_refunds = self.record.lock().secret_refunds.iter().cloned().collect();
        let early = self.record.lock().early_endpoints.clone();
        let meant_payouts = self.record.lock().meant_payouts.clone();
        let is_early = |dispatch: &Value| early.iter().any(|id| dispatch["webhook_id"] == *id);
        Books {
            orders: self.orders().await,
            links: self.table.items("LINK#").await,
            evidence: self.table.items("EVT#").await,
            quarantine: self.table.items("QUARANTINE#").await,
            outbox: self.table.items("OUTBOX#").await,
            organization_id: ORGANIZATION_A.to_owned(),
            transactions: self.lomi.transactions().await,
            customers: self.lomi.customers().await,
            intents: self.lomi.intents().await,
            refunds: self.lomi.refunds().await,
            payouts: self.lomi.payouts().await,
            meant_payouts,
            secret_refunds,
            dispatches: self.lomi.outbox().await.into_iter().filter(|dispatch| !is_early(dispatch)).collect(),
        }
    }

    /// One answer per key, one page per order, and no answer that stops lomi's retries.
    fn check_answers(&self) -> Vec<String> {
        let record = self.record.lock();
        let created = || record.creates.iter().filter(|create| create.status == 201);
        let mut by_key = BTreeMap::<&str, BTreeSet<&str>>::new();
        let mut pages = BTreeMap::<String, BTreeSet<String>>::new();
        for create in created() {
            by_key.entry(&create.key).or_default().insert(&create.body);
            let body: Value = serde_json::from_str(&create.body).unwrap_or_default();
            let handed_out = format!("{} {}", body["checkout_url"], body["client_secret"]);
            pages.entry(body["order_id"].to_string()).or_default().insert(handed_out);
        }
        let keys = by_key.iter().filter(|(_, bodies)| bodies.len() > 1);
        let keys = keys.map(|(key, bodies)| format!("{key} was answered in {} ways", bodies.len()));
        let orders = pages.iter().filter(|(_, urls)| urls.len() > 1);
        let orders = orders.map(|(order, urls)| format!("order {order} has {} things to pay on: {urls:?}", urls.len()));
        let refused = record.deliveries.iter().filter(|delivery| (300..500).contains(&delivery.status));
        let refused =
            refused.map(|delivery| format!("{} to an authentic delivery: {}", delivery.status, delivery.event));
        keys.chain(orders).chain(refused).collect()
    }

    fn check_logs(&self) -> Vec<String> {
        let record = self.record.lock();
        let lines = self.stack.logs();
        let leaks = lines.iter().filter_map(|line| {
            let canary = record.canaries.iter().find(|canary| line.line.contains(*canary))?;
            Some(format!("{} logs {canary:?}: {}", line.function, line.line))
        });
        leaks.collect()
    }
}

impl Books {
    /// The broken rules, in sentences; empty when the books agree.
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        let mut findings: Vec<String> = self.orders.iter().flat_map(|order| self.check_order(order)).collect();
        findings.extend(self.lost_payments());
        findings.extend(self.check_refunds());
        findings.extend(self.check_payouts());
        findings.extend(self.quarantine.iter().flat_map(|item| self.check_quarantined(item)));
        findings.extend(self.dispatches.iter().flat_map(check_dispatch));
        findings.extend(self.orders.iter().filter_map(|order| self.check_intents(order)));
        findings.extend(self.orders.iter().flat_map(|order| self.check_notes(order)));
        findings.extend(self.links.iter().flat_map(|link| check_link(link, &self.orders)));
        findings.extend(self.check_carts());
        findings
    }

    /// Payments for an order of this stack that neither count there nor are quarantined.
    #[must_use]
    pub fn lost_payments(&self) -> Vec<String> {
        self.transactions.iter().filter_map(|transaction| self.check_transaction(transaction)).collect()
    }

    fn check_carts(&self) -> Vec<String> {
        let mut paid = BTreeMap::<&str, BTreeSet<&str>>::new();
        for order in self.orders.iter().filter(|order| is_paid(order)) {
            if let (Some(cart), Some(id)) = (order["cart_token_id"].as_str(), order["order_id"].as_str()) {
                paid.entry(cart).or_default().insert(id);
            }
        }
        let twice = paid.into_iter().filter(|(_, orders)| orders.len() > 1);
        twice.map(|(cart, orders)| format!("the signed cart {cart} paid {} orders: {orders:?}", orders.len())).collect()
    }

    /// A paid order has a proof and exactly one event.
    fn check_order(&self, order: &Value) -> Vec<String> {
        let id = &order["order_id"];
        let is_paid = is_paid(order);
        let told = self.outbox.iter().filter(|item| item["order_id"] == *id && item["event_type"] == "order.paid");
        let told = told.count();
        let mut findings = Vec::new();
        if told != usize::from(is_paid) {
            findings.push(format!("order {id} is {} and has {told} order.paid events", order["status"]));
        }
        let payments = order["payments"].as_object().map_or(0, serde_json::Map::len);
        if payments > 1 && order["overpaid"] != true {
            findings.push(format!("order {id} was paid {payments} times and nothing says so"));
        }
        let is_by_event = |entry: &Value| entry["what"] == "paid" && entry["source"] == "webhook";
        let by_event = order["timeline"].as_array().is_some_and(|entries| entries.iter().any(is_by_event));
        if order["allows_coupons"] == true && by_event {
            findings.push(format!("order {id} takes coupons and was paid by an event alone"));
        }
        if is_paid && !self.is_proved(order) {
            findings.push(format!("nothing proves that order {id} is paid: {order}"));
        }
        findings
    }

    /// An ended order leaves no intent of its own that lomi would still charge.
    fn check_intents(&self, order: &Value) -> Option<String> {
        let is_over = ["cancelled", "expired"].iter().any(|status| order["status"] == *status);
        let is_own = |intent: &&Value| intent["id"] == order["payment_intent_id"];
        let is_live = |intent: &Value| intent["status"] != "canceled" && intent["status"] != "succeeded";
        let live = self.intents.iter().filter(is_own).any(is_live);
        (is_over && live).then(|| format!("the card form of order {} still takes money", order["order_id"]))
    }

    /// Whether lomi's ledger attributes this transaction to the order: by our metadata, or as a payment on the page
    /// of a native link. A transaction of another organisation never counts, whatever it names.
    fn is_of(&self, transaction: &Value, order: &Value) -> bool {
        let by_link = order["payment_link_id"].is_string();
        let is_named = transaction["metadata"]["order_id"] == order["order_id"]
            || (by_link && transaction["checkout_session_id"] == order["checkout_session_id"]);
        is_named && transaction["organization_id"] == self.organization_id
    }

    fn is_proved(&self, order: &Value) -> bool {
        let in_ledger = self.transactions.iter().any(|transaction| {
            ["completed", "refunded"].iter().any(|status| transaction["status"] == *status)
                && self.is_of(transaction, order)
                && fits(transaction, &transaction["environment"], order)
        });
        let told = self.evidence.iter().filter(|item| item["order_id"] == order["order_id"]);
        let mut told = told.filter_map(|item| serde_json::from_str::<Value>(item["raw"].as_str()?).ok());
        in_ledger
            || told.any(|event| {
                let data = &event["data"];
                data["organization_id"] == self.organization_id && fits(data, &marker(data), order)
            })
    }

    /// No payment is lost: a completed transaction that names an order of this stack counts or is quarantined.
    fn check_transaction(&self, transaction: &Value) -> Option<String> {
        let id = transaction["transaction_id"].as_str()?;
        let order = self.orders.iter().find(|order| self.is_of(transaction, order))?;
        let payments = order["payments"].as_object()?;
        // A completed session pays an order without naming its transaction: one, and only while none is named.
        let unnamed = order["completed_unnamed"] == true && payments.is_empty();
        let counts = payments.contains_key(id) || unnamed;
        let aside = self.quarantine.iter().any(|item| item["natural_key"].as_str().is_some_and(|key| key.contains(id)));
        let is_lost = transaction["status"] == "completed" && !counts && !aside;
        is_lost.then(|| format!("the money of transaction {id} is lost: {order}"))
    }
}

/// Whether amount, currency and environment are the order's.
fn fits(money: &Value, environment: &Value, order: &Value) -> bool {
    let wanted = if order["environment"] == "live" { "live" } else { "test" };
    money["currency_code"] == order["currency_code"]
        && is_price(money, order)
        && (environment == wanted || (environment.is_null() && wanted == "test"))
}

/// An allowed coupon is part of the gross amount, or has been taken off it.
fn is_price(money: &Value, order: &Value) -> bool {
    let minor = |name: &str| minor_units(&money[name], &money["currency_code"]);
    let (gross, price) = (minor("gross_amount"), order["amount"].as_i64());
    let before = gross.map(|gross| gross + minor("discount_amount").unwrap_or_default());
    gross == price || (order["allows_coupons"] == true && before == price)
}

/// The environment that an event names; null when it names none.
fn marker(data: &Value) -> Value {
    let own = Some(&data["environment"]).filter(|own| !own.is_null());
    own.unwrap_or(&data["metadata"]["payment_environment"]).clone()
}

/// lomi's decimal in minor units, digit by digit.
fn minor_units(amount: &Value, currency: &Value) -> Option<i64> {
    let text = amount.as_str().map_or_else(|| amount.to_string(), str::to_owned);
    let places = if currency == "XOF" { 0 } else { 2 };
    let (units, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = format!("{:0<places$}", fraction.trim_end_matches('0'));
    if fraction.len() > places { None } else { format!("{units}{fraction}").parse().ok() }
}

/// lomi drops an event for good at any 3xx or 4xx.
fn check_dispatch(dispatch: &Value) -> Vec<String> {
    let attempts = dispatch["attempts"].as_array().into_iter().flatten();
    let refused = attempts.filter(|attempt| {
        let faults = attempt["faults"].as_array().into_iter().flatten();
        let is_authentic = !faults.into_iter().any(|fault| UNAUTHENTIC.iter().any(|name| fault == name));
        let is_ours = attempt["url"].as_str().is_some_and(|url| url.ends_with("/webhooks/lomi"));
        let status = attempt["response_status"].as_u64().unwrap_or_default();
        is_ours && is_authentic && (300..500).contains(&status)
    });
    refused.map(|attempt| format!("{} to lomi.'s {}", attempt["response_status"], dispatch["event"])).collect()
}
