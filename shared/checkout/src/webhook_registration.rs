//! The webhook of this stack at lomi.: one endpoint, and its signing secret kept where events are verified.
//!
//! lomi. tells a secret once, when it makes the endpoint. The stored version of the secret bears the endpoint's id, so that
//! every run can tell by two reads which endpoint signs with what is stored. A crash, a lost answer or two runs at once
//! leave an endpoint too many at most, which a later run removes. While two of them are there, events come twice, which
//! harms nothing; a time without any endpoint there is not.

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

/// Where events come in, below whichever address of the API.
pub const PATH: &str = "/webhooks/lomi";

/// The events that [`ingest`](crate::ingest) understands, as far as the newest lomi. takes subscriptions for them: first those
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

/// So many of [`EVENTS`] are of payments and refunds: without these, an endpoint hears too little.
pub const NECESSARY: usize = 5;
/// So many of [`EVENTS`] the generations of lomi. know, the newest first. One that is asked for a name it does not know refuses
/// them all, and need not say which it was.
const KNOWN: [usize; 3] = [EVENTS.len(), NECESSARY + 1, NECESSARY];

/// What is left of a run when lomi. is asked for an endpoint: to store its secret, or to take it back.
const AFTER_CREATE: Duration = Duration::from_secs(12);
/// How long before the end of a run its secret has to be stored.
const AFTER_KEEPING: Duration = Duration::from_secs(4);
/// Endpoints that one run deletes.
const MOST_DELETED: usize = 10;
/// Endpoints of ours that nobody has a secret of, before another is made.
const MOST_ORPHANS: usize = 4;
/// How old an endpoint is before another is deleted in its favour, or it itself: lomi. tries each event again for a little
/// over a minute, and no run takes longer.
const OVERLAP_S: i64 = 120;

/// The endpoint that there is to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Where events go, as lomi. is told it.
    pub url: String,
    /// The same by the merchant's own domain. Whatever is registered there was made by hand.
    pub own_url: Option<String>,
    /// What the endpoints of this stack are described with. Whatever else has the URL was made by hand.
    pub marker: String,
}

/// What the endpoints that the stack of this name registers are described with.
#[must_use]
pub fn marker(stack: &str) -> String {
    format!("lomi-checkout {stack}")
}

/// Whether lomi. sends the payments that succeed to this endpoint. Where a listing names no events, nothing shows that it does
/// not.
#[must_use]
pub fn hears_of_payments(endpoint: &WebhookEndpoint) -> bool {
    let events = &endpoint.authorized_events;
    endpoint.is_active != Some(false) && (events.is_empty() || events.contains(&EventKind::PaymentSucceeded))
}

/// What a run knows before it asks lomi.
#[derive(Clone, Debug)]
pub struct Known<'a> {
    /// The version of the stored secret; `None` while nobody has put one in.
    pub version: Option<&'a str>,
    /// Whether the secret is to be a new one.
    pub rotate: bool,
    /// The time of day.
    pub now: Timestamp,
}

/// Has lomi. send the events of this environment to `wanted`, once. `keep` stores a fresh secret under the endpoint's id
/// by the given instant, and says whether it is the current one now, if anybody knows.
///
/// # Errors
/// When lomi. does not list or change its endpoints; what happens at the making of one is a [`Status`].
pub async fn ensure(
    lomi: &Client,
    wanted: &Wanted,
    known: &Known<'_>,
    keep: impl AsyncFnOnce(&NewWebhookEndpoint, Instant) -> Option<bool>,
    deadline: Instant,
) -> Result<Status, Error> {
    // 1 Which endpoints have this URL?
    let listed = lomi.webhook_endpoints().list().deadline(before(deadline, AFTER_CREATE)).send().await?;
    let found = Found::sort(listed, wanted, known.version);
    // 2 The one whose secret is stored stays, and those that it took the place of go.
    if let Some(kept) = &found.kept {
        if !known.rotate {
            return maintain(lomi, kept, &found.others, known.now, deadline).await;
        }
        if !is_ready_to_rotate(lomi, kept, &found.others, known.now, deadline).await? {
            return Ok(Status::RotatedLately);
        }
    }
    // 3 What was made by hand is left alone, and so is its secret, whatever of ours is beside it.
    if found.is_by_hand() {
        return Ok(by_hand(&found, known));
    }
    // 4 Otherwise there is to be a new one.
    replace(lomi, wanted, found, keep, known.now, deadline).await
}

/// Has lomi. send nothing more to `wanted`. What was made by hand stays.
///
/// # Errors
/// When lomi. does not list its endpoints, or keeps one.
pub async fn remove(lomi: &Client, wanted: &Wanted, known: &Known<'_>, deadline: Instant) -> Result<Status, Error> {
    let listed = lomi.webhook_endpoints().list().deadline(deadline).send().await?;
    let Found { kept, others, .. } = Found::sort(listed, wanted, known.version);
    for endpoint in kept.iter().chain(&others).take(MOST_DELETED) {
        delete(lomi, endpoint, deadline).await?;
    }
    Ok(Status::Removed)
}

fn by_hand(found: &Found, known: &Known<'_>) -> Status {
    match known.version {
        None => Status::ByHandWithoutSecret,
        Some(_) if !found.hears_of_payments() => Status::ByHandNotSubscribed,
        Some(_) if known.rotate => Status::ByHandNotRotated,
        Some(_) => Status::ByHand,
    }
}

async fn maintain(
    lomi: &Client,
    kept: &WebhookEndpoint,
    others: &[WebhookEndpoint],
    now: Timestamp,
    deadline: Instant,
) -> Result<Status, Error> {
    let status = repair(lomi, kept, deadline).await?;
    if is_past_overlap(kept, now) {
        clear(lomi, others, now, deadline).await;
    }
    Ok(status)
}

/// Two secrets are known at a time. Before a third one comes, the endpoint that signs with the first has to be gone, and it
/// goes when lomi. has nothing on its way to it: an event that nobody can verify is refused, and lomi. never sends it again.
async fn is_ready_to_rotate(
    lomi: &Client,
    kept: &WebhookEndpoint,
    others: &[WebhookEndpoint],
    now: Timestamp,
    deadline: Instant,
) -> Result<bool, Error> {
    if others.is_empty() {
        return Ok(true);
    }
    if !is_past_overlap(kept, now) {
        return Ok(false);
    }
    let deadline = before(deadline, AFTER_CREATE);
    for endpoint in others.iter().filter(|endpoint| is_past_overlap(endpoint, now)).take(MOST_DELETED) {
        delete(lomi, endpoint, deadline).await?;
    }
    Ok(true)
}

/// Whether an endpoint is so old that whatever was under way to the one before it has arrived, and that the run that made
/// it has stored its secret or is over. One that does not say its age is young.
fn is_past_overlap(endpoint: &WebhookEndpoint, now: Timestamp) -> bool {
    let made_at = endpoint.created_at.as_deref().and_then(Timestamp::parse_rfc3339);
    made_at.is_some_and(|made_at| made_at.as_s().saturating_add(OVERLAP_S) <= now.as_s())
}

/// Events that somebody added stay. The server of June 2026 answers a change with success and makes none: only what is
/// read back counts. A server that knows fewer names is asked for those, and lacks none that it could send.
async fn repair(lomi: &Client, endpoint: &WebhookEndpoint, deadline: Instant) -> Result<Status, Error> {
    let id = &endpoint.webhook_endpoint_id;
    let mut refused = None;
    for known in KNOWN {
        let Some(changes) = changes(endpoint, known) else { return Ok(Status::Unchanged) };
        match lomi.webhook_endpoints().update(id, &changes).deadline(deadline).send().await {
            Ok(_) => {
                let read = lomi.webhook_endpoints().get(id).deadline(deadline).send().await?;
                return Ok(outcome(&read, known));
            }
            Err(error) if is_refused(&error) => refused = Some(error),
            Err(error) => return Err(error),
        }
    }
    refused.map_or(Ok(Status::Unchanged), Err)
}

/// What became of a change, by what is read back. Only what an endpoint needs is worth somebody's time.
fn outcome(read: &WebhookEndpoint, known: usize) -> Status {
    match (changes(read, known), changes(read, NECESSARY)) {
        (None, _) => Status::Repaired,
        (Some(_), None) => Status::Unchanged,
        (Some(_), Some(_)) => Status::NotRepaired,
    }
}

/// lomi. answered that it does not take what was sent. Nothing was made or changed.
fn is_refused(error: &Error) -> bool {
    error.outcome() == Outcome::Rejected && error.status() == Some(400)
}

/// What the endpoint lacks, for a lomi. that knows so many of our events.
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
    // 1 However often answers are lost, there are never many.
    let surplus = found.others.split_off(found.others.len().min(MOST_ORPHANS));
    clear(lomi, &surplus, now, deadline).await;
    // 2 Make it, once: who asks again makes another.
    let new = match create(lomi, wanted, deadline).await {
        Ok(new) => new,
        Err(error) => return Status::of_creation(error, found.kept.is_some()),
    };
    // 3 Keep its secret, which is told only now.
    match keep(&new, before(deadline, AFTER_KEEPING)).await {
        Some(true) => {}
        // Take it back: nobody could verify what it signs. Should that fail, a later run removes it.
        Some(false) => {
            drop(delete(lomi, &new.endpoint, deadline).await);
            return Ok(Status::SecretNotStored);
        }
        // It may be the one that everything hangs on. The next run finds its secret stored, or removes it.
        None => return Ok(Status::SecretsUnreachable),
    }
    // 4 Those of which nobody has a secret go now; the one that was rotated goes when nothing is on its way to it.
    clear(lomi, &found.others, now, deadline).await;
    Ok(if found.kept.is_some() { Status::Rotated } else { Status::Registered })
}

/// A refusal makes nothing, so that fewer names may be asked for next.
async fn create(lomi: &Client, wanted: &Wanted, deadline: Instant) -> Result<NewWebhookEndpoint, Error> {
    let [newest, older @ ..] = KNOWN;
    let mut made = create_for(lomi, wanted, newest, deadline).await;
    for known in older {
        if !made.as_ref().is_err_and(is_refused) {
            break;
        }
        made = create_for(lomi, wanted, known, deadline).await;
    }
    made
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
    lomi.webhook_endpoints().create(&endpoint).deadline(before(deadline, AFTER_CREATE)).send().await
}

/// What stays is found by a later run. A young one may be that of another run, which is about to store its secret.
async fn clear(lomi: &Client, endpoints: &[WebhookEndpoint], now: Timestamp, deadline: Instant) {
    for endpoint in endpoints.iter().filter(|endpoint| is_past_overlap(endpoint, now)).take(MOST_DELETED) {
        if delete(lomi, endpoint, deadline).await.is_err() {
            return;
        }
    }
}

/// One that is gone already is as good as deleted.
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
