use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::table::Row;

/// A refund that was shown before it is carried out, and the token that carries it out once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Preview {
    pub(crate) token: String,
    /// The organisation and environment of the key that asked.
    pub(crate) owner: String,
    /// Of the body without a token.
    pub(crate) fingerprint: String,
    /// Of the request that was answered with the token.
    pub(crate) idempotency_key: Option<String>,
    pub(crate) expires_at: Timestamp,
    pub(crate) is_used: bool,
}

impl Row for Preview {
    fn id(&self) -> &str {
        &self.token
    }
}
