//! The outcome of a run, in one word.

use lomi_client::{Error, ErrorKind, Outcome};

/// The state of the webhook after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It needed no change.
    Unchanged,
    /// There is a new endpoint, and its secret is stored.
    Registered,
    /// A new endpoint replaces another, which still delivers for a while.
    Rotated,
    /// It was rotated recently, and the one before still delivers: nothing was done.
    RotatedLately,
    /// It was paused or lacked events, and is repaired.
    Repaired,
    /// It was created by hand, and its secret is stored.
    ByHand,
    /// It was created by hand, and its secret is not stored.
    ByHandWithoutSecret,
    /// It was created by hand, and is paused or does not receive payments.
    ByHandNotSubscribed,
    /// Its secret can only be rotated by hand: it was created so, or lomi's API creates none.
    ByHandNotRotated,
    /// lomi's API creates none.
    ByHandToBeMade,
    /// It is deleted.
    Removed,
    /// It may still exist, and no later run deletes it.
    NotRemoved,
    /// The operator has not added lomi's key yet.
    WaitingForKey,
    /// lomi refuses the key.
    KeyRefused,
    /// The key is malformed, or of the other environment.
    KeyOfOtherEnvironment,
    /// lomi did not answer, or answered an error.
    LomiUnreachable,
    /// lomi rejected a call.
    LomiRefused,
    /// Whether lomi created an endpoint is unknown; the next run finds out.
    InDoubt,
    /// Secrets Manager did not store the secret; the endpoint was deleted.
    SecretNotStored,
    /// Secrets Manager did not answer.
    SecretsUnreachable,
    /// lomi answered that it changed the endpoint, but did not.
    NotRepaired,
    /// The request cannot be parsed.
    RequestUnreadable,
    /// A defect of ours, or the run's time ended.
    Failed,
}

impl Status {
    /// The status in logs and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Registered => "registered",
            Self::Rotated => "rotated",
            Self::RotatedLately => "rotated_lately",
            Self::Repaired => "repaired",
            Self::ByHand | Self::ByHandWithoutSecret | Self::ByHandNotSubscribed => "by_hand",
            Self::ByHandNotRotated | Self::ByHandToBeMade => "by_hand",
            Self::Removed => "removed",
            Self::NotRemoved => "not_removed",
            Self::WaitingForKey => "waiting_for_key",
            Self::KeyRefused => "key_refused",
            Self::KeyOfOtherEnvironment => "key_of_other_environment",
            Self::LomiUnreachable => "lomi_unreachable",
            Self::LomiRefused => "lomi_refused",
            Self::InDoubt => "in_doubt",
            Self::SecretNotStored => "secret_not_stored",
            Self::SecretsUnreachable => "secrets_unreachable",
            Self::NotRepaired => "not_repaired",
            Self::RequestUnreadable => "request_unreadable",
            Self::Failed => "failed",
        }
    }

    /// Whether events may be lost, or arrive where they should not, so that the alarm must fire. A stack without a key
    /// sells nothing and loses nothing.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        !matches!(
            self,
            Self::Unchanged
                | Self::Registered
                | Self::Rotated
                | Self::RotatedLately
                | Self::Repaired
                | Self::ByHand
                | Self::Removed
                | Self::WaitingForKey
        )
    }

    /// The status after a call that failed.
    #[must_use]
    pub fn of_error(error: &Error) -> Self {
        match (error.kind(), error.status()) {
            (ErrorKind::InvalidRequest, _) => Self::RequestUnreadable,
            (_, Some(401 | 403)) => Self::KeyRefused,
            _ if error.outcome() == Outcome::Rejected && !error.is_retryable() => Self::LomiRefused,
            _ => Self::LomiUnreachable,
        }
    }

    /// The same for the call that creates an endpoint. The server of June 2026 cannot read the body and calls every URL
    /// malformed; ours was checked before it was sent.
    pub(super) fn of_creation(error: Error, has_endpoint: bool) -> Result<Self, Error> {
        match (error.outcome(), error.status()) {
            (Outcome::Unknown, _) => Ok(Self::InDoubt),
            (Outcome::Rejected, Some(400)) if has_endpoint => Ok(Self::ByHandNotRotated),
            (Outcome::Rejected, Some(400)) => Ok(Self::ByHandToBeMade),
            _ => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Status::{self, *};

    const OK: [Status; 8] = [Unchanged, Registered, Rotated, RotatedLately, Repaired, ByHand, Removed, WaitingForKey];
    const FAILED: [Status; 15] = [
        ByHandWithoutSecret,
        ByHandNotSubscribed,
        ByHandNotRotated,
        ByHandToBeMade,
        NotRemoved,
        KeyRefused,
        KeyOfOtherEnvironment,
        LomiUnreachable,
        LomiRefused,
        InDoubt,
        SecretNotStored,
        SecretsUnreachable,
        NotRepaired,
        RequestUnreadable,
        Failed,
    ];

    #[test]
    fn every_run_that_may_lose_events_raises_an_alarm() {
        assert_eq!(OK.into_iter().find(|status| status.is_failure()), None);
        assert_eq!(FAILED.into_iter().find(|status| !status.is_failure()), None);
    }
}
