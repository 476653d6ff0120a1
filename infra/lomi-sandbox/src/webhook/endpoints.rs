//! Which URLs may receive webhooks, and the registered endpoints.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::Value;
use url::{Host, Url};

use super::event::{AFTERMATH_EVENTS, PAYMENT_EVENTS};
use crate::clock::Timestamp;
use crate::context::Context;
use crate::fixtures;
use crate::model::{Caller, Endpoint};
use crate::settings::Settings;

/// A validated request for an endpoint.
#[derive(Debug)]
pub(crate) struct NewEndpoint {
    pub(crate) url: String,
    pub(crate) authorized_events: Vec<String>,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Value,
}

impl Context {
    pub(crate) fn ensure_endpoints(&mut self, settings: &Settings, now: Timestamp) {
        for endpoint in &settings.endpoints {
            self.ensure_endpoint(&endpoint.api_key, &endpoint.url, Some(&endpoint.secret), now);
        }
    }

    /// Removes the endpoints of earlier settings that the current ones no longer name.
    pub(crate) fn remove_former_endpoints(&mut self, settings: &Settings) {
        let is_named = |endpoint: &Endpoint| {
            settings.endpoints.iter().any(|setting| {
                let owner = fixtures::caller(&setting.api_key);
                let owner = owner.map(|caller| (caller.organization_id, caller.environment));
                setting.url == endpoint.url && owner == Some((&endpoint.organization_id, endpoint.environment))
            })
        };
        let rows = self.endpoints.oldest_first();
        let former = rows.filter(|endpoint| endpoint.is_from_settings && !is_named(endpoint));
        let former: Vec<String> = former.map(|endpoint| endpoint.webhook_id.clone()).collect();
        for id in former {
            self.endpoints.remove(&id);
        }
    }

    /// Finds or creates the endpoint with this URL of the key's owner and returns its secret. `None` for an unknown key.
    pub(crate) fn ensure_endpoint(
        &mut self,
        api_key: &str,
        url: &str,
        secret: Option<&str>,
        now: Timestamp,
    ) -> Option<String> {
        let caller = fixtures::caller(api_key)?;
        let present = self.endpoints.rows_mut().find(|endpoint| {
            endpoint.url == url
                && endpoint.organization_id == caller.organization_id
                && endpoint.environment == caller.environment
        });
        if let Some(present) = present {
            if let Some(secret) = secret {
                secret.clone_into(&mut present.secret);
                present.is_from_settings = true;
            }
            return Some(present.secret.clone());
        }
        let new = NewEndpoint {
            url: url.to_owned(),
            authorized_events: PAYMENT_EVENTS.into_iter().chain(AFTERMATH_EVENTS).map(str::to_owned).collect(),
            description: None,
            metadata: Value::Null,
        };
        let endpoint = self.create_endpoint(&caller, new, secret, now);
        Some(endpoint.secret)
    }

    pub(crate) fn create_endpoint(
        &mut self,
        caller: &Caller,
        new: NewEndpoint,
        secret: Option<&str>,
        now: Timestamp,
    ) -> Endpoint {
        let endpoint = Endpoint {
            webhook_id: self.ids.uuid(),
            organization_id: caller.organization_id.to_owned(),
            created_by: caller.merchant_id.to_owned(),
            environment: caller.environment,
            url: new.url,
            authorized_events: new.authorized_events,
            is_active: true,
            secret: secret.map_or_else(|| self.ids.token("whsec_", 32), str::to_owned),
            description: new.description,
            metadata: new.metadata,
            last_triggered_at: None,
            last_response_status: None,
            last_response_body: None,
            retry_count: 0,
            created_at: now,
            updated_at: now,
            is_from_settings: secret.is_some(),
        };
        self.endpoints.insert(endpoint.clone());
        endpoint
    }
}

/// Whether lomi would send to this URL: https, no credentials, a public host. Host names are not resolved.
pub(crate) fn is_safe_target(url: &str, allow_insecure: bool) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    if allow_insecure {
        return matches!(url.scheme(), "http" | "https");
    }
    url.scheme() == "https"
        && url.username().is_empty()
        && url.password().is_none()
        && match url.host() {
            Some(Host::Domain(name)) => is_public_name(name),
            Some(Host::Ipv4(address)) => is_public(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => is_public(IpAddr::V6(address)),
            None => false,
        }
}

fn is_public_name(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    name.contains('.') && !["local", "localhost", "internal"].contains(&last)
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let is_shared = (address.to_bits() >> 22) == (Ipv4Addr::new(100, 64, 0, 0).to_bits() >> 22);
            let is_inner = address.is_loopback() || address.is_private() || address.is_link_local();
            !(is_shared || is_inner || address.is_unspecified() || address.is_broadcast())
        }
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let is_inner = address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local();
    let mapped = address.to_ipv4_mapped().is_none_or(|address| is_public(IpAddr::V4(address)));
    mapped && !is_inner && !address.is_unspecified()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strict_simulator_sends_only_to_public_https() {
        assert!(is_safe_target("https://shop.example/hook", false));
        for url in [
            "http://shop.example/hook",
            "https://user:pass@shop.example/",
            "https://127.0.0.1/",
            "https://10.1.2.3/",
            "https://169.254.169.254/latest",
            "https://100.64.1.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://printer.local/",
            "https://localhost/",
            "not a url",
        ] {
            assert!(!is_safe_target(url, false), "{url}");
        }
    }

    #[test]
    fn a_lenient_simulator_sends_to_a_laptop() {
        assert!(is_safe_target("http://127.0.0.1:3000/hook", true));
        assert!(!is_safe_target("ftp://127.0.0.1/hook", true));
    }
}
