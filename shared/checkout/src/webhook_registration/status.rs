//! How a run ended, in one word.

use lomi_client::{Error, ErrorKind, Outcome};

/// How the webhook stands after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It was as it should be.
    Unchanged,
    /// There is a new endpoint, and its secret is stored.
    Registered,
    /// The same in the place of another, which still delivers for a while.
    Rotated,
    /// It was rotated a moment ago, and the one before still delivers: nothing was done.
    RotatedLately,
    /// It was paused or lacked events, and does so no more.
    Repaired,
    /// Somebody made it by hand and stored its secret.
    ByHand,
    /// Somebody made it by hand, and its secret is nowhere.
    ByHandWithoutSecret,
    /// Somebody made it by hand, and it is paused or does not hear of payments.
    ByHandNotSubscribed,
    /// Only by hand can its secret be rotated: somebody made it, or lomi. makes none over its API.
    ByHandNotRotated,
    /// lomi. makes none when asked over its API.
    ByHandToBeMade,
    /// It is gone.
    Removed,
    /// It may still be there, and nobody will look again.
    NotRemoved,
    /// Nobody has put lomi.'s key in yet.
    WaitingForKey,
    /// lomi. does not take the key.
    KeyRefused,
    /// The key is none, or one of the other environment.
    KeyOfOtherEnvironment,
    /// lomi. did not answer, or not as it should.
    LomiUnreachable,
    /// lomi. answered that it does not do it.
    LomiRefused,
    /// Whether lomi. made an endpoint is not known; the next run sees.
    InDoubt,
    /// Secrets Manager did not take the secret; the endpoint was taken back.
    SecretNotStored,
    /// Secrets Manager did not answer.
    SecretsUnreachable,
    /// lomi. says that it changed the endpoint, and did not.
    NotRepaired,
    /// What was asked for cannot be understood.
    RequestUnreadable,
    /// A defect of ours, or the run's time was over.
    Failed,
}

impl Status {
    /// As in logs and answers.
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

    /// Whether events may not arrive, or may where they should not, so that somebody has to know. A stack that nobody has
    /// given a key to yet sells nothing and misses nothing.
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

    /// What a call that failed means for the run.
    #[must_use]
    pub fn of_error(error: &Error) -> Self {
        match (error.kind(), error.status()) {
            (ErrorKind::InvalidRequest, _) => Self::RequestUnreadable,
            (_, Some(401 | 403)) => Self::KeyRefused,
            _ if error.outcome() == Outcome::Rejected && !error.is_retryable() => Self::LomiRefused,
            _ => Self::LomiUnreachable,
        }
    }

    /// The same at the making of an endpoint. The server of June 2026 cannot read the body and calls every URL malformed;
    /// ours was checked before it was sent.
    pub(super) fn of_creation(error: Error, is_there_one: bool) -> Result<Self, Error> {
        match (error.outcome(), error.status()) {
            (Outcome::Unknown, _) => Ok(Self::InDoubt),
            (Outcome::Rejected, Some(400)) if is_there_one => Ok(Self::ByHandNotRotated),
            (Outcome::Rejected, Some(400)) => Ok(Self::ByHandToBeMade),
            _ => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Status::{self, *};

    const QUIET: [Status; 8] =
        [Unchanged, Registered, Rotated, RotatedLately, Repaired, ByHand, Removed, WaitingForKey];
    const LOUD: [Status; 15] = [
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
        assert_eq!(QUIET.into_iter().find(|status| status.is_failure()), None);
        assert_eq!(LOUD.into_iter().find(|status| !status.is_failure()), None);
    }
}
