//! The secret that the stack itself writes.

use super::{Kind, LONGEST_WAIT, SecretError, SecretText, put_in};
use crate::config::SecretId;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::SdkError;
use aws_sdk_secretsmanager::operation::get_secret_value::{GetSecretValueError, GetSecretValueOutput};
use tokio::time::{Instant, timeout_at};

/// Calls to write; the SDK makes up to three attempts in each.
const ROUNDS: u32 = 2;

/// The webhook's secret, for the function that writes it. It reads the current version past any cache, and never
/// returns the text.
pub struct WritableSecret {
    client: Client,
    id: SecretId,
}

impl WritableSecret {
    /// The secret `id`; nothing is fetched yet.
    #[must_use]
    pub fn new(client: Client, id: SecretId) -> Self {
        Self { client, id }
    }

    /// Its name or ARN, for display.
    #[must_use]
    pub fn id(&self) -> &str {
        self.id.as_str()
    }

    /// The current version; `None` while the stored text cannot be a webhook's secret.
    ///
    /// # Errors
    /// [`SecretError::Unreachable`], at `deadline` or after 3 s at the latest.
    pub async fn version(&self, deadline: Instant) -> Result<Option<String>, SecretError> {
        let deadline = deadline.min(Instant::now() + LONGEST_WAIT);
        let request = self.client.get_secret_value().secret_id(self.id.as_str()).send();
        match timeout_at(deadline, request).await {
            Ok(Ok(answer)) => Ok(answer.version_id().filter(|_| is_secret(&answer)).map(str::to_owned)),
            Ok(Err(error)) if is_absent(&error) => Ok(None),
            Ok(Err(_)) | Err(_) => Err(SecretError::Unreachable),
        }
    }

    /// Makes `text` the current version with the id `version` (32 to 64 characters); the version before it becomes
    /// `AWSPREVIOUS`. Repeating the call changes nothing. `false` when another version is current.
    ///
    /// # Errors
    /// [`SecretError::Unreachable`] when the current version is unknown.
    pub async fn put(&self, text: &str, version: &str, deadline: Instant) -> Result<bool, SecretError> {
        for _ in 0..ROUNDS {
            let request = self.client.put_secret_value().secret_id(self.id.as_str());
            let request = request.client_request_token(version).secret_string(text).send();
            if matches!(timeout_at(deadline, request).await, Ok(Ok(_))) {
                return Ok(true);
            }
        }
        // The write may have succeeded and only its answer been lost.
        self.version(deadline).await.map(|current| current.as_deref() == Some(version))
    }
}

fn is_secret(answer: &GetSecretValueOutput) -> bool {
    put_in(answer).is_some_and(|text| SecretText::parse(text, Kind::WebhookSecret).is_ok())
}

fn is_absent(error: &SdkError<GetSecretValueError>) -> bool {
    error.as_service_error().is_some_and(GetSecretValueError::is_resource_not_found_exception)
}
