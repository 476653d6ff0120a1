//! Sorts lomi's endpoints by owner.

use super::{Wanted, receives_payments};
use lomi_client::WebhookEndpoint;

/// The endpoints with our URL.
pub(super) struct Found {
    /// Ours, and its secret is stored.
    pub(super) current: Option<WebhookEndpoint>,
    /// Ours, but their secrets are stored no longer.
    pub(super) others: Vec<WebhookEndpoint>,
    foreign: Vec<WebhookEndpoint>,
}

impl Found {
    /// An endpoint is ours when its description is our marker, or the stored secret is named after its id.
    pub(super) fn sort(listed: Vec<WebhookEndpoint>, wanted: &Wanted, version: Option<&str>) -> Self {
        let mut found = Self { current: None, others: Vec::new(), foreign: Vec::new() };
        for endpoint in listed {
            let is_here = endpoint.url.as_deref() == Some(wanted.url.as_str());
            let is_by_own_domain = endpoint.url.is_some() && endpoint.url == wanted.own_url;
            if !is_here && !is_by_own_domain {
                continue;
            }
            if version == Some(endpoint.webhook_endpoint_id.as_str()) {
                found.current = Some(endpoint);
            } else if is_here && endpoint.description.as_deref() == Some(wanted.marker.as_str()) {
                found.others.push(endpoint);
            } else {
                found.foreign.push(endpoint);
            }
        }
        found
    }

    /// Whether the endpoint was created by hand. The stored secret, if any, is its.
    pub(super) fn is_by_hand(&self) -> bool {
        !self.foreign.is_empty() && self.current.is_none()
    }

    /// Whether that one receives payments.
    pub(super) fn receives_payments(&self) -> bool {
        self.foreign.iter().any(receives_payments)
    }
}
