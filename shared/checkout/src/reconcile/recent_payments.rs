//! One listing of lomi's payments, read once per run and for all its orders.

use crate::lookup::{earliest_payment, order_of, payments_call};
use crate::provider_error::{is_about_one_thing, is_answer};
use domain::{Order, OrderId, Timestamp};
use lomi_client::{Client, Error, ErrorKind, ListPage, Listing, Transaction, TransactionId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// Pages per run: two thousand payments.
const MAX_PAGES: u32 = 40;
/// The time of a run that the listing may take: most of it is for the orders.
const LISTING_BUDGET: Duration = Duration::from_secs(15);

/// Two listings overlap by this, or a payment at the boundary could be in neither.
const OVERLAP_MS: i64 = 1000;

/// The payments that the listing has shown so far.
///
/// A run continues the listing and never restarts it. A payment that is made during the run is found at the next check
/// of its order.
pub(super) struct RecentPayments {
    by_order: BTreeMap<OrderId, BTreeMap<TransactionId, Transaction>>,
    /// How far back the listing, newest first, has been read, by lomi's clock. `None` when it cannot be relied upon.
    /// Earlier payments need a listing of their own, because a cursor belongs to its filters.
    reaches_back_to: Option<Timestamp>,
    pages_left: u32,
    until: Instant,
    was_refused: bool,
}

impl RecentPayments {
    pub(super) fn new(deadline: Instant) -> Self {
        let until = deadline.min(Instant::now() + LISTING_BUDGET);
        let by_order = BTreeMap::new();
        Self { by_order, reaches_back_to: None, pages_left: MAX_PAGES, until, was_refused: false }
    }

    /// Reads on, back to the oldest of `orders`, or as far as [`MAX_PAGES`] and [`LISTING_BUDGET`] allow.
    ///
    /// A listing that lomi does not return in readable form, or only in part, does not end the run: calls about single
    /// orders may still succeed.
    pub(super) async fn load_since(
        &mut self,
        lomi: &Client,
        orders: &[Order],
        now: Timestamp,
        calls: &mut u32,
    ) -> Result<(), Error> {
        // An order that only waits for refunds, or for a card form that lomi does not end, needs no listing back to its
        // payment.
        let waiting = orders.iter().filter(|order| !order.awaits_only_refunds() && order.money_may_come(now));
        let Some(oldest) = waiting.map(Order::created_at).min() else { return Ok(()) };
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
                // What was read stays valid.
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

    /// The payments for orders created from `since` on that are not read yet.
    fn listing(&self, lomi: &Client, since: Timestamp) -> Listing<Transaction> {
        let call = payments_call(lomi, since).deadline(self.until);
        match self.reaches_back_to {
            Some(read) => call.end_date(&read.plus_ms(OVERLAP_MS).to_rfc3339()).stream(),
            None => call.stream(),
        }
    }

    /// Adds one page of the payments for orders created from `since` on.
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

    /// Whether lomi refused the listing: the key may not read it, the server lacks the route, or its list does not
    /// advance. Calls about single orders still find payments, but the run counts as failed, which alerts the operator.
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

    /// Whether the listing would show every payment of the order.
    pub(super) fn covers(&self, order: &Order) -> bool {
        self.reaches(order.created_at())
    }

    fn reaches(&self, created_at: Timestamp) -> bool {
        self.reaches_back_to.is_some_and(|since| earliest_payment(created_at) >= since)
    }
}

fn oldest_of(transactions: &[Transaction]) -> Option<Timestamp> {
    let created_at = |transaction: &Transaction| Timestamp::parse_rfc3339(transaction.created_at.as_deref()?);
    // With one row without a time it is unknown how far the page reaches.
    transactions.iter().map(created_at).collect::<Option<Vec<_>>>()?.into_iter().min()
}
