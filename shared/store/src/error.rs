//! One question about every failed call: did it happen?

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// Whether a failed call changed the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DidItHappen {
    /// It did not: DynamoDB refused it or never saw it.
    No,
    /// Nobody knows: the answer was lost.
    Unknown,
}

/// A call to DynamoDB that did not answer the question.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// DynamoDB was out of reach, throttled us or lost the answer. Trying again may help.
    #[error("{operation}: dynamodb is out of reach ({code})")]
    Unavailable {
        /// The DynamoDB operation.
        operation: &'static str,
        /// DynamoDB's error code, or how the connection failed.
        code: String,
        /// Whether the call changed anything.
        did_it_happen: DidItHappen,
    },
    /// DynamoDB refused the call for a reason that stays: no such table, no permission, a malformed request.
    #[error("{operation}: dynamodb refused ({code})")]
    Refused {
        /// The DynamoDB operation.
        operation: &'static str,
        /// DynamoDB's error code.
        code: String,
    },
    /// An item does not have the shape that this code writes.
    #[error("{operation}: an item is malformed")]
    Malformed {
        /// What was being read or written.
        operation: &'static str,
    },
}

impl StoreError {
    /// Whether the failed call changed the table.
    #[must_use]
    pub const fn did_it_happen(&self) -> DidItHappen {
        match self {
            Self::Unavailable { did_it_happen, .. } => *did_it_happen,
            Self::Refused { .. } | Self::Malformed { .. } => DidItHappen::No,
        }
    }

    /// The call did not happen because the table was too busy.
    pub(crate) const fn busy(operation: &'static str, code: String) -> Self {
        Self::Unavailable { operation, code, did_it_happen: DidItHappen::No }
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
                let code = answer.err().code().unwrap_or("Unknown").to_owned();
                if is_transient(&code) || answer.raw().status().as_u16() >= 500 {
                    let did_it_happen = if is_throttle(&code) { DidItHappen::No } else { DidItHappen::Unknown };
                    Self::Unavailable { operation, code, did_it_happen }
                } else {
                    Self::Refused { operation, code }
                }
            }
            SdkError::ConstructionFailure(_) => {
                Self::Unavailable { operation, code: "NotSent".to_owned(), did_it_happen: DidItHappen::No }
            }
            _ => Self::Unavailable { operation, code: "NoAnswer".to_owned(), did_it_happen: DidItHappen::Unknown },
        }
    }
}

fn is_throttle(code: &str) -> bool {
    matches!(
        code,
        "ProvisionedThroughputExceededException"
            | "ThrottlingException"
            | "RequestLimitExceeded"
            | "LimitExceededException"
    )
}

fn is_transient(code: &str) -> bool {
    is_throttle(code)
        || matches!(
            code,
            "TransactionInProgressException"
                | "TransactionConflictException"
                | "InternalServerError"
                | "ServiceUnavailable"
        )
}
