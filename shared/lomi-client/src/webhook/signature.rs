//! Signatures over the exact bytes of a delivery: the check and, beside it, the signer.

use std::time::Duration;

use hmac::Mac as _;

use super::secret::{Mac, Secrets, WebhookSecret};

/// Header with the hexadecimal HMAC-SHA256 of the body.
pub const LEGACY_HEADER: &str = "x-lomi-signature";
/// Header with `t=<unix seconds>,v1=<hex>`, the HMAC-SHA256 of `<t>.` and the body.
pub const V1_HEADER: &str = "x-lomi-signature-v1";

/// A header longer than this is not one of lomi's; reading stops before it costs anything.
const MAX_HEADER_LEN: usize = 512;

/// The two signature headers of a delivery, as received. Current deliveries carry both, older ones the first.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signatures<'a> {
    /// The value of [`LEGACY_HEADER`].
    pub legacy: Option<&'a str>,
    /// The value of [`V1_HEADER`].
    pub v1: Option<&'a str>,
}

/// Why a body is not known to come from lomi.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Neither header is there.
    #[error("no signature header")]
    Missing,
    /// No header that is there has the shape of a signature.
    #[error("no signature header can be read")]
    Malformed,
    /// Readable, but not made with any of the secrets over these bytes. A secret that was just replaced looks
    /// the same: fetch the secrets once more before refusing.
    #[error("no secret made this signature")]
    NoMatch,
}

/// Which header proved the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// [`LEGACY_HEADER`]: the body alone.
    Legacy,
    /// [`V1_HEADER`]: the body and the time of the attempt.
    V1 {
        /// When lomi signed, in seconds since 1970.
        signed_at_s: u64,
    },
    /// Neither: the body was verified when it came, and has been kept since.
    Before,
}

/// Bytes that one of the secrets signed. [`verify`] makes one; [`VerifiedBody::verified_before`] makes one again.
#[derive(Debug, Clone, Copy)]
pub struct VerifiedBody<'a> {
    bytes: &'a [u8],
    scheme: Scheme,
}

impl<'a> VerifiedBody<'a> {
    /// A body that [`verify`] gave out before and that was kept since, to be read once more. Nothing is checked: whoever
    /// calls this answers for every writer of the place where the bytes were kept.
    pub fn verified_before(bytes: &'a [u8]) -> Self {
        Self { bytes, scheme: Scheme::Before }
    }

    /// The bytes as received.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Which header proved them.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// How long before `now_s` (seconds since 1970) lomi signed; zero when the clocks disagree, `None` when
    /// no signed time exists.
    ///
    /// A number to watch, not a reason to refuse: lomi's manual replay repeats old deliveries, and it is the
    /// only way back to a lost event. What stops a replayed event is that it was already recorded.
    pub fn age(&self, now_s: u64) -> Option<Duration> {
        match self.scheme {
            Scheme::Legacy | Scheme::Before => None,
            Scheme::V1 { signed_at_s } => Some(Duration::from_secs(now_s.saturating_sub(signed_at_s))),
        }
    }
}

/// Checks the body against every secret, in constant time per secret.
///
/// The V1 header counts first. When it fails and the legacy header holds, the body is accepted without a
/// signed time: both are made with the same secret over the same bytes, so whoever could forge the second
/// needs no first, and whoever can spoil the first could as well remove it. Refusing would only turn a
/// spoiled header into a lost event. [`VerifiedBody::scheme`] tells the cases apart for a metric.
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

/// Every secret is tried, so that the time taken does not say which one fits.
fn any_secret(secrets: &Secrets, digest: &[u8; 32], mac: impl Fn(&WebhookSecret) -> Mac) -> bool {
    secrets.iter().fold(false, |found, secret| {
        let fits = mac(secret).verify_slice(digest).is_ok();
        found | fits
    })
}

struct V1<'a> {
    /// The digits as sent: they are what was signed.
    time: &'a str,
    signed_at_s: u64,
    digest: [u8; 32],
}

/// Members in any order; unknown ones are ignored, so that a later scheme can stand beside this one.
fn read_v1(text: &str) -> Option<V1<'_>> {
    if text.len() > MAX_HEADER_LEN {
        return None;
    }
    let member = |name| {
        let mut pairs = text.split(',').filter_map(|pair| pair.trim().split_once('='));
        pairs.find_map(|(key, value)| (key == name).then_some(value))
    };
    let time = member("t").filter(|time| time.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some(V1 { time, signed_at_s: time.parse().ok()?, digest: read_digest(member("v1")?)? })
}

/// One of lomi's own libraries strips a `sha256=` in front, so some sender may write it.
fn read_legacy(text: &str) -> Option<[u8; 32]> {
    read_digest(text.strip_prefix("sha256=").unwrap_or(text))
}

fn read_digest(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(text, &mut digest).ok()?;
    Some(digest)
}
