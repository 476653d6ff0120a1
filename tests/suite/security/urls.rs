//! Redirects that must never happen.

use serde_json::json;
use tests::{Setup, TestApp};

use super::assert_still_sells;

/// URLs made of the shop's own origin that do not lead to the shop.
pub(super) fn tricks(origin: &str) -> Vec<String> {
    let host = origin.split_once("://").expect("an origin").1;
    let name = host.split(':').next().unwrap_or_default();
    let mut tricks: Vec<String> = [
        "//evil.example",
        "/\\evil.example",
        "///evil.example",
        "https:evil.example",
        "https:///evil.example",
        "http://evil.example",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "return.html",
        "",
        " ",
        "https://",
        "http://[::1]:1/",
        "http://169.254.169.254/latest/meta-data/",
    ]
    .map(str::to_owned)
    .into();
    tricks.extend([
        format!("{origin}@evil.example/"),
        format!("{origin}:x@evil.example/"),
        format!("{origin}\\@evil.example/"),
        format!("{origin}.evil.example/"),
        format!("{origin}%2eevil.example/"),
        format!("{origin}%40evil.example/"),
        format!("{origin}\t.evil.example/"),
        format!("https://evil.example/?{origin}"),
        format!("https://evil.example/#{origin}"),
        format!("https://evil.example\\{origin}"),
        format!("https://user@{host}/"),
        format!("ftp://{host}/"),
        format!("http://{name}:1/"),
        format!(" {origin}/"),
        format!("{origin}/\r\nSet-Cookie: a=b"),
        format!("{origin}/\u{0}"),
        format!("{origin}/\u{2028}"),
        format!("{origin}/{}", "a".repeat(2048)),
        origin.replace("://", ":\\\\"),
        origin.replace("://", ":/\t/"),
    ]);
    tricks
}

#[tokio::test]
async fn no_crafted_return_url_redirects_a_shopper_away() {
    let app = TestApp::start().await;
    refuse_all(&app).await;
    assert_still_sells(&app).await;
    app.audit().await;
}

#[tokio::test]
async fn in_live_no_plain_http_is_allowed_even_on_loopback() {
    let app = TestApp::start_with(Setup { live: true, ..Setup::default() }).await;
    refuse_all(&app).await;
    for url in ["http://shop.example/", "https://shop.example./", "http://127.0.0.1:3001/", "http://localhost/"] {
        let mut body = app.cart(1);
        body["success_url"] = json!(url);
        let answer = app.create(&body, &app.fresh_key()).await;
        assert_eq!((answer.status, answer.pointers()), (400, vec!["/success_url".to_owned()]), "{url}");
    }
    app.audit().await;
}

async fn refuse_all(app: &TestApp) {
    for member in ["success_url", "cancel_url"] {
        for url in tricks(&app.origin) {
            let mut body = app.cart(1);
            body[member] = json!(url);
            let answer = app.create(&body, &app.fresh_key()).await;
            assert_eq!((answer.status, answer.pointers()), (400, vec![format!("/{member}")]), "{url:?}");
        }
    }
    assert!(app.lomi.sessions().await.is_empty(), "lomi. never hears of them");
}
