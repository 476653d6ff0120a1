//! The counts of a chaos test, as a table.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::app::TestApp;

/// The counts of a chaos test. Its `Display` is a table.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    killed: BTreeMap<&'static str, u32>,
    frozen: BTreeMap<&'static str, u32>,
    counts: BTreeMap<&'static str, u64>,
    orders: BTreeMap<String, u64>,
    /// To DynamoDB and to lomi.
    pub(super) broken_connections: [usize; 2],
    /// From the first process to the end of the audit.
    pub(super) took: Duration,
}

impl Tally {
    /// How many working processes were killed.
    #[must_use]
    pub fn kills(&self) -> u32 {
        self.killed.values().sum()
    }

    /// How many working processes were frozen and continued.
    #[must_use]
    pub fn freezes(&self) -> u32 {
        self.frozen.values().sum()
    }

    /// One count, by its name in the table.
    #[must_use]
    pub fn counted(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or_default()
    }

    pub(super) fn killed(&mut self, function: &'static str) {
        *self.killed.entry(function).or_default() += 1;
    }

    pub(super) fn frozen(&mut self, function: &'static str) {
        *self.frozen.entry(function).or_default() += 1;
    }

    pub(super) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub(super) async fn count_books(&mut self, app: &TestApp) {
        for order in app.orders().await {
            *self.orders.entry(order["status"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
            let happened =
                |what: &str| order["timeline"].as_array().into_iter().flatten().any(|entry| entry["what"] == what);
            for (what, is_so) in [
                ("orders that a later try took over", happened("retried")),
                ("orders with a refund that was in doubt", happened("refund_in_doubt")),
                ("orders paid after a cancellation", order["paid_after_cancel"] == true),
                ("orders paid more than once", order["overpaid"] == true),
            ] {
                *self.counts.entry(what).or_default() += u64::from(is_so);
            }
        }
        let dispatches = app.lomi.outbox().await;
        let attempts = dispatches.iter().filter_map(|dispatch| dispatch["attempts"].as_array()).map(Vec::len);
        let has = |status: &str| dispatches.iter().filter(|dispatch| dispatch["status"] == status).count();
        let is_money = |row: &&Value| row["status"] == "completed" || row["status"] == "refunded";
        let books = [
            ("payments at lomi.", app.lomi.transactions().await.iter().filter(is_money).count()),
            ("refunds at lomi.", app.lomi.refunds().await.len()),
            ("webhooks", dispatches.len()),
            ("webhook deliveries", attempts.sum()),
            ("webhooks that lomi. gave up", has("dead_letter")),
        ];
        self.counts.extend(books.map(|(what, count)| (what, count as u64)));
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |what: &str, count: &dyn fmt::Display| writeln!(f, "{what:40} {count:>6}");
        row("processes killed at their work", &self.kills())?;
        for (function, count) in &self.killed {
            row(&format!("  {function}"), count)?;
        }
        row("processes frozen at their work and woken", &self.freezes())?;
        for (function, count) in &self.frozen {
            row(&format!("  {function}"), count)?;
        }
        row("connections to DynamoDB that broke", &self.broken_connections[0])?;
        row("connections to lomi. that broke", &self.broken_connections[1])?;
        for (what, count) in &self.counts {
            row(what, count)?;
        }
        row("orders", &self.orders.values().sum::<u64>())?;
        for (status, count) in &self.orders {
            row(&format!("  {status}"), count)?;
        }
        row("seconds", &self.took.as_secs())
    }
}
