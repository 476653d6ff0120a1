//! lomi.'s list of refunds, and what it says of a request that lomi. never named.

use super::open_refunds::ListError;
use crate::lookup::refund_report::{RefundReport, requested_amount};
use crate::lookup::{CLOCK_SKEW_MS, PAGE_SIZE};
use crate::provider_error::is_answer;
use crate::run::Run;
use crate::units;
use domain::{Money, Order, Refund, RefundStatus, Timestamp};
use lomi_client::Refund as Row;

/// Pages per list. A list that is longer proves nothing about what is not in it.
const MAX_PAGES: u32 = 10;

/// What lomi.'s list of refunds says about one order.
pub(super) struct Listing {
    /// Of payments of the order, newest first.
    rows: Vec<Row>,
    /// Whether the list was read to its end, and every row in it says whose it is.
    pub(super) is_whole: bool,
}

impl Run<'_> {
    /// Reads the refunds made from `since` on, by our clock.
    pub(super) async fn list_refunds(&mut self, order: &Order, since: Timestamp) -> Result<Listing, ListError> {
        let start = earliest(since).to_rfc3339();
        let mut listing = Listing { rows: Vec::new(), is_whole: false };
        let list = self.lomi.refunds().list().start_date(&start).limit(PAGE_SIZE).deadline(self.deadline);
        let (mut pages, mut names_payments) = (list.stream(), true);
        for _ in 0..MAX_PAGES {
            self.take_call().map_err(|_| ListError::NoCallsLeft)?;
            let page = match pages.next_page().await {
                Ok(page) => page,
                // A list that cannot be read proves nothing about what is not in it. What was read of it is applied.
                Err(error) if is_answer(&error) => break,
                Err(error) => return Err(ListError::Lomi(error)),
            };
            let is_last = page.is_last();
            names_payments &= page.rows.iter().all(|row| names_payment(order, row));
            listing.rows.extend(page.rows.into_iter().filter(|row| is_of(order, row)));
            if is_last {
                listing.is_whole = names_payments;
                break;
            }
        }
        Ok(listing)
    }
}

impl Listing {
    pub(super) fn reports(&self) -> impl Iterator<Item = RefundReport> {
        self.rows.iter().filter_map(RefundReport::of_row)
    }

    /// Whether one of the rows could be this request, which lomi. never named. `before` is the order without what the
    /// list taught, `now` the order with it.
    pub(super) fn may_hold(&self, request: &Refund, before: &Order, now: &Order) -> bool {
        self.rows.iter().filter(|row| is_of_payment(now, row, request)).any(|row| may_be(row, request, before, now))
    }
}

/// The earliest time, by lomi.'s clock, of what was asked for at `since` by ours.
const fn earliest(since: Timestamp) -> Timestamp {
    since.plus_ms(-CLOCK_SKEW_MS)
}

/// Whether the row says whose it is.
fn names_payment(order: &Order, row: &Row) -> bool {
    row.transaction_id.as_ref().is_some_and(|id| order.knows_ids_like(id.as_str()))
}

fn is_of(order: &Order, row: &Row) -> bool {
    let is_paid_by = row.transaction_id.as_ref().is_some_and(|id| order.payment_called(id.as_str()).is_some());
    is_paid_by || order.refunds().values().any(|refund| is_of_payment(order, row, refund))
}

fn is_of_payment(order: &Order, row: &Row, refund: &Refund) -> bool {
    row.transaction_id.as_ref().is_some_and(|id| {
        let own = order.payment_called(id.as_str()).unwrap_or(id.as_str());
        own == refund.transaction_id
    })
}

fn may_be(row: &Row, request: &Refund, before: &Order, now: &Order) -> bool {
    // 1 What is older, or the name of another request, is not it.
    let made_at = row.created_at.as_deref().and_then(Timestamp::parse_rfc3339);
    let is_older = made_at.is_some_and(|made_at| made_at < earliest(request.requested_at));
    let name = row.refund_id.as_str();
    let is_anothers = now.refund_called(name).is_some_and(|refund| refund.request.is_some());
    if is_older || is_anothers {
        return false;
    }
    // 2 What is news is looked at once more. After that its age tells it apart, or the amount that was asked for; where
    // neither does, it may be the request for as long as it gives something back.
    before.refund_called(name).is_none_or(|known| {
        let is_known_for_longer = known.requested_at < request.requested_at;
        let minor = |amount| before.expected().and_then(|expected| units::from_lomi_in(amount, expected.currency()));
        let is_of_another_amount = requested_amount(row)
            .is_some_and(|amount| minor(amount).map(Money::amount_minor) != Some(request.amount_minor));
        !is_known_for_longer && !is_of_another_amount && known.status != RefundStatus::Failed
    })
}
