//! The URLs that a shopper may be sent to.

use crate::{OrderId, OrderToken};
use url::{Host, Url};

/// The longest redirect URL accepted, in bytes.
const MAX_REDIRECT_URL_BYTES: usize = 2048;

/// The origins a shopper may be returned to.
#[derive(Clone, Debug)]
pub struct RedirectPolicy {
    origins: Vec<url::Origin>,
}

/// An origin that cannot be on the list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an allowed origin must look like https://shop.example, without path, user or wildcard")]
pub struct NotAnOrigin;

/// Why a redirect URL is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectError {
    /// Longer than 2048 bytes, or not a URL, or a URL that two parsers may read differently.
    #[error("not a URL that every browser reads the same way")]
    NotAUrl,
    /// A valid URL of an origin that is not on the list.
    #[error("the origin is not on the allow-list")]
    NotAllowed,
}

impl RedirectPolicy {
    /// A policy for `origins` (scheme, host and port). Plain http is allowed for a loopback host on a sandbox stack
    /// only.
    ///
    /// # Errors
    /// When an entry is not a bare ASCII origin, or is http where that is not allowed.
    pub fn new<'a>(origins: impl IntoIterator<Item = &'a str>, allow_loopback_http: bool) -> Result<Self, NotAnOrigin> {
        let origins = origins
            .into_iter()
            .map(|text| bare_origin(text.trim(), allow_loopback_http).ok_or(NotAnOrigin))
            .collect::<Result<_, _>>()?;
        Ok(Self { origins })
    }

    /// The same policy with the backend's own origin, for a shop without a website.
    #[must_use]
    pub fn and(mut self, own: &Url) -> Self {
        self.origins.push(own.origin());
        self
    }

    /// Checks that `raw` leads to an allowed origin.
    pub fn allow(&self, raw: &str) -> Result<AllowedUrl, RedirectError> {
        // Browsers drop tabs and line breaks and read a backslash as a slash. Other parsers do not: refuse them.
        let odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
        if raw.len() > MAX_REDIRECT_URL_BYTES || raw.contains(odd) {
            return Err(RedirectError::NotAUrl);
        }
        let url = Url::parse(raw).map_err(|_| RedirectError::NotAUrl)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RedirectError::NotAllowed);
        }
        // The origin of a `blob:` URL is the one inside it, however often it is wrapped.
        let is_page = matches!(url.scheme(), "https" | "http");
        if is_page && self.origins.contains(&url.origin()) {
            Ok(AllowedUrl(url))
        } else {
            Err(RedirectError::NotAllowed)
        }
    }
}

fn bare_origin(text: &str, allow_loopback_http: bool) -> Option<url::Origin> {
    // Browsers encode other letters as `xn--`. Written out, not all parsers agree on the host.
    if !text.is_ascii() {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let anonymous = url.username().is_empty() && url.password().is_none();
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && anonymous;
    let wildcard = url.host_str().is_none_or(|host| host.contains('*'));
    let scheme_allowed = match url.scheme() {
        "https" => true,
        "http" => allow_loopback_http && is_loopback(&url),
        _ => false,
    };
    (bare && !wildcard && scheme_allowed).then(|| url.origin())
}

/// Whether the URL leads to this machine, the only host where plain http is allowed.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A URL of an allowed origin. Only such URLs are sent to lomi or to a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedUrl(Url);

impl AllowedUrl {
    /// The URL as it was sent, with its placeholders.
    #[must_use]
    pub fn as_sent(&self) -> String {
        let mut text = self.0.to_string();
        for name in ["ORDER_ID", "ORDER_TOKEN", "CHECKOUT_SESSION_ID"] {
            text = text.replace(&format!("%7B{name}%7D"), &format!("{{{name}}}"));
        }
        text
    }

    /// The URL with `{ORDER_ID}` and `{ORDER_TOKEN}` filled in anywhere after the origin.
    ///
    /// `{CHECKOUT_SESSION_ID}` is lomi's placeholder. lomi replaces it only when its braces are not percent-encoded.
    #[must_use]
    pub fn for_order(&self, id: &OrderId, token: &OrderToken) -> String {
        let mut text = self.0.to_string();
        for (name, value) in [("ORDER_ID", id.as_str()), ("ORDER_TOKEN", token.reveal())] {
            text = text.replace(&format!("{{{name}}}"), value).replace(&format!("%7B{name}%7D"), value);
        }
        text.replace("%7BCHECKOUT_SESSION_ID%7D", "{CHECKOUT_SESSION_ID}")
    }
}

/// lomi's payment page, the only page that a shopper is sent to for paying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentPageUrl(String);

impl PaymentPageUrl {
    /// `None` unless `raw` is https on `lomi.africa` or a subdomain. `allow_loopback_http` also allows http on this
    /// machine, for a sandbox server.
    #[must_use]
    pub fn parse(raw: &str, allow_loopback_http: bool) -> Option<Self> {
        let url = Url::parse(raw).ok()?;
        let host = url.host_str()?;
        let at_lomi = url.scheme() == "https" && (host == "lomi.africa" || host.ends_with(".lomi.africa"));
        let stand_in = allow_loopback_http && url.scheme() == "http" && is_loopback(&url);
        let anonymous = url.username().is_empty() && url.password().is_none();
        (anonymous && (at_lomi || stand_in)).then(|| Self(url.into()))
    }

    /// The URL as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> RedirectPolicy {
        RedirectPolicy::new(["https://shop.example", "http://127.0.0.1:8080"], true).unwrap()
    }

    #[test]
    fn a_page_of_the_shop_is_allowed() {
        for url in
            ["https://shop.example/thanks?a=1#b", "https://shop.example:443/", "http://127.0.0.1:8080/return.html"]
        {
            assert!(policy().allow(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn no_crafted_url_redirects_a_shopper_elsewhere() {
        for url in [
            "//evil.example",
            "https://shop.example@evil.example/",
            "https://user:pw@shop.example/",
            "https://shop.example.evil.example/",
            "https://evil.example/shop.example",
            "https:\\\\evil.example",
            "https://shop.example\\@evil.example",
            "https://shop.ex\tample/",
            "https://shop.example/\nSet-Cookie: a=b",
            "https://shop\u{3002}example.evil/",
            "javascript:alert(1)",
            "blob:https://shop.example/1",
            "blob:blob:https://shop.example/1",
            "data:text/html,hi",
            "http://shop.example/",
            "https://shop.example:8443/",
            "https://[::ffff:127.0.0.1]/",
            "http://127.0.0.1:8081/",
            "http://localhost:8080/",
            "shop.example/thanks",
            "",
        ] {
            assert!(policy().allow(url).is_err(), "{url}");
        }
        assert!(policy().allow(&format!("https://shop.example/{}", "a".repeat(10_000))).is_err());
    }

    #[test]
    fn an_unsafe_entry_in_the_origin_list_is_refused() {
        for origin in [
            "*",
            "https://*",
            "https://*.shop.example",
            "https://shop.example/path",
            "https://me@shop.example",
            "https://:secret@shop.example",
            "http://shop.example",
            "ftp://shop.example",
            "https://boutique-caf\u{e9}.example",
        ] {
            assert!(RedirectPolicy::new([origin], true).is_err(), "{origin}");
        }
        assert!(RedirectPolicy::new(["https://xn--boutique-caf-meb.example"], false).is_ok());
        assert!(RedirectPolicy::new(["http://127.0.0.1:8080"], false).is_err());
    }

    #[test]
    fn placeholders_are_filled_in_and_lomis_own_is_kept() {
        let (id, token) = (OrderId::from_entropy([1; 32]), OrderToken::from_entropy([2; 32]));
        let url = policy().allow("https://shop.example/o/{ORDER_ID}?s={CHECKOUT_SESSION_ID}#t={ORDER_TOKEN}").unwrap();
        assert_eq!(
            url.for_order(&id, &token),
            format!("https://shop.example/o/{id}?s={{CHECKOUT_SESSION_ID}}#t={}", token.reveal())
        );
    }

    #[test]
    fn a_payment_page_is_on_lomis_host_or_on_loopback() {
        assert!(PaymentPageUrl::parse("https://checkout.lomi.africa/checkout/1", false).is_some());
        assert!(PaymentPageUrl::parse("http://127.0.0.1:4010/checkout/1", true).is_some());
        for (url, loopback) in [
            ("http://127.0.0.1:4010/checkout/1", false),
            ("http://checkout.lomi.africa/checkout/1", true),
            ("https://lomi.africa.evil.example/", true),
            ("https://evillomi.africa/", true),
            ("https://checkout.lomi.africa@evil.example/", true),
            ("https://a@checkout.lomi.africa/", true),
            ("javascript:alert(1)", true),
        ] {
            assert!(PaymentPageUrl::parse(url, loopback).is_none(), "{url}");
        }
    }
}
