//! The text of a secret, and the mistakes that people make when they paste one.

use std::fmt;

/// The kind of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The secret key of lomi's API, `lomi_sk_...`.
    LomiKey,
    /// The signing secret of a lomi webhook, `whsec_...`; older ones have no prefix.
    WebhookSecret,
    /// The HS256 key with which the merchant's backend signs carts.
    CartTokenKey,
}

/// Why a text cannot be a secret of its kind. Such a text counts as missing: with it every webhook would look forged,
/// and lomi does not retry a refused webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotASecret {
    /// JSON, as a console shows and copies secrets.
    #[error("JSON")]
    Json,
    /// In quotation marks.
    #[error("in quotation marks")]
    Quoted,
    /// With a space, a line break or another character that is not visible ASCII.
    #[error("with a character that is not visible ASCII")]
    Invisible,
    /// A placeholder of a guide: `whsec_...`, `<your key>`, `changeme`.
    #[error("a placeholder")]
    Placeholder,
    /// The secret key of lomi, where another secret belongs.
    #[error("a secret key of lomi.")]
    LomiKey,
    /// The publishable key of lomi, which is no secret.
    #[error("a publishable key of lomi.")]
    PublishableKey,
    /// A webhook's signing secret, where another secret belongs.
    #[error("a webhook's signing secret")]
    WebhookSecret,
    /// More text than the secret, or another value of the webhook, such as its id.
    #[error("more than a secret, or something else")]
    MoreThanIt,
    /// Too short or too long for a secret of its kind.
    #[error("too short or too long")]
    Length,
}

/// Longer than any secret that lomi issues.
const MAX_BYTES: usize = 256;
/// lomi issues `whsec_` and some two dozen characters.
const MIN_WEBHOOK_SECRET_BYTES: usize = 16;
/// The length of the hash (RFC 7518, 3.2): a shorter HS256 key can be found by brute force.
const MIN_CART_TOKEN_KEY_BYTES: usize = 32;
const QUOTES: [char; 8] = ['"', '\'', '`', '“', '”', '‘', '’', '«'];
/// Parts of placeholders in guides, in lower case. A generated secret does not contain them.
const PLACEHOLDERS: [&str; 8] = ["...", "***", "placeholder", "changeme", "change_me", "change-me", "your_", "your-"];

/// A secret's text that passed the checks of its kind, without surrounding white space. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// Checks the stored text.
    ///
    /// # Errors
    /// [`NotASecret`], which contains nothing of the text.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, NotASecret> {
        let text = text.trim();
        check(text, kind).map(|()| Self(text.to_owned()))
    }

    /// The text, for the signer, the verifier or the request that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

fn check(text: &str, kind: Kind) -> Result<(), NotASecret> {
    let is_enclosed = |open, close| text.starts_with(open) && text.ends_with(close);
    if is_enclosed('{', '}') || is_enclosed('[', ']') {
        return Err(NotASecret::Json);
    }
    if text.starts_with(QUOTES) || text.ends_with(QUOTES) {
        return Err(NotASecret::Quoted);
    }
    if is_enclosed('<', '>') || is_of_a_guide(text) {
        return Err(NotASecret::Placeholder);
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(NotASecret::Invisible);
    }
    if text.starts_with("lomi_pk_") {
        return Err(NotASecret::PublishableKey);
    }
    if kind != Kind::LomiKey && text.starts_with("lomi_sk_") {
        return Err(NotASecret::LomiKey);
    }
    if kind != Kind::WebhookSecret && text.starts_with("whsec_") {
        return Err(NotASecret::WebhookSecret);
    }
    if kind == Kind::WebhookSecret && is_no_secret_of_a_webhook(text) {
        return Err(NotASecret::MoreThanIt);
    }
    let shortest = match kind {
        Kind::LomiKey => 1,
        Kind::WebhookSecret => MIN_WEBHOOK_SECRET_BYTES,
        Kind::CartTokenKey => MIN_CART_TOKEN_KEY_BYTES,
    };
    if (shortest..=MAX_BYTES).contains(&text.len()) { Ok(()) } else { Err(NotASecret::Length) }
}

/// Whether the text has something around the secret (`NAME=whsec_...`, `Bearer:...`, two in a row, a comma), or is a
/// URL, an ARN or the webhook's id.
fn is_no_secret_of_a_webhook(text: &str) -> bool {
    let has_a_name = text.trim_end_matches('=').contains('=');
    let has_another = text.rfind("whsec_").is_some_and(|at| at > 0) || text.contains("lomi_sk_");
    let is_uuid = text.len() == 36 && text.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    has_a_name || has_another || is_uuid || text.contains([':', ',', ';'])
}

/// Whether the text is a placeholder; also `whsec_xxxxxxxxxxxxxxxx`, which repeats one character after its last `_`.
fn is_of_a_guide(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let tail = lower.rsplit('_').next().unwrap_or_default();
    let mut letters = tail.chars();
    let first = letters.next();
    let is_run = tail.len() > 3 && letters.all(|letter| Some(letter) == first);
    is_run || lower.contains('…') || PLACEHOLDERS.iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistakenly_pasted_secret_is_named() {
        let read = |text: &str, kind| SecretText::parse(text, kind).map(|text| text.expose().to_owned());
        for (text, found) in [
            (r#"{"LOMI_WEBHOOK_SECRET":"whsec_0123456789abcdef"}"#, NotASecret::Json),
            ("{'secret': 'whsec_0123456789abcdef'}", NotASecret::Json),
            (r#"["whsec_0123456789abcdef"]"#, NotASecret::Json),
            (r#""whsec_0123456789abcdef""#, NotASecret::Quoted),
            ("'whsec_0123456789abcdef", NotASecret::Quoted),
            ("“whsec_0123456789abcdef”", NotASecret::Quoted),
            ("whsec_01234567 89abcdef", NotASecret::Invisible),
            ("whsec_0123456789abc\u{200b}def", NotASecret::Invisible),
            ("whsec_0123456789abc\ndef", NotASecret::Invisible),
            ("whsec_...", NotASecret::Placeholder),
            ("whsec_…", NotASecret::Placeholder),
            ("<whsec_of_the_endpoint>", NotASecret::Placeholder),
            ("<the secret>", NotASecret::Placeholder),
            ("whsec_xxxxxxxxxxxxxxxxxxxxxxxx", NotASecret::Placeholder),
            ("XXXXXXXXXXXXXXXXXXXXXXXX", NotASecret::Placeholder),
            ("whsec_your_secret_comes_here", NotASecret::Placeholder),
            ("ChangeMe_ChangeMe", NotASecret::Placeholder),
            ("lomi_sk_test_0123456789abcdef", NotASecret::LomiKey),
            ("lomi_pk_test_0123456789abcdef", NotASecret::PublishableKey),
            ("LOMI_WEBHOOK_SECRET=whsec_0123456789abcdef", NotASecret::MoreThanIt),
            ("secret:whsec_0123456789abcdef", NotASecret::MoreThanIt),
            ("Bearer:whsec_0123456789abcdef", NotASecret::MoreThanIt),
            ("whsec_0123456789abcdef,", NotASecret::MoreThanIt),
            ("whsec_0123456789abcdefwhsec_0123456789abcdef", NotASecret::MoreThanIt),
            ("https://shop-api.example/webhooks/lomi", NotASecret::MoreThanIt),
            ("arn:aws:secretsmanager:eu-west-3:123456789012:secret:s", NotASecret::MoreThanIt),
            ("b1e9a7f0-0d3c-4b8e-8f7a-6c5d4e3f2a1b", NotASecret::MoreThanIt),
            ("whsec_0123", NotASecret::Length),
            (&"w".repeat(257).replace("ww", "wv"), NotASecret::Length),
        ] {
            assert_eq!(read(text, Kind::WebhookSecret), Err(found), "{text}");
        }
        let key = "lomi_sk_live_0123456789abcdef";
        assert_eq!(read("whsec_0123456789abcdef", Kind::LomiKey), Err(NotASecret::WebhookSecret));
        assert_eq!(read("whsec_0123456789abcdef0123456789abcdef", Kind::CartTokenKey), Err(NotASecret::WebhookSecret));
        assert_eq!(read(key, Kind::CartTokenKey), Err(NotASecret::LomiKey));
        assert_eq!(read("hunter2", Kind::CartTokenKey), Err(NotASecret::Length));
        for (good, kind) in [
            ("whsec_0123456789abcdef", Kind::WebhookSecret),
            ("0123456789abcdef0123456789abcdef", Kind::WebhookSecret),
            ("whsec_MDEyMzQ1Njc4+/OWFiY2RlZg==", Kind::WebhookSecret),
            (key, Kind::LomiKey),
            ("lomi_sk_0123abcd", Kind::LomiKey),
            ("0123456789abcdef0123456789abcdef", Kind::CartTokenKey),
            ("}Q<7{;x'1K\"z0123456789abcdef012345", Kind::CartTokenKey),
        ] {
            assert_eq!(read(&format!(" {good}\r\n"), kind).as_deref(), Ok(good));
        }
    }

    #[test]
    fn a_secret_is_never_displayed() {
        let text = SecretText::parse("whsec_canary_0123456789", Kind::WebhookSecret);
        assert!(!format!("{text:?}").contains("canary"));
    }
}
