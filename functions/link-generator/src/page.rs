//! Small HTML pages for shoppers' phones: no scripts, no images, no external resources, every text escaped.

use domain::Environment;
use lambda_kit::http::Response;
use lambda_kit::language::{Language, Text};

/// The only style sheet. The page's policy allows it by its hash.
const STYLE: &str = "body{font:1.125rem/1.5 system-ui,sans-serif;max-width:26rem;margin:0 auto;padding:2rem 1.25rem;\
color:#1c1917;background:#fafaf9}h1{font-size:1.5rem;line-height:1.25;overflow-wrap:anywhere}p{overflow-wrap:anywhere}\
.price{font-size:1.75rem;font-weight:700}label{display:block;margin:1.5rem 0 .5rem}\
input,button,.button{box-sizing:border-box;width:100%;font:inherit;padding:.875rem 1rem;border-radius:.5rem;\
border:1px solid #57534e}button,.button{display:block;margin-top:1rem;background:#14532d;color:#fff;font-weight:600;\
text-align:center;text-decoration:none;border-color:#14532d}:focus-visible{outline:3px solid #2563eb;outline-offset:2px}";
const STYLE_HASH: &str = "sha256-i3qucU+GNN71ajyGAyV3VDjX0yu9Skb4QA2IbW9y/YY=";

/// The content of a page, as plain text. [`Page::html`] escapes it.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) heading: String,
    pub(crate) paragraphs: Vec<String>,
    pub(crate) price: Option<String>,
    pub(crate) action: Option<Action>,
}

pub(crate) enum Action {
    /// A link to an address relative to the page.
    Go {
        /// E.g. `?pay=1`.
        href: String,
        label: Text,
    },
    /// A form for an amount, sent as `value`. It is a text field, because a number field parses by the browser's own
    /// rules.
    Choose {
        label: String,
        /// The previous input, if it was not accepted.
        typed: String,
    },
}

const CONTINUE: Text = Text { en: "Continue to payment", fr: "Continuer vers le paiement" };

impl Page {
    /// A page with one paragraph and no action.
    pub(crate) fn saying(status: u16, heading: Text, detail: Text, language: Language) -> Self {
        Self {
            status,
            heading: heading.in_language(language).to_owned(),
            paragraphs: vec![detail.in_language(language).to_owned()],
            price: None,
            action: None,
        }
    }

    /// The response: not cached, and without a referrer for the pages it leads to.
    pub(crate) fn into_response(self, language: Language, environment: Environment) -> Response {
        Response::new(self.status, "text/html; charset=utf-8", self.html(language))
            .header("content-language", language.tag())
            .header("content-security-policy", policy(environment))
            .header("referrer-policy", "no-referrer")
            .header("x-content-type-options", "nosniff")
    }

    fn html(&self, language: Language) -> String {
        let heading = escaped(&self.heading);
        let description = escaped(self.paragraphs.first().map(String::as_str).unwrap_or_default());
        let paragraphs: String = self.paragraphs.iter().map(|text| format!("<p>{}</p>", escaped(text))).collect();
        let price = self.price.as_ref().map(|price| format!(r#"<p class="price">{}</p>"#, escaped(price)));
        let action = self.action.as_ref().map(|action| action.html(language));
        format!(
            concat!(
                r#"<!doctype html><html lang="{tag}"><head><meta charset="utf-8">"#,
                r#"<meta name="viewport" content="width=device-width,initial-scale=1">"#,
                r#"<meta name="robots" content="noindex"><meta property="og:type" content="website">"#,
                r#"<meta property="og:title" content="{heading}">"#,
                r#"<meta property="og:description" content="{price_text}{description}">"#,
                "<title>{heading}</title><style>{style}</style></head>",
                "<body><main><h1>{heading}</h1>{paragraphs}{price}{action}</main></body></html>",
            ),
            tag = language.tag(),
            heading = heading,
            description = description,
            paragraphs = paragraphs,
            style = STYLE,
            price_text = self.price.as_ref().map(|price| format!("{} · ", escaped(price))).unwrap_or_default(),
            price = price.unwrap_or_default(),
            action = action.unwrap_or_default(),
        )
    }
}

impl Action {
    fn html(&self, language: Language) -> String {
        match self {
            Self::Go { href, label } => format!(
                r#"<a class="button" rel="nofollow" href="{}">{}</a>"#,
                escaped(href),
                escaped(label.in_language(language))
            ),
            Self::Choose { label, typed } => format!(
                concat!(
                    r#"<form method="get"><label for="value">{label}</label>"#,
                    r#"<input id="value" name="value" type="text" inputmode="decimal" autocomplete="off" maxlength="32" "#,
                    r#"value="{typed}" required><button>{button}</button></form>"#,
                ),
                label = escaped(label),
                typed = escaped(typed),
                button = escaped(CONTINUE.in_language(language)),
            ),
        }
    }
}

/// `form-action` names lomi's hosts, because some browsers apply it to the redirect that follows the form too.
fn policy(environment: Environment) -> String {
    let stand_in = match environment {
        Environment::Sandbox => " http://127.0.0.1:* http://localhost:*",
        Environment::Live => "",
    };
    format!(
        "default-src 'none'; style-src '{STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'; \
         form-action 'self' https://lomi.africa https://*.lomi.africa{stand_in}"
    )
}

/// Escapes text for HTML content and quoted attributes.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest, Sha256};

    #[test]
    fn the_csp_hash_matches_the_style_of_the_page() {
        assert_eq!(STYLE_HASH, format!("sha256-{}", STANDARD.encode(Sha256::digest(STYLE))));
    }

    #[test]
    fn no_text_escapes_its_html_context() {
        let text = r#""><script>alert('1')</script>&"#;
        let page = Page {
            status: 200,
            heading: text.to_owned(),
            paragraphs: vec![text.to_owned()],
            price: Some(text.to_owned()),
            action: Some(Action::Choose { label: text.to_owned(), typed: text.to_owned() }),
        };
        let html = page.html(Language::French);
        assert!(!html.contains("<script") && !html.contains("alert('"), "{html}");
        assert_eq!(html.matches("&lt;script&gt;").count(), 9, "{html}");
    }
}
