//! One listing of lomi.'s payments, read once per run and for all its orders.

use crate::lookup::{earliest_payment, order_of, payments_call};
use crate::provider_error::{is_about_one_thing, is_answer};
use domain::{Order, OrderId, Timestamp};
use lomi_client::{Client, Error, ErrorKind, ListPage, Listing, Transaction, TransactionId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// Pages per run: two thousand payments.
const MAX_PAGES: u32 = 40;
/// A run's time for the listing: most of it is for the orders.
const LISTING_BUDGET: Duration = Duration::from_secs(15);

/// So much of what was read is read again, or what was paid where one listing ends and the next begins might be in neither.
const OVERLAP_MS: i64 = 1000;

/// What the listing says, as far as it has been read.
///
/// A run reads it on, never anew: what is paid while the run is at work is found by the next look at its order.
pub(super) struct RecentPayments {
    by_order: BTreeMap<OrderId, BTreeMap<TransactionId, Transaction>>,
    /// The listing, newest first, has been read back to here by lomi.'s clock. `None`: it cannot be relied upon at all.
    /// What lies further back is a listing of its own, because a place in one belongs to its filters.
    reaches_back_to: Option<Timestamp>,
    pages_left: u32,
    until: Instant,
    was_refused: bool,
}

impl RecentPayments {
    /// Nothing is read yet.
    pub(super) fn new(deadline: Instant) -> Self {
        let until = deadline.min(Instant::now() + LISTING_BUDGET);
        let by_order = BTreeMap::new();
        Self { by_order, reaches_back_to: None, pages_left: MAX_PAGES, until, was_refused: false }
    }

    /// Reads on, back to the oldest of `orders`, or as far as [`MAX_PAGES`] and [`LISTING_BUDGET`] go.
    ///
    /// A listing that lomi. will not give in a readable form, or only a part of, is no reason to stop: single questions may
    /// still be answered.
    pub(super) async fn load_since(
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
        let mut listing = self.listing(lomi, oldest);
        while !self.reaches(oldest) && self.pages_left > 0 {
            self.pages_left -= 1;
            *calls = calls.saturating_add(1);
            match listing.next_page().await {
                Ok(page) => self.add(page, oldest),
                Err(error) if is_answer(&error) => {
                    let is_endless = error.kind() == ErrorKind::EndlessList;
                    self.was_refused |= is_endless || error.status().is_some_and(|status| status >= 400);
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

    /// What was paid for orders made from `since` on, without what has been read.
    fn listing(&self, lomi: &Client, since: Timestamp) -> Listing<Transaction> {
        let call = payments_call(lomi, since).deadline(self.until);
        match self.reaches_back_to {
            Some(read) => call.end_date(&read.plus_ms(OVERLAP_MS).to_rfc3339()).stream(),
            None => call.stream(),
        }
    }

    /// One more page of what was paid for orders made from `since` on.
    fn add(&mut self, page: ListPage<Transaction>, since: Timestamp) {
        if page.is_last() {
            self.reaches_back_to = Some(earliest_payment(since));
        } else if !page.rows.is_empty() {
            self.reaches_back_to = oldest_of(&page.rows);
        }
        for transaction in page.rows {
            if let Some(id) = order_of(&transaction) {
                self.by_order.entry(id).or_default().insert(transaction.transaction_id.clone(), transaction);
            }
        }
    }

    /// Whether lomi. turned us away: a key without the right to read, a server without the route, or one whose list does not go
    /// on. What is found then is found by single questions, and somebody has to know.
    pub(super) const fn was_refused(&self) -> bool {
        self.was_refused
    }

    /// The payments that name other orders than these.
    pub(super) fn for_other_orders(&self, read: &BTreeSet<OrderId>) -> impl Iterator<Item = &Transaction> {
        self.by_order.iter().filter(|(id, _)| !read.contains(*id)).flat_map(|(_, transactions)| transactions.values())
    }

    /// The payments that name the order.
    pub(super) fn for_order(&self, id: &OrderId) -> impl Iterator<Item = &Transaction> {
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
