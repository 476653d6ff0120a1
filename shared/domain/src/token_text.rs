//! Removes order tokens from texts that another system stores.

/// Replaces a token, as in the URL that the merchant configured.
const PLACEHOLDER: &str = "{ORDER_TOKEN}";
/// How many hexadecimal digits an order token has.
const TOKEN_DIGITS: usize = 64;

/// The text with `{ORDER_TOKEN}` in place of anything that may be an order token. A token gives access to its order,
/// and lomi stores the URLs that contain it.
///
/// Replaces every run of 64 or more hexadecimal digits, in upper or lower case, percent-encoded or not. The token is
/// not known here, so digits that touch it are replaced with it.
#[must_use]
pub fn without_order_tokens(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let (mut run, mut digits, mut rest) = (0, 0, text);
    while let Some((is_digit, bytes)) = unit(rest) {
        let (head, tail) = rest.split_at(bytes);
        kept.push_str(head);
        (run, digits) = if is_digit { (run + bytes, digits + 1) } else { (0, 0) };
        let ends = !unit(tail).is_some_and(|(is_digit, _)| is_digit);
        if ends && digits >= TOKEN_DIGITS {
            kept.truncate(kept.len() - run);
            kept.push_str(PLACEHOLDER);
        }
        rest = tail;
    }
    kept
}

/// Whether the text begins with a hexadecimal digit, encoded or not, and the length of that character in bytes.
fn unit(text: &str) -> Option<(bool, usize)> {
    let first = text.chars().next()?;
    let encoded = text.get(1..3).filter(|_| first == '%').and_then(|code| u8::from_str_radix(code, 16).ok());
    match encoded {
        // A percent sign that encodes no digit may come right before a token.
        Some(byte) if byte.is_ascii_hexdigit() => Some((true, 3)),
        _ => Some((first.is_ascii_hexdigit(), first.len_utf8())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OrderId, OrderToken, RedirectPolicy};

    #[test]
    fn a_token_is_removed_wherever_it_occurs() {
        let (id, token) = (OrderId::from_entropy([0xa1; 32]), OrderToken::from_entropy([0xb2; 32]));
        let policy = RedirectPolicy::new(["https://shop.example"], false).unwrap();
        for url in [
            "https://shop.example/t/{ORDER_TOKEN}/thanks",
            "https://shop.example/?order={ORDER_ID}&token={ORDER_TOKEN}&a=%41%2F#x",
            "https://shop.example/#{ORDER_ID}.{ORDER_TOKEN}",
        ] {
            let shown = without_order_tokens(&policy.allow(url).unwrap().for_order(&id, &token));
            assert_eq!(shown, url.replace("{ORDER_ID}", id.as_str()), "{url}");
        }
        // Digits that touch the token may go, too; nothing of the token may stay.
        for text in [
            format!("{id}{}", token.reveal()),
            format!("#%2F{}", token.reveal()),
            format!("10%{}", token.reveal()),
            format!("10%4{}", token.reveal()),
            token.reveal().to_uppercase(),
            token.reveal().replace('b', "%62"),
            format!("é{0}é{0}", token.reveal()),
        ] {
            let shown = without_order_tokens(&text);
            assert!(shown.contains(PLACEHOLDER) && !shown.contains("b2b2") && !shown.contains("%62"), "{shown}");
        }
    }

    #[test]
    fn a_text_shorter_than_a_token_is_kept() {
        let uuid = "3b9a1c52-0d3b-4a53-8a58-6f3a6f0f1d2e";
        for text in ["", "%", "%4", "%zz", "é%é", uuid, &"a".repeat(63), &format!("{}g{0}", "0".repeat(63))] {
            assert_eq!(without_order_tokens(text), text);
        }
    }
}
