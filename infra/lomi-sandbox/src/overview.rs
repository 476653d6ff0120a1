//! The whole state as one JSON object.

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::context::Context;
use crate::model::{Dispatch, DispatchStatus, Transaction};

/// Secrets included: this is a test tool.
pub(crate) fn overview(context: &Context, now: Timestamp) -> Value {
    json!({
        "now": now,
        "profile": context.profile,
        "quirks": context.quirks,
        "faults": context.faults.planted(),
        "sessions": context.sessions,
        "transactions": transactions(context),
        "customers": context.customers,
        "intents": context.intents,
        "payment_links": context.links,
        "refunds": context.refunds,
        "payouts": context.payouts,
        "disputes": context.disputes,
        "webhooks": context.endpoints,
        "delivery_logs": context.logs.len(),
        "dispatches": dispatch_counts(context),
        "in_flight": context.in_flight,
        "idempotency_keys": context.idempotency.len(),
        "blocking_invoices": context.blocking_invoices,
    })
}

/// With both ids.
fn transactions(context: &Context) -> Vec<Value> {
    let with_both_ids = |row: &Transaction| {
        let mut shown = serde_json::to_value(row).unwrap_or_default();
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("public_id".to_owned(), row.public_id().into());
        }
        shown
    };
    context.transactions.oldest_first().map(with_both_ids).collect()
}

fn dispatch_counts(context: &Context) -> Value {
    let count = |status| context.outbox.oldest_first().filter(|row: &&Dispatch| row.status == status).count();
    json!({
        "pending": count(DispatchStatus::Pending),
        "held": count(DispatchStatus::Held),
        "delivered": count(DispatchStatus::Delivered),
        "dead_letter": count(DispatchStatus::DeadLetter),
        "lost": count(DispatchStatus::Lost),
    })
}
