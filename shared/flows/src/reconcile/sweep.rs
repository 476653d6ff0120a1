//! One listing of lomi.'s payments, read once per run and for all its orders.

use crate::inquiry::{earliest_payment, is_about_one_thing, is_answer, is_last_page, order_of, payments_page};
use domain::{Order, OrderId, Timestamp};
use lomi_client::{Client, Error, Transaction, TransactionId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// Pages per run: two thousand payments.
const MAX_PAGES: u32 = 40;
/// A run's time for the listing: most of it is for the orders.
const LISTING_BUDGET: Duration = Duration::from_secs(15);

/// What the listing says, as far as it has been read.
///
/// A run reads it on, never anew: what is paid while the run is at work is found by the next look at its order.
pub(super) struct Sweep {
    by_order: BTreeMap<OrderId, BTreeMap<TransactionId, Transaction>>,
    /// The listing, newest first, has been read back to here by lomi.'s clock. `None`: it cannot be relied upon at all.
    reaches_back_to: Option<Timestamp>,
    next_page: u32,
    pages_left: u32,
    until: Instant,
    was_refused: bool,
}

impl Sweep {
    /// Nothing is read yet.
    pub(super) fn new(deadline: Instant) -> Self {
        let until = deadline.min(Instant::now() + LISTING_BUDGET);
        let by_order = BTreeMap::new();
        Self { by_order, reaches_back_to: None, next_page: 1, pages_left: MAX_PAGES, until, was_refused: false }
    }

    /// Reads on, back to the oldest of `orders`, or as far as [`MAX_PAGES`] and [`LISTING_BUDGET`] go.
    ///
    /// A listing that lomi. will not give in a readable form, or only a part of, is no reason to stop: single questions may
    /// still be answered.
    pub(super) async fn read_back_to(
        &mut self,
        lomi: &Client,
        orders: &[Order],
        now: Timestamp,
        calls: &mut u32,
    ) -> Result<(), Error> {
        // Money that goes back for weeks, or a card form that lomi. does not end, is no reason to read as far back for money
        // that comes in.
        let asked_for = orders.iter().filter(|order| !order.awaits_only_refunds() && order.money_may_come(now));
        let Some(oldest) = asked_for.map(Order::created_at).min() else { return Ok(()) };
        while !self.reaches(oldest) && self.pages_left > 0 {
            self.pages_left -= 1;
            *calls = calls.saturating_add(1);
            match payments_page(lomi, oldest, self.next_page, self.until).await {
                Ok(transactions) => self.add(transactions, oldest),
                Err(error) if is_answer(&error) => {
                    self.was_refused |= error.status().is_some_and(|status| status >= 400);
                    return Ok(());
                }
                // What was read stands.
                Err(error) if self.has_begun() && is_about_one_thing(&error) => return Ok(()),
                Err(_) if self.has_begun() && Instant::now() >= self.until => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    const fn has_begun(&self) -> bool {
        self.reaches_back_to.is_some()
    }

    /// The next page of what was paid for orders made from `since` on. A page that is not full is read again when older
    /// orders are asked for: theirs follow on it.
    fn add(&mut self, transactions: Vec<Transaction>, since: Timestamp) {
        let is_last = is_last_page(&transactions);
        self.reaches_back_to = if is_last { Some(earliest_payment(since)) } else { oldest_of(&transactions) };
        self.next_page += u32::from(!is_last);
        for transaction in transactions {
            if let Some(id) = order_of(&transaction) {
                self.by_order.entry(id).or_default().insert(transaction.transaction_id.clone(), transaction);
            }
        }
    }

    /// Whether lomi. turned us away: a key without the right to read, or a server without the route. What is found then is
    /// found by single questions, and somebody has to know.
    pub(super) const fn was_refused(&self) -> bool {
        self.was_refused
    }

    /// The payments that name other orders than these.
    pub(super) fn of_none_of(&self, read: &BTreeSet<OrderId>) -> impl Iterator<Item = &Transaction> {
        self.by_order.iter().filter(|(id, _)| !read.contains(*id)).flat_map(|(_, transactions)| transactions.values())
    }

    /// The payments that name the order.
    pub(super) fn of_order(&self, id: &OrderId) -> impl Iterator<Item = &Transaction> {
        self.by_order.get(id).into_iter().flat_map(BTreeMap::values)
    }

    /// Whether every transaction of the order, had there been one, would be in the listing.
    pub(super) fn covers(&self, order: &Order) -> bool {
        self.reaches(order.created_at())
    }

    fn reaches(&self, created_at: Timestamp) -> bool {
        self.reaches_back_to.is_some_and(|since| earliest_payment(created_at) >= since)
    }
}
fn oldest_of(transactions: &[Transaction]) -> Option<Timestamp> {
    let created_at = |transaction: &Transaction| Timestamp::parse_rfc3339(transaction.created_at.as_deref()?);
    // One row without a time, and nothing is known about how far the page reaches.
    transactions.iter().map(created_at).collect::<Option<Vec<_>>>()?.into_iter().min()
}
