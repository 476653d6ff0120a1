use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::table::Row;

/// A previewed refund and the token that executes it once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Preview {
    pub(crate) token: String,
    /// Organisation and environment of the API key.
    pub(crate) owner: String,
    /// Of the body without a token.
    pub(crate) fingerprint: String,
    /// Of the request that received the token.
    pub(crate) idempotency_key: Option<String>,
    pub(crate) expires_at: Timestamp,
    pub(crate) is_used: bool,
}

impl Row for Preview {
    fn id(&self) -> &str {
        &self.token
    }
}
