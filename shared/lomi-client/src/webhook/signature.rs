//! Signatures over the exact bytes of a delivery: verification, and the signer for tests.

use std::time::Duration;

use hmac::Mac as _;

use super::secret::{Mac, Secrets, WebhookSecret};

/// Header with the hexadecimal HMAC-SHA256 of the body.
pub const LEGACY_HEADER: &str = "x-lomi-signature";
/// Header with `t=<unix seconds>,v1=<hex>`, the HMAC-SHA256 of `<t>.` and the body.
pub const V1_HEADER: &str = "x-lomi-signature-v1";

/// lomi's header is far shorter.
const MAX_HEADER_LEN: usize = 512;

/// The two signature headers of a delivery, as received. Current deliveries carry both, older ones only the legacy one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signatures<'a> {
    /// The value of [`LEGACY_HEADER`].
    pub legacy: Option<&'a str>,
    /// The value of [`V1_HEADER`].
    pub v1: Option<&'a str>,
}

/// Why a body is not verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Neither header is present.
    #[error("no signature header")]
    Missing,
    /// No present header has the form of a signature.
    #[error("no signature header can be read")]
    Malformed,
    /// Readable, but no secret made it over these bytes. After a rotation this can also mean a stale cache: load the
    /// secrets again before you refuse.
    #[error("no secret made this signature")]
    NoMatch,
}

/// Which header verified the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// [`LEGACY_HEADER`]: the body alone.
    Legacy,
    /// [`V1_HEADER`]: the body and the time of the attempt.
    V1 {
        /// When lomi signed, in seconds since 1970.
        signed_at_s: u64,
    },
    /// Neither: the body was verified on arrival and stored.
    Before,
}

/// Bytes that lomi signed: from [`verify`], or from storage through [`VerifiedBody::verified_before`].
#[derive(Debug, Clone, Copy)]
pub struct VerifiedBody<'a> {
    bytes: &'a [u8],
    scheme: Scheme,
}

impl<'a> VerifiedBody<'a> {
    /// A stored body that [`verify`] accepted on arrival. Nothing is checked: the caller must trust every writer of
    /// that storage.
    pub fn verified_before(bytes: &'a [u8]) -> Self {
        Self { bytes, scheme: Scheme::Before }
    }

    /// The bytes as received.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Which header verified them.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The time from lomi's signature to `now_s` (seconds since 1970); zero when the clocks disagree, `None` without a
    /// signed time.
    ///
    /// Do not refuse by age: lomi's manual retry repeats old deliveries, and nothing else recovers a lost event.
    /// Deduplication protects against replays.
    pub fn age(&self, now_s: u64) -> Option<Duration> {
        match self.scheme {
            Scheme::Legacy | Scheme::Before => None,
            Scheme::V1 { signed_at_s } => Some(Duration::from_secs(now_s.saturating_sub(signed_at_s))),
        }
    }
}

/// Checks the body against every secret, in constant time per secret.
///
/// The V1 header counts first. If it fails and the legacy header is valid, the body is accepted without a signed time:
/// both use the same secret over the same bytes, and an attacker who can damage the V1 header can also remove it. To
/// refuse would only lose an event. [`VerifiedBody::scheme`] says which header was valid, for a metric.
pub fn verify<'a>(
    signatures: Signatures<'_>,
    body: &'a [u8],
    secrets: &Secrets,
) -> Result<VerifiedBody<'a>, SignatureError> {
    let legacy_text = signatures.legacy.map(str::trim).filter(|text| !text.is_empty());
    let v1_text = signatures.v1.map(str::trim).filter(|text| !text.is_empty());
    if legacy_text.is_none() && v1_text.is_none() {
        return Err(SignatureError::Missing);
    }
    let legacy = legacy_text.and_then(read_legacy);
    let v1 = v1_text.and_then(read_v1);
    if legacy.is_none() && v1.is_none() {
        return Err(SignatureError::Malformed);
    }
    let v1 = v1.filter(|v1| any_secret(secrets, &v1.digest, |secret| mac_v1(secret, v1.time, body)));
    if let Some(V1 { signed_at_s, .. }) = v1 {
        return Ok(VerifiedBody { bytes: body, scheme: Scheme::V1 { signed_at_s } });
    }
    let holds = |digest: &[u8; 32]| any_secret(secrets, digest, |secret| mac(secret, body));
    if legacy.as_ref().is_some_and(holds) {
        return Ok(VerifiedBody { bytes: body, scheme: Scheme::Legacy });
    }
    Err(SignatureError::NoMatch)
}

/// The value of [`LEGACY_HEADER`] for these bytes: 64 lower-case hexadecimal digits.
pub fn sign(secret: &WebhookSecret, body: &[u8]) -> String {
    hex::encode(mac(secret, body).finalize().into_bytes())
}

/// The value of [`V1_HEADER`] for these bytes, signed at `signed_at_s` seconds since 1970.
pub fn sign_v1(secret: &WebhookSecret, signed_at_s: u64, body: &[u8]) -> String {
    let time = signed_at_s.to_string();
    let digest = mac_v1(secret, &time, body).finalize().into_bytes();
    format!("t={time},v1={}", hex::encode(digest))
}

fn mac(secret: &WebhookSecret, body: &[u8]) -> Mac {
    secret.mac().chain_update(body)
}

fn mac_v1(secret: &WebhookSecret, time: &str, body: &[u8]) -> Mac {
    secret.mac().chain_update(time).chain_update(b".").chain_update(body)
}

/// Tries every secret, so that the time does not reveal which one matches.
fn any_secret(secrets: &Secrets, digest: &[u8; 32], mac: impl Fn(&WebhookSecret) -> Mac) -> bool {
    secrets.iter().fold(false, |found, secret| {
        let fits = mac(secret).verify_slice(digest).is_ok();
        found | fits
    })
}

struct V1<'a> {
    /// The digits as sent, because they were signed.
    time: &'a str,
    signed_at_s: u64,
    digest: [u8; 32],
}

/// Fields in any order; unknown ones are ignored, so that lomi can add a scheme.
fn read_v1(text: &str) -> Option<V1<'_>> {
    if text.len() > MAX_HEADER_LEN {
        return None;
    }
    let field = |name| {
        let mut pairs = text.split(',').filter_map(|pair| pair.trim().split_once('='));
        pairs.find_map(|(key, value)| (key == name).then_some(value))
    };
    let time = field("t").filter(|time| time.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some(V1 { time, signed_at_s: time.parse().ok()?, digest: read_digest(field("v1")?)? })
}

/// One of lomi's own libraries removes a leading `sha256=`, so some sender may write it.
fn read_legacy(text: &str) -> Option<[u8; 32]> {
    read_digest(text.strip_prefix("sha256=").unwrap_or(text))
}

fn read_digest(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(text, &mut digest).ok()?;
    Some(digest)
}
