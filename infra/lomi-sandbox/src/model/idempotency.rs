use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::table::Row;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct IdempotencyRecord {
    /// Organisation, environment, route and key.
    pub(crate) scope: String,
    pub(crate) fingerprint: String,
    pub(crate) state: KeyState,
    pub(crate) created_at: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeyState {
    Running,
    Done {
        status: u16,
        body: String,
    },
    /// The first attempt failed, and this profile does not store failures.
    Free,
}

impl IdempotencyRecord {
    /// Frees a key whose first attempt was cut off by a restart.
    pub(crate) fn release(&mut self) {
        if matches!(self.state, KeyState::Running) {
            self.state = KeyState::Free;
        }
    }
}

impl Row for IdempotencyRecord {
    fn id(&self) -> &str {
        &self.scope
    }
}
