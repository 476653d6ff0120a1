//! The redirect after a payment.

use crate::context::Context;
use crate::model::Session;

const PLACEHOLDER: &str = "CHECKOUT_SESSION_ID";

/// The session's `success_url` with its placeholders replaced.
pub(crate) fn success_url(context: &Context, session: &Session) -> Option<String> {
    let url = session.details.success_url.as_deref()?;
    let id = &session.checkout_session_id;
    let replaced = replace_any_case(url, &format!("{{{{{PLACEHOLDER}}}}}"), id);
    let replaced = replace_any_case(&replaced, &format!("{{{PLACEHOLDER}}}"), id);
    if context.quirks.placeholder_percent_encoded {
        return Some(replace_any_case(&replaced, &format!("%7B{PLACEHOLDER}%7D"), id));
    }
    Some(replaced)
}

fn replace_any_case(text: &str, pattern: &str, with: &str) -> String {
    // Lower-casing ASCII moves no byte, so the positions match.
    let folded = text.to_ascii_lowercase();
    let pattern = pattern.to_ascii_lowercase();
    let mut replaced = String::with_capacity(text.len());
    let mut copied = 0;
    for (at, found) in folded.match_indices(&pattern) {
        replaced.push_str(text.get(copied..at).unwrap_or_default());
        replaced.push_str(with);
        copied = at + found.len();
    }
    replaced.push_str(text.get(copied..).unwrap_or_default());
    replaced
}

/// Whether an id is the unreplaced placeholder.
pub(crate) fn is_placeholder(id: &str) -> bool {
    let inner = id.trim_start_matches('{').trim_end_matches('}');
    id.starts_with('{') && id.ends_with('}') && inner.eq_ignore_ascii_case(PLACEHOLDER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_is_found_in_any_letter_case() {
        let replaced = replace_any_case("/é?a={Checkout_Session_Id}&b={X}", "{CHECKOUT_SESSION_ID}", "1");
        assert_eq!(replaced, "/é?a=1&b={X}");
    }

    #[test]
    fn a_placeholder_is_no_id() {
        assert!(is_placeholder("{CHECKOUT_SESSION_ID}") && is_placeholder("{{checkout_session_id}}"));
        assert!(!is_placeholder("CHECKOUT_SESSION_ID"));
    }
}
