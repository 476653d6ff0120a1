//! Has lomi resend webhooks that it could not deliver.

use super::OperationError;
use crate::Context;
use crate::keys::{failure_key, payment_key};
use crate::provider_error::is_about_one_thing;

use crate::webhook_registration::PATH;
use domain::Timestamp;
use lomi_client::webhook::EventKind;
use lomi_client::{Client, DeliveryLog, DeliveryLogId, Error, Outcome, WebhookEndpoint, WebhookEndpointId};
use serde::Deserialize;
use std::time::Duration;
use store::StoreError;
use tokio::time::Instant;

/// Failed deliveries per page of lomi's log, and pages per request.
const PAGE_SIZE: u32 = 50;
const MAX_PAGES: u32 = 4;
/// With less time than this nothing is sent: lomi waits four seconds for the endpoint.
const SEND_TIME: Duration = Duration::from_secs(6);
/// The last offset that is read in a log.
const MAX_OFFSET: u32 = 999_999;

/// Which failed deliveries to resend.
#[derive(Clone, Debug)]
pub struct Resend {
    /// Earlier failures are left out.
    pub since: Timestamp,
    /// The most deliveries to resend now.
    pub limit: u8,
    /// Where an earlier request stopped.
    pub after: Option<DeliveryCursor>,
}

/// A position in lomi's log of one endpoint's failed deliveries. New failures shift it: continuing from it may meet a
/// delivery twice, and skips none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryCursor {
    endpoint: WebhookEndpointId,
    offset: u32,
}

/// A delivery that lomi made.
#[derive(Clone, Debug)]
pub struct ResentDelivery {
    /// Its row in lomi's log.
    pub delivery_log_id: DeliveryLogId,
    /// lomi's name of the event; empty when the log does not say.
    pub event: String,
    /// The HTTP status that this stack answered.
    pub response_status: Option<u32>,
}

/// A delivery that lomi did not make, or whose outcome is unknown.
#[derive(Clone, Debug)]
pub struct FailedDelivery {
    /// Its row in lomi's log.
    pub delivery_log_id: DeliveryLogId,
    /// lomi's name of the event; empty when the log does not say.
    pub event: String,
    /// Whether lomi sent it. [`Outcome::Unknown`] is not retried here: a second arrival would harm nothing, but the
    /// operator did not request it.
    pub outcome: Outcome,
}

/// The outcome of a request to resend.
#[derive(Clone, Debug, Default)]
pub struct Resent {
    /// Endpoints of this stack at lomi. Without one no log was read.
    pub endpoints: usize,
    /// Delivered now.
    pub replayed: Vec<ResentDelivery>,
    /// Not delivered, or with an unknown outcome.
    pub failed: Vec<FailedDelivery>,
    /// Left out, because their event is applied here.
    pub skipped: u32,
    /// Where the next request continues; `None` at the end of the logs.
    pub next: Option<DeliveryCursor>,
}

impl DeliveryCursor {
    /// `None` unless `text` has the form of a position.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (endpoint, offset) = text.split_once('.')?;
        let fits = (1..=6).contains(&offset.len()) && offset.bytes().all(|byte| byte.is_ascii_digit());
        let offset = offset.parse().ok().filter(|_| fits)?;
        Some(Self { endpoint: WebhookEndpointId::parse(endpoint).ok()?, offset })
    }

    /// The position as text that needs no escaping in a URL.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}.{}", self.endpoint, self.offset)
    }
}

/// A failed delivery, and its position in the log.
struct MissedDelivery {
    log: DeliveryLog,
    cursor: DeliveryCursor,
}

/// Has lomi resend the deliveries to this stack that failed, newest first, each at most once per request. An event that
/// arrives twice counts once, as always.
///
/// lomi logs no event whose attempts all failed: the reconciler is the guarantee, this only helps.
///
/// # Errors
/// [`OperationError`]. Nothing was sent.
pub async fn resend(
    context: &Context,
    wanted: &Resend,
    lomi: impl AsyncFnOnce() -> Option<Client>,
    deadline: Instant,
) -> Result<Resent, OperationError> {
    let lomi = lomi().await.ok_or(OperationError::ProviderUnavailable)?;
    let mut resent = Resent::default();
    // 1 Find this stack's endpoints.
    let mut endpoints = own_endpoints(&lomi, deadline).await.map_err(OperationError::Lomi)?;
    resent.endpoints = endpoints.len();
    endpoints.retain(|id| wanted.after.as_ref().is_none_or(|after| *id >= after.endpoint));
    // 2 Read the failed deliveries whose events are not on record, all of them before anything is sent: a resend may
    // add to the log.
    let missed = read_missed(context, &lomi, &endpoints, wanted, deadline, &mut resent).await?;
    // 3 Have each resent once.
    for missed in missed {
        if Instant::now() + SEND_TIME > deadline {
            resent.next = Some(missed.cursor);
            break;
        }
        if !send(&lomi, missed, deadline, &mut resent).await {
            break;
        }
    }
    Ok(resent)
}

/// In the order in which a cursor passes them. The merchant's other endpoints are left out.
async fn own_endpoints(lomi: &Client, deadline: Instant) -> Result<Vec<WebhookEndpointId>, Error> {
    let is_own = |endpoint: &WebhookEndpoint| {
        let is_here = endpoint.url.as_deref().is_some_and(|url| url.trim_end_matches('/').ends_with(PATH));
        is_here && endpoint.is_active != Some(false)
    };
    let all = lomi.webhook_endpoints().list().deadline(deadline).send().await?;
    let mut own: Vec<_> = all.into_iter().filter(is_own).map(|endpoint| endpoint.webhook_endpoint_id).collect();
    own.sort();
    Ok(own)
}

async fn read_missed(
    context: &Context,
    lomi: &Client,
    endpoints: &[WebhookEndpointId],
    wanted: &Resend,
    deadline: Instant,
    resent: &mut Resent,
) -> Result<Vec<MissedDelivery>, OperationError> {
    let (mut missed, mut pages) = (Vec::new(), 0);
    for endpoint in endpoints {
        let resumed = wanted.after.clone().filter(|after| after.endpoint == *endpoint);
        let mut cursor = resumed.unwrap_or(DeliveryCursor { endpoint: endpoint.clone(), offset: 0 });
        let list = lomi.delivery_logs().list(endpoint).success(false).limit(PAGE_SIZE).offset(cursor.offset);
        let mut listing = list.deadline(deadline).stream();
        loop {
            if pages == MAX_PAGES || cursor.offset > MAX_OFFSET {
                resent.next = Some(cursor).filter(|cursor| cursor.offset <= MAX_OFFSET);
                return Ok(missed);
            }
            pages += 1;
            let page = listing.next_page().await.map_err(OperationError::Lomi)?;
            let is_last = page.is_last();
            let should_continue = collect_missed(context, page.rows, &mut cursor, wanted, &mut missed, resent).await?;
            if resent.next.is_some() {
                return Ok(missed);
            }
            if is_last || !should_continue {
                break;
            }
        }
    }
    Ok(missed)
}

/// Collects from a page, which begins at `cursor`, what is to be resent, and moves `cursor` to its end. `false` at the
/// first row that is too old: the log is newest first.
async fn collect_missed(
    context: &Context,
    logs: Vec<DeliveryLog>,
    cursor: &mut DeliveryCursor,
    wanted: &Resend,
    missed: &mut Vec<MissedDelivery>,
    resent: &mut Resent,
) -> Result<bool, StoreError> {
    for log in logs {
        if time_of(&log).is_some_and(|at| at < wanted.since) {
            return Ok(false);
        }
        if missed.len() >= usize::from(wanted.limit) {
            resent.next = Some(cursor.clone());
            return Ok(true);
        }
        if log.success != Some(true) {
            if is_on_record(context, &log).await? {
                resent.skipped = resent.skipped.saturating_add(1);
            } else {
                missed.push(MissedDelivery { log, cursor: cursor.clone() });
            }
        }
        cursor.offset = cursor.offset.saturating_add(1);
    }
    Ok(true)
}

/// `false` when lomi should not be called again now.
async fn send(lomi: &Client, missed: MissedDelivery, deadline: Instant, resent: &mut Resent) -> bool {
    let MissedDelivery { log, cursor } = missed;
    let event = log.event_type.as_ref().map(EventKind::as_str).unwrap_or_default().to_owned();
    let delivery_log_id = log.delivery_log_id;
    let sent = lomi.delivery_logs().replay(&cursor.endpoint, &delivery_log_id).deadline(deadline).send().await;
    let (outcome, should_continue) = match sent {
        Ok(sent) if sent.delivered => {
            resent.replayed.push(ResentDelivery { delivery_log_id, event, response_status: sent.response_status });
            return true;
        }
        Ok(_) => (Outcome::Rejected, true),
        Err(error) => (error.outcome(), is_about_one_thing(&error)),
    };
    resent.failed.push(FailedDelivery { delivery_log_id, event, outcome });
    if !should_continue {
        // A delivery that was certainly not sent may be retried.
        let done = u32::from(outcome != Outcome::NotSent);
        resent.next = Some(DeliveryCursor { offset: cursor.offset.saturating_add(done), ..cursor });
    }
    should_continue
}

fn time_of(log: &DeliveryLog) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(log.created_at.as_deref()?)
}

/// Whether the delivery's event is applied. The log is not signed: it only decides what need not be resent.
async fn is_on_record(context: &Context, log: &DeliveryLog) -> Result<bool, StoreError> {
    match natural_key(log) {
        Some(key) => context.store.order_of_event(&key).await.map(|order| order.is_some()),
        None => Ok(false),
    }
}

/// The fields of a logged envelope that identify its event.
#[derive(Deserialize)]
struct Envelope {
    data: Transaction,
}

#[derive(Deserialize)]
struct Transaction {
    transaction_id: Option<String>,
    id: Option<String>,
}

/// The natural key of a payment's event. Other events are few, and always resent.
fn natural_key(log: &DeliveryLog) -> Option<String> {
    let envelope: Envelope = serde_json::from_str(log.payload.as_deref()?).ok()?;
    let transaction_id = envelope.data.transaction_id.or(envelope.data.id)?;
    match log.event_type {
        Some(EventKind::PaymentSucceeded) => Some(payment_key(&transaction_id)),
        Some(EventKind::PaymentFailed) => Some(failure_key(&transaction_id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_log_cursor_parses_as_one() {
        let text = "a465993b-98fb-49c3-9943-5b8eac17004c.50";
        assert_eq!(DeliveryCursor::parse(text).map(|cursor| cursor.to_text()).as_deref(), Some(text));
        for wrong in [
            "",
            ".",
            "50",
            "a465993b!.50",
            "a465993b-98fb-49c3-9943-5b8eac17004c",
            &format!("{text}00000"),
            &text.replace('.', ".+"),
        ] {
            assert_eq!(DeliveryCursor::parse(wrong), None, "{wrong}");
        }
    }
}
