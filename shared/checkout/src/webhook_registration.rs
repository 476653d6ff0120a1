//! Registers this stack's webhook at lomi: one endpoint, whose signing secret is stored where webhooks are verified.
//!
//! lomi shows a secret once, when it creates the endpoint. The stored version of the secret is named after the
//! endpoint's id, so that two reads show which endpoint signs with the stored secret. A crash, a lost answer or two
//! concurrent runs leave at most a surplus endpoint, which a later run deletes. While there are two, events arrive
//! twice, which harms nothing. There is never a time without an endpoint.

mod found;
mod status;

pub use status::Status;

use domain::Timestamp;
use found::Found;
use lomi_client::webhook::EventKind;
use lomi_client::{
    Client, CreateWebhookEndpoint, Error, NewWebhookEndpoint, Outcome, UpdateWebhookEndpoint, WebhookEndpoint,
};
use std::time::Duration;
use tokio::time::Instant;

/// The path of the webhook, below any address of the API.
pub const PATH: &str = "/webhooks/lomi";

/// The events that [`webhooks`](crate::webhooks) reads and that the newest lomi takes subscriptions for: first those
/// that every generation knows, last those that only the newest does.
pub const EVENTS: [EventKind; 10] = [
    EventKind::PaymentSucceeded,
    EventKind::PaymentFailed,
    EventKind::RefundCreated,
    EventKind::RefundCompleted,
    EventKind::RefundFailed,
    EventKind::DisputeCreated,
    EventKind::DisputeUpdated,
    EventKind::DisputeClosed,
    EventKind::PaymentRiskFlagged,
    EventKind::PaymentRiskBlocked,
];

/// The first of [`EVENTS`] are about payments and refunds. Every endpoint needs these.
pub const NECESSARY: usize = 5;
/// How many of [`EVENTS`] lomi's generations know, newest first. lomi refuses the whole request for one unknown name,
/// and may not say which.
const KNOWN: [usize; 3] = [EVENTS.len(), NECESSARY + 1, NECESSARY];

/// Time after the call that creates an endpoint: to store its secret, or to delete it.
const TIME_AFTER_CREATE: Duration = Duration::from_secs(12);
/// The secret must be stored this long before the end of a run.
const TIME_AFTER_STORING: Duration = Duration::from_secs(4);
/// The most endpoints that one run deletes.
const MAX_DELETED: usize = 10;
/// The most endpoints of ours without a stored secret before another is created.
const MAX_WITHOUT_SECRET: usize = 4;
/// The age at which an endpoint may replace another, or be deleted. lomi retries an event for a little over a minute,
/// and no run takes longer.
const OVERLAP_S: i64 = 120;

/// The endpoint that this stack needs.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The URL that lomi sends events to.
    pub url: String,
    /// The URL at the merchant's own domain. An endpoint there was created by hand.
    pub own_url: Option<String>,
    /// The description of this stack's endpoints. Any other endpoint with the URL was created by hand.
    pub marker: String,
}

/// The description of the endpoints that the stack of this name registers.
#[must_use]
pub fn marker(stack: &str) -> String {
    format!("lomi-checkout {stack}")
}

/// Whether lomi sends `PAYMENT_SUCCEEDED` to this endpoint. `true` when the listing names no events.
#[must_use]
pub fn receives_payments(endpoint: &WebhookEndpoint) -> bool {
    let events = &endpoint.authorized_events;
    endpoint.is_active != Some(false) && (events.is_empty() || events.contains(&EventKind::PaymentSucceeded))
}

/// What a run knows before it calls lomi.
#[derive(Clone, Debug)]
pub struct Known<'a> {
    /// The version of the stored secret; `None` when there is none.
    pub version: Option<&'a str>,
    /// Whether to rotate the secret.
    pub rotate: bool,
    /// The time of day.
    pub now: Timestamp,
}

/// Makes lomi send this environment's events to `wanted`, once. `keep` stores a new secret under the endpoint's id by
/// the given instant, and returns whether it is current now, or `None` when that is unknown.
///
/// # Errors
/// When lomi does not list or change its endpoints. The outcome of creating one is a [`Status`].
pub async fn ensure(
    lomi: &Client,
    wanted: &Wanted,
    known: &Known<'_>,
    keep: impl AsyncFnOnce(&NewWebhookEndpoint, Instant) -> Option<bool>,
    deadline: Instant,
) -> Result<Status, Error> {
    // 1 Find the endpoints with this URL.
    let listed = lomi.webhook_endpoints().list().deadline(before(deadline, TIME_AFTER_CREATE)).send().await?;
    let found = Found::sort(listed, wanted, known.version);
    // 2 Maintain the one whose secret is stored, and delete those that it replaced.
    if let Some(current) = &found.current {
        if !known.rotate {
            return maintain(lomi, current, &found.others, known.now, deadline).await;
        }
        if !is_ready_to_rotate(lomi, current, &found.others, known.now, deadline).await? {
            return Ok(Status::RotatedLately);
        }
    }
    // 3 Leave an endpoint that was created by hand alone, with its secret.
    if found.is_by_hand() {
        return Ok(by_hand(&found, known));
    }
    // 4 Otherwise create one.
    replace(lomi, wanted, found, keep, known.now, deadline).await
}

/// Deletes this stack's endpoints. Those created by hand stay.
///
/// # Errors
/// When lomi does not list its endpoints, or does not delete one.
pub async fn remove(lomi: &Client, wanted: &Wanted, known: &Known<'_>, deadline: Instant) -> Result<Status, Error> {
    let listed = lomi.webhook_endpoints().list().deadline(deadline).send().await?;
    let Found { current, others, .. } = Found::sort(listed, wanted, known.version);
    for endpoint in current.iter().chain(&others).take(MAX_DELETED) {
        delete(lomi, endpoint, deadline).await?;
    }
    Ok(Status::Removed)
}

fn by_hand(found: &Found, known: &Known<'_>) -> Status {
    match known.version {
        None => Status::ByHandWithoutSecret,
        Some(_) if !found.receives_payments() => Status::ByHandNotSubscribed,
        Some(_) if known.rotate => Status::ByHandNotRotated,
        Some(_) => Status::ByHand,
    }
}

async fn maintain(
    lomi: &Client,
    current: &WebhookEndpoint,
    others: &[WebhookEndpoint],
    now: Timestamp,
    deadline: Instant,
) -> Result<Status, Error> {
    let status = repair(lomi, current, deadline).await?;
    if is_past_overlap(current, now) {
        clear(lomi, others, now, deadline).await;
    }
    Ok(status)
}

/// Whether a third secret may come. The webhook handler knows two, so the endpoint that signs with the first must be
/// deleted before, and only when lomi has no event on its way to it: an event that fails verification is refused, and
/// lomi never resends it.
async fn is_ready_to_rotate(
    lomi: &Client,
    current: &WebhookEndpoint,
    others: &[WebhookEndpoint],
    now: Timestamp,
    deadline: Instant,
) -> Result<bool, Error> {
    if others.is_empty() {
        return Ok(true);
    }
    if !is_past_overlap(current, now) {
        return Ok(false);
    }
    let deadline = before(deadline, TIME_AFTER_CREATE);
    for endpoint in others.iter().filter(|endpoint| is_past_overlap(endpoint, now)).take(MAX_DELETED) {
        delete(lomi, endpoint, deadline).await?;
    }
    Ok(true)
}

/// Whether every event for the endpoint before this one has arrived, and the run that created this one has stored its
/// secret or ended. `false` when the listing names no age.
fn is_past_overlap(endpoint: &WebhookEndpoint, now: Timestamp) -> bool {
    let created_at = endpoint.created_at.as_deref().and_then(Timestamp::parse_rfc3339);
    created_at.is_some_and(|created_at| created_at.as_s().saturating_add(OVERLAP_S) <= now.as_s())
}

/// Subscribes to missing events and keeps those that the merchant added. The server of June 2026 answers a change with
/// success and ignores it, so the endpoint is read again. A server that knows fewer names is sent fewer.
async fn repair(lomi: &Client, endpoint: &WebhookEndpoint, deadline: Instant) -> Result<Status, Error> {
    let id = &endpoint.webhook_endpoint_id;
    let mut refusal = None;
    for known in KNOWN {
        let Some(changes) = changes(endpoint, known) else { return Ok(Status::Unchanged) };
        match lomi.webhook_endpoints().update(id, &changes).deadline(deadline).send().await {
            Ok(_) => {
                let read = lomi.webhook_endpoints().get(id).deadline(deadline).send().await?;
                return Ok(outcome(&read, known));
            }
            Err(error) if is_refused(&error) => refusal = Some(error),
            Err(error) => return Err(error),
        }
    }
    refusal.map_or(Ok(Status::Unchanged), Err)
}

/// The outcome of a change, by the endpoint read afterwards. Only missing [`NECESSARY`] events are a failure.
fn outcome(read: &WebhookEndpoint, known: usize) -> Status {
    match (changes(read, known), changes(read, NECESSARY)) {
        (None, _) => Status::Repaired,
        (Some(_), None) => Status::Unchanged,
        (Some(_), Some(_)) => Status::NotRepaired,
    }
}

/// lomi rejected the request. Nothing was created or changed.
fn is_refused(error: &Error) -> bool {
    error.outcome() == Outcome::Rejected && error.status() == Some(400)
}

/// What the endpoint lacks, for a lomi that knows the first `known` of our events.
fn changes(endpoint: &WebhookEndpoint, known: usize) -> Option<UpdateWebhookEndpoint> {
    let present = &endpoint.authorized_events;
    let missing: Vec<_> = EVENTS.into_iter().take(known).filter(|event| !present.contains(event)).collect();
    let is_paused = endpoint.is_active == Some(false);
    if missing.is_empty() && !is_paused {
        return None;
    }
    let kept = present.iter().filter(|event| **event != EventKind::Test).cloned();
    let all = (!missing.is_empty()).then(|| kept.chain(missing).collect());
    Some(UpdateWebhookEndpoint {
        authorized_events: all,
        is_active: is_paused.then_some(true),
        ..UpdateWebhookEndpoint::default()
    })
}

async fn replace(
    lomi: &Client,
    wanted: &Wanted,
    mut found: Found,
    keep: impl AsyncFnOnce(&NewWebhookEndpoint, Instant) -> Option<bool>,
    now: Timestamp,
    deadline: Instant,
) -> Result<Status, Error> {
    // 1 Bound the number of endpoints, however often answers are lost.
    let surplus = found.others.split_off(found.others.len().min(MAX_WITHOUT_SECRET));
    clear(lomi, &surplus, now, deadline).await;
    // 2 Create it once: a retry would create another.
    let new = match create(lomi, wanted, deadline).await {
        Ok(new) => new,
        Err(error) => return Status::of_creation(error, found.current.is_some()),
    };
    // 3 Store its secret, which lomi shows only now.
    match keep(&new, before(deadline, TIME_AFTER_STORING)).await {
        Some(true) => {}
        // Delete it: what it signs could not be verified. If that fails, a later run deletes it.
        Some(false) => {
            drop(delete(lomi, &new.endpoint, deadline).await);
            return Ok(Status::SecretNotStored);
        }
        // Its secret may be stored. The next run finds out, or deletes it.
        None => return Ok(Status::SecretsUnreachable),
    }
    // 4 Delete endpoints without a stored secret now. The rotated one is deleted when no event is on its way to it.
    clear(lomi, &found.others, now, deadline).await;
    Ok(if found.current.is_some() { Status::Rotated } else { Status::Registered })
}

/// A refusal creates nothing, so the next call may send fewer names.
async fn create(lomi: &Client, wanted: &Wanted, deadline: Instant) -> Result<NewWebhookEndpoint, Error> {
    let [newest, older @ ..] = KNOWN;
    let mut created = create_for(lomi, wanted, newest, deadline).await;
    for known in older {
        if !created.as_ref().is_err_and(is_refused) {
            break;
        }
        created = create_for(lomi, wanted, known, deadline).await;
    }
    created
}

async fn create_for(
    lomi: &Client,
    wanted: &Wanted,
    known: usize,
    deadline: Instant,
) -> Result<NewWebhookEndpoint, Error> {
    let events = EVENTS.into_iter().take(known).collect();
    let description = Some(wanted.marker.clone());
    let endpoint = CreateWebhookEndpoint { description, ..CreateWebhookEndpoint::new(wanted.url.clone(), events) };
    lomi.webhook_endpoints().create(&endpoint).deadline(before(deadline, TIME_AFTER_CREATE)).send().await
}

/// A later run deletes what stays. A recent endpoint may belong to another run that is about to store its secret.
async fn clear(lomi: &Client, endpoints: &[WebhookEndpoint], now: Timestamp, deadline: Instant) {
    for endpoint in endpoints.iter().filter(|endpoint| is_past_overlap(endpoint, now)).take(MAX_DELETED) {
        if delete(lomi, endpoint, deadline).await.is_err() {
            return;
        }
    }
}

/// An endpoint that does not exist counts as deleted.
async fn delete(lomi: &Client, endpoint: &WebhookEndpoint, deadline: Instant) -> Result<(), Error> {
    match lomi.webhook_endpoints().delete(&endpoint.webhook_endpoint_id).deadline(deadline).send().await {
        Err(error) if error.status() != Some(404) => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn before(deadline: Instant, margin: Duration) -> Instant {
    deadline.checked_sub(margin).unwrap_or(deadline)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhooks::{Reading, read};
    use domain::Environment;
    use lomi_client::webhook::{Secrets, Signatures, WebhookEvent, WebhookSecret, sign, verify};

    #[test]
    fn every_subscribed_event_is_understood() {
        let secret = WebhookSecret::parse("whsec_0123456789abcdef").unwrap();
        for kind in EVENTS {
            let body = format!(r#"{{"event":"{}","data":{{}}}}"#, kind.as_str());
            let signature = sign(&secret, body.as_bytes());
            let signatures = Signatures { legacy: Some(&signature), v1: None };
            let secrets = Secrets::new(vec![secret.clone()]).unwrap();
            let event = WebhookEvent::parse(verify(signatures, body.as_bytes(), &secrets).unwrap()).unwrap();
            let reading = read(&event, Environment::Sandbox, Timestamp::from_ms(0));
            assert!(!matches!(reading, Reading::Irrelevant), "{kind:?}");
        }
    }
}
