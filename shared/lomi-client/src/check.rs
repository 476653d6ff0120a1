//! Rules that are checked before a call: some generations answer bad input like an outage.

use url::Url;

use crate::host::is_loopback;

/// The member of the first rule that does not hold.
pub(crate) fn first_broken<const N: usize>(rules: [(bool, &'static str); N]) -> Result<(), &'static str> {
    match rules.into_iter().find(|(holds, _)| !holds) {
        Some((_, member)) => Err(member),
        None => Ok(()),
    }
}

/// Absent, or with something in it. lomi takes an empty number for one: it erases what the customer had, and makes one
/// customer of all who have none.
pub(crate) fn is_absent_or_said(text: Option<&String>) -> bool {
    text.is_none_or(|text| !text.trim().is_empty())
}

/// An absolute web address. The text is sent as given, braces of a placeholder included.
pub(crate) fn is_web_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// https without credentials, or http on the developer's own machine.
pub(crate) fn is_webhook_target(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        let is_private_line = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        is_private_line && url.username().is_empty() && url.password().is_none()
    })
}

/// `x@y.z` without white space: what lomi itself asks of the address of a guest.
pub(crate) fn is_email_shaped(text: &str) -> bool {
    let has_space = text.contains(char::is_whitespace);
    let parts = text.split_once('@').filter(|(local, domain)| !local.is_empty() && !domain.contains('@'));
    let domain = parts.and_then(|(_, domain)| domain.rsplit_once('.'));
    !has_space && domain.is_some_and(|(name, top)| !name.is_empty() && !top.is_empty())
}

/// A date and time of ISO 8601 with its offset: `2026-06-20T09:00:00Z`, `...T09:00:00.000+01:00`. Whether the day
/// exists is left to lomi.
pub(crate) fn is_iso_time(text: &str) -> bool {
    let shape = "dddd-dd-ddTdd:dd:dd";
    let Some((start, rest)) = text.split_at_checked(shape.len()) else {
        return false;
    };
    let fraction =
        rest.strip_prefix('.').map_or(rest, |digits| digits.trim_start_matches(|c: char| c.is_ascii_digit()));
    fits(start, shape) && (fraction == "Z" || fits(fraction, "+dd:dd") || fits(fraction, "-dd:dd"))
}

/// `d` stands for a digit, everything else for itself.
fn fits(text: &str, shape: &str) -> bool {
    let byte_fits = |(byte, wanted): (u8, u8)| match wanted {
        b'd' => byte.is_ascii_digit(),
        _ => byte == wanted,
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
    fn an_address_has_something_on_both_sides_and_a_dot_in_its_domain() {
        assert!(is_email_shaped("awa.ba@shop.example"));
        for wrong in ["", "awa", "@shop.example", "awa@", "awa@shop", "awa@.example", "awa@shop.", "a b@c.d", "a@b@c.d"]
        {
            assert!(!is_email_shaped(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_webhook_goes_over_https_or_stays_on_the_machine() {
        assert!(is_webhook_target("https://shop.example/hooks"));
        assert!(is_webhook_target("http://127.0.0.1:4242/webhook"));
        for wrong in ["http://shop.example", "https://a:b@shop.example", "ftp://127.0.0.1", "/hooks"] {
            assert!(!is_webhook_target(wrong), "{wrong}");
        }
    }
}
