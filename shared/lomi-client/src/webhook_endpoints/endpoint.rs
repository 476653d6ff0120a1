//! The answers about a webhook endpoint.

use crate::Metadata;
use crate::ids::WebhookEndpointId;
use crate::key::Environment;
use crate::listing::Listed;
use crate::paging::{Page, Paging};
use crate::row::{Row, Unusable};
use crate::secret_text::IssuedWebhookSecret;
use crate::webhook::EventKind;

/// An endpoint as lomi knows it. Its signing secret is never part of a read.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct WebhookEndpoint {
    /// Its id.
    pub webhook_endpoint_id: WebhookEndpointId,
    /// Where lomi sends to.
    pub url: Option<String>,
    /// The events that it gets; names of older generations are folded into today's.
    pub authorized_events: Vec<EventKind>,
    /// Whether lomi sends to it.
    pub is_active: Option<bool>,
    /// Test or live.
    pub environment: Option<Environment>,
    /// The owning organisation.
    pub organization_id: Option<String>,
    /// What it is for, as whoever made it wrote.
    pub description: Option<String>,
    /// The merchant's own keys.
    pub metadata: Metadata,
    /// When lomi last sent to it, ISO 8601 UTC as sent.
    pub last_triggered_at: Option<String>,
    /// The HTTP status that it answered then.
    pub last_response_status: Option<u32>,
    /// Time of creation, ISO 8601 UTC as sent.
    pub created_at: Option<String>,
    /// Time of the last change, ISO 8601 UTC as sent.
    pub updated_at: Option<String>,
}

/// A fresh endpoint together with its signing secret, which is told only now.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NewWebhookEndpoint {
    /// Store it before anything else.
    pub secret: IssuedWebhookSecret,
    /// The endpoint.
    pub endpoint: WebhookEndpoint,
}

impl WebhookEndpoint {
    pub(crate) fn decode(text: &str) -> Result<Self, Unusable> {
        Self::read(&Row::enveloped(text).ok_or(Unusable("body"))?)
    }

    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        let events = row.texts("authorized_events").or_else(|| row.texts("events")).unwrap_or_default();
        Ok(Self {
            webhook_endpoint_id: row.id(&["webhook_id", "id"]).ok_or(Unusable("webhook_id"))?,
            url: row.text(&["url"]),
            authorized_events: events.iter().map(|name| EventKind::from_wire(name)).collect(),
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
    /// The secret stands beside the row, not in it.
    pub(crate) fn decode(text: &str) -> Result<Self, Unusable> {
        let outer = Row::parse(text).ok_or(Unusable("body"))?;
        let secret = outer.text(&["secret"]).ok_or(Unusable("secret"))?;
        Ok(Self { secret: IssuedWebhookSecret::new(secret), endpoint: WebhookEndpoint::decode(text)? })
    }
}

impl Listed for Vec<WebhookEndpoint> {
    type Row = WebhookEndpoint;
    const PAGING: Paging = Paging::Whole;

    fn read_page(text: &str) -> Result<Page<WebhookEndpoint>, Unusable> {
        Page::read(text, WebhookEndpoint::read)
    }

    fn id(row: &WebhookEndpoint) -> &str {
        row.webhook_endpoint_id.as_str()
    }
}
