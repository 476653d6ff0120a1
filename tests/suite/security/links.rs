//! Public links: they run no foreign script, redirect nowhere else, and do not reveal which codes exist.

use serde_json::json;
use tests::TestApp;

use super::urls::tricks;

const SCRIPT: &str = r#"</title><script>alert(1)</script>"><img src=x onerror=alert(1)>"#;

#[tokio::test]
async fn no_text_or_url_of_a_link_runs_as_script() {
    let app = TestApp::start().await;
    let texts = json!({ "title": SCRIPT, "description": SCRIPT, "max_payments": 5 });
    let fixed = app.link(texts.clone()).await;
    let mut terms = texts;
    terms["open_amount"] = json!({ "currency_code": "XOF", "min": 500, "max": 9_000 });
    let open = app.link(terms).await;
    let junk = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    for path in [
        format!("{fixed}?cancelled={junk}"),
        open.clone(),
        format!("{open}?amount={junk}"),
        format!("{open}?value={junk}"),
        format!("{open}?value={}", "9".repeat(5_000)),
        junk.to_owned(),
    ] {
        let answer = app.follow(&path, "fr").await;
        let text = answer.text();
        assert!(!text.contains("<script") && !text.contains("<img"), "{path}: {text}");
        assert!(answer.headers.get("set-cookie").is_none());
    }
    app.lomi.fault(json!({ "target": "*", "kind": "status", "arg": 503, "times": null })).await;
    for value in [junk, "700%22%20onclick%3D%22x", "700"] {
        let text = app.follow(&format!("{fixed}?value={value}"), "fr").await.expect(503).text();
        assert!(!text.contains("<script") && !text.contains("onclick"), "{value}: {text}");
    }
    app.audit().await;
}

#[tokio::test]
async fn no_crafted_url_is_stored_in_a_link() {
    let app = TestApp::start().await;
    for member in ["success_url", "cancel_url"] {
        for url in tricks(&app.origin) {
            let answer = app.post_link(&app.link_body(json!({ member: url })), &app.fresh_key()).await;
            assert_eq!((answer.status, answer.pointers()), (400, vec![format!("/{member}")]), "{url:?}");
        }
    }
    assert!(app.table.items("LINK#").await.is_empty());
    app.audit().await;
}

/// An origin may have been removed from the list since the link was created.
#[tokio::test]
async fn a_link_redirects_only_to_currently_allowed_origins() {
    let app = TestApp::start().await;
    let code = app.link(json!({})).await;
    let mut link = app.table.item(&format!("LINK#{code}"), "LINK").await.unwrap();
    link["success_url"] = json!("https://evil.example/thanks");
    link["cancel_url"] = json!("https://evil.example/back");
    app.table.put(&link).await;
    app.led(&code).await;
    let session = app.lomi.sessions().await.remove(0);
    let here = app.url(&format!("/pay/{code}"));
    assert_eq!(session["success_url"], format!("{here}/thanks"));
    assert_eq!(session["cancel_url"], format!("{here}?cancelled=1"));
    app.audit().await;
}

#[tokio::test]
async fn guessing_link_codes_reveals_nothing() {
    let app = TestApp::start().await;
    let code = app.link(json!({})).await;
    let last = if code.ends_with('0') { "1" } else { "0" };
    let (short, _) = code.split_at(9);
    let near = format!("{short}{last}");
    let mut pages = std::collections::BTreeSet::new();
    for guess in
        ["0000000000", "x", &near, &format!("{code}0"), short, "%00", "ord_0123456789abcdef", &"0".repeat(2_000)]
    {
        let answer = app.follow(guess, "fr").await;
        pages.insert((answer.status, answer.text()));
    }
    assert_eq!(pages.len(), 1, "{pages:#?}");
    assert_eq!(pages.first().unwrap().0, 404);
    // As typed from a poster.
    app.led(&code.to_uppercase()).await;
    app.audit().await;
}

/// The merchant sets the prices, whatever the URL contains.
#[tokio::test]
async fn a_shopper_cannot_change_the_price_of_a_link() {
    let app = TestApp::start().await;
    let code = app.link(json!({})).await;
    for query in ["?amount=1", "?value=1", "?amount=1&currency_code=EUR", "?price=1&quantity=0"] {
        let led = app.led(&format!("{code}{query}")).await;
        assert_eq!(app.order(&led.order_id).await["amount"], 5_000, "{query}");
    }
    app.audit().await;
}
