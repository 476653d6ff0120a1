//! Reads and submits an HTML form as a browser does.

use url::{Url, form_urlencoded};

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// Its address as written; may be relative.
    pub(super) action: String,
    fields: Vec<(String, String)>,
}

impl Form {
    /// The first form with a field of this name. Of several submit buttons the first one counts.
    pub(super) fn with_field(html: &str, name: &str) -> Option<Self> {
        let forms = html.split("<form").skip(1).filter_map(|rest| rest.split("</form>").next());
        forms.map(Self::read).find(|form| form.fields.iter().any(|(field, _)| field == name))
    }

    /// The body a browser sends after the shopper has filled in `typed`.
    pub(super) fn submission(&self, typed: &[(&str, &str)]) -> String {
        let mut body = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.fields {
            let typed = typed.iter().find(|(field, _)| field == name).map(|(_, text)| *text);
            body.append_pair(name, typed.unwrap_or(value));
        }
        body.finish()
    }

    fn read(html: &str) -> Self {
        let action = html.split('>').next().and_then(|tag| attribute(tag, "action")).unwrap_or_default();
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut has_button = false;
        let mut open_select = None;
        for tag in html.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
            let kind = attribute(tag, "type").unwrap_or_default();
            let is_button = tag.starts_with("button") || kind == "submit";
            if tag.starts_with("select") {
                open_select = attribute(tag, "name");
            }
            // An untouched list has its first entry selected.
            if let Some(name) = open_select.take_if(|_| tag.starts_with("option")) {
                fields.push((name, attribute(tag, "value").unwrap_or_default()));
            }
            let is_choice = kind == "radio" || kind == "checkbox";
            let counts = match tag.split_ascii_whitespace().next() {
                Some("input" | "button") if is_button => !std::mem::replace(&mut has_button, true),
                Some("input") => !is_choice || has_word(tag, "checked"),
                _ => false,
            };
            if let Some(name) = attribute(tag, "name").filter(|_| counts) {
                fields.push((name, attribute(tag, "value").unwrap_or_default()));
            }
        }
        Self { action, fields }
    }
}

/// `reference` as a browser on `page` would open it.
pub(super) fn absolute(page: &str, reference: &str) -> Result<String, String> {
    let joined = Url::parse(page).and_then(|page| page.join(reference));
    joined.map(String::from).map_err(|error| format!("{reference} on {page}: {error}"))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let value = rest.split('"').next()?;
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    Some(plain.iter().fold(value.to_owned(), |text, (entity, character)| text.replace(entity, character)))
}

fn has_word(tag: &str, word: &str) -> bool {
    tag.split_ascii_whitespace().any(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<html><form action="/checkout/1/cancel"><button>x</button></form>
        <form method="post" action="/checkout/1/pay">
        <input type="hidden" name="token" value="t"><input name="customer_name" value="Awa &amp; Co">
        <input type="text" name="card_number" value=""><input type="radio" name="r" value="1">
        <input type="radio" name="r" value="2" checked>
        <select name="outcome"><option value="approve">a</option><option value="decline">b</option></select>
        <button name="method" value="card">Payer</button><button name="method" value="wave">Wave</button></form>"#;

    #[test]
    fn a_form_is_sent_as_a_browser_would() {
        let form = Form::with_field(PAGE, "card_number").unwrap();
        assert_eq!(form.action, "/checkout/1/pay");
        assert_eq!(
            form.submission(&[("card_number", "42")]),
            "token=t&customer_name=Awa+%26+Co&card_number=42&r=2&outcome=approve&method=card"
        );
        assert_eq!(Form::with_field(PAGE, "iban"), None);
    }

    #[test]
    fn a_relative_action_belongs_to_the_page() {
        assert_eq!(absolute("http://h:1/checkout/1", "/a/b").unwrap(), "http://h:1/a/b");
        assert_eq!(absolute("http://h:1/checkout/1", "1/pay").unwrap(), "http://h:1/checkout/1/pay");
    }
}
