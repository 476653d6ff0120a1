//! Errors whose variant answers the first case about any failed write: did it happen?

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// A call to DynamoDB that did not do what it was asked for. `reason` is one word for logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It did not happen: the table was too busy. Trying again may help.
    #[error("{operation}: the table is too busy ({reason})")]
    Busy {
        /// What was being read or written.
        operation: &'static str,
        /// What kept it busy.
        reason: &'static str,
    },
    /// Nobody knows whether it happened: the answer was lost. Trying again may help.
    #[error("{operation}: no answer from dynamodb ({reason})")]
    NoAnswer {
        /// What was being read or written.
        operation: &'static str,
        /// How the answer was lost.
        reason: &'static str,
    },
    /// It did not happen, for a reason that stays: no such table, no permission, a malformed request.
    #[error("{operation}: dynamodb refused ({reason})")]
    Refused {
        /// What was being read or written.
        operation: &'static str,
        /// DynamoDB's error code.
        reason: &'static str,
    },
    /// It did not happen: an item does not have the shape that this code writes.
    #[error("{operation}: an item is malformed")]
    Malformed {
        /// What was being read or written.
        operation: &'static str,
    },
}

impl StoreError {
    /// Why, in one word for logs.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Busy { reason, .. } | Self::NoAnswer { reason, .. } | Self::Refused { reason, .. } => reason,
            Self::Malformed { .. } => "item_malformed",
        }
    }

    pub(crate) const fn malformed(operation: &'static str) -> Self {
        Self::Malformed { operation }
    }

    /// Sorts an SDK error. The SDK has already retried what may be retried.
    pub(crate) fn from_sdk<E>(operation: &'static str, error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match error {
            SdkError::ServiceError(answer) => {
                let reason = word_for(answer.err().code().unwrap_or_default());
                match reason {
                    "throttled" | "conflict" => Self::Busy { operation, reason },
                    _ if answer.raw().status().as_u16() >= 500 => Self::NoAnswer { operation, reason },
                    _ => Self::Refused { operation, reason },
                }
            }
            SdkError::ConstructionFailure(_) => Self::Refused { operation, reason: "not_sent" },
            SdkError::TimeoutError(_) => Self::NoAnswer { operation, reason: "timed_out" },
            SdkError::DispatchFailure(_) => Self::NoAnswer { operation, reason: "connection_failed" },
            _ => Self::NoAnswer { operation, reason: "answer_unreadable" },
        }
    }
}

/// DynamoDB's error code in a word of ours: logs hold no text that somebody else wrote.
pub(crate) fn word_for(code: &str) -> &'static str {
    match code {
        "ProvisionedThroughputExceededException"
        | "ThrottlingException"
        | "RequestLimitExceeded"
        | "LimitExceededException"
        | "ThrottlingError"
        | "ProvisionedThroughputExceeded" => "throttled",
        "TransactionConflict" | "TransactionConflictException" | "TransactionInProgressException" => "conflict",
        "AccessDeniedException" => "access_denied",
        "ResourceNotFoundException" => "no_such_table",
        "ValidationException" | "ValidationError" => "request_invalid",
        "UnrecognizedClientException" | "ExpiredTokenException" => "credentials_refused",
        "InternalServerError" | "ServiceUnavailable" => "dynamodb_failed",
        _ => "other",
    }
}
