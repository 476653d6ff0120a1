//! lomi., with the key as Secrets Manager has it: a rotated key is in use within a minute, without a deployment.

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

/// One try must leave room for another within a flow's own budget.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(6);

/// Where lomi. is and where its key lies.
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

    /// Where the key lies, for people: a name or an ARN, and no secret.
    #[must_use]
    pub fn secret_key_id(&self) -> &str {
        self.secret_key.as_str()
    }
}

/// Why there is no client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialError {
    /// Nobody has put a key into the secret yet.
    Missing,
    /// Secrets Manager gave no answer in time.
    Unreachable,
    /// What somebody has put in cannot be a key; it is sent nowhere.
    NotASecret(NotASecret),
    /// The key says itself that it belongs to the other environment; it is sent nowhere.
    Foreign,
    /// What the secret holds is no key, or lomi. says that it is one of the other environment.
    Unusable,
    /// An older key does not say its environment, and lomi. did not answer the question.
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

/// A client of lomi. that follows its key.
pub struct Lomi {
    secret_key: Secret,
    base_url: Url,
    environment: Environment,
    /// Building a client means a new connection pool, so it is built anew only for a new key.
    current: Mutex<Option<(SecretText, Client)>>,
}

impl Lomi {
    pub(crate) fn new(secret_key: Secret, base_url: Url, environment: Environment) -> Self {
        Self { secret_key, base_url, environment, current: Mutex::new(None) }
    }

    /// A client with the key that is valid now. `None`, and the event says why, when the key cannot be fetched, is not
    /// there yet, or does not belong to this stack's environment and host.
    pub async fn client(&self, deadline: Instant, event: &mut Telemetry) -> Option<Client> {
        self.try_client(deadline, event).await.ok()
    }

    /// The same for a caller who tells people what to do about it.
    ///
    /// # Errors
    /// [`CredentialError`]; the event says it, too.
    pub async fn try_client(&self, deadline: Instant, event: &mut Telemetry) -> Result<Client, CredentialError> {
        let client = match self.secret_key.get(deadline).await {
            Ok(versions) => self.client_for(&versions.current, deadline).await,
            Err(error) => Err(error.into()),
        };
        client.inspect_err(|trouble| {
            event.word(Field::LomiErrorCode, trouble.as_str());
            if *trouble == CredentialError::Unreachable {
                event.count(Counter::OwnFailures);
            }
        })
    }

    /// A client with the key as it is, also one that does not say its environment: to find out about the key, and for
    /// nothing else.
    ///
    /// # Errors
    /// [`CredentialError`], at `deadline` at the latest.
    pub async fn any_client(&self, deadline: Instant) -> Result<Client, CredentialError> {
        let versions = self.secret_key.get(deadline).await?;
        let key = SecretKey::parse(versions.current.expose()).map_err(|_| CredentialError::Unusable)?;
        if key.environment().is_some_and(|of_key| !is_of(of_key, self.environment)) {
            return Err(CredentialError::Foreign);
        }
        self.build(&versions.current).ok_or(CredentialError::Unusable)
    }

    /// The same for a request that cannot do without.
    ///
    /// # Errors
    /// `provider_unavailable`.
    pub async fn client_or_refusal(&self, deadline: Instant, event: &mut Telemetry) -> Result<Client, Problem> {
        self.client(deadline, event).await.ok_or(Problem::new(Code::ProviderUnavailable))
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

    /// `None` for what is no key, or a host that is not lomi.'s.
    fn build(&self, key: &SecretText) -> Option<Client> {
        let key = SecretKey::parse(key.expose()).ok()?;
        Client::builder(key)
            .base_url(self.base_url.origin().ascii_serialization())
            .attempt_timeout(ATTEMPT_TIMEOUT)
            .build()
            .ok()
    }

    /// An older key does not say its environment; lomi. does.
    async fn belongs_here(&self, client: &Client, deadline: Instant) -> Result<bool, CredentialError> {
        let environment = match client.environment() {
            Some(environment) => Some(environment),
            None => client.me().deadline(deadline).send().await.map_err(|error| unproven(&error))?.environment,
        };
        Ok(environment.is_some_and(|of_key| is_of(of_key, self.environment)))
    }
}

/// What a failed question whose key it is says of the key.
fn unproven(error: &lomi_client::Error) -> CredentialError {
    match error.status() {
        Some(401 | 403) => CredentialError::Unusable,
        _ => CredentialError::Unproven,
    }
}

/// Whether a key of lomi.'s environment `of_key` belongs to a stack of `environment`.
#[must_use]
pub fn is_of(of_key: lomi_client::Environment, environment: Environment) -> bool {
    match of_key {
        lomi_client::Environment::Test => environment == Environment::Sandbox,
        lomi_client::Environment::Live => environment == Environment::Live,
    }
}

/// Tells `event` what lomi. said to a call that failed.
pub fn report(error: &lomi_client::Error, event: &mut Telemetry) {
    event.number(Field::LomiStatus, error.status().unwrap_or_default());
    event.number(Field::LomiCalls, error.attempts());
    if let Some(id) = error.request_id() {
        event.id(Field::LomiRequestId, id);
    }
}
