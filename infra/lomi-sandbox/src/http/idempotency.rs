//! `Idempotency-Key`: one effect per key and body, and the stored answer for every repetition.

use std::fmt::Write as _;
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::call::Call;
use super::error::ApiError;
use super::reply::Reply;
use crate::clock::Timestamp;
use crate::context::Context;
use crate::model::{Caller, IdempotencyRecord, KeyState};
use crate::settings::Profile;
use crate::sim::Sim;

const RETENTION_S: u64 = 24 * 3600;
const MAX_KEY_CHARS: usize = 255;
/// How long a request waits for an earlier request with the same key.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// The usable key of a request: trimmed, empty counts as absent, cut to 255 characters.
pub(crate) fn key_of(header: &str) -> Option<String> {
    let key: String = header.trim().chars().take(MAX_KEY_CHARS).collect();
    (!key.is_empty()).then_some(key)
}

/// Lower-case hex SHA-256 of the body as compact JSON with sorted keys; fields that are null stay.
pub(crate) fn fingerprint(body: &Value) -> String {
    // serde_json keeps objects in key order, so its compact form is the canonical one.
    hex::encode(Sha256::digest(body.to_string()))
}

/// The body of a refund without the token that confirms it.
pub(crate) fn without_token(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("confirmation_token");
    }
    body
}

const SESSIONS: &str = "POST /checkout-sessions";
const CHARGES: [&str; 2] = ["POST /charge/card", "POST /payment-intents"];
const REFUNDS: &str = "POST /refunds";
const LINKS: &str = "POST /payment-links";

fn honours(profile: Profile, route: &str) -> bool {
    match profile {
        Profile::Current => route == SESSIONS || CHARGES.contains(&route) || route == REFUNDS,
        Profile::June2026 => route == SESSIONS,
        Profile::Seeds => route == SESSIONS || CHARGES.contains(&route) || route == LINKS,
    }
}

/// In `current`, charges and refunds need a key.
pub(crate) fn check_presence(profile: Profile, route: &str, key: Option<&str>) -> Result<(), ApiError> {
    let is_required = profile.is_current() && (CHARGES.contains(&route) || route == REFUNDS);
    if is_required && key.is_none() {
        let error = ApiError::bad_request("Idempotency-Key header is required");
        return Err(error.coded("idempotency_key_required"));
    }
    Ok(())
}

enum Claim {
    Fresh,
    Replay(Reply),
    Reused,
    Running,
}

fn claim(context: &mut Context, scope: &str, fingerprint: &str, now: Timestamp) -> Claim {
    let known = context.idempotency.get_mut(scope).filter(|record| now < record.created_at.plus_s(RETENTION_S));
    match known.map(|record| (record.fingerprint == fingerprint, &record.state)) {
        Some((false, KeyState::Running | KeyState::Done { .. })) => Claim::Reused,
        Some((true, KeyState::Running)) => Claim::Running,
        Some((true, KeyState::Done { status, body })) => Claim::Replay(Reply::stored(*status, body.clone())),
        Some((_, KeyState::Free)) | None => {
            let record = IdempotencyRecord {
                scope: scope.to_owned(),
                fingerprint: fingerprint.to_owned(),
                state: KeyState::Running,
                created_at: now,
            };
            match context.idempotency.get_mut(scope) {
                Some(present) => *present = record,
                None => context.idempotency.insert(record),
            }
            Claim::Fresh
        }
    }
}

fn finish(context: &mut Context, scope: &str, reply: &Reply) {
    let stores_failures = context.profile.is_current();
    // One key for both calls of a refund only works if the first answer is not stored.
    let is_stored = !(context.quirks.refund_token_bound_to_key && reply.body.contains("requires_confirmation"));
    if let Some(record) = context.idempotency.get_mut(scope) {
        record.state = match is_stored && (reply.status.is_success() || stores_failures) {
            true => KeyState::Done { status: reply.status.as_u16(), body: reply.body.clone() },
            false => KeyState::Free,
        };
    }
}

/// Runs `effect` at most once per key. Without a key, or where keys are ignored, it always runs.
pub(crate) async fn once(
    sim: &Sim,
    call: &Call,
    effect: impl FnOnce(&mut Context, &Caller, Timestamp) -> Result<Value, ApiError>,
) -> Result<Reply, ApiError> {
    let key = call.idempotency_key.as_ref().filter(|_| honours(call.profile, &call.route));
    let Some(key) = key else {
        pause(call).await;
        return sim.with(|context, now| effect(context, &call.caller, now)).map(Reply::created);
    };
    let mut scope = String::new();
    let environment = call.caller.environment.as_ref();
    let _ = write!(scope, "{} {environment} {} {key}", call.caller.organization_id, call.route);
    let includes_token = call.route != REFUNDS || !sim.read(|context, _| context.quirks.refund_token_unseen_by_keys);
    let fingerprint = if includes_token { fingerprint(&call.body) } else { fingerprint(&without_token(&call.body)) };
    if let Some(replay) = await_claim(sim, &scope, &fingerprint, MAX_WAIT).await? {
        return Ok(replay);
    }
    pause(call).await;
    let reply = sim.with(|context, now| {
        let reply = match effect(context, &call.caller, now) {
            Ok(value) => Reply::created(value),
            Err(error) => failure(&error, context.profile, call, now),
        };
        finish(context, &scope, &reply);
        reply
    });
    sim.notify_finished();
    Ok(reply)
}

/// As [`claim_or_wait`], but refuses after `limit`.
async fn await_claim(sim: &Sim, scope: &str, fingerprint: &str, limit: Duration) -> Result<Option<Reply>, ApiError> {
    let claimed = tokio::time::timeout(limit, claim_or_wait(sim, scope, fingerprint)).await;
    claimed.unwrap_or_else(|_| Err(in_progress()))
}

/// `None` when the key is claimed. In the older generations, a second request waits for the first, without a bound.
async fn claim_or_wait(sim: &Sim, scope: &str, fingerprint: &str) -> Result<Option<Reply>, ApiError> {
    loop {
        let (profile, claim) = sim.with(|context, now| (context.profile, claim(context, scope, fingerprint, now)));
        match claim {
            Claim::Fresh => return Ok(None),
            Claim::Replay(reply) => return Ok(Some(if profile.is_current() { reply.replayed() } else { reply })),
            Claim::Reused => return Err(reused()),
            Claim::Running if profile.is_current() => return Err(in_progress()),
            Claim::Running => sim.key_finished().await,
        }
    }
}

fn failure(error: &ApiError, profile: Profile, call: &Call, now: Timestamp) -> Reply {
    Reply::new(error.status(), &error.body(profile, &call.request_id, now))
}

/// The fault `latency_ms` inside: the key is claimed, the effect has not happened.
async fn pause(call: &Call) {
    if call.pause_ms > 0 {
        tokio::time::sleep(Duration::from_millis(call.pause_ms)).await;
    }
}

fn reused() -> ApiError {
    ApiError::conflict("Idempotency-Key was reused with a different request payload").coded("idempotency_key_reused")
}

fn in_progress() -> ApiError {
    ApiError::plain(StatusCode::CONFLICT, "A request with this Idempotency-Key is still running")
        .coded("idempotency_in_progress")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[tokio::test]
    async fn a_wait_for_a_key_is_bounded_and_a_restart_frees_the_key() {
        let sim = Sim::new(Settings { profile: Profile::June2026, ..Settings::default() }).unwrap();
        assert!(claim_or_wait(&sim, "k", "print").await.unwrap().is_none());
        assert!(await_claim(&sim, "k", "print", Duration::from_millis(50)).await.is_err());
        let saved = sim.read(|context, _| serde_json::to_vec(context)).unwrap();
        let context: Context = serde_json::from_slice(&saved).unwrap();
        let mut context = context.restore(sim.settings(), sim.clock().now());
        assert!(matches!(claim(&mut context, "k", "print", sim.clock().now()), Claim::Fresh));
    }

    #[test]
    fn the_fingerprint_is_that_of_the_canonical_body() {
        let body = r#"{"currency_code":"XOF","amount":25000,"metadata":{"order_id":"A-1007","b":true}}"#;
        let expected = "b7dc64dd51bc33497905f1b78db9d9a2e65e71ed637063751712fbe97b52ca59";
        assert_eq!(fingerprint(&serde_json::from_str(body).unwrap()), expected);
    }

    #[test]
    fn a_blank_key_is_no_key_and_a_long_one_is_cut() {
        assert_eq!(key_of("  "), None);
        assert_eq!(key_of(" k ").as_deref(), Some("k"));
        assert_eq!(key_of(&"x".repeat(300)).map(|key| key.len()), Some(255));
    }
}
