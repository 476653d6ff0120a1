//! Whose endpoint is whose.

use super::{Wanted, hears_of_payments};
use lomi_client::WebhookEndpoint;

/// The endpoints with our URL.
pub(super) struct Found {
    /// Ours, and the stored secret is its.
    pub(super) kept: Option<WebhookEndpoint>,
    /// Ours, and whoever had their secret has it no more.
    pub(super) others: Vec<WebhookEndpoint>,
    foreign: Vec<WebhookEndpoint>,
}

impl Found {
    /// Ours is what bears our marker, or the id that the stored secret is filed under.
    pub(super) fn sort(listed: Vec<WebhookEndpoint>, wanted: &Wanted, version: Option<&str>) -> Self {
        let mut found = Self { kept: None, others: Vec::new(), foreign: Vec::new() };
        for endpoint in listed {
            let is_here = endpoint.url.as_deref() == Some(wanted.url.as_str());
            let is_by_own_domain = endpoint.url.is_some() && endpoint.url == wanted.own_url;
            if !is_here && !is_by_own_domain {
                continue;
            }
            if version == Some(endpoint.webhook_endpoint_id.as_str()) {
                found.kept = Some(endpoint);
            } else if is_here && endpoint.description.as_deref() == Some(wanted.marker.as_str()) {
                found.others.push(endpoint);
            } else {
                found.foreign.push(endpoint);
            }
        }
        found
    }

    /// Whether somebody made it by hand: the stored secret, if there is one, is theirs.
    pub(super) fn is_by_hand(&self) -> bool {
        !self.foreign.is_empty() && self.kept.is_none()
    }

    /// Whether that hears of payments.
    pub(super) fn hears_of_payments(&self) -> bool {
        self.foreign.iter().any(hears_of_payments)
    }
}
