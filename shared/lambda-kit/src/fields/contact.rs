//! The shopper's contact: checked, sent to lomi, and not stored with the order. (lomi's own events are stored as
//! received and may repeat it.)

use super::FieldErrors;
use lomi_client::CustomerDetails;

const MAX_EMAIL_BYTES: usize = 254;
const MAX_NAME_CHARS: usize = 200;

/// `customer_email`, `customer_name` and `customer_phone` as received.
#[derive(Default)]
pub struct Contact {
    /// One e-mail address.
    pub email: Option<String>,
    /// 1 to 200 characters.
    pub name: Option<String>,
    /// In any notation.
    pub phone: Option<String>,
}

impl Contact {
    /// The contact in the form that lomi accepts.
    pub fn check(self, errors: &mut FieldErrors) -> CustomerDetails {
        let Self { email, name, phone } = self;
        let email_fits = email.as_deref().is_none_or(is_email);
        errors.unless(email_fits, "/customer_email", "Not an e-mail address.", "Ce n'est pas une adresse e-mail.");
        let name_fits = name.as_deref().is_none_or(is_name);
        errors.unless(name_fits, "/customer_name", "1 to 200 characters.", "De 1 à 200 caractères.");
        let phone = phone.map(|text| normal_phone(&text));
        let phone_fits = phone.as_deref().is_none_or(is_phone);
        errors.unless(
            phone_fits,
            "/customer_phone",
            "An international number such as +2250700000000.",
            "Un numéro international, par exemple +2250700000000.",
        );
        CustomerDetails { email, name, phone, ..CustomerDetails::default() }
    }
}

/// One e-mail address of at most 254 bytes, without a display name.
#[must_use]
pub fn is_email(text: &str) -> bool {
    let shape = text.split_once('@').is_some_and(|(local, host)| !local.is_empty() && host.contains('.'));
    let one_at = text.matches('@').count() == 1;
    shape && one_at && text.len() <= MAX_EMAIL_BYTES && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// 1 to 200 characters, none of them a control character.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= MAX_NAME_CHARS && !text.contains(char::is_control)
}

/// Converts `00225 07.00-00 00 00`, as people write it, to `+2250700000000`, as lomi requires it.
#[must_use]
pub fn normal_phone(text: &str) -> String {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')')).collect();
    match digits.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => digits,
    }
}

/// E.164, with the plus.
#[must_use]
pub fn is_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_number_is_normalised_to_lomis_format() {
        for written in ["+225 07 00 00 00 00", "00225 07.00-00 00 00", "+2250700000000"] {
            assert_eq!(normal_phone(written), "+2250700000000");
        }
        assert!(is_phone("+2250700000000"));
        assert!(!is_phone("0700000000") && !is_phone("+22") && !is_phone("+225x700000000"));
    }

    #[test]
    fn an_email_needs_one_at_sign_and_a_host() {
        assert!(is_email("awa@example.ci"));
        for wrong in ["", "awa", "awa@", "@example.ci", "a@b@example.ci", "awa @example.ci", "awa@example"] {
            assert!(!is_email(wrong), "{wrong}");
        }
    }
}
