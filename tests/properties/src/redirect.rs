//! Where a shopper may be redirected: one URL, parsed by two parsers.

use ada_url::Url;
use domain::{OrderId, OrderToken, PaymentPageUrl, RedirectPolicy};

/// The allow-list of every property.
pub(crate) const ORIGINS: [&str; 2] = ["https://shop.example", "http://127.0.0.1:8080"];

/// Any text, taken as the URL of a return page, an origin of the allow-list and a payment page.
pub fn redirect(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    a_return_page_stays_on_the_list(text);
    an_origin_is_nothing_but_an_origin(text);
    a_payment_page_is_lomis(text);
}

pub(crate) fn policy() -> Option<RedirectPolicy> {
    RedirectPolicy::new(ORIGINS, true).ok()
}

fn a_return_page_stays_on_the_list(text: &str) {
    let Some(Ok(allowed)) = policy().map(|policy| policy.allow(text)) else { return };
    let (id, token) = (OrderId::from_entropy([1; 32]), OrderToken::from_entropy([2; 32]));
    let filled_in = allowed.for_order(&id, &token);
    for url in [text, &filled_in] {
        leads_to_the_shop(url);
    }
    assert!(filled_in.is_ascii() && !filled_in.contains(|c: char| c.is_control() || c == ' '), "{filled_in:?}");
    let is_left = ["{ORDER_ID}", "{ORDER_TOKEN}"].iter().any(|name| filled_in.contains(name));
    assert!(!is_left, "a placeholder is left in {filled_in:?}");
}

/// Checks the URL with a second parser.
#[track_caller]
pub(crate) fn leads_to_the_shop(url: &str) {
    let read = Url::parse(url, None);
    assert!(read.is_ok(), "another reader cannot read {url:?}");
    let Ok(read) = read else { return };
    assert!(
        ORIGINS.contains(&read.origin().as_ref()),
        "another reader goes to {} for {url:?}",
        read.origin().as_ref() as &str
    );
    assert!(read.username().is_empty() && read.password().is_empty(), "{url:?} carries a name or a password");
}

fn an_origin_is_nothing_but_an_origin(text: &str) {
    for laptop in [false, true] {
        if RedirectPolicy::new([text], laptop).is_err() {
            continue;
        }
        // A URL that a browser cannot parse redirects no shopper.
        let Ok(read) = Url::parse(text.trim(), None) else { return };
        let bare = [read.username(), read.password(), read.search(), read.hash()].iter().all(|part| part.is_empty());
        assert!(bare && read.pathname() == "/", "more than an origin: {text:?}");
        assert!(read.protocol() == "https:" || (laptop && read.protocol() == "http:"), "not https: {text:?}");
        assert!(!read.hostname().contains('*') && !read.hostname().is_empty(), "not one host: {text:?}");
    }
}

fn a_payment_page_is_lomis(text: &str) {
    let Some(page) = PaymentPageUrl::parse(text, false) else { return };
    let Ok(read) = Url::parse(page.as_str(), None) else { return };
    let host = read.hostname();
    assert!(read.protocol() == "https:" && (host == "lomi.africa" || host.ends_with(".lomi.africa")), "{page:?}");
    assert!(read.username().is_empty() && read.password().is_empty(), "{page:?}");
}
