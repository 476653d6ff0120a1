//! The requests about a webhook endpoint.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Serialize, Serializer};

use crate::check::{first_violation, is_webhook_target, json_body};
use crate::webhook::EventKind;

/// A new endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreateWebhookEndpoint {
    /// Absolute https URL without credentials, on a public name; http only on loopback.
    pub url: String,
    /// The events to send, at least one. [`EventKind::Test`] is not one of them. Sent under this name and as `events`.
    #[serde(serialize_with = "names")]
    pub authorized_events: Vec<EventKind>,
    /// A description for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The merchant's own keys.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// Changes of an endpoint; `None` leaves a field unchanged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct UpdateWebhookEndpoint {
    /// As at creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// All events to send, at least one.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "some_names")]
    pub authorized_events: Option<Vec<EventKind>>,
    /// Whether lomi sends to it. Events while it is inactive are not sent later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
    /// Replaces all metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
}

impl CreateWebhookEndpoint {
    /// An endpoint with nothing optional.
    pub fn new(url: impl Into<String>, authorized_events: Vec<EventKind>) -> Self {
        Self { url: url.into(), authorized_events, description: None, metadata: BTreeMap::new() }
    }

    pub(crate) fn to_body(&self) -> Result<Bytes, &'static str> {
        first_violation([
            (is_webhook_target(&self.url), "url"),
            (can_subscribe(&self.authorized_events), "authorized_events"),
        ])?;
        let wire = Wire { events: &self.authorized_events, endpoint: self };
        json_body(&wire)
    }
}

/// The newest generation also takes `events`; all others require `authorized_events`.
#[derive(Serialize)]
struct Wire<'a> {
    #[serde(serialize_with = "names")]
    events: &'a [EventKind],
    #[serde(flatten)]
    endpoint: &'a CreateWebhookEndpoint,
}

impl UpdateWebhookEndpoint {
    pub(crate) fn to_body(&self) -> Result<Bytes, &'static str> {
        first_violation([
            (self.url.as_deref().is_none_or(is_webhook_target), "url"),
            (self.authorized_events.as_deref().is_none_or(can_subscribe), "authorized_events"),
        ])?;
        json_body(self)
    }
}

fn can_subscribe(events: &[EventKind]) -> bool {
    !events.is_empty() && !events.contains(&EventKind::Test)
}

fn names<S: Serializer>(events: &[EventKind], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(events.iter().map(EventKind::as_str))
}

fn some_names<S: Serializer>(events: &Option<Vec<EventKind>>, serializer: S) -> Result<S::Ok, S::Error> {
    names(events.as_deref().unwrap_or_default(), serializer)
}
