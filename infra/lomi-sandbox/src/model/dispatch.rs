use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::fault::FaultKind;
use crate::ordered_fields::OrderedFields;
use crate::settings::Profile;
use crate::table::Row;

/// The senders of lomi. They differ in retry schedule, event ids and logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DeliveryPath {
    Direct,
    Queued,
    /// Replays and resends: one attempt, no retry.
    Once,
}

impl DeliveryPath {
    /// The wait after the `done`-th attempt, or `None` when no attempt is left.
    pub(crate) fn wait_s(self, profile: Profile, done: usize) -> Option<u64> {
        let waits: &[u64] = match (self, profile) {
            (Self::Once, _) => &[],
            (_, Profile::Current) => &[2, 4, 8, 16, 32],
            (Self::Direct, _) => &[3, 6, 12],
            (Self::Queued, _) => &[5, 10, 20, 40],
        };
        waits.get(done.checked_sub(1)?).copied()
    }
}

/// Only `pending` and `held` can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DispatchStatus {
    Pending,
    /// Waits until another event of the endpoint was attempted (fault `reorder`).
    Held,
    Delivered,
    DeadLetter,
    /// Swallowed by the fault `lose`.
    Lost,
}

/// One event on its way to one endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Dispatch {
    pub(crate) dispatch_id: String,
    pub(crate) organization_id: String,
    pub(crate) webhook_id: String,
    pub(crate) event: String,
    /// The header `X-Lomi-Event`. Differs from `event` only under a fault.
    pub(crate) header_event: String,
    /// The envelope id of all attempts, unless ids churn.
    pub(crate) event_id: String,
    /// Replays keep the first delivery's timestamp.
    pub(crate) fixed_timestamp: Option<Timestamp>,
    pub(crate) data: OrderedFields,
    pub(crate) path: DeliveryPath,
    pub(crate) status: DispatchStatus,
    pub(crate) due_at: Timestamp,
    pub(crate) in_flight: bool,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) created_at: Timestamp,
}

impl Dispatch {
    /// One log line about a dead letter. `None` in every other status.
    pub(crate) fn dead_letter(&self) -> Option<String> {
        let last = self.attempts.last().filter(|_| self.status == DispatchStatus::DeadLetter)?;
        let answer = match (last.response_status, &last.error) {
            (Some(status), _) => status.to_string(),
            (None, error) => error.clone().unwrap_or_default(),
        };
        Some(format!("{} to {} given up after {} attempts: {answer}", self.event, last.url, self.attempts.len()))
    }
}

impl Row for Dispatch {
    fn id(&self) -> &str {
        &self.dispatch_id
    }
}

/// One request to an endpoint and its answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Attempt {
    pub(crate) number: usize,
    pub(crate) at: Timestamp,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    /// The exact bytes: webhook bodies are UTF-8.
    pub(crate) body: String,
    pub(crate) faults: Vec<FaultKind>,
    /// `None` in flight and without an answer.
    pub(crate) response_status: Option<u16>,
    pub(crate) response_body: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) duration_ms: Option<u64>,
}
