//! The auditor: lomi.'s ledger, the table and the outbox must tell one story.

use serde_json::Value;
use tests::audit::Books;

use crate::stack::Stack;

/// Everything that lomi. took for an order of ours has made it paid.
#[must_use]
pub fn no_payment_is_lost(stack: &Stack) -> Vec<String> {
    read(stack).lost_payments()
}

/// What must hold when everything has come to rest.
#[must_use]
pub fn books(stack: &Stack) -> Vec<String> {
    read(stack).check()
}

/// Everything that lomi. took, also by links of its own, counts for an order or was put aside for a person.
#[must_use]
pub fn nobodys_money(stack: &Stack) -> Vec<String> {
    let books = read(stack);
    let is_known = |id: &str| {
        let counts = books.orders.iter().any(|order| {
            let is_unnamed = order["completed_unnamed"] == true && order["payments"].as_object().is_none_or(|all| all.is_empty());
            !order["payments"][id].is_null() || is_unnamed
        });
        counts || books.quarantine.iter().any(|item| item.to_string().contains(id))
    };
    let taken = books.transactions.iter().filter(|row| row["status"] == "completed");
    let ids = taken.filter_map(|row| row["transaction_id"].as_str());
    ids.filter(|id| !is_known(id)).map(|id| format!("nobody knows of transaction {id}")).collect()
}

/// What a repetition must not change: the orders but for when they were looked at, and what was told.
#[must_use]
pub fn state(stack: &Stack) -> Vec<Value> {
    let mut items = stack.dynamodb.items("ORDER#");
    for order in items.iter_mut().filter_map(Value::as_object_mut) {
        ["version", "updated_at_ms", "asked_at_ms", "due_at_ms", "due_shard"].iter().for_each(|name| drop(order.remove(*name)));
    }
    items.extend(stack.dynamodb.items("OUTBOX#"));
    items
}

fn read(stack: &Stack) -> Books {
    let ledger = stack.lomi.ledger();
    let table = |prefix: &str| stack.dynamodb.items(prefix);
    let rows = |name: &str| list(&ledger[name]);
    Books {
        orders: table("ORDER#"),
        links: table("LINK#"),
        evidence: table("EVT#"),
        quarantine: table("QUARANTINE#"),
        outbox: table("OUTBOX#"),
        transactions: rows("transactions"),
        customers: rows("customers"),
        intents: rows("intents"),
        refunds: rows("refunds"),
        secret_refunds: Default::default(),
        dispatches: list(&stack.lomi.outbox()),
    }
}

fn list(rows: &Value) -> Vec<Value> {
    rows.as_array().cloned().unwrap_or_default()
}
