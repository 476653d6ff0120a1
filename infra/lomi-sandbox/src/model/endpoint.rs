use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Environment;
use crate::clock::Timestamp;
use crate::ordered_fields::OrderedFields;
use crate::table::Row;

/// A merchant's webhook endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Endpoint {
    pub(crate) webhook_id: String,
    pub(crate) organization_id: String,
    pub(crate) created_by: String,
    pub(crate) environment: Environment,
    pub(crate) url: String,
    pub(crate) authorized_events: Vec<String>,
    pub(crate) is_active: bool,
    pub(crate) secret: String,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Value,
    pub(crate) last_triggered_at: Option<Timestamp>,
    pub(crate) last_response_status: Option<u16>,
    pub(crate) last_response_body: Option<String>,
    pub(crate) retry_count: u32,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// Registered by the settings and removed when they no longer name it.
    #[serde(default)]
    pub(crate) is_from_settings: bool,
}

impl Endpoint {
    /// The row of the API: doubled fields in both spellings, without the secret.
    pub(crate) fn row(&self) -> Value {
        let mut row = serde_json::to_value(self).unwrap_or_default();
        if let Some(row) = row.as_object_mut() {
            row.remove("secret");
            row.remove("is_from_settings");
            row.insert("id".to_owned(), json!(self.webhook_id));
            row.insert("events".to_owned(), json!(self.authorized_events));
            row.insert("active".to_owned(), json!(self.is_active));
        }
        row
    }

    pub(crate) fn listens_to(&self, event: &str) -> bool {
        self.is_active && self.authorized_events.iter().any(|own| own == event)
    }
}

impl Row for Endpoint {
    fn id(&self) -> &str {
        &self.webhook_id
    }
}

/// A webhook body; the order of the fields is the order on the wire.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Envelope {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) timestamp: Timestamp,
    pub(crate) data: OrderedFields,
    pub(crate) lomi_environment: String,
}

/// A delivery as the merchant can read it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DeliveryLog {
    pub(crate) log_id: String,
    pub(crate) webhook_id: String,
    pub(crate) organization_id: String,
    pub(crate) event_type: String,
    pub(crate) payload: Envelope,
    pub(crate) response_status: Option<u16>,
    pub(crate) response_body: Option<String>,
    pub(crate) attempt_number: usize,
    pub(crate) success: bool,
    pub(crate) headers: Value,
    pub(crate) request_duration_ms: u64,
    pub(crate) ip_address: Option<String>,
    pub(crate) user_agent: String,
    pub(crate) created_at: Timestamp,
}

impl Row for DeliveryLog {
    fn id(&self) -> &str {
        &self.log_id
    }
}
