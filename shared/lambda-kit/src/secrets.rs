//! Secrets from Secrets Manager: cached for a minute, refreshed on demand, never printed.
//!
//! A secret that cannot be refreshed because Secrets Manager is out of reach is served for up to 15 minutes more: an
//! outage of AWS must not turn authentic webhooks away, and a payment provider's key does not change by itself. A
//! secret that Secrets Manager says is gone is never served again.
//!
//! A text that cannot be a secret of its kind (JSON from a console, another key) counts as none, and the error says why.

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

/// How long a fetched secret is used without asking again.
const FRESH_FOR: Duration = Duration::from_secs(60);

/// How long after its last fetch a secret is still used when Secrets Manager cannot be reached.
const USABLE_FOR: Duration = Duration::from_secs(15 * 60);

/// Two questions of one kind to Secrets Manager lie at least this far apart once a value is known: forged webhooks force
/// refreshes, and must not be able to force more than this. A routine fetch does not count against a forced one: the
/// secret may have been rotated right after it.
const ASK_AT_MOST_EVERY: Duration = Duration::from_secs(5);

/// Longest wait for a secret, whatever the caller's own deadline.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// How long the previous version of a secret is still valid beside the current one: a rotation takes minutes, and a
/// secret that was replaced because it leaked must not stay good for ever.
const PREVIOUS_VALID_FOR_S: i64 = 24 * 60 * 60;

/// How the value begins that the template creates a secret with, until its owner puts the real one in.
const PLACEHOLDER: &str = r#"{"placeholder":"#;

const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// The versions of a secret that are valid now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// Stage `AWSCURRENT`; the version before it while that one is [`Self::unusable`].
    pub current: SecretText,
    /// Stage `AWSPREVIOUS`: what was current before the last rotation. `None` when not asked for, never rotated, or
    /// rotated more than a day ago.
    pub previous: Option<SecretText>,
    /// What is wrong with the text that was put in last. What is signed with the secret that was meant cannot be told from
    /// what is forged then.
    pub unusable: Option<NotASecret>,
}

/// Which stages a function needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stages {
    /// `AWSCURRENT`: to sign or to call with.
    Current,
    /// Also `AWSPREVIOUS`: to verify what was signed before a rotation.
    CurrentAndPrevious,
}

/// Why there is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Secrets Manager gave no answer in time, or refused to give one now. Trying again may help.
    #[error("Secrets Manager could not be reached")]
    Unreachable,
    /// Secrets Manager answered, and there is no such secret, or nobody has put its value in yet. Trying again does not help.
    #[error("the secret does not exist or holds no text")]
    Missing,
    /// Secrets Manager answered with a text that cannot be such a secret. Trying again does not help.
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
    /// When the last fetch of each kind was asked.
    fetch_asked_at: Option<Instant>,
    refresh_asked_at: Option<Instant>,
}

/// Why Secrets Manager is asked.
#[derive(Clone, Copy)]
enum Fetch {
    /// The known versions may be too old.
    Fetch,
    /// The known versions do not explain what was seen.
    Refresh,
}

struct Known {
    versions: Arc<Versions>,
    fetched_at: Instant,
}

impl Secret {
    /// A secret that is not fetched yet.
    #[must_use]
    pub fn new(client: Client, id: SecretId, kind: Kind, stages: Stages) -> Self {
        Self { client, id, kind, stages, cache: Arc::default() }
    }

    /// Starts the first fetch in the background, so that it overlaps with the wait for the first event.
    pub fn prefetch(&self) {
        let secret = self.clone();
        // A failure is no loss: the first `get` asks again and reports.
        tokio::spawn(async move { secret.get(Instant::now() + LONGEST_WAIT).await.ok() });
    }

    /// The valid versions, at most a minute old, or older as the module's text says.
    ///
    /// # Errors
    /// [`SecretError`], at `deadline` or after 3 s at the latest.
    pub async fn get(&self, deadline: Instant) -> Result<Arc<Versions>, SecretError> {
        self.load(Fetch::Fetch, deadline).await
    }

    /// The versions as Secrets Manager has them now, or had them within the last 5 s. For a signature that verifies under
    /// no known version: whoever refuses it must know that no newer one exists, so nothing older is served here.
    ///
    /// # Errors
    /// [`SecretError`], at `deadline` or after 3 s at the latest.
    pub async fn refresh(&self, deadline: Instant) -> Result<Arc<Versions>, SecretError> {
        self.load(Fetch::Refresh, deadline).await
    }

    async fn load(&self, fetch: Fetch, deadline: Instant) -> Result<Arc<Versions>, SecretError> {
        let deadline = deadline.min(Instant::now() + LONGEST_WAIT);
        // Whoever holds the lock fetches; the others wait for its result.
        let Ok(mut cache) = timeout_at(deadline, self.cache.lock()).await else {
            return Err(SecretError::Unreachable);
        };
        if let Some(answer) = cache.without_asking(fetch) {
            return answer;
        }
        *cache.asked_at(fetch) = Some(Instant::now());
        let fetched = timeout_at(deadline, self.fetch()).await.unwrap_or(Err(SecretError::Unreachable));
        cache.settle(fetch, fetched)
    }

    async fn fetch(&self) -> Result<Versions, SecretError> {
        if self.stages == Stages::Current {
            return Ok(Versions { current: self.stage(CURRENT).await?.0?, previous: None, unusable: None });
        }
        let (current, previous) = tokio::join!(self.stage(CURRENT), self.stage(PREVIOUS));
        let previous = match previous {
            Ok((previous, _)) => Some(previous),
            Err(SecretError::Missing | SecretError::Unusable(_)) => None,
            // Without it an authentic signature could look forged: no answer is better than half of one.
            Err(SecretError::Unreachable) => return Err(SecretError::Unreachable),
        };
        let (current, made_at_s) = current?;
        let is_recent = made_at_s.is_none_or(|made_at_s| now().as_s() < made_at_s.saturating_add(PREVIOUS_VALID_FOR_S));
        match (current, previous.filter(|_| is_recent)) {
            (Ok(current), None) => Ok(Versions { current, previous: None, unusable: None }),
            (Ok(current), Some(Ok(previous))) => Ok(Versions { current, previous: Some(previous), unusable: None }),
            // A slip in the middle of a rotation has pushed the one before it out of sight.
            (Ok(current), Some(Err(wrong))) => Ok(Versions { current, previous: None, unusable: Some(wrong) }),
            (Err(wrong), Some(Ok(current))) => Ok(Versions { current, previous: None, unusable: Some(wrong) }),
            (Err(wrong), _) => Err(SecretError::Unusable(wrong)),
        }
    }

    /// The text, and when this version was made, in seconds since the epoch.
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
    fn asked_at(&mut self, fetch: Fetch) -> &mut Option<Instant> {
        match fetch {
            Fetch::Fetch => &mut self.fetch_asked_at,
            Fetch::Refresh => &mut self.refresh_asked_at,
        }
    }

    /// The known versions when they answer the fetch, or when it is too early to ask it again.
    fn without_asking(&mut self, fetch: Fetch) -> Option<Result<Arc<Versions>, SecretError>> {
        let asked_lately = self.asked_at(fetch).is_some_and(|at| at.elapsed() < ASK_AT_MOST_EVERY);
        let known = self.known.as_ref()?;
        let age = known.fetched_at.elapsed();
        let versions = Ok(Arc::clone(&known.versions));
        match fetch {
            Fetch::Fetch if age < FRESH_FOR || (asked_lately && age < USABLE_FOR) => Some(versions),
            Fetch::Refresh if asked_lately && age < ASK_AT_MOST_EVERY => Some(versions),
            Fetch::Refresh if asked_lately => Some(Err(SecretError::Unreachable)),
            Fetch::Fetch | Fetch::Refresh => None,
        }
    }

    fn settle(&mut self, fetch: Fetch, fetched: Result<Versions, SecretError>) -> Result<Arc<Versions>, SecretError> {
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

/// What somebody has put in, without surrounding white space; `None` while that is nothing, or the placeholder.
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
