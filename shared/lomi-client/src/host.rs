//! The hosts that a key may be sent to.

use url::{Host, Url};

use crate::client::BuildError;
use crate::key::Environment;

const LIVE_HOST: &str = "api.lomi.africa";
const SANDBOX_HOST: &str = "sandbox.api.lomi.africa";

/// The base URL for a key of this environment: the given one if it is allowed, or lomi's own if none is given.
pub(crate) fn base_url(environment: Option<Environment>, given: Option<&str>) -> Result<Url, BuildError> {
    match (given, environment) {
        (Some(given), _) => allowed(given, environment),
        (None, Some(Environment::Test)) => parse(&format!("https://{SANDBOX_HOST}")),
        (None, Some(Environment::Live)) => parse(&format!("https://{LIVE_HOST}")),
        (None, None) => Err(BuildError::BaseUrlRequired),
    }
}

fn allowed(given: &str, environment: Option<Environment>) -> Result<Url, BuildError> {
    let url = parse(given)?;
    if url.scheme() == "http" && is_loopback(&url) {
        // A local stand-in for lomi; a live key must not go there.
        return match environment {
            Some(Environment::Test) => Ok(url),
            _ => Err(BuildError::EnvironmentMismatch),
        };
    }
    if url.scheme() != "https" || url.port().is_some() {
        return Err(BuildError::HostRefused);
    }
    let serves = match url.host_str() {
        Some(SANDBOX_HOST) => Environment::Test,
        Some(LIVE_HOST) => Environment::Live,
        _ => return Err(BuildError::HostRefused),
    };
    if environment.is_some_and(|own| own != serves) {
        return Err(BuildError::EnvironmentMismatch);
    }
    Ok(url)
}

/// Scheme, host and port only.
fn parse(text: &str) -> Result<Url, BuildError> {
    let url = Url::parse(text).map_err(|_| BuildError::BaseUrlMalformed)?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    (bare && anonymous).then_some(url).ok_or(BuildError::BaseUrlMalformed)
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: Option<Environment> = Some(Environment::Test);
    const LIVE: Option<Environment> = Some(Environment::Live);

    fn refusal(environment: Option<Environment>, given: &str) -> String {
        base_url(environment, Some(given)).unwrap_err().to_string()
    }

    #[test]
    fn the_prefix_of_the_key_chooses_the_host() {
        let host = |environment| base_url(environment, None).unwrap().to_string();
        assert_eq!(host(TEST), "https://sandbox.api.lomi.africa/");
        assert_eq!(host(LIVE), "https://api.lomi.africa/");
        assert!(matches!(base_url(None, None), Err(BuildError::BaseUrlRequired)));
    }

    #[test]
    fn a_key_is_never_sent_to_the_host_of_the_other_environment() {
        let mismatch = BuildError::EnvironmentMismatch.to_string();
        assert_eq!(refusal(TEST, "https://api.lomi.africa"), mismatch);
        assert_eq!(refusal(LIVE, "https://sandbox.api.lomi.africa"), mismatch);
        assert_eq!(refusal(LIVE, "http://127.0.0.1:4010"), mismatch);
        assert_eq!(refusal(None, "http://127.0.0.1:4010"), mismatch);
    }

    #[test]
    fn an_unmarked_key_may_name_either_host_of_lomi() {
        assert!(base_url(None, Some("https://api.lomi.africa/")).is_ok());
        assert!(base_url(None, Some("https://sandbox.api.lomi.africa")).is_ok());
    }

    #[test]
    fn loopback_is_open_to_test_keys() {
        for stand_in in ["http://127.0.0.1:4010", "http://localhost:1", "http://[::1]:8080"] {
            assert!(base_url(TEST, Some(stand_in)).is_ok(), "{stand_in}");
        }
    }

    #[test]
    fn any_other_host_or_plain_http_is_refused() {
        let refused = BuildError::HostRefused.to_string();
        for elsewhere in [
            "http://sandbox.api.lomi.africa",
            "https://sandbox.api.lomi.africa:8443",
            "https://sandbox.api.lomi.africa.example",
            "https://example.org",
            "http://10.0.0.1",
            "http://localhost.example",
            "ftp://127.0.0.1",
        ] {
            assert_eq!(refusal(TEST, elsewhere), refused, "{elsewhere}");
        }
    }

    #[test]
    fn a_base_url_is_scheme_host_and_port() {
        let malformed = BuildError::BaseUrlMalformed.to_string();
        for wrong in [
            "",
            "sandbox.api.lomi.africa",
            "https://sandbox.api.lomi.africa/v1",
            "https://sandbox.api.lomi.africa?x=1",
            "https://user:pw@sandbox.api.lomi.africa",
        ] {
            assert_eq!(refusal(TEST, wrong), malformed, "{wrong}");
        }
    }
}
