//! Secrets Manager without a socket: the one secret that the stack writes itself, behind the HTTP connector of the
//! AWS SDK.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{Builder, Credentials};
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use lambda_kit::config::SecretId;
use lambda_kit::secrets::WritableSecret;
use serde_json::{Value, json};

use crate::aws::{self, base_config, response};
use crate::faults::{Fault, Line};
use crate::wire::{Air, Broken};

const NAME: &str = "webhook-secret";
/// The value that the template creates the secret with.
const PLACEHOLDER: &str = r#"{"placeholder":"simulated"}"#;

/// The webhook secret with its previous version. Clones share it.
#[derive(Clone, Debug)]
pub struct Secrets(Arc<Mutex<Versions>>);

#[derive(Debug)]
struct Versions {
    current: Version,
    previous: Option<Version>,
    by_hand: usize,
    /// The names of all versions so far, once the stack manages its webhook.
    all: Option<BTreeSet<String>>,
}

/// One version of the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its name; for a secret that the stack stored, the endpoint's id.
    pub id: String,
    /// The signing secret.
    pub text: String,
}

impl Secrets {
    pub(crate) fn new(text: &str) -> Self {
        let current = Version { id: "put-in-by-hand-0".to_owned(), text: text.to_owned() };
        Self(Arc::new(Mutex::new(Versions { current, previous: None, by_hand: 0, all: None })))
    }

    /// The secret as the template creates it, without a real value.
    pub(crate) fn empty(&self) {
        *self.lock() = Versions {
            current: Version { id: "made-by-the-template".to_owned(), text: PLACEHOLDER.to_owned() },
            previous: None,
            by_hand: 0,
            all: Some(BTreeSet::new()),
        };
    }

    /// Stores a text as the current version and keeps the previous one.
    pub fn put_in(&self, text: &str) {
        let mut versions = self.lock();
        versions.by_hand += 1;
        let id = format!("put-in-by-hand-{}", versions.by_hand);
        versions.push(Version { id, text: text.to_owned() });
    }

    /// The versions that verify events, the current one first. Empty before the first value.
    #[must_use]
    pub fn known(&self) -> Vec<Version> {
        let versions = self.lock();
        let all = [Some(&versions.current), versions.previous.as_ref()].into_iter().flatten();
        all.filter(|version| version.text != PLACEHOLDER).cloned().collect()
    }

    /// Whether the secret of this endpoint was ever stored.
    pub(crate) fn has_known(&self, endpoint: &str) -> bool {
        self.lock().all.as_ref().is_none_or(|all| all.contains(endpoint))
    }

    /// The writable secret of the function, through the unmodified SDK.
    pub(crate) fn slot(&self, air: &Air) -> WritableSecret {
        let wire = Wire { secrets: self.clone(), air: air.clone() };
        let credentials = Credentials::new("simulated", "simulated", None, None, "simulation");
        let config = Builder::from(base_config())
            .http_client(SharedHttpClient::new(wire))
            .credentials_provider(credentials)
            // As for the table: one schedule must not use up another's retry allowance.
            .retry_partition(RetryPartition::custom("simulation").token_bucket(TokenBucket::default()).build())
            .build();
        WritableSecret::new(Client::from_conf(config), SecretId::parse(NAME).expect("a name"))
    }

    fn answer(&self, operation: &str, request: &Value) -> (u16, Value) {
        match operation {
            "GetSecretValue" => self.get(),
            "PutSecretValue" => self.put(request),
            other => panic!("the slot does not use {other}"),
        }
    }

    fn get(&self) -> (u16, Value) {
        let current = self.lock().current.clone();
        (200, json!({ "Name": NAME, "VersionId": current.id, "SecretString": current.text }))
    }

    /// Writing the same version with the same text again changes nothing, even when another one is current by now.
    fn put(&self, request: &Value) -> (u16, Value) {
        let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        let new = Version { id: text("ClientRequestToken"), text: text("SecretString") };
        let mut versions = self.lock();
        let there = [Some(&versions.current), versions.previous.as_ref()].into_iter().flatten();
        let found = there.into_iter().find(|version| version.id == new.id).cloned();
        match found {
            Some(version) if version != new => return (400, json!({ "__type": "ResourceExistsException" })),
            Some(_) => {}
            None => versions.push(new.clone()),
        }
        (200, json!({ "Name": NAME, "VersionId": new.id }))
    }

    fn lock(&self) -> MutexGuard<'_, Versions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Versions {
    fn push(&mut self, new: Version) {
        if let Some(all) = &mut self.all {
            all.insert(new.id.clone());
        }
        self.previous = Some(std::mem::replace(&mut self.current, new));
    }
}

#[derive(Clone, Debug)]
struct Wire {
    secrets: Secrets,
    air: Air,
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let wire = self.clone();
        HttpConnectorFuture::new(async move { wire.exchange(&request).await })
    }
}

impl Wire {
    async fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let (operation, body) = aws::read(request);
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let answer = self.air.carry(Line::Secrets, operation, |_| {
            let (secrets, operation, body) = (self.secrets.clone(), operation.to_owned(), body.clone());
            async move { secrets.answer(&operation, &body) }
        });
        match answer.await {
            Ok((status, body)) => response(status, body.to_string()),
            Err(Broken::NotSent) => Err(ConnectorError::io("no connection".into())),
            Err(Broken::Interrupted) => Err(ConnectorError::io("the connection broke".into())),
            Err(Broken::Answers(Fault::Refused)) => response(400, refusal("AccessDeniedException")),
            Err(Broken::Answers(_)) => response(500, refusal("InternalServiceError")),
        }
    }
}

fn refusal(code: &str) -> String {
    json!({ "__type": code, "message": "simulated" }).to_string()
}
