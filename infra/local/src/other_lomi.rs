//! Another lomi server than `lomi-sandbox`: lomi's own sandbox, or a program on this machine.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use url::{Host, Url};

/// lomi's only host for test keys (lomi's API documents; `lomi-client` sends them to no other).
const SANDBOX_HOST: &str = "sandbox.api.lomi.africa";
const LIVE_HOST: &str = "api.lomi.africa";

const TEST_PREFIX: &str = "lomi_sk_test_";
const LIVE_PREFIX: &str = "lomi_sk_live_";
/// Far above a key's length.
const MAX_KEY_BYTES: u64 = 512;

/// The address of another lomi server, and its test key.
#[derive(Clone, Debug)]
pub struct OtherLomi {
    /// An origin, without a trailing slash.
    url: String,
    secret_key: SecretKey,
}

/// A lomi secret key. `Debug` does not show it.
#[derive(Clone)]
pub(crate) struct SecretKey(String);

impl SecretKey {
    /// A key of `lomi-sandbox`.
    pub(crate) fn of_stand_in(key: &'static str) -> Self {
        Self(key.to_owned())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// Why `--lomi` cannot be used. No message contains the key or the address.
#[derive(Debug, thiserror::Error)]
pub enum OtherLomiError {
    /// Not exactly scheme, host and port.
    #[error(
        "--lomi: the address must be scheme, host and port only, such as https://{SANDBOX_HOST} or http://127.0.0.1:4010"
    )]
    Address,
    /// A host to which the functions send no key.
    #[error(
        "--lomi: the functions send a test key only to https://{SANDBOX_HOST} and, over plain http, to this machine (127.0.0.1, localhost). To use a proxy elsewhere, forward a local port to it"
    )]
    Host,
    /// lomi's live API, or a live key.
    #[error(
        "cargo dev is not for production: it accepts a test key (lomi_sk_test_...), never a live key or lomi's live API"
    )]
    Live,
    /// The file cannot be read.
    #[error("--lomi-key-file: the file cannot be read: {0}")]
    File(io::Error),
    /// The file does not contain exactly a test key.
    #[error("--lomi-key-file: the file must contain only a secret test key (lomi_sk_test_...)")]
    Key,
}

impl OtherLomi {
    /// The server at `url`, with the key in this file, which is read once.
    pub fn read(url: &str, key_file: &Path) -> Result<Self, OtherLomiError> {
        let url = origin(url)?;
        let mut text = String::new();
        let file = File::open(key_file).map_err(OtherLomiError::File)?;
        file.take(MAX_KEY_BYTES + 1).read_to_string(&mut text).map_err(OtherLomiError::File)?;
        Ok(Self { url, secret_key: test_key(&text)? })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn secret_key(&self) -> &SecretKey {
        &self.secret_key
    }
}

fn origin(text: &str) -> Result<String, OtherLomiError> {
    let url = Url::parse(text).map_err(|_| OtherLomiError::Address)?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    if !is_bare || !is_anonymous {
        return Err(OtherLomiError::Address);
    }
    match (url.scheme(), url.host_str(), url.port()) {
        ("http", _, _) if is_loopback(&url) => Ok(url.origin().ascii_serialization()),
        ("https", Some(SANDBOX_HOST), None) => Ok(url.origin().ascii_serialization()),
        ("https", Some(LIVE_HOST), None) => Err(OtherLomiError::Live),
        _ => Err(OtherLomiError::Host),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn test_key(text: &str) -> Result<SecretKey, OtherLomiError> {
    let key = text.trim();
    if key.starts_with(LIVE_PREFIX) {
        return Err(OtherLomiError::Live);
    }
    let is_key = key.strip_prefix(TEST_PREFIX).is_some_and(|rest| !rest.is_empty());
    let is_alone = text.len() as u64 <= MAX_KEY_BYTES && key.bytes().all(|byte| byte.is_ascii_graphic());
    if is_key && is_alone { Ok(SecretKey(key.to_owned())) } else { Err(OtherLomiError::Key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_lomi_must_be_a_host_that_takes_test_keys() {
        for (url, taken) in [
            ("https://sandbox.api.lomi.africa", "https://sandbox.api.lomi.africa"),
            ("http://127.0.0.1:4010/", "http://127.0.0.1:4010"),
            ("http://localhost:1", "http://localhost:1"),
        ] {
            assert_eq!(origin(url).unwrap(), taken);
        }
        for url in ["", "lomi", "http://127.0.0.1/v1", "https://sandbox.api.lomi.africa?x=1", "http://a:b@localhost"] {
            assert!(matches!(origin(url), Err(OtherLomiError::Address)), "{url}");
        }
        for url in ["http://sandbox.api.lomi.africa", "https://proxy.example", "http://10.0.0.1", "ftp://127.0.0.1"] {
            assert!(matches!(origin(url), Err(OtherLomiError::Host)), "{url}");
        }
        assert!(matches!(origin("https://api.lomi.africa"), Err(OtherLomiError::Live)));
    }

    #[test]
    fn only_a_test_key_is_accepted_and_it_is_never_shown() {
        let key = test_key(" lomi_sk_test_0123\n").unwrap();
        assert_eq!((key.expose(), format!("{key:?}").as_str()), ("lomi_sk_test_0123", "SecretKey(..)"));
        assert!(matches!(test_key("lomi_sk_live_0123"), Err(OtherLomiError::Live)));
        let long = format!("lomi_sk_test_{}", "0".repeat(600));
        for text in ["", "lomi_sk_test_", "lomi_pk_test_0123", "KEY=lomi_sk_test_0123", "lomi_sk_test_0 1", &long] {
            assert!(matches!(test_key(text), Err(OtherLomiError::Key)), "{text}");
        }
    }
}
