//! The auditor compares lomi's ledger, the table and the outbox.

use std::collections::BTreeSet;

use lomi_sandbox::fixtures::ORGANIZATION_A;
use serde_json::Value;
use tests::audit::{Books, is_paid};

use crate::stack::Stack;

/// Every payment that lomi took for an order of this stack has marked it paid. A second payment may come without any
/// event: it only has to be found by the end of its page.
#[must_use]
pub fn no_payment_is_lost(stack: &Stack) -> Vec<String> {
    // This is read every minute, so it returns no more than it must.
    let orders = stack.dynamodb.items("ORDER#").into_iter().filter(|order| !is_paid(order)).collect();
    let quarantine = stack.dynamodb.items("QUARANTINE#");
    let transactions = list(&stack.lomi.ledger()["transactions"]);
    Books { orders, quarantine, transactions, organization_id: ORGANIZATION_A.to_owned(), ..Books::default() }
        .lost_payments()
}

/// The rules that hold once everything is at rest.
#[must_use]
pub fn books(stack: &Stack) -> Vec<String> {
    let (books, questions) = read(stack);
    let mut findings = books.check();
    findings.extend(books.check_entries());
    findings.extend(nobodys_money(&books, &questions));
    findings
}

/// Every payment that lomi took, also by native links, counts for an order, is quarantined, or has an open
/// attribution case.
fn nobodys_money(books: &Books, questions: &[Value]) -> Vec<String> {
    let is_known = |id: &str| {
        let mut aside = books.quarantine.iter().chain(questions);
        books.orders.iter().any(|order| !order["payments"][id].is_null())
            || aside.any(|item| item.to_string().contains(id))
    };
    // A payment that names an order of this stack is checked in the books.
    let is_nameless =
        |row: &&Value| row["organization_id"] == books.organization_id && row["metadata"]["order_id"].is_null();
    let taken = books.transactions.iter().filter(|row| row["status"] == "completed").filter(is_nameless);
    let ids = taken.filter_map(|row| row["transaction_id"].as_str());
    ids.filter(|id| !is_known(id)).map(|id| format!("nobody knows of transaction {id}")).collect()
}

/// What a redelivery must not change: the orders except for their polling times, and the outbox.
#[must_use]
pub fn state(stack: &Stack) -> Vec<Value> {
    let mut items = stack.dynamodb.items("ORDER#");
    for order in items.iter_mut().filter_map(Value::as_object_mut) {
        ["version", "updated_at_ms", "polled_at_ms", "due_at_ms", "due_shard"]
            .iter()
            .for_each(|name| drop(order.remove(*name)));
    }
    items.extend(stack.dynamodb.items("OUTBOX#"));
    items
}

/// The books, and the open attribution cases.
fn read(stack: &Stack) -> (Books, Vec<Value>) {
    let ledger = stack.lomi.ledger();
    let items = stack.dynamodb.items("");
    let table = |prefix: &str| -> Vec<Value> {
        let is_meant = |item: &&Value| item["PK"].as_str().is_some_and(|key| key.starts_with(prefix));
        items.iter().filter(is_meant).cloned().collect()
    };
    let rows = |name: &str| list(&ledger[name]);
    let books = Books {
        orders: table("ORDER#"),
        links: table("LINK#"),
        evidence: table("EVT#"),
        quarantine: table("QUARANTINE#"),
        outbox: table("OUTBOX#"),
        organization_id: ORGANIZATION_A.to_owned(),
        transactions: rows("transactions"),
        customers: rows("customers"),
        intents: rows("intents"),
        refunds: rows("refunds"),
        payouts: rows("payouts"),
        meant_payouts: Vec::new(),
        secret_refunds: BTreeSet::new(),
        dispatches: list(&stack.lomi.outbox()).into_iter().filter(|sent| is_trusted(stack, sent)).collect(),
    };
    (books, table("ATTRIBUTION#"))
}

/// Whether the stack ever had the secret that signs this delivery. A delivery that an endpoint sends before its
/// secret is stored, or when the run that created it died, is refused; another endpoint or the reconciler covers its
/// event.
fn is_trusted(stack: &Stack, sent: &Value) -> bool {
    sent["webhook_id"].as_str().is_some_and(|id| stack.secrets.has_known(id))
}

fn list(rows: &Value) -> Vec<Value> {
    rows.as_array().cloned().unwrap_or_default()
}
