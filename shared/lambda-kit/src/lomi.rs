//! The lomi client, with the key from Secrets Manager: a rotated key is in use within a minute, without a deployment.

use crate::config::{EnvReader, SecretId};
use crate::problem::{Code, Problem};
use crate::secrets::{NotASecret, Secret, SecretError, SecretText};
use crate::telemetry::{Counter, Field, Telemetry};
use domain::Environment;
use lomi_client::{Client, SecretKey};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

/// Short enough for a second attempt within the deadline of a use case.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(6);

/// The address of lomi, and the secret that holds its key.
#[derive(Debug)]
pub struct LomiSettings {
    pub(crate) base_url: Url,
    pub(crate) secret_key: SecretId,
}

impl LomiSettings {
    /// Reads `LOMI_BASE_URL` and `LOMI_SECRET_KEY_ID`.
    pub fn read(env: &mut EnvReader<'_>) -> Option<Self> {
        let base_url = env.origin("LOMI_BASE_URL");
        let secret_key = env.secret_id("LOMI_SECRET_KEY_ID");
        Some(Self { base_url: base_url?, secret_key: secret_key? })
    }

    /// The name or ARN of the secret, for display.
    #[must_use]
    pub fn secret_key_id(&self) -> &str {
        self.secret_key.as_str()
    }
}

/// Why there is no client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialError {
    /// The secret holds no key yet.
    Missing,
    /// Secrets Manager did not answer in time.
    Unreachable,
    /// The secret's text cannot be a key. It is not sent.
    NotASecret(NotASecret),
    /// The key's prefix names the other environment. It is not sent.
    Foreign,
    /// The key does not parse, lomi refuses it, or lomi says that it belongs to the other environment.
    Unusable,
    /// An older key does not name its environment, and lomi did not answer `GET /me`.
    Unproven,
}

impl CredentialError {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "secret_key_missing",
            Self::Unreachable => "secret_key_unreachable",
            Self::NotASecret(_) | Self::Foreign | Self::Unusable => "secret_key_unusable",
            Self::Unproven => "secret_key_unproven",
        }
    }
}

impl From<SecretError> for CredentialError {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::Missing => Self::Missing,
            SecretError::Unreachable => Self::Unreachable,
            SecretError::Unusable(wrong) => Self::NotASecret(wrong),
        }
    }
}

/// A lomi client that follows the rotation of its key.
pub struct Lomi {
    secret_key: Secret,
    base_url: Url,
    environment: Environment,
    /// Cached by key, because every new client has a new connection pool.
    current: Mutex<Option<(SecretText, Client)>>,
}

impl Lomi {
    pub(crate) fn new(secret_key: Secret, base_url: Url, environment: Environment) -> Self {
        Self { secret_key, base_url, environment, current: Mutex::new(None) }
    }

    /// A client with the current key. `None`, with the reason in `telemetry`, when the key cannot be fetched, is not set
    /// yet, or does not belong to this stack's environment.
    pub async fn client(&self, deadline: Instant, telemetry: &mut Telemetry) -> Option<Client> {
        self.try_client(deadline, telemetry).await.ok()
    }

    /// [`Self::client`], with the reason returned as well.
    pub async fn try_client(&self, deadline: Instant, telemetry: &mut Telemetry) -> Result<Client, CredentialError> {
        let client = match self.secret_key.get(deadline).await {
            Ok(versions) => self.client_for(&versions.current, deadline).await,
            Err(error) => Err(error.into()),
        };
        client.inspect_err(|error| {
            telemetry.word(Field::LomiErrorCode, error.as_str());
            if *error == CredentialError::Unreachable {
                telemetry.count(Counter::OwnFailures);
            }
        })
    }

    /// A client whose environment may be unproven. Use it to inspect the key, and for nothing else.
    pub async fn any_client(&self, deadline: Instant) -> Result<Client, CredentialError> {
        let versions = self.secret_key.get(deadline).await?;
        let key = SecretKey::parse(versions.current.expose()).map_err(|_| CredentialError::Unusable)?;
        if key.environment().is_some_and(|of_key| !is_of(of_key, self.environment)) {
            return Err(CredentialError::Foreign);
        }
        self.build(&versions.current).ok_or(CredentialError::Unusable)
    }

    /// [`Self::client`], with `provider_unavailable` as the error.
    pub async fn client_or_refusal(&self, deadline: Instant, telemetry: &mut Telemetry) -> Result<Client, Problem> {
        self.client(deadline, telemetry).await.ok_or(Problem::new(Code::ProviderUnavailable))
    }

    async fn client_for(&self, key: &SecretText, deadline: Instant) -> Result<Client, CredentialError> {
        let mut current = self.current.lock().await;
        if let Some((known, client)) = current.as_ref()
            && known == key
        {
            return Ok(client.clone());
        }
        let client = self.build(key).ok_or(CredentialError::Unusable)?;
        if !self.belongs_here(&client, deadline).await? {
            return Err(CredentialError::Unusable);
        }
        *current = Some((key.clone(), client.clone()));
        Ok(client)
    }

    /// `None` when the text is no key, or the host is not lomi's.
    fn build(&self, key: &SecretText) -> Option<Client> {
        let key = SecretKey::parse(key.expose()).ok()?;
        Client::builder(key)
            .base_url(self.base_url.origin().ascii_serialization())
            .attempt_timeout(ATTEMPT_TIMEOUT)
            .build()
            .ok()
    }

    /// An older key does not name its environment; `GET /me` does.
    async fn belongs_here(&self, client: &Client, deadline: Instant) -> Result<bool, CredentialError> {
        let environment = match client.environment() {
            Some(environment) => Some(environment),
            None => client.me().deadline(deadline).send().await.map_err(|error| unproven(&error))?.environment,
        };
        Ok(environment.is_some_and(|of_key| is_of(of_key, self.environment)))
    }
}

/// The error of a key for which `GET /me` failed.
fn unproven(error: &lomi_client::Error) -> CredentialError {
    match error.status() {
        Some(401 | 403) => CredentialError::Unusable,
        _ => CredentialError::Unproven,
    }
}

/// Whether a key of lomi's environment `of_key` belongs to a stack of `environment`.
#[must_use]
pub fn is_of(of_key: lomi_client::Environment, environment: Environment) -> bool {
    match of_key {
        lomi_client::Environment::Test => environment == Environment::Sandbox,
        lomi_client::Environment::Live => environment == Environment::Live,
    }
}

/// Reports a failed call of lomi to `telemetry`.
pub fn report(error: &lomi_client::Error, telemetry: &mut Telemetry) {
    telemetry.number(Field::LomiStatus, error.status().unwrap_or_default());
    telemetry.number(Field::LomiCalls, error.attempts());
    if let Some(id) = error.request_id() {
        telemetry.id(Field::LomiRequestId, id);
    }
}
