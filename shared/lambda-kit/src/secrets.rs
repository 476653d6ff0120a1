//! Secrets from Secrets Manager: cached for a minute, refreshed on demand, never printed.
//!
//! While Secrets Manager is unreachable, a fetched secret is served for up to 15 minutes: an outage of AWS must not
//! refuse authentic webhooks. A secret that Secrets Manager reports as deleted is never served again.
//!
//! A text that cannot be a secret of its kind (JSON from a console, another key) counts as missing, and the error says
//! why.

mod text;
mod writable_secret;

pub use text::{Kind, NotASecret, SecretText};
pub use writable_secret::WritableSecret;

use crate::config::SecretId;
use crate::system::now;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::SdkError;
use aws_sdk_secretsmanager::operation::get_secret_value::{GetSecretValueError, GetSecretValueOutput};
use aws_sdk_secretsmanager::primitives::DateTime;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

/// How long a fetched secret is used without another fetch.
const FRESH_FOR: Duration = Duration::from_secs(60);

/// How long a fetched secret is used while Secrets Manager is unreachable.
const USABLE_FOR: Duration = Duration::from_secs(15 * 60);

/// Shortest time between two calls of one kind ([`Fetch`]) once a value is known. Forged webhooks force refreshes, and
/// this bounds them. A routine fetch does not delay a refresh, because the secret may have been rotated right after it.
const MIN_INTERVAL: Duration = Duration::from_secs(5);

/// Longest wait for a secret, whatever the caller's own deadline.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// How long the previous version of a secret stays valid after a rotation. A rotation takes minutes, and a leaked
/// secret must not stay valid for ever.
const PREVIOUS_VALID_FOR_S: i64 = 24 * 60 * 60;

/// The start of the value with which the template creates a secret.
const PLACEHOLDER: &str = r#"{"placeholder":"#;

const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// The versions of a secret that are valid now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// Stage `AWSCURRENT`; the previous version while the text of that stage is unusable.
    pub current: SecretText,
    /// Stage `AWSPREVIOUS`. `None` when it was not requested, when the secret was never rotated, and when the rotation
    /// is more than a day ago.
    pub previous: Option<SecretText>,
    /// Why the text of one stage is unusable. While it is set, a signature that does not match may still be authentic.
    pub unusable: Option<NotASecret>,
}

/// Which stages a function needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stages {
    /// `AWSCURRENT`, to sign or to call with.
    Current,
    /// Also `AWSPREVIOUS`, to verify what was signed before a rotation.
    CurrentAndPrevious,
}

/// Why there is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Secrets Manager did not answer in time, or refused for now. A retry may help.
    #[error("Secrets Manager could not be reached")]
    Unreachable,
    /// The secret does not exist or has no value yet. A retry does not help.
    #[error("the secret does not exist or holds no text")]
    Missing,
    /// The text cannot be a secret of this kind. A retry does not help.
    #[error("the secret's text is {0}")]
    Unusable(NotASecret),
}

/// One secret. Clones share the cache and the single request in flight.
#[derive(Clone)]
pub struct Secret {
    client: Client,
    id: SecretId,
    kind: Kind,
    stages: Stages,
    cache: Arc<Mutex<Cache>>,
}

#[derive(Default)]
struct Cache {
    known: Option<Known>,
    /// The time of the last call of each kind.
    fetch_called_at: Option<Instant>,
    refresh_called_at: Option<Instant>,
}

/// Why Secrets Manager is called.
#[derive(Clone, Copy)]
enum Fetch {
    /// The known versions may be too old.
    Fetch,
    /// A signature verifies with none of the known versions.
    Refresh,
}

struct Known {
    versions: Arc<Versions>,
    fetched_at: Instant,
}

impl Secret {
    /// A secret that has not been fetched yet.
    #[must_use]
    pub fn new(client: Client, id: SecretId, kind: Kind, stages: Stages) -> Self {
        Self { client, id, kind, stages, cache: Arc::default() }
    }

    /// Starts the first fetch in the background, while the function waits for its first event.
    pub fn prefetch(&self) {
        let secret = self.clone();
        // A failure is ignored here: the first `get` fetches again and reports it.
        tokio::spawn(async move { secret.get(Instant::now() + LONGEST_WAIT).await.ok() });
    }

    /// The valid versions, at most a minute old, or 15 minutes while Secrets Manager is unreachable.
    ///
    /// # Errors
    /// [`SecretError`], at `deadline` or after 3 s at the latest.
    pub async fn get(&self, deadline: Instant) -> Result<Arc<Versions>, SecretError> {
        self.load(Fetch::Fetch, deadline).await
    }

    /// The versions of at most 5 s ago. For a signature that verifies with no known version: it may be refused only
    /// when no newer version exists, so nothing older is returned.
    ///
    /// # Errors
    /// [`SecretError`], at `deadline` or after 3 s at the latest.
    pub async fn refresh(&self, deadline: Instant) -> Result<Arc<Versions>, SecretError> {
        self.load(Fetch::Refresh, deadline).await
    }

    async fn load(&self, fetch: Fetch, deadline: Instant) -> Result<Arc<Versions>, SecretError> {
        let deadline = deadline.min(Instant::now() + LONGEST_WAIT);
        // The task that holds the lock fetches; the others wait for its result.
        let Ok(mut cache) = timeout_at(deadline, self.cache.lock()).await else {
            return Err(SecretError::Unreachable);
        };
        if let Some(answer) = cache.answer(fetch) {
            return answer;
        }
        *cache.called_at(fetch) = Some(Instant::now());
        let fetched = timeout_at(deadline, self.fetch()).await.unwrap_or(Err(SecretError::Unreachable));
        cache.store(fetch, fetched)
    }

    async fn fetch(&self) -> Result<Versions, SecretError> {
        if self.stages == Stages::Current {
            return Ok(Versions { current: self.stage(CURRENT).await?.0?, previous: None, unusable: None });
        }
        let (current, previous) = tokio::join!(self.stage(CURRENT), self.stage(PREVIOUS));
        let previous = match previous {
            Ok((previous, _)) => Some(previous),
            Err(SecretError::Missing | SecretError::Unusable(_)) => None,
            // Without the previous version an authentic signature could look forged, so half an answer is an error.
            Err(SecretError::Unreachable) => return Err(SecretError::Unreachable),
        };
        let (current, made_at_s) = current?;
        let is_recent = made_at_s.is_none_or(|made_at_s| now().as_s() < made_at_s.saturating_add(PREVIOUS_VALID_FOR_S));
        match (current, previous.filter(|_| is_recent)) {
            (Ok(current), None) => Ok(Versions { current, previous: None, unusable: None }),
            (Ok(current), Some(Ok(previous))) => Ok(Versions { current, previous: Some(previous), unusable: None }),
            // An unusable text in the middle of a rotation hides the version before it.
            (Ok(current), Some(Err(wrong))) => Ok(Versions { current, previous: None, unusable: Some(wrong) }),
            (Err(wrong), Some(Ok(current))) => Ok(Versions { current, previous: None, unusable: Some(wrong) }),
            (Err(wrong), _) => Err(SecretError::Unusable(wrong)),
        }
    }

    /// The text of a stage, and when its version was created, in seconds since the epoch.
    async fn stage(&self, stage: &str) -> Result<(Result<SecretText, NotASecret>, Option<i64>), SecretError> {
        let request = self.client.get_secret_value().secret_id(self.id.as_str()).version_stage(stage);
        let answer = request.send().await.map_err(|error| classify(&error))?;
        let text = put_in(&answer).ok_or(SecretError::Missing)?;
        Ok((SecretText::parse(text, self.kind), answer.created_date().map(DateTime::secs)))
    }
}

impl From<NotASecret> for SecretError {
    fn from(wrong: NotASecret) -> Self {
        Self::Unusable(wrong)
    }
}

impl Cache {
    fn called_at(&mut self, fetch: Fetch) -> &mut Option<Instant> {
        match fetch {
            Fetch::Fetch => &mut self.fetch_called_at,
            Fetch::Refresh => &mut self.refresh_called_at,
        }
    }

    /// The answer without a call: the known versions are fresh enough, or the last call is less than [`MIN_INTERVAL`]
    /// ago.
    fn answer(&mut self, fetch: Fetch) -> Option<Result<Arc<Versions>, SecretError>> {
        let called_lately = self.called_at(fetch).is_some_and(|at| at.elapsed() < MIN_INTERVAL);
        let known = self.known.as_ref()?;
        let age = known.fetched_at.elapsed();
        let versions = Ok(Arc::clone(&known.versions));
        match fetch {
            Fetch::Fetch if age < FRESH_FOR || (called_lately && age < USABLE_FOR) => Some(versions),
            Fetch::Refresh if called_lately && age < MIN_INTERVAL => Some(versions),
            Fetch::Refresh if called_lately => Some(Err(SecretError::Unreachable)),
            Fetch::Fetch | Fetch::Refresh => None,
        }
    }

    fn store(&mut self, fetch: Fetch, fetched: Result<Versions, SecretError>) -> Result<Arc<Versions>, SecretError> {
        match fetched {
            Ok(versions) => {
                let versions = Arc::new(versions);
                self.known = Some(Known { versions: Arc::clone(&versions), fetched_at: Instant::now() });
                Ok(versions)
            }
            Err(SecretError::Unreachable) => match &self.known {
                Some(known) if matches!(fetch, Fetch::Fetch) && known.fetched_at.elapsed() < USABLE_FOR => {
                    Ok(Arc::clone(&known.versions))
                }
                _ => Err(SecretError::Unreachable),
            },
            Err(none @ (SecretError::Missing | SecretError::Unusable(_))) => {
                self.known = None;
                Err(none)
            }
        }
    }
}

/// The stored text without surrounding white space; `None` when it is empty or the placeholder.
fn put_in(answer: &GetSecretValueOutput) -> Option<&str> {
    let text = answer.secret_string().unwrap_or_default().trim();
    (!text.is_empty() && !text.starts_with(PLACEHOLDER)).then_some(text)
}

fn classify(error: &SdkError<GetSecretValueError>) -> SecretError {
    match error.as_service_error() {
        Some(service) if service.is_resource_not_found_exception() || service.is_invalid_request_exception() => {
            SecretError::Missing
        }
        _ => SecretError::Unreachable,
    }
}
