//! Tells a person who follows a link from a program that previews it.

use lambda_kit::http::Request;

/// Parts of the user agents of preview and index programs, in lower case. A person whose browser matches gets the
/// preview page, whose button works.
const PROGRAMS: [&str; 8] =
    ["whatsapp", "facebookexternalhit", "bot", "crawler", "spider", "preview", "embedly", "vkshare"];

/// Whether the visitor only previews the link. A preview must not open a payment page.
pub(crate) fn only_looks(request: &Request) -> bool {
    let fetches_ahead = ["sec-purpose", "purpose", "x-moz"]
        .iter()
        .any(|name| request.header(name).is_some_and(|value| value.contains("prefetch") || value.contains("preview")));
    fetches_ahead || request.header("user-agent").is_some_and(is_program)
}

fn is_program(user_agent: &str) -> bool {
    let user_agent = user_agent.to_ascii_lowercase();
    PROGRAMS.iter().any(|name| user_agent.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_previews_are_distinguished_from_browsers() {
        for program in
            ["WhatsApp/2.24.9.78 A", "facebookexternalhit/1.1", "TelegramBot (like TwitterBot)", "Googlebot/2.1"]
        {
            assert!(is_program(program), "{program}");
        }
        for phone in [
            "Mozilla/5.0 (Linux; Android 13; TECNO KI5) AppleWebKit/537.36 Chrome/125.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Safari/604.1",
            "Opera/9.80 (Android; Opera Mini/36.2/119.132; U; fr) Presto/2.12.423 Version/12.16",
            "",
        ] {
            assert!(!is_program(phone), "{phone}");
        }
    }
}
