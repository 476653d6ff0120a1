//! Whether lomi.'s lists can be read. What no webhook told of is found in them, and refunds nowhere else.

use crate::Context;
use crate::lookup::payments_call;
use domain::Timestamp;
use lomi_client::{Client, Error, Listing};
use tokio::time::Instant;

/// Rows per page: enough to see whether they can be read, and how the list goes on.
const ROWS: u32 = 5;
/// Rows of the last year are asked for: a filter by time stands in each of the reconciler's questions, too.
const REACH_MS: i64 = 365 * 24 * 60 * 60 * 1000;

/// Asks for the payments as the reconciler does: one page, and the next where there is one.
///
/// # Errors
/// Why the list cannot be read: [`EndlessList`](lomi_client::ErrorKind::EndlessList) when the next page is the first once
/// more.
pub async fn try_payments(context: &Context, lomi: &Client, deadline: Instant) -> Result<(), Error> {
    begin(payments_call(lomi, earliest(context)).page_size(ROWS).deadline(deadline).stream()).await
}

/// The same of refunds.
///
/// # Errors
/// As [`try_payments`].
pub async fn try_refunds(context: &Context, lomi: &Client, deadline: Instant) -> Result<(), Error> {
    let list = lomi.refunds().list().start_date(&earliest(context).to_rfc3339());
    begin(list.limit(ROWS).deadline(deadline).stream()).await
}

fn earliest(context: &Context) -> Timestamp {
    context.clock.now().plus_ms(-REACH_MS)
}

/// After the end the second page is no call.
async fn begin<T: Send + 'static>(mut list: Listing<T>) -> Result<(), Error> {
    list.next_page().await?;
    list.next_page().await?;
    Ok(())
}
