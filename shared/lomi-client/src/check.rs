//! Rules that are checked before a call, because some generations answer invalid input with 500.

use bytes::Bytes;
use serde::Serialize;
use url::Url;

use crate::host::is_loopback;

/// The body of a request.
pub(crate) fn json_body(value: &impl Serialize) -> Result<Bytes, &'static str> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|_| "body")
}

/// The field of the first rule that does not hold.
pub(crate) fn first_violation<const N: usize>(rules: [(bool, &'static str); N]) -> Result<(), &'static str> {
    match rules.into_iter().find(|(holds, _)| !holds) {
        Some((_, field)) => Err(field),
        None => Ok(()),
    }
}

/// Absent or not blank. An empty phone number would erase the customer's, and merge all customers that have none.
pub(crate) fn is_absent_or_filled(text: Option<&String>) -> bool {
    text.is_none_or(|text| !text.trim().is_empty())
}

/// 1 to `max_len` visible ASCII characters.
pub(crate) fn is_visible_ascii(text: &str, max_len: usize) -> bool {
    (1..=max_len).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// An absolute web address. It is sent unchanged, braces of a placeholder included.
pub(crate) fn is_web_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// https without credentials, or http on the developer's own machine.
pub(crate) fn is_webhook_target(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        let is_secure = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        is_secure && url.username().is_empty() && url.password().is_none()
    })
}

/// `x@y.z` without white space: lomi's own rule for the address of a guest.
pub(crate) fn is_email_shaped(text: &str) -> bool {
    let has_space = text.contains(char::is_whitespace);
    let parts = text.split_once('@').filter(|(local, domain)| !local.is_empty() && !domain.contains('@'));
    let domain = parts.and_then(|(_, domain)| domain.rsplit_once('.'));
    !has_space && domain.is_some_and(|(name, top)| !name.is_empty() && !top.is_empty())
}

/// A date and time of ISO 8601 with its offset: `2026-06-20T09:00:00Z`, `...T09:00:00.000+01:00`. lomi
/// checks the calendar.
pub(crate) fn is_iso_time(text: &str) -> bool {
    let shape = "dddd-dd-ddTdd:dd:dd";
    let Some((start, rest)) = text.split_at_checked(shape.len()) else {
        return false;
    };
    let fraction =
        rest.strip_prefix('.').map_or(rest, |digits| digits.trim_start_matches(|c: char| c.is_ascii_digit()));
    fits(start, shape) && (fraction == "Z" || fits(fraction, "+dd:dd") || fits(fraction, "-dd:dd"))
}

/// `d` in `shape` matches a digit, every other character itself.
fn fits(text: &str, shape: &str) -> bool {
    let byte_fits = |(byte, expected): (u8, u8)| match expected {
        b'd' => byte.is_ascii_digit(),
        _ => byte == expected,
    };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(byte_fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_date_a_time_and_an_offset() {
        for time in ["2026-06-20T09:00:00Z", "2026-06-20T09:00:00.512Z", "2026-06-20T09:00:00+00:00"] {
            assert!(is_iso_time(time), "{time}");
        }
        for wrong in ["", "2026-06-20", "2026-06-20T09:00:00", "20/06/2026T09:00:00Z", "2026-06-20T09:00:00 Z", "é"] {
            assert!(!is_iso_time(wrong), "{wrong}");
        }
    }

    #[test]
    fn an_email_has_a_local_part_and_a_dotted_domain() {
        assert!(is_email_shaped("awa.ba@shop.example"));
        for wrong in ["", "awa", "@shop.example", "awa@", "awa@shop", "awa@.example", "awa@shop.", "a b@c.d", "a@b@c.d"]
        {
            assert!(!is_email_shaped(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_webhook_url_is_https_or_loopback() {
        assert!(is_webhook_target("https://shop.example/hooks"));
        assert!(is_webhook_target("http://127.0.0.1:4242/webhook"));
        for wrong in ["http://shop.example", "https://a:b@shop.example", "ftp://127.0.0.1", "/hooks"] {
            assert!(!is_webhook_target(wrong), "{wrong}");
        }
    }
}
