//! Finds the page that a payment was made on, when the payment does not name it.

use crate::lookup::{PAGE_SIZE as TRANSACTIONS_PER_PAGE, PAID_OR_HELD, order_of};
use crate::units;
use domain::{Discount, Environment, Timestamp};
use lomi_client::{CheckoutSession, Client, Error, SessionStatus, Transaction};
use tokio::time::Instant;

/// Completed sessions per page of lomi's list, and pages per run.
const PAGE_SIZE: u32 = 100;
const MAX_PAGES: u32 = 5;
/// Older pages are not read: the case ends before.
const OLDEST_MS: i64 = 12 * 60 * 60 * 1000;
/// Pages of payments, fifty each, that are searched for competing ones.
const MAX_COMPARED_PAGES: u32 = 4;
/// A page can be paid for an hour, and lomi may complete a payment two hours after it.
const LONGEST_LIFE_MS: i64 = 4 * 60 * 60 * 1000;

/// The paid pages of lomi's own links, read at most once per run.
#[derive(Default)]
pub(crate) struct LinkPages(Option<Vec<CheckoutSession>>);

impl LinkPages {
    /// Empty when not all pages can be read: then no page can be matched.
    pub(super) async fn read(
        &mut self,
        lomi: &Client,
        now: Timestamp,
        deadline: Instant,
        calls: &mut u32,
    ) -> Result<&[CheckoutSession], Error> {
        let pages = match self.0.take() {
            Some(pages) => pages,
            None => read_pages(lomi, now.plus_ms(-OLDEST_MS), deadline, calls).await?,
        };
        Ok(self.0.insert(pages))
    }
}

async fn read_pages(
    lomi: &Client,
    since: Timestamp,
    deadline: Instant,
    calls: &mut u32,
) -> Result<Vec<CheckoutSession>, Error> {
    let list = lomi.checkout_sessions().list().status(&SessionStatus::Completed);
    let mut listing = list.limit(PAGE_SIZE).deadline(deadline).stream();
    let mut pages = Vec::new();
    for _ in 0..MAX_PAGES {
        *calls += 1;
        let page = listing.next_page().await?;
        let is_last = page.is_last();
        let is_old = |row: &CheckoutSession| time(row.created_at.as_deref()).is_some_and(|opened| opened < since);
        let is_reached = page.rows.iter().any(is_old);
        let of_a_link = |row: &CheckoutSession| row.status == SessionStatus::Completed && row.payment_link_id.is_some();
        pages.extend(page.rows.into_iter().filter(|row| of_a_link(row) && !is_old(row)));
        if is_last || is_reached {
            return Ok(pages);
        }
    }
    Ok(Vec::new())
}

/// The payments without an order, refunded ones among them, that may have been made on the same page. `None` when there
/// are more than can be read.
pub(super) async fn competing_payments(
    lomi: &Client,
    transaction: &Transaction,
    deadline: Instant,
    calls: &mut u32,
) -> Result<Option<Vec<Transaction>>, Error> {
    let Some(paid) = time(transaction.created_at.as_deref()) else { return Ok(None) };
    let (start, end) = (paid.plus_ms(-LONGEST_LIFE_MS).to_rfc3339(), paid.plus_ms(LONGEST_LIFE_MS).to_rfc3339());
    let list = lomi.transactions().list().status(&PAID_OR_HELD);
    let list = list.start_date(&start).end_date(&end).page_size(TRANSACTIONS_PER_PAGE);
    let (mut listing, mut competing_payments) = (list.deadline(deadline).stream(), Vec::new());
    for _ in 0..MAX_COMPARED_PAGES {
        *calls += 1;
        let page = listing.next_page().await?;
        let is_last = page.is_last();
        let is_competing =
            |row: &Transaction| order_of(row).is_none() && row.transaction_id != transaction.transaction_id;
        competing_payments.extend(page.rows.into_iter().filter(is_competing));
        if is_last {
            return Ok(Some(competing_payments));
        }
    }
    Ok(None)
}

/// Whether the payment may have been made on the page: same price, same payer and environment as far as they are known,
/// and at a time when the page could be paid.
pub(super) fn may_match(page: &CheckoutSession, transaction: &Transaction, own: Environment) -> bool {
    let is_price = has_same_price(page, transaction);
    let is_payer = match (&page.customer_id, &transaction.customer_id) {
        (Some(payer), Some(customer)) => payer == customer,
        _ => true,
    };
    let is_here = page.environment.is_none_or(|environment| units::environment_from_lomi(environment) == own);
    let times = time(page.created_at.as_deref()).zip(time(transaction.created_at.as_deref()));
    let is_time = times.is_none_or(|(opened, paid)| opened <= paid && paid <= opened.plus_ms(LONGEST_LIFE_MS));
    is_price && is_payer && is_here && is_time
}

/// A coupon's discount may be part of the gross amount or already subtracted.
fn has_same_price(page: &CheckoutSession, transaction: &Transaction) -> bool {
    let currency = transaction.currency_code.as_ref();
    let paid = units::paid_from_lomi(transaction.gross_amount, transaction.discount_amount, currency);
    let price = units::from_lomi(page.amount, page.currency_code.as_ref());
    let Some(((gross_minor, currency, discount), price)) = paid.zip(price) else { return false };
    let before_minor = match discount {
        Discount::Minor(minor) if page.allow_coupon_code == Some(true) => gross_minor.saturating_add_unsigned(minor),
        _ => gross_minor,
    };
    price.currency() == currency && [gross_minor, before_minor].contains(&price.amount_minor())
}

fn time(text: Option<&str>) -> Option<Timestamp> {
    text.and_then(Timestamp::parse_rfc3339)
}
