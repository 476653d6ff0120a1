//! The routes, and their mapping to the use cases.

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

    pub(crate) async fn handle(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        let body = self.verify(request, telemetry).await?;
        let ingested = receive(&self.context, body)
            .await
            .map_err(|error| Problem::new(Code::StoreUnavailable).because(error.reason()))?;
        let outcome = report(&ingested, telemetry);
        telemetry.word(Field::WebhookOutcome, outcome);
        self.heartbeat.record_webhook_received(&self.context, request.deadline).await;
        Response::json(200, &Acknowledgement { received: true, outcome })
    }

    /// Verifies the body. When no known secret matches, the secret is fetched once more before the event is refused,
    /// because it may just have been rotated.
    async fn verify<'a>(&self, request: &'a Request, telemetry: &mut Telemetry) -> Result<VerifiedBody<'a>, Problem> {
        let signatures = Signatures { legacy: request.header(LEGACY_HEADER), v1: request.header(V1_HEADER) };
        let known = self.secret.get(request.deadline).await.map_err(no_secret)?;
        match verify(signatures, &request.body, &secrets(&known)?) {
            Err(SignatureError::NoMatch) => {}
            verified => return verified.map_err(|_| refuse(telemetry)),
        }
        let fresh = self.secret.refresh(request.deadline).await.map_err(no_secret)?;
        match verify(signatures, &request.body, &secrets(&fresh)?) {
            // The event may be signed with the secret that the unusable text was meant to be, and lomi does not retry a
            // refused event.
            Err(SignatureError::NoMatch) if fresh.unusable.is_some() => Err(unreadable().because(UNUSABLE)),
            verified => verified.map_err(|_| refuse(telemetry)),
        }
    }
}

fn secrets(versions: &Versions) -> Result<Secrets, Problem> {
    let texts = std::iter::once(&versions.current).chain(&versions.previous);
    let parsed = texts.filter_map(|text| WebhookSecret::parse(text.expose()).ok()).collect();
    Secrets::new(parsed).map_err(|_| unreadable().because(UNUSABLE))
}

/// Answers 503, so that lomi sends the event again: the cause is on this side.
fn no_secret(error: SecretError) -> Problem {
    unreadable().because(match error {
        SecretError::Missing => "webhook_secret_missing",
        SecretError::Unusable(_) => UNUSABLE,
        SecretError::Unreachable => "webhook_secret_unreachable",
    })
}

const fn unreadable() -> Problem {
    Problem::new(Code::SecretsUnavailable)
}

fn refuse(telemetry: &mut Telemetry) -> Problem {
    telemetry.count(Counter::SignatureRejected);
    Problem::new(Code::Unauthorized)
}

fn report(ingested: &WebhookOutcome, telemetry: &mut Telemetry) -> &'static str {
    match ingested {
        WebhookOutcome::Order(id, settled) => {
            telemetry.id(Field::OrderId, id.as_str());
            telemetry.settled(settled)
        }
        WebhookOutcome::Ignored => "ignored",
        WebhookOutcome::Duplicate => "duplicate",
        // No alarm yet: the stack's own key reads the payment, and an alarm follows if lomi denies it.
        WebhookOutcome::Unproven(reason) => {
            telemetry.word(Field::WebhookReason, reason);
            "quarantined"
        }
        WebhookOutcome::Quarantined(reason) => {
            telemetry.word(Field::WebhookReason, reason);
            telemetry.quarantined()
        }
    }
}
