//! The auditor: lomi's ledger, the table and the outbox must tell one story.

use std::collections::BTreeSet;

use lomi_sandbox::fixtures::ORGANIZATION_A;
use serde_json::Value;
use tests::audit::{Books, is_paid};

use crate::stack::Stack;

/// Everything that lomi took for an order of ours has made it paid. A second payment, of which nobody may tell, is only
/// promised to be found when the page has ended.
#[must_use]
pub fn no_payment_is_lost(stack: &Stack) -> Vec<String> {
    // Read every minute: no more than it takes.
    let orders = stack.dynamodb.items("ORDER#").into_iter().filter(|order| !is_paid(order)).collect();
    let quarantine = stack.dynamodb.items("QUARANTINE#");
    let transactions = list(&stack.lomi.ledger()["transactions"]);
    Books { orders, quarantine, transactions, organization_id: ORGANIZATION_A.to_owned(), ..Books::default() }
        .lost_payments()
}

/// What must hold when everything has come to rest.
#[must_use]
pub fn books(stack: &Stack) -> Vec<String> {
    let (books, questions) = read(stack);
    let mut findings = books.check();
    findings.extend(books.check_entries());
    findings.extend(nobodys_money(&books, &questions));
    findings
}

/// Everything that lomi took, also by links of its own, counts for an order, was put aside for a person, or is being asked
/// about.
fn nobodys_money(books: &Books, questions: &[Value]) -> Vec<String> {
    let is_known = |id: &str| {
        let mut aside = books.quarantine.iter().chain(questions);
        books.orders.iter().any(|order| !order["payments"][id].is_null())
            || aside.any(|item| item.to_string().contains(id))
    };
    // What names an order of ours is held against it in the books.
    let is_nameless =
        |row: &&Value| row["organization_id"] == books.organization_id && row["metadata"]["order_id"].is_null();
    let taken = books.transactions.iter().filter(|row| row["status"] == "completed").filter(is_nameless);
    let ids = taken.filter_map(|row| row["transaction_id"].as_str());
    ids.filter(|id| !is_known(id)).map(|id| format!("nobody knows of transaction {id}")).collect()
}

/// What a repetition must not change: the orders but for when they were looked at, and what was told.
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

/// The books, and the questions that are still asked.
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

/// Whether the stack ever knew what this is signed with. What an endpoint sends before its secret is stored, or when the run
/// that made it died, is refused, and another endpoint or the reconciler tells it.
fn is_trusted(stack: &Stack, sent: &Value) -> bool {
    sent["webhook_id"].as_str().is_some_and(|id| stack.secrets.has_known(id))
}

fn list(rows: &Value) -> Vec<Value> {
    rows.as_array().cloned().unwrap_or_default()
}
