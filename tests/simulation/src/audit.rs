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
