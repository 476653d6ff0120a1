//! What became of webhooks that lomi sent, and how to have one sent again.

use std::fmt;

use crate::call::Call;
use crate::client::Client;
use crate::ids::{DeliveryLogId, WebhookEndpointId};
use crate::listing::{self, Listed};
use crate::older::Older;
use crate::paging::{Page, Paging};
use crate::row::{Row, Unusable};
use crate::webhook::EventKind;

const PATH: &str = "/webhooks/deliveries";
/// Before 1.2.0.
const OLDER_PATH: &str = "/webhook-delivery-logs";

/// One delivery, as lomi noted it. `Debug` shows neither what was sent nor what was answered.
///
/// The log has holes: an event whose attempts all ended in 5xx or time-outs may have no row at all, and the
/// payload of a failed one may carry an envelope id that was never sent.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct DeliveryLog {
    /// Its id.
    pub delivery_log_id: DeliveryLogId,
    /// The endpoint it went to.
    pub webhook_endpoint_id: Option<WebhookEndpointId>,
    /// The owning organisation.
    pub organization_id: Option<String>,
    /// What it told.
    pub event_type: Option<EventKind>,
    /// Whether the endpoint answered with a 2xx.
    pub success: Option<bool>,
    /// The HTTP status of the endpoint's answer.
    pub response_status: Option<u32>,
    /// The start or all of the endpoint's answer.
    pub response_body: Option<String>,
    /// Which attempt it was, from 1.
    pub attempt_number: Option<u32>,
    /// How long the endpoint took.
    pub request_duration_ms: Option<u32>,
    /// JSON text of the envelope. Not the bytes that were signed, so a signature cannot be checked against it.
    pub payload: Option<String>,
    /// Time of the delivery, ISO 8601 UTC as sent.
    pub created_at: Option<String>,
}

/// How a delivery went that was asked for by hand.
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

/// `/webhooks/deliveries`, and where the server does not know it, the paths of older generations. The client remembers which
/// of the two the server knew last.
#[derive(Debug, Clone)]
pub struct DeliveryLogs(Client);

impl DeliveryLogs {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    /// `GET /webhooks/deliveries` (`/webhook-delivery-logs`): of one endpoint, newest first as observed, no total.
    pub fn list(&self, endpoint: &WebhookEndpointId) -> Call<Vec<DeliveryLog>> {
        let call = Call::get(self.0.clone(), PATH.to_owned(), listing::rows);
        // An older server takes the path for that of a webhook with the id `deliveries`.
        call.or_at(Older::behind_an_id(OLDER_PATH.to_owned())).with_query("webhookId", endpoint.to_string())
    }

    /// `GET /webhooks/deliveries/{id}` (`/webhook-delivery-logs/{id}`).
    pub fn get(&self, id: &DeliveryLogId) -> Call<DeliveryLog> {
        let call = Call::get(self.0.clone(), format!("{PATH}/{id}"), DeliveryLog::decode);
        call.or_at(Older::new(format!("{OLDER_PATH}/{id}")))
    }

    /// `POST /webhooks/{endpoint}/deliveries/{id}/retry` (`/webhooks/{endpoint}/logs/{id}/retry`): has lomi send the
    /// stored envelope once more, with the same id. Refused with 400 when the endpoint is switched off, no longer gets
    /// this event, or does not answer with a 2xx.
    pub fn replay(&self, endpoint: &WebhookEndpointId, id: &DeliveryLogId) -> Call<Replay> {
        let path = |name: &str| format!("/webhooks/{endpoint}/{name}/{id}/retry");
        Call::act(self.0.clone(), path("deliveries"), Replay::decode).or_at(Older::new(path("logs")))
    }
}

impl Call<Vec<DeliveryLog>> {
    /// Only deliveries that the endpoint took, or only those that it did not.
    pub fn success(self, success: bool) -> Self {
        let (wanted, other) = if success { ("successOnly", "failedOnly") } else { ("failedOnly", "successOnly") };
        self.without_query(other).with_query(wanted, true.to_string())
    }

    /// Rows per answer; lomi takes 25 when not set. An answer of more than 1 MiB is an error.
    pub fn limit(self, limit: u32) -> Self {
        self.with_query("limit", limit.to_string())
    }

    /// How many rows to skip; 0 when not set.
    pub fn offset(self, offset: u32) -> Self {
        self.with_query("offset", offset.to_string())
    }
}

impl DeliveryLog {
    fn decode(text: &str) -> Result<Self, Unusable> {
        Self::read(&Row::enveloped(text).ok_or(Unusable("body"))?)
    }

    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        Ok(Self {
            delivery_log_id: row.id(&["log_id", "id"]).ok_or(Unusable("log_id"))?,
            webhook_endpoint_id: row.id(&["webhook_id"]),
            organization_id: row.text(&["organization_id"]),
            event_type: row.text(&["event_type"]).map(|name| EventKind::from_wire(&name)),
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

impl Replay {
    fn decode(text: &str) -> Result<Self, Unusable> {
        let row = Row::enveloped(text).ok_or(Unusable("body"))?;
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

impl Listed for Vec<DeliveryLog> {
    type Row = DeliveryLog;
    const PAGING: Paging = Paging::Offset { limit: 25 };

    fn read_page(text: &str) -> Result<Page<DeliveryLog>, Unusable> {
        Page::read(text, DeliveryLog::read)
    }

    fn id(row: &DeliveryLog) -> &str {
        row.delivery_log_id.as_str()
    }
}
