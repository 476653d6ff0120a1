//! The webhook heartbeat: when the last authenticated event from lomi was received.

use crate::keys::{Key, number};
use crate::{Store, StoreError};
use domain::Timestamp;

impl Store {
    /// When the last authenticated event was received; `None` before the first. Strongly consistent.
    pub async fn heartbeat(&self) -> Result<Option<Timestamp>, StoreError> {
        let Some(item) = self.get(Key::heartbeat(), "read heartbeat").await? else { return Ok(None) };
        let received_at_ms = item.get("received_at_ms").and_then(|value| value.as_n().ok()?.parse().ok());
        received_at_ms.map(|ms| Some(Timestamp::from_ms(ms))).ok_or(StoreError::malformed("read heartbeat"))
    }

    /// Records an event received at `seen_at`. The stored time only moves forward.
    pub async fn record_heartbeat(&self, seen_at: Timestamp) -> Result<(), StoreError> {
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(Key::heartbeat().into_item()))
            .update_expression("SET received_at_ms = :seen")
            .condition_expression("attribute_not_exists(received_at_ms) OR received_at_ms < :seen")
            .expression_attribute_values(":seen", number(seen_at.as_ms()));
        match call.send().await {
            Err(error) if error.as_service_error().is_some_and(|told| told.is_conditional_check_failed_exception()) => {
                Ok(())
            }
            noted => noted.map(|_| ()).map_err(|error| StoreError::from_sdk("record heartbeat", &error)),
        }
    }
}
