//! Which page was a payment made on, when it does not say?

use crate::inquiry::{completed_page, is_last_page, order_of};
use crate::units;
use domain::{Environment, Timestamp};
use lomi_client::{CheckoutSession, Client, CurrencyCode, Error, SessionStatus, Transaction};
use tokio::time::Instant;

/// Completed sessions read at once.
const MAX_PAGES_READ: u32 = 100;
/// Pages of payments that are told from each other, fifty each.
const MAX_COMPARED_PAGES: u32 = 4;
/// A page lives an hour, and lomi. may complete a payment two hours after it.
const LONGEST_LIFE_MS: i64 = 4 * 60 * 60 * 1000;

/// The paid pages of lomi.'s own links, and the payments that may be theirs; read at most once per run.
#[derive(Default)]
pub(crate) struct LinkPages(Option<ReadPages>);

/// What was read.
pub(super) struct ReadPages {
    pub(super) pages: Vec<CheckoutSession>,
    /// Completed payments that name no order.
    pub(super) nameless: Vec<Transaction>,
    /// Whether these are all of them since the oldest page.
    pub(super) is_whole: bool,
}

impl LinkPages {
    pub(super) async fn read(
        &mut self,
        lomi: &Client,
        deadline: Instant,
        calls: &mut u32,
    ) -> Result<&ReadPages, Error> {
        let read = match self.0.take() {
            Some(read) => read,
            None => ReadPages::read(lomi, deadline, calls).await?,
        };
        Ok(self.0.insert(read))
    }
}

impl ReadPages {
    async fn read(lomi: &Client, deadline: Instant, calls: &mut u32) -> Result<Self, Error> {
        *calls += 1;
        let list = lomi.checkout_sessions().list().status(&SessionStatus::Completed).limit(MAX_PAGES_READ);
        let mut pages = list.deadline(deadline).send().await?;
        pages.retain(|page| page.status == SessionStatus::Completed && page.payment_link_id.is_some());
        let oldest = pages.iter().filter_map(|page| time(page.created_at.as_deref())).min();
        let mut read = Self { pages, nameless: Vec::new(), is_whole: false };
        let Some(oldest) = oldest else { return Ok(read) };
        for page in 1..=MAX_COMPARED_PAGES {
            *calls += 1;
            let transactions = completed_page(lomi, oldest, page, deadline).await?;
            read.is_whole = is_last_page(&transactions);
            read.nameless.extend(transactions.into_iter().filter(|transaction| order_of(transaction).is_none()));
            if read.is_whole {
                break;
            }
        }
        Ok(read)
    }
}

/// Whether the page may be the one that this was paid on: the same price, the same payer and environment as far as they are
/// known, and at a time when it could be paid.
pub(super) fn may_be_of(page: &CheckoutSession, transaction: &Transaction, own: Environment) -> bool {
    let paid = units::from_lomi(transaction.gross_amount, transaction.currency_code.as_ref());
    let is_price = paid.is_some() && paid == price(page);
    let is_payer = match (&page.customer_id, &transaction.customer_id) {
        (Some(payer), Some(customer)) => payer == customer,
        _ => true,
    };
    let is_here = page.environment.is_none_or(|environment| units::environment_from_lomi(environment) == own);
    let times = time(page.created_at.as_deref()).zip(time(transaction.created_at.as_deref()));
    let is_time = times.is_none_or(|(opened, paid)| opened <= paid && paid <= opened.plus_ms(LONGEST_LIFE_MS));
    is_price && is_payer && is_here && is_time
}

fn price(page: &CheckoutSession) -> Option<domain::Money> {
    let currency: Option<&CurrencyCode> = page.currency_code.as_ref();
    units::from_lomi(page.amount, currency)
}

fn time(text: Option<&str>) -> Option<Timestamp> {
    text.and_then(Timestamp::parse_rfc3339)
}
