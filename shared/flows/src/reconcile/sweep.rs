//! One listing of lomi.'s completed transactions, read for many orders at once.

use crate::inquiry::{completed_page, earliest_payment, is_answer, is_last_page, order_of};
use domain::{Order, OrderId, Timestamp};
use lomi_client::{Client, Error, Transaction};
use std::collections::BTreeMap;
use tokio::time::Instant;

/// Pages per listing.
const MAX_PAGES: u32 = 10;

/// What the listing says.
pub(super) struct Sweep {
    by_order: BTreeMap<OrderId, Vec<Transaction>>,
    /// The listing, newest first, reaches back to here by lomi.'s clock. `None`: it cannot be relied upon at all.
    reaches_back_to: Option<Timestamp>,
}

impl Sweep {
    /// Reads the listing back to the oldest of `orders`, or as far as [`MAX_PAGES`] go.
    ///
    /// A listing that lomi. will not give in a readable form is no reason to stop: single questions may still be answered.
    pub(super) async fn of(lomi: &Client, orders: &[Order], deadline: Instant, calls: &mut u32) -> Result<Self, Error> {
        let mut sweep = Self { by_order: BTreeMap::new(), reaches_back_to: None };
        // Money that goes back for weeks is no reason to read as far back for money that comes in.
        let asked_for = orders.iter().filter(|order| !order.awaits_only_refunds());
        let Some(oldest) = asked_for.map(Order::created_at).min() else { return Ok(sweep) };
        for page in 1..=MAX_PAGES {
            *calls = calls.saturating_add(1);
            let transactions = match completed_page(lomi, oldest, page, deadline).await {
                Ok(transactions) => transactions,
                Err(error) if is_answer(&error) => return Ok(sweep),
                Err(error) => return Err(error),
            };
            let is_last = is_last_page(&transactions);
            sweep.reaches_back_to = if is_last { Some(earliest_payment(oldest)) } else { oldest_of(&transactions) };
            for transaction in transactions {
                if let Some(id) = order_of(&transaction) {
                    sweep.by_order.entry(id).or_default().push(transaction);
                }
            }
            if is_last {
                break;
            }
        }
        Ok(sweep)
    }

    /// The completed transactions that name the order.
    pub(super) fn of_order(&self, id: &OrderId) -> impl Iterator<Item = &Transaction> {
        self.by_order.get(id).into_iter().flatten()
    }

    /// Whether every transaction of the order, had there been one, would be in the listing.
    pub(super) fn covers(&self, order: &Order) -> bool {
        self.reaches_back_to.is_some_and(|since| earliest_payment(order.created_at()) >= since)
    }
}

fn oldest_of(transactions: &[Transaction]) -> Option<Timestamp> {
    let created_at = |transaction: &Transaction| Timestamp::parse_rfc3339(transaction.created_at.as_deref()?);
    // One row without a time, and nothing is known about how far the page reaches.
    transactions.iter().map(created_at).collect::<Option<Vec<_>>>()?.into_iter().min()
}
