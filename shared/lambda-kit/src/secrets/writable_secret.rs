//! A secret that this stack writes itself.

use super::{Kind, LONGEST_WAIT, SecretError, SecretText, put_in};
use crate::config::SecretId;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::SdkError;
use aws_sdk_secretsmanager::operation::get_secret_value::{GetSecretValueError, GetSecretValueOutput};
use tokio::time::{Instant, timeout_at};

/// Rounds of tries to write; the SDK tries three times in each.
const ROUNDS: u32 = 2;

/// The webhook's secret, for the one function that also writes it: read as it is now, past any cache, and never its text.
pub struct WritableSecret {
    client: Client,
    id: SecretId,
}

impl WritableSecret {
    /// A slot that nothing is known of yet.
    #[must_use]
    pub fn new(client: Client, id: SecretId) -> Self {
        Self { client, id }
    }

    /// Where it lies, for people: a name or an ARN, and no secret.
    #[must_use]
    pub fn id(&self) -> &str {
        self.id.as_str()
    }

    /// The version that is current; `None` while nobody has put a text in that can be such a secret.
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

    /// Makes `text` the current version under the name `version` (32 to 64 characters); the one before it becomes
    /// `AWSPREVIOUS`. The same again changes nothing. `false` when the current version is another.
    ///
    /// # Errors
    /// [`SecretError::Unreachable`] when nobody knows which is.
    pub async fn put(&self, text: &str, version: &str, deadline: Instant) -> Result<bool, SecretError> {
        for _ in 0..ROUNDS {
            let request = self.client.put_secret_value().secret_id(self.id.as_str());
            let request = request.client_request_token(version).secret_string(text).send();
            if matches!(timeout_at(deadline, request).await, Ok(Ok(_))) {
                return Ok(true);
            }
        }
        // The answer may be all that was lost.
        self.version(deadline).await.map(|current| current.as_deref() == Some(version))
    }
}

fn is_secret(answer: &GetSecretValueOutput) -> bool {
    put_in(answer).is_some_and(|text| SecretText::parse(text, Kind::WebhookSecret).is_ok())
}

fn is_absent(error: &SdkError<GetSecretValueError>) -> bool {
    error.as_service_error().is_some_and(GetSecretValueError::is_resource_not_found_exception)
}
