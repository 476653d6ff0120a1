//! One invocation.

use crate::next_step::{Names, next_step};
use crate::task::Task;
use checkout::system::Clock;
use checkout::webhook_registration::{Known, PATH, Status, Wanted, ensure, marker, remove};
use domain::Environment;
use lambda_kit::config::SecretId;
use lambda_kit::custom_resource::{CustomResourceRequest, Event, ResponseSender};
use lambda_kit::event_function::{Failed, run_isolated};
use lambda_kit::lomi::{CredentialError, Lomi, LomiSettings, report};
use lambda_kit::secrets::WritableSecret;
use lambda_kit::telemetry::{Counter, Field, Telemetry};
use lambda_kit::wiring::Connected;
use lomi_client::{Client, NewWebhookEndpoint};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// Well below the function's time-out: without a response in time CloudFormation fails the deployment.
pub(crate) const BUDGET: Duration = Duration::from_secs(45);

/// The part of the budget that is reserved for the response to CloudFormation.
const ANSWERING: Duration = Duration::from_secs(14);

/// The work stops this much before its hard deadline, because it can say what it knows; the hard deadline cannot.
const MARGIN: Duration = Duration::from_millis(200);

/// The response to CloudFormation, and to any other invoker.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Answer {
    status: &'static str,
    next_step: String,
}

pub(crate) struct App {
    environment: Environment,
    clock: Clock,
    lomi: Lomi,
    key_id: String,
    secret: WritableSecret,
    answerer: ResponseSender,
    marker: String,
    public_origin: Option<Url>,
}

impl App {
    pub(crate) fn new(
        connected: &Connected,
        lomi: LomiSettings,
        webhook_secret: SecretId,
        public_origin: Option<Url>,
    ) -> Self {
        Self {
            environment: connected.function.environment,
            clock: connected.clock(),
            key_id: lomi.secret_key_id().to_owned(),
            lomi: connected.lomi(lomi),
            secret: connected.slot(webhook_secret),
            answerer: connected.answerer(),
            marker: marker(connected.function.stack.as_str()),
            public_origin,
        }
    }

    /// Responds to CloudFormation whatever the outcome, so that a deployment never waits.
    pub(crate) async fn run(
        &self,
        event: &Value,
        deadline: Instant,
        telemetry: &mut Telemetry,
    ) -> Result<Answer, Failed> {
        let (task, request) = match Event::read(event, self.environment) {
            Event::Other => (Task::by_hand(event), None),
            Event::Asked(request) => (Task::of(&request), Some(request)),
            Event::Forged => (Task::Unreadable, None),
        };
        let hard_deadline = deadline.checked_sub(ANSWERING).unwrap_or(deadline);
        let until = hard_deadline.checked_sub(MARGIN).unwrap_or(hard_deadline);
        let status =
            run_isolated(hard_deadline, telemetry, async |telemetry| self.work(&task, until, telemetry).await).await;
        let answer = self.tell(&task, status.unwrap_or(Status::Failed), telemetry);
        match request {
            Some(request) => self.respond(&task, &request, answer, deadline, telemetry).await,
            None => Ok(answer),
        }
    }

    /// Fails when CloudFormation could not be reached, so that Lambda retries the invocation.
    async fn respond(
        &self,
        task: &Task,
        request: &CustomResourceRequest,
        answer: Answer,
        deadline: Instant,
        telemetry: &mut Telemetry,
    ) -> Result<Answer, Failed> {
        if self.answerer.succeed(request, task.physical_id(request), &answer, deadline).await {
            return Ok(answer);
        }
        telemetry.word(Field::ProblemCause, "cloudformation_not_answered");
        Err(Failed)
    }

    fn tell(&self, task: &Task, status: Status, telemetry: &mut Telemetry) -> Answer {
        telemetry.word(Field::WebhookEndpointStatus, status.as_str());
        if status.is_failure() {
            telemetry.count(Counter::WebhookEndpointFailed);
        }
        let url = match task {
            Task::Ensure { url, .. } | Task::Remove { url } => url.as_str(),
            Task::Unreadable => "",
        };
        let names = Names { url, key: &self.key_id, secret: self.secret.id() };
        Answer { status: status.as_str(), next_step: next_step(status, &names) }
    }

    async fn work(&self, task: &Task, deadline: Instant, telemetry: &mut Telemetry) -> Status {
        match task {
            Task::Ensure { url, rotate } => self.ensure(url, *rotate, deadline, telemetry).await,
            Task::Remove { url } => self.remove(url, deadline, telemetry).await,
            Task::Unreadable => Status::RequestUnreadable,
        }
    }

    async fn ensure(&self, url: &str, rotate: bool, deadline: Instant, telemetry: &mut Telemetry) -> Status {
        let lomi = match self.client(deadline, telemetry).await {
            Ok(lomi) => lomi,
            Err(status) => return status,
        };
        let Ok(version) = self.secret.version(deadline).await else { return Status::SecretsUnreachable };
        let known = Known { version: version.as_deref(), rotate, now: self.clock.now() };
        let keep = async |new: &NewWebhookEndpoint, by: Instant| {
            self.secret.put(new.secret.expose(), new.endpoint.webhook_endpoint_id.as_str(), by).await.ok()
        };
        let ended = ensure(&lomi, &self.wanted(url), &known, keep, deadline).await;
        ended.unwrap_or_else(|error| {
            report(&error, telemetry);
            Status::of_error(&error)
        })
    }

    /// A failure to remove the webhook does not stop the deletion of the stack.
    async fn remove(&self, url: &str, deadline: Instant, telemetry: &mut Telemetry) -> Status {
        let Ok(lomi) = self.client(deadline, telemetry).await else { return Status::NotRemoved };
        // Without the version, an endpoint of this stack that lacks the marker is not recognised.
        let Ok(version) = self.secret.version(deadline).await else { return Status::NotRemoved };
        let known = Known { version: version.as_deref(), rotate: false, now: self.clock.now() };
        let ended = remove(&lomi, &self.wanted(url), &known, deadline).await;
        ended.unwrap_or_else(|error| {
            report(&error, telemetry);
            Status::NotRemoved
        })
    }

    async fn client(&self, deadline: Instant, telemetry: &mut Telemetry) -> Result<Client, Status> {
        self.lomi.try_client(deadline, telemetry).await.map_err(|error| match error {
            CredentialError::Missing => Status::WaitingForKey,
            CredentialError::NotASecret(_) | CredentialError::Foreign | CredentialError::Unusable => {
                Status::KeyOfOtherEnvironment
            }
            CredentialError::Unreachable => Status::SecretsUnreachable,
            CredentialError::Unproven => Status::LomiUnreachable,
        })
    }

    fn wanted(&self, url: &str) -> Wanted {
        let own_url = self.public_origin.as_ref().and_then(|origin| origin.join(PATH).ok()).map(String::from);
        Wanted { url: url.to_owned(), own_url, marker: self.marker.clone() }
    }
}
