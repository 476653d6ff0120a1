//! Checks that lomi's lists can be read. They show payments without a webhook, and only they show some refunds.

use crate::Context;
use crate::lookup::payments_call;
use domain::Timestamp;
use lomi_client::{Client, Error, Listing};
use tokio::time::Instant;

/// Rows per page: enough to see whether the list can be read and continued.
const ROWS: u32 = 5;
/// The last year: the reconciler's calls filter by time, too.
const WINDOW_MS: i64 = 365 * 24 * 60 * 60 * 1000;

/// Lists payments as the reconciler does: one page, and the next where there is one.
///
/// # Errors
/// Why the list cannot be read: [`EndlessList`](lomi_client::ErrorKind::EndlessList) when the second page is the first
/// one again.
pub async fn try_payments(context: &Context, lomi: &Client, deadline: Instant) -> Result<(), Error> {
    read_two_pages(payments_call(lomi, earliest(context)).page_size(ROWS).deadline(deadline).stream()).await
}

/// Lists refunds in the same way.
///
/// # Errors
/// As [`try_payments`].
pub async fn try_refunds(context: &Context, lomi: &Client, deadline: Instant) -> Result<(), Error> {
    let list = lomi.refunds().list().start_date(&earliest(context).to_rfc3339());
    read_two_pages(list.limit(ROWS).deadline(deadline).stream()).await
}

fn earliest(context: &Context) -> Timestamp {
    context.clock.now().plus_ms(-WINDOW_MS)
}

/// After the last page, reading another makes no call.
async fn read_two_pages<T: Send + 'static>(mut list: Listing<T>) -> Result<(), Error> {
    list.next_page().await?;
    list.next_page().await?;
    Ok(())
}
