//! The pages of a link that leads nowhere, or not yet.

use serde_json::{Value, json};
use tests::{Answer, TestApp};

/// HTML in the right language, without scripts, not cached.
#[track_caller]
fn assert_page(answer: &Answer, status: u16, language: &str, words: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!((answer.header("content-language"), answer.header("cache-control")), (language, "no-store"));
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let text = answer.text();
    assert!(text.contains(words) && text.contains(&format!("<html lang=\"{language}\"")), "{text}");
}

async fn end(app: &TestApp, code: &str, attribute: &str, value: i64) {
    assert!(app.table.set_number(&format!("LINK#{code}"), "LINK", attribute, value).await);
}

#[tokio::test]
async fn an_ended_link_says_so_in_french_and_english() {
    let app = TestApp::start().await;
    let inactive = app.link(json!({})).await;
    app.admin("DELETE", &format!("/admin/payment-links/{inactive}"), &Value::Null).await.expect(200);
    let expired = app.link(json!({ "expires_at": "2099-12-31T23:59:59Z" })).await;
    end(&app, &expired, "expires_at_ms", 1).await;
    let used_up = app.link(json!({ "max_payments": 1 })).await;
    app.pay_led(&app.led(&used_up).await, "wave").await;
    for (code, status, french, english) in [
        (inactive.as_str(), 410, "n&#39;est plus actif", "no longer active"),
        (&expired, 410, "a expiré", "has expired"),
        (&used_up, 410, "a déjà été payé", "already been paid"),
        ("0000000000", 404, "n&#39;existe pas", "does not exist"),
        ("%3Cscript%3E", 404, "n&#39;existe pas", "does not exist"),
    ] {
        assert_page(&app.follow(code, "fr-CI").await, status, "fr", french);
        assert_page(&app.follow(code, "en-GH").await, status, "en", english);
    }
    assert_eq!(app.shown_link(&expired).await["status"], "expired");
    assert_eq!(app.orders().await.len(), 1);
    app.audit().await;
}

#[tokio::test]
async fn a_link_preview_opens_nothing() {
    let app = TestApp::start().await;
    let code = app.link(json!({ "title": "Deux pagnes", "description": "Livraison à Treichville" })).await;
    for headers in [
        [("user-agent", "WhatsApp/2.24.9.78 A"), ("accept-language", "fr")],
        [("user-agent", "facebookexternalhit/1.1"), ("accept-language", "fr")],
        [("sec-purpose", "prefetch;prerender"), ("accept-language", "fr")],
    ] {
        let page = app.http.get(&app.url(&format!("/pay/{code}")), &headers).await;
        assert_page(&page, 200, "fr", r#"<meta property="og:title" content="Deux pagnes">"#);
        assert!(page.text().contains("Livraison à Treichville") && page.text().contains("5\u{202f}000\u{a0}FCFA"));
    }
    assert!(app.orders().await.is_empty());
    assert_eq!(app.shown_link(&code).await["opened_count"], 0);
    // The button works for every browser.
    let pressed = app.http.get(&app.url(&format!("/pay/{code}?pay=1")), &[("user-agent", "Cubot Note")]).await;
    pressed.expect(303);
    app.audit().await;
}

#[tokio::test]
async fn without_a_shop_the_shopper_sees_a_result_page() {
    let app = TestApp::start().await;
    let code = app.link(json!({})).await;
    let led = app.led(&code).await;
    let session = app.lomi.sessions().await.remove(0);
    let here = app.url(&format!("/pay/{code}"));
    assert_eq!(session["success_url"], format!("{here}/thanks"));
    assert_eq!(session["cancel_url"], format!("{here}?cancelled=1"));
    assert_page(&app.follow(&format!("{code}/thanks"), "fr").await, 200, "fr", "Merci");
    assert_page(&app.follow(&format!("{code}?cancelled=1"), "fr").await, 200, "fr", "pas payé");
    assert_page(&app.follow("nonsense/thanks", "en").await, 404, "en", "does not exist");
    assert_eq!(app.orders().await.len(), 1, "coming back opens nothing");
    app.pay_led(&led, "wave").await;
    app.audit().await;
}

#[tokio::test]
async fn a_link_returns_shoppers_to_the_shops_site() {
    let app = TestApp::start().await;
    let urls = json!({
        "success_url": format!("{}/return.html#{{ORDER_ID}}.{{ORDER_TOKEN}}", app.origin),
        "cancel_url": format!("{}/cancel.html", app.origin),
    });
    let code = app.link(urls).await;
    let led = app.led(&code).await;
    let session = app.lomi.sessions().await.remove(0);
    let success_url = session["success_url"].as_str().unwrap();
    assert!(success_url.starts_with(&format!("{}/return.html#{}.", app.origin, led.order_id)), "{success_url}");
    assert_eq!(session["cancel_url"], format!("{}/cancel.html", app.origin));
    app.audit().await;
}

#[tokio::test]
async fn when_lomi_is_unreachable_the_shopper_may_retry() {
    let app = TestApp::start().await;
    let code = app.link(json!({ "open_amount": { "currency_code": "XOF", "min": 500, "max": 9_000 } })).await;
    app.lomi.fault(json!({ "target": "POST /checkout-sessions", "kind": "status", "arg": 503, "times": null })).await;
    let page = app.follow(&format!("{code}?value=700"), "fr").await;
    assert_page(&page, 503, "fr", r#"href="?pay=1&amp;value=700""#);
    assert!(!page.header("retry-after").is_empty());
    app.lomi.clear_faults().await;
    let led = app.led(&format!("{code}?pay=1&value=700")).await;
    app.pay_led(&led, "wave").await;
    app.audit().await;
}

#[tokio::test]
async fn on_an_outage_the_shopper_gets_an_error_page() {
    let app = TestApp::start().await;
    let code = app.link(json!({})).await;
    app.dynamodb.cut();
    assert_page(&app.follow(&code, "en").await, 503, "en", "Try again");
    app.dynamodb.mend();
    app.lomi.fault(json!({ "target": "POST /checkout-sessions", "kind": "status", "arg": 400, "times": null })).await;
    assert_page(&app.follow(&code, "en").await, 502, "en", "Nothing was charged");
    app.audit().await;
}
