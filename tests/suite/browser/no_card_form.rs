//! A card page whose form does not load: the shopper pays on lomi's page, with one order.

use serde_json::json;
use tests::{Setup, TestApp};

use super::card_policy::{configure, reach_the_card, serve};
use super::driver::{Browser, browse, browse_at};
use super::purchase::only_order;
use super::shop::{AWA, KOFI, PAGNE};

/// Shortens the page's long waits for the SDK and its form, and no other wait.
const IMPATIENT: &str = "const later = setTimeout;
    window.setTimeout = (run, ms, ...rest) => later(run, [15000, 20000].includes(ms) ? 700 : ms, ...rest)";

async fn pay_on_lomis_page(browser: &Browser) {
    browser.click("#hosted[aria-disabled=false]").await;
    browser.pay_by("card").await;
    browser.see("main[data-state=paid]").await;
}

/// A form whose processor's script loads and may open no frame: it never becomes ready.
async fn lose_the_form(browser: &Browser) -> tokio::task::JoinSet<()> {
    let (processor, served) = serve(None).await;
    browser.before_pages(IMPATIENT).await;
    configure(browser, json!({ "script": format!("{processor}/wrapper.js"), "frames": [], "connects": [] })).await;
    browser.before_pages("window.listensForReady = true").await;
    reach_the_card(browser).await;
    browser.see("main[data-step=elsewhere] #hosted:not([hidden])").await;
    browser.see("#form[hidden]").await;
    served
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn without_a_publishable_key_lomis_page_is_offered_first() {
    browse_at(Setup { keyless: true, ..Setup::default() }, AWA, async |app, browser| {
        browser.open("").await;
        browser.put_into_cart(PAGNE).await;
        browser.click("#card").await;
        browser.see("main[data-step=elsewhere] #contact[hidden]").await;
        assert!(browser.text("#output").await.starts_with("Le paiement par carte sur cette page n’est pas disponible"));
        browser.assert_fits().await;
        browser.keep_picture("card-keyless-fr").await;
        assert!(app.orders().await.is_empty(), "nothing was opened");
        pay_on_lomis_page(browser).await;
        only_order(app).await;
        assert!(app.lomi.intents().await.is_empty());
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_blocked_or_slow_sdk_opens_no_order() {
    // A script that does not exist, and a wrapper that waits forever for a blocked script.
    for script in ["nowhere.js", "wrapper.js"] {
        browse(AWA, async |app, browser| {
            let (origin, _served) = serve(Some("http://127.0.0.1:9".to_owned())).await;
            browser.before_pages(IMPATIENT).await;
            configure(browser, json!({ "script": format!("{origin}/{script}") })).await;
            reach_the_card(browser).await;
            browser.see("main[data-step=elsewhere] #hosted:not([hidden])").await;
            assert!(browser.text("#output").await.starts_with("Le formulaire de carte ne se charge pas"), "{script}");
            browser.assert_fits().await;
            browser.keep_picture("card-blocked-fr").await;
            assert!(app.orders().await.is_empty(), "{script}: nothing was opened");
            pay_on_lomis_page(browser).await;
            only_order(app).await;
        })
        .await;
    }
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_form_that_fails_to_load_leaves_one_order_to_pay() {
    browse(KOFI, async |app, browser| {
        let _served = lose_the_form(browser).await;
        assert!(browser.text("#output").await.starts_with("The card form does not load here"));
        browser.keep_picture("card-lost-en").await;
        let first = only_order(app).await;
        pay_on_lomis_page(browser).await;
        assert_eq!(app.order_status(&first).await, "cancelled");
        assert_eq!(paid_orders(app).await, 1);
        app.make_due(&first).await;
        app.reconcile().await;
        assert_eq!(app.lomi.intents().await[0]["status"], "canceled", "the lost form takes no card any more");
    })
    .await;
}

/// Another tab may have paid with the form.
#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_payment_by_a_lost_form_gets_its_receipt() {
    browse(AWA, async |app, browser| {
        app.lomi.lose_webhooks().await;
        let _served = lose_the_form(browser).await;
        let intent = app.lomi.intents().await[0].clone();
        let text = |name: &str| intent[name].as_str().unwrap_or_else(|| panic!("no {name} in {intent}"));
        app.lomi.confirm_card(text("id"), text("client_secret")).await;
        browser.click("#hosted[aria-disabled=false]").await;
        browser.see("main[data-state=paid]").await;
        assert!(browser.text("#receipt").await.contains(&only_order(app).await));
        assert!(app.lomi.sessions().await.is_empty());
        app.lomi.clear_faults().await;
    })
    .await;
}

async fn paid_orders(app: &TestApp) -> usize {
    app.orders().await.iter().filter(|order| order["status"] == "paid").count()
}
