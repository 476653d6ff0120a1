//! Reads lomi's list of refunds, and searches it for requests that have no refund id.

use crate::lookup::refund_report::{RefundReport, requested_amount};
use crate::lookup::{CLOCK_SKEW_MS, PAGE_SIZE};
use crate::provider_error::is_answer;
use crate::run::Run;
use crate::units;
use domain::{Money, Order, Refund, RefundStatus, Timestamp};
use lomi_client::Refund as Row;

/// Pages per list. A longer list does not prove that a refund is absent.
const MAX_PAGES: u32 = 10;

/// The refunds of one order in lomi's list.
pub(super) struct Listing {
    /// Newest first.
    rows: Vec<Row>,
    /// Whether the list was read to its end, and every row in it names a payment.
    pub(super) is_complete: bool,
}

impl Run<'_> {
    /// Reads the refunds created from `since` on, by our clock.
    pub(super) async fn list_refunds(&mut self, order: &Order, since: Timestamp) -> Result<Listing, ListError> {
        let start = earliest(since).to_rfc3339();
        let mut listing = Listing { rows: Vec::new(), is_complete: false };
        let list = self.lomi.refunds().list().start_date(&start).limit(PAGE_SIZE).deadline(self.deadline);
        let (mut pages, mut names_payments) = (list.stream(), true);
        for _ in 0..MAX_PAGES {
            self.take_call().map_err(|_| ListError::NoCallsLeft)?;
            let page = match pages.next_page().await {
                Ok(page) => page,
                // An unreadable list does not prove that a refund is absent. The pages before are applied.
                Err(error) if is_answer(&error) => break,
                Err(error) => return Err(ListError::Lomi(error)),
            };
            let is_last = page.is_last();
            names_payments &= page.rows.iter().all(|row| names_payment(order, row));
            listing.rows.extend(page.rows.into_iter().filter(|row| is_of(order, row)));
            if is_last {
                listing.is_complete = names_payments;
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

    /// Whether a row could be this request, which has no refund id. `before` is the order before the list was applied,
    /// `now` after.
    pub(super) fn may_hold(&self, request: &Refund, before: &Order, now: &Order) -> bool {
        self.rows.iter().filter(|row| is_of_payment(now, row, request)).any(|row| may_match(row, request, before, now))
    }
}

/// The earliest time, by lomi's clock, of a refund that was requested at `since` by ours.
const fn earliest(since: Timestamp) -> Timestamp {
    since.plus_ms(-CLOCK_SKEW_MS)
}

/// Whether the row names its payment in a form that is known here.
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

fn may_match(row: &Row, request: &Refund, before: &Order, now: &Order) -> bool {
    // 1 An older row, or one that belongs to another request, is not it.
    let created_at = row.created_at.as_deref().and_then(Timestamp::parse_rfc3339);
    let is_older = created_at.is_some_and(|created_at| created_at < earliest(request.requested_at));
    let name = row.refund_id.as_str();
    let is_of_other_request = now.refund_called(name).is_some_and(|refund| refund.request.is_some());
    if is_older || is_of_other_request {
        return false;
    }
    // 2 A row that was unknown before may be it. A known row is not it when it is older, has another amount, or failed.
    before.refund_called(name).is_none_or(|known| {
        let is_known_for_longer = known.requested_at < request.requested_at;
        let minor = |amount| before.expected().and_then(|expected| units::from_lomi_in(amount, expected.currency()));
        let is_of_another_amount = requested_amount(row)
            .is_some_and(|amount| minor(amount).map(Money::amount_minor) != Some(request.amount_minor));
        !is_known_for_longer && !is_of_another_amount && known.status != RefundStatus::Failed
    })
}

/// Why the list was not read.
pub(super) enum ListError {
    NoCallsLeft,
    Lomi(lomi_client::Error),
}
