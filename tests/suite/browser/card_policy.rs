//! A card form that, like lomi's own, is a thin wrapper: it loads its processor's script, which opens a frame and
//! makes calls.

use axum::Router;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::cards::say_who;
use super::driver::{Browser, browse};
use super::purchase::only_order;
use super::shop::{AWA, PAGNE};
use crate::infrastructure::read;

/// `ORIGIN` is replaced by the processor's origin.
const WRAPPER: &str = r"
const loaded = new Promise((resolve) => {
  const script = document.createElement('script');
  script.src = 'ORIGIN/processor.js';
  script.onload = resolve;
  document.head.append(script);
});
window.loadLomi = async () => { await loaded; return window.processor; };
";
const PROCESSOR: &str = r"
addEventListener('message', () => { document.querySelector('main').dataset.frame = 'open'; });
const mount = (target) => {
  const frame = document.createElement('iframe');
  frame.src = 'ORIGIN/frame.html';
  target.replaceChildren(frame);
};
const confirmPayment = async () => (await fetch('ORIGIN/confirm', { method: 'POST' })).json();
// A form that reports when it is ready, as the processor's own does.
const on = (event, heard) => { if (event === 'ready') addEventListener('message', () => heard()); };
const create = () => (window.listensForReady ? { mount, on } : { mount });
window.processor = { elements: () => ({ create }), confirmPayment };
";
const FRAME: &str = "<!doctype html><title>card</title><script>parent.postMessage('open', '*')</script>";

/// Serves the wrapper, the processor's script, its frame and its API; ends with the `JoinSet`.
pub(super) async fn serve(processor: Option<String>) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let origin = format!("http://{}", listener.local_addr().expect("a bound listener"));
    let processor = processor.unwrap_or_else(|| origin.clone());
    let answer = async move |method: Method, uri: Uri| {
        let (kind, text) = match (method.as_str(), uri.path()) {
            ("GET", "/wrapper.js") => ("text/javascript", WRAPPER),
            ("GET", "/processor.js") => ("text/javascript", PROCESSOR),
            ("GET", "/frame.html") => ("text/html", FRAME),
            ("GET", "/nowhere.js") => return StatusCode::NOT_FOUND.into_response(),
            _ => ("application/json", "{}"),
        };
        let headers = [(header::CONTENT_TYPE, kind), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
        (headers, text.replace("ORIGIN", &processor)).into_response()
    };
    let mut server = JoinSet::new();
    server.spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await.expect("it serves") });
    (origin, server)
}

/// Replaces the card settings that `cargo dev` writes to `config.js`.
pub(super) async fn configure(browser: &Browser, card: Value) {
    let script = "let given; Object.defineProperty(window, 'CHECKOUT_CONFIG', { get: () => given, set: (config) => { given = { ...config, card: CARD }; } })";
    browser.before_pages(&script.replace("CARD", &card.to_string())).await;
}

pub(super) async fn reach_the_card(browser: &Browser) {
    browser.open("").await;
    browser.put_into_cart(PAGNE).await;
    browser.click("#card").await;
    say_who(browser).await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn the_policy_allows_the_processors_script_and_frame() {
    browse(AWA, async |app, browser| {
        let (processor, _served) = serve(None).await;
        let (wrapper, _served_too) = serve(Some(processor.clone())).await;
        let only = [&processor];
        let card =
            json!({ "script": format!("{wrapper}/wrapper.js"), "scripts": only, "frames": only, "connects": only });
        configure(browser, card).await;
        reach_the_card(browser).await;
        browser.see("main[data-frame=open]").await;
        browser.see("#test-cards[hidden]").await;
        let intent = app.lomi.intents().await[0].clone();
        let text = |name: &str| intent[name].as_str().unwrap_or_else(|| panic!("no {name} in {intent}"));
        app.lomi.confirm_card(text("id"), text("client_secret")).await;
        browser.click("#confirm[aria-disabled=false]").await;
        browser.see("main[data-state=paid]").await;
        assert!(browser.text("#receipt").await.contains(&only_order(app).await));
    })
    .await;
}

/// A `config.js` that names only a script works with lomi's SDK.
#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn the_card_page_policy_allows_lomis_sdk_as_documented() {
    browse(AWA, async |app, browser| {
        let (wrapper, _served) = serve(None).await;
        configure(browser, json!({ "script": format!("{wrapper}/wrapper.js") })).await;
        browser.open("card.html").await;
        browser.see("main[data-card]").await;
        let policy = "return [...document.querySelectorAll('meta[http-equiv]')].at(-1).content";
        let policy = browser.run(policy, Value::Null).await;
        let api = &app.stack.urls().gateway;
        let stripe = "https://js.stripe.com https://*.js.stripe.com";
        let expected = [
            format!("script-src 'self' {wrapper} {stripe}"),
            format!("connect-src {api} {wrapper} https://api.stripe.com https://api.lomi.africa https://sandbox.api.lomi.africa"),
            format!("frame-src {stripe} https://hooks.stripe.com"),
        ];
        assert_eq!(policy, expected.join("; "));
        let documented = read("infra/storefront/README.md");
        for directive in expected {
            let (_, origins) = directive.rsplit_once(&wrapper).unwrap_or(("", directive.as_str()));
            assert!(documented.contains(origins.trim_start_matches("frame-src").trim()), "{origins}");
        }
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn the_policy_allows_only_hosts_in_config_js() {
    browse(AWA, async |_, browser| {
        let (stranger, _served) = serve(None).await;
        browser.open("card.html").await;
        browser.see("main[data-card]").await;
        let refused = "const [origin] = arguments;
            const heard = new Promise((resolve) => { const all = [];
              addEventListener('securitypolicyviolation', ({ effectiveDirective }) => all.push(effectiveDirective) === 3 && resolve(all.sort())); });
            for (const [name, path] of [['script', '/processor.js'], ['iframe', '/frame.html']]) {
              document.body.append(Object.assign(document.createElement(name), { src: origin + path }));
            }
            fetch(origin + '/confirm', { method: 'POST' }).catch(() => null);
            return heard";
        let refused = browser.run(refused, stranger.clone()).await;
        assert_eq!(refused, json!(["connect-src", "frame-src", "script-src-elem"]));
    })
    .await;
}
