//! lomi's log of webhook deliveries, and the manual retry of one.

use std::fmt;

use crate::call::Call;
use crate::client::Client;
use crate::ids::{DeliveryLogId, WebhookEndpointId};
use crate::listing::{self, ListRow};
use crate::older::OlderPath;
use crate::paging::Paging;
use crate::row::{self, Resource, Row, Unusable};
use crate::webhook::EventKind;

const PATH: &str = "/webhooks/deliveries";
/// Before API 1.2.0.
const OLDER_PATH: &str = "/webhook-delivery-logs";

/// One delivery in lomi's log. `Debug` shows neither payload nor answer.
///
/// The log is incomplete: an event whose attempts all ended in 5xx or time-outs may have no row, and the payload of a
/// failed delivery may carry an envelope id that was never sent.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct DeliveryLog {
    /// Its id.
    pub delivery_log_id: DeliveryLogId,
    /// The endpoint it went to.
    pub webhook_endpoint_id: Option<WebhookEndpointId>,
    /// The owning organisation.
    pub organization_id: Option<String>,
    /// Its event.
    pub event_type: Option<EventKind>,
    /// Whether the endpoint answered with a 2xx.
    pub success: Option<bool>,
    /// The HTTP status of the endpoint's answer.
    pub response_status: Option<u32>,
    /// The endpoint's answer, possibly truncated.
    pub response_body: Option<String>,
    /// Which attempt it was, from 1.
    pub attempt_number: Option<u32>,
    /// How long the endpoint took.
    pub request_duration_ms: Option<u32>,
    /// JSON text of the envelope, but not the signed bytes: a signature cannot be verified over it.
    pub payload: Option<String>,
    /// Time of the delivery, ISO 8601 UTC as sent.
    pub created_at: Option<String>,
}

/// The result of a manual retry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replay {
    /// Whether the endpoint answered with a 2xx.
    pub delivered: bool,
    /// The HTTP status of its answer.
    pub response_status: Option<u32>,
    /// The id of the envelope, the same as in the log.
    pub event_id: Option<String>,
}

/// `/webhooks/deliveries`, or the paths of older generations. The client remembers which of them the server knew last.
#[derive(Debug, Clone)]
pub struct DeliveryLogs(Client);

impl DeliveryLogs {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    /// `GET /webhooks/deliveries` (`/webhook-delivery-logs`): of one endpoint, newest first as observed, no total.
    pub fn list(&self, endpoint: &WebhookEndpointId) -> Call<Vec<DeliveryLog>> {
        let call = Call::get(self.0.clone(), PATH.to_owned(), listing::rows);
        // An older server reads the path as that of a webhook with the id `deliveries`.
        call.or_at(OlderPath::newer_mistaken_for_id(OLDER_PATH.to_owned()))
            .with_query("webhookId", endpoint.to_string())
    }

    /// `GET /webhooks/deliveries/{id}` (`/webhook-delivery-logs/{id}`).
    pub fn get(&self, id: &DeliveryLogId) -> Call<DeliveryLog> {
        let call = Call::get(self.0.clone(), format!("{PATH}/{id}"), row::decode);
        call.or_at(OlderPath::new(format!("{OLDER_PATH}/{id}")))
    }

    /// `POST /webhooks/{endpoint}/deliveries/{id}/retry` (`/webhooks/{endpoint}/logs/{id}/retry`): lomi sends the
    /// stored envelope again, with the same id. lomi answers 400 when the endpoint is inactive, no longer subscribes to
    /// this event, or does not answer with a 2xx.
    pub fn replay(&self, endpoint: &WebhookEndpointId, id: &DeliveryLogId) -> Call<Replay> {
        let path = |name: &str| format!("/webhooks/{endpoint}/{name}/{id}/retry");
        Call::post_empty(self.0.clone(), path("deliveries"), row::decode).or_at(OlderPath::new(path("logs")))
    }
}

impl Call<Vec<DeliveryLog>> {
    /// Only successful or only failed deliveries.
    pub fn success(self, success: bool) -> Self {
        let (filter, other) = if success { ("successOnly", "failedOnly") } else { ("failedOnly", "successOnly") };
        self.without_query(other).with_query(filter, true.to_string())
    }

    /// Rows per answer; 25 when not set. An answer of more than 1 MiB is an error.
    pub fn limit(self, limit: u32) -> Self {
        self.with_query("limit", limit.to_string())
    }

    /// How many rows to skip; 0 when not set.
    pub fn offset(self, offset: u32) -> Self {
        self.with_query("offset", offset.to_string())
    }
}

impl Resource for DeliveryLog {
    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        Ok(Self {
            delivery_log_id: row.required(&["log_id", "id"])?,
            webhook_endpoint_id: row.parsed(&["webhook_id"]),
            organization_id: row.text(&["organization_id"]),
            event_type: row.parsed(&["event_type"]),
            success: row.flag("success"),
            response_status: row.number("response_status"),
            response_body: row.text(&["response_body"]),
            attempt_number: row.number("attempt_number"),
            request_duration_ms: row.number("request_duration_ms"),
            payload: row.json("payload"),
            created_at: row.text(&["created_at"]),
        })
    }
}

impl Resource for Replay {
    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        Ok(Self {
            delivered: row.flag("delivered").ok_or(Unusable("delivered"))?,
            response_status: row.number("response_status"),
            event_id: row.text(&["event_id"]),
        })
    }
}

impl fmt::Debug for DeliveryLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeliveryLog")
            .field("delivery_log_id", &self.delivery_log_id)
            .field("event_type", &self.event_type)
            .field("success", &self.success)
            .field("response_status", &self.response_status)
            .finish_non_exhaustive()
    }
}

impl ListRow for DeliveryLog {
    const PAGING: Paging = Paging::Offset { limit: 25 };

    fn id(&self) -> &str {
        self.delivery_log_id.as_str()
    }
}
