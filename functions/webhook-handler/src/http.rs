//! Wire <-> use case.

use checkout::Context;
use checkout::webhooks::heartbeat::Heartbeat;
use checkout::webhooks::{WebhookOutcome, receive};
use lambda_kit::config::SecretId;
use lambda_kit::http::{Limits, Request, Response};
use lambda_kit::problem::{Code, Problem};
use lambda_kit::secrets::{Kind, Secret, SecretError, Stages, Versions};
use lambda_kit::telemetry::{Counter, Field, Telemetry};
use lambda_kit::wiring::{Connected, TableName};
use lomi_client::webhook::{LEGACY_HEADER, V1_HEADER};
use lomi_client::webhook::{Secrets, SignatureError, Signatures, VerifiedBody, WebhookSecret, verify};
use serde::Serialize;
use std::time::Duration;

pub(crate) const LIMITS: Limits = Limits { body_bytes: 256 * 1024, budget: Duration::from_secs(3), queries: &[] };

pub(crate) struct App {
    context: Context,
    secret: Secret,
    heartbeat: Heartbeat,
}

const UNUSABLE: &str = "webhook_secret_unusable";

#[derive(Serialize)]
struct Acknowledgement {
    received: bool,
    outcome: &'static str,
}

impl App {
    pub(crate) fn new(connected: &Connected, table: TableName, secret: SecretId) -> Self {
        Self {
            context: connected.context(table),
            secret: connected.secret(secret, Kind::WebhookSecret, Stages::CurrentAndPrevious),
            heartbeat: Heartbeat::default(),
        }
    }

    pub(crate) async fn handle(&self, request: &Request, event: &mut Telemetry) -> Result<Response, Problem> {
        let body = self.verify(request, event).await?;
        let ingested = receive(&self.context, body).await.map_err(|error| unavailable().because(error.reason()))?;
        let outcome = report(&ingested, event);
        event.word(Field::WebhookOutcome, outcome);
        self.heartbeat.record_webhook_received(&self.context, request.deadline).await;
        Response::json(200, &Acknowledgement { received: true, outcome })
    }

    /// The bytes as lomi. signed them. A secret that was rotated at lomi. a moment ago is fetched once before refusing.
    async fn verify<'a>(&self, request: &'a Request, event: &mut Telemetry) -> Result<VerifiedBody<'a>, Problem> {
        let signatures = Signatures { legacy: request.header(LEGACY_HEADER), v1: request.header(V1_HEADER) };
        let known = self.secret.get(request.deadline).await.map_err(no_secret)?;
        match verify(signatures, &request.body, &secrets(&known)?) {
            Err(SignatureError::NoMatch) => {}
            verified => return verified.map_err(|_| refuse(event)),
        }
        let fresh = self.secret.refresh(request.deadline).await.map_err(no_secret)?;
        match verify(signatures, &request.body, &secrets(&fresh)?) {
            // It may be signed with the secret that somebody meant to put in: a refusal would be final.
            Err(SignatureError::NoMatch) if fresh.unusable.is_some() => Err(unavailable().because(UNUSABLE)),
            verified => verified.map_err(|_| refuse(event)),
        }
    }
}

fn secrets(versions: &Versions) -> Result<Secrets, Problem> {
    let texts = std::iter::once(&versions.current).chain(&versions.previous);
    let parsed = texts.filter_map(|text| WebhookSecret::parse(text.expose()).ok()).collect();
    Secrets::new(parsed).map_err(|_| unavailable().because(UNUSABLE))
}

/// Whatever keeps us from knowing the secret, it is not lomi.'s fault: lomi. shall try again.
fn no_secret(error: SecretError) -> Problem {
    unavailable().because(match error {
        SecretError::Missing => "webhook_secret_missing",
        SecretError::Unusable(_) => UNUSABLE,
        SecretError::Unreachable => "webhook_secret_unreachable",
    })
}

const fn unavailable() -> Problem {
    Problem::new(Code::StoreUnavailable)
}

fn refuse(event: &mut Telemetry) -> Problem {
    event.count(Counter::SignatureRejected);
    Problem::new(Code::Unauthorized)
}

fn report(ingested: &WebhookOutcome, event: &mut Telemetry) -> &'static str {
    match ingested {
        WebhookOutcome::Order(id, settled) => {
            event.id(Field::OrderId, id.as_str());
            event.settled(settled)
        }
        WebhookOutcome::Ignored => "ignored",
        WebhookOutcome::Duplicate => "duplicate",
        // No alarm: most often it is ours, and our own key is asked. What lomi. denies to it rings then.
        WebhookOutcome::Unproven(reason) => {
            event.word(Field::WebhookReason, reason);
            "quarantined"
        }
        WebhookOutcome::Quarantined(reason) => {
            event.word(Field::WebhookReason, reason);
            event.quarantined()
        }
    }
}
