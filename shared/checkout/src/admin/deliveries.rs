//! Events that lomi. could not deliver, sent again.

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

/// Failed deliveries per page of lomi.'s log, and pages per request.
const PAGE_SIZE: u32 = 50;
const MAX_PAGES: u32 = 4;
/// Nothing is sent when less than this is left: lomi. waits four seconds for the endpoint.
const SEND_TIME: Duration = Duration::from_secs(6);
/// No log is read further than this.
const MAX_OFFSET: u32 = 999_999;

/// Which failed deliveries are to be sent again.
#[derive(Clone, Debug)]
pub struct Resend {
    /// None that failed earlier.
    pub since: Timestamp,
    /// The most that lomi. is asked to send now.
    pub limit: u8,
    /// Where an earlier request stopped.
    pub after: Option<DeliveryCursor>,
}

/// A place in lomi.'s log of one endpoint's failed deliveries. New failures push it down: going on from it may meet a
/// delivery twice, and misses none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryCursor {
    endpoint: WebhookEndpointId,
    offset: u32,
}

/// A delivery that lomi. made.
#[derive(Clone, Debug)]
pub struct ResentDelivery {
    /// Its row in lomi.'s log.
    pub delivery_log_id: DeliveryLogId,
    /// lomi.'s name of the event; empty when the log does not say.
    pub event: String,
    /// The HTTP status that this stack answered.
    pub response_status: Option<u32>,
}

/// A delivery that lomi. did not make, or of which nobody knows.
#[derive(Clone, Debug)]
pub struct FailedDelivery {
    /// Its row in lomi.'s log.
    pub delivery_log_id: DeliveryLogId,
    /// lomi.'s name of the event; empty when the log does not say.
    pub event: String,
    /// Whether lomi. sent it. [`Outcome::Unknown`] is not tried again here: that it arrives twice would harm nothing, but
    /// nobody asked for it.
    pub outcome: Outcome,
}

/// What became of a request to send again.
#[derive(Clone, Debug, Default)]
pub struct Resent {
    /// Endpoints of this stack that lomi. knows. Without one, nothing was looked at.
    pub endpoints: usize,
    /// Delivered now.
    pub replayed: Vec<ResentDelivery>,
    /// Not delivered, or nobody knows.
    pub failed: Vec<FailedDelivery>,
    /// Left out, because what they tell is on record here.
    pub skipped: u32,
    /// Where the next request goes on; `None` when everything was looked at.
    pub next: Option<DeliveryCursor>,
}

impl DeliveryCursor {
    /// `None` unless `text` can be such a place.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (endpoint, offset) = text.split_once('.')?;
        let fits = (1..=6).contains(&offset.len()) && offset.bytes().all(|byte| byte.is_ascii_digit());
        let offset = offset.parse().ok().filter(|_| fits)?;
        Some(Self { endpoint: WebhookEndpointId::parse(endpoint).ok()?, offset })
    }

    /// The place as text that needs no escaping in a URL.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}.{}", self.endpoint, self.offset)
    }
}

/// A failed delivery, and where it stands in the log.
struct Missed {
    log: DeliveryLog,
    place: DeliveryCursor,
}

/// Has lomi. send again what it could not deliver to this stack, the newest first, each at most once per request. What
/// arrives twice counts once, as always.
///
/// lomi. logs no event whose tries all ran out: the reconciler is the guarantee, this is a help.
///
/// # Errors
/// [`OperationError`], before anything was sent.
pub async fn resend(
    context: &Context,
    wanted: &Resend,
    lomi: impl AsyncFnOnce() -> Option<Client>,
    deadline: Instant,
) -> Result<Resent, OperationError> {
    let lomi = lomi().await.ok_or(OperationError::OutOfReach)?;
    let mut resent = Resent::default();
    // 1 Which endpoints are ours?
    let mut endpoints = own_endpoints(&lomi, deadline).await.map_err(OperationError::Lomi)?;
    resent.endpoints = endpoints.len();
    endpoints.retain(|id| wanted.after.as_ref().is_none_or(|after| *id >= after.endpoint));
    // 2 What did they miss that is not on record? All of it is read before anything is sent, which may add to the log.
    let missed = read_missed(context, &lomi, &endpoints, wanted, deadline, &mut resent).await?;
    // 3 Have each sent once.
    for missed in missed {
        if Instant::now() + SEND_TIME > deadline {
            resent.next = Some(missed.place);
            break;
        }
        if !send(&lomi, missed, deadline, &mut resent).await {
            break;
        }
    }
    Ok(resent)
}

/// In the order in which a cursor passes them. Whatever else the merchant has registered at lomi. is none of its business.
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
) -> Result<Vec<Missed>, OperationError> {
    let (mut missed, mut pages) = (Vec::new(), 0);
    for endpoint in endpoints {
        let begun = wanted.after.clone().filter(|after| after.endpoint == *endpoint);
        let mut place = begun.unwrap_or(DeliveryCursor { endpoint: endpoint.clone(), offset: 0 });
        let list = lomi.delivery_logs().list(endpoint).success(false).limit(PAGE_SIZE).offset(place.offset);
        let mut listing = list.deadline(deadline).stream();
        loop {
            if pages == MAX_PAGES || place.offset > MAX_OFFSET {
                resent.next = Some(place).filter(|place| place.offset <= MAX_OFFSET);
                return Ok(missed);
            }
            pages += 1;
            let page = listing.next_page().await.map_err(OperationError::Lomi)?;
            let is_last = page.is_last();
            let should_continue = pick(context, page.rows, &mut place, wanted, &mut missed, resent).await?;
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

/// Takes out of a page, which begins at `place`, what is to be sent, and moves `place` to its end. `false` at what is too old:
/// the log's newest come first.
async fn pick(
    context: &Context,
    logs: Vec<DeliveryLog>,
    place: &mut DeliveryCursor,
    wanted: &Resend,
    missed: &mut Vec<Missed>,
    resent: &mut Resent,
) -> Result<bool, StoreError> {
    for log in logs {
        if time_of(&log).is_some_and(|at| at < wanted.since) {
            return Ok(false);
        }
        if missed.len() >= usize::from(wanted.limit) {
            resent.next = Some(place.clone());
            return Ok(true);
        }
        if log.success != Some(true) {
            if is_on_record(context, &log).await? {
                resent.skipped = resent.skipped.saturating_add(1);
            } else {
                missed.push(Missed { log, place: place.clone() });
            }
        }
        place.offset = place.offset.saturating_add(1);
    }
    Ok(true)
}

/// `false` when lomi. is not to be asked for more now.
async fn send(lomi: &Client, missed: Missed, deadline: Instant, resent: &mut Resent) -> bool {
    let Missed { log, place } = missed;
    let event = log.event_type.as_ref().map(EventKind::as_str).unwrap_or_default().to_owned();
    let delivery_log_id = log.delivery_log_id;
    let sent = lomi.delivery_logs().replay(&place.endpoint, &delivery_log_id).deadline(deadline).send().await;
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
        // What surely was not sent may be asked for again.
        let done = u32::from(outcome != Outcome::NotSent);
        resent.next = Some(DeliveryCursor { offset: place.offset.saturating_add(done), ..place });
    }
    should_continue
}

fn time_of(log: &DeliveryLog) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(log.created_at.as_deref()?)
}

/// Whether what the delivery tells was counted. Nobody signed the log: it decides about nothing but what need not be sent.
async fn is_on_record(context: &Context, log: &DeliveryLog) -> Result<bool, StoreError> {
    match natural_key(log) {
        Some(key) => context.store.order_of_event(&key).await.map(|order| order.is_some()),
        None => Ok(false),
    }
}

/// What a logged envelope says that tells its event from others.
#[derive(Deserialize)]
struct Envelope {
    data: Transaction,
}

#[derive(Deserialize)]
struct Transaction {
    transaction_id: Option<String>,
    id: Option<String>,
}

/// The natural key of a payment's event. Other events are few, and sent in any case.
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
        assert_eq!(DeliveryCursor::parse(text).map(|place| place.to_text()).as_deref(), Some(text));
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
