//! Errors whose variant says whether a failed write may have happened.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// A failed call to DynamoDB. `reason` is one word for logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The write did not happen: the table was too busy. A retry may succeed.
    #[error("{operation}: the table is too busy ({reason})")]
    Busy {
        /// The operation.
        operation: &'static str,
        /// Why it was busy.
        reason: &'static str,
    },
    /// The write may have happened: the answer was lost. A retry may succeed.
    #[error("{operation}: no answer from dynamodb ({reason})")]
    NoAnswer {
        /// The operation.
        operation: &'static str,
        /// How the answer was lost.
        reason: &'static str,
    },
    /// The write did not happen, and a retry fails as well: no such table, no permission, a malformed request.
    #[error("{operation}: dynamodb refused ({reason})")]
    Refused {
        /// The operation.
        operation: &'static str,
        /// DynamoDB's error code.
        reason: &'static str,
    },
    /// The write did not happen: an item does not have the shape that this code writes.
    #[error("{operation}: an item is malformed")]
    Malformed {
        /// The operation.
        operation: &'static str,
    },
}

impl StoreError {
    /// The reason, in one word for logs.
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

    /// Classifies an SDK error. The SDK has already retried what it may retry.
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

/// Maps DynamoDB's error code to one of our own words, so that logs contain no foreign text.
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
