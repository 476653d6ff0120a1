//! Whose endpoint is whose.

use super::Wanted;
use lomi_client::WebhookEndpoint;

/// The endpoints with our URL.
pub(super) struct Found {
    /// Ours, and the stored secret is its.
    pub(super) kept: Option<WebhookEndpoint>,
    /// Ours, and whoever had their secret has it no more.
    pub(super) others: Vec<WebhookEndpoint>,
    foreign: usize,
}

impl Found {
    /// Ours is what bears our marker, or the id that the stored secret is filed under.
    pub(super) fn sort(listed: Vec<WebhookEndpoint>, wanted: &Wanted, version: Option<&str>) -> Self {
        let mut found = Self { kept: None, others: Vec::new(), foreign: 0 };
        for endpoint in listed.into_iter().filter(|endpoint| has_url(endpoint, &wanted.url)) {
            if version == Some(endpoint.webhook_endpoint_id.as_str()) {
                found.kept = Some(endpoint);
            } else if endpoint.description.as_deref() == Some(wanted.marker.as_str()) {
                found.others.push(endpoint);
            } else {
                found.foreign += 1;
            }
        }
        found
    }

    /// Whether events come by what somebody made by hand, and by nothing else.
    pub(super) fn is_by_hand(&self) -> bool {
        self.foreign > 0 && self.kept.is_none() && self.others.is_empty()
    }
}

fn has_url(endpoint: &WebhookEndpoint, url: &str) -> bool {
    endpoint.url.as_deref().is_some_and(|found| found.trim_end_matches('/') == url.trim_end_matches('/'))
}
