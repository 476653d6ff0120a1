//! The answers about a webhook endpoint.

use crate::Metadata;
use crate::ids::WebhookEndpointId;
use crate::key::Environment;
use crate::listing::ListRow;
use crate::paging::Paging;
use crate::row::{self, Resource, Row, Unusable};
use crate::secret_text::IssuedWebhookSecret;
use crate::webhook::EventKind;

/// A webhook endpoint. A read never contains its signing secret.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct WebhookEndpoint {
    /// Its id.
    pub webhook_endpoint_id: WebhookEndpointId,
    /// Where lomi sends to.
    pub url: Option<String>,
    /// The subscribed events; older names of an event read as the same kind.
    pub authorized_events: Vec<EventKind>,
    /// Whether lomi sends to it.
    pub is_active: Option<bool>,
    /// Its environment.
    pub environment: Option<Environment>,
    /// The owning organisation.
    pub organization_id: Option<String>,
    /// The description from its creation.
    pub description: Option<String>,
    /// The merchant's own keys.
    pub metadata: Metadata,
    /// When lomi last sent to it, ISO 8601 UTC as sent.
    pub last_triggered_at: Option<String>,
    /// The HTTP status of its answer.
    pub last_response_status: Option<u32>,
    /// Time of creation, ISO 8601 UTC as sent.
    pub created_at: Option<String>,
    /// Time of the last change, ISO 8601 UTC as sent.
    pub updated_at: Option<String>,
}

/// A new endpoint with its signing secret, which lomi shows only once.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NewWebhookEndpoint {
    /// Store it before anything else.
    pub secret: IssuedWebhookSecret,
    /// The endpoint.
    pub endpoint: WebhookEndpoint,
}

impl Resource for WebhookEndpoint {
    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        let events = row.texts("authorized_events").or_else(|| row.texts("events")).unwrap_or_default();
        Ok(Self {
            webhook_endpoint_id: row.required(&["webhook_id", "id"])?,
            url: row.text(&["url"]),
            authorized_events: events.iter().map(|name| name.as_str().into()).collect(),
            is_active: row.flag("is_active").or_else(|| row.flag("active")),
            environment: row.environment(),
            organization_id: row.text(&["organization_id"]),
            description: row.text(&["description"]),
            metadata: row.metadata(),
            last_triggered_at: row.text(&["last_triggered_at"]),
            last_response_status: row.number("last_response_status"),
            created_at: row.text(&["created_at"]),
            updated_at: row.text(&["updated_at"]),
        })
    }
}

impl NewWebhookEndpoint {
    /// Some answers have the secret beside the object in `data`.
    pub(crate) fn decode(text: &str) -> Result<Self, Unusable> {
        let outer = Row::parse(text).ok_or(Unusable("body"))?;
        let secret = outer.text(&["secret"]).ok_or(Unusable("secret"))?;
        Ok(Self { secret: IssuedWebhookSecret::new(secret), endpoint: row::decode(text)? })
    }
}

impl ListRow for WebhookEndpoint {
    const PAGING: Paging = Paging::Whole;

    fn id(&self) -> &str {
        self.webhook_endpoint_id.as_str()
    }
}
