//! A payment link on a phone: no script of ours runs, and the policy of our pages lets the shopper continue to lomi.

use serde_json::json;
use tests::{TestApp, eventually};

use super::driver::{Browser, browse};
use super::shop::{AWA, KOFI};

async fn follow(app: &TestApp, browser: &Browser, rest: &str) {
    browser.run("location.href = arguments[0]", app.url(&format!("/pay/{rest}"))).await;
}

async fn reads(browser: &Browser, heading: &str) {
    eventually(heading, async || (browser.text("h1").await == heading).then_some(())).await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_shopper_chooses_an_amount_pays_and_is_thanked() {
    browse(AWA, async |app, browser| {
        let terms = json!({ "title": "Soutenir l’école de Bouaké", "description": "Chaque don achète des cahiers.",
            "open_amount": { "currency_code": "XOF", "min": 500, "max": 9_000 }, "max_payments": 1 });
        let code = app.link(terms).await;
        browser.open("").await;
        follow(app, browser, &code).await;
        browser.see("input[name=value]").await;
        browser.assert_fits().await;
        browser.keep_picture("link-choose-fr").await;
        browser.type_into("input[name=value]", "100").await;
        browser.click("button").await;
        assert!(app.orders().await.is_empty(), "the browser itself knows the bounds");
        browser.type_into("input[name=value]", "700").await;
        browser.click("button").await;
        browser.see("button[name=method][value=wave]").await;
        browser.pay_by("wave").await;
        reads(browser, "Merci").await;
        assert!(browser.address().await.ends_with(&format!("/pay/{code}/thanks")));
        let order = app.orders().await.remove(0);
        app.wait_for(order["order_id"].as_str().unwrap(), "paid").await;
        follow(app, browser, &code).await;
        reads(browser, "Ce lien a déjà été payé").await;
        browser.assert_fits().await;
        browser.keep_picture("link-used-up-fr").await;
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_shopper_who_turns_back_may_still_pay() {
    browse(KOFI, async |app, browser| {
        let code = app.link(json!({ "title": "x".repeat(200) })).await;
        browser.open("").await;
        follow(app, browser, &format!("{code}?cancelled=1")).await;
        browser.see("a.button").await;
        browser.assert_fits().await;
        browser.keep_picture("link-turned-back-en").await;
        browser.click("a.button").await;
        browser.see("button[name=method][value=card]").await;
        let order = app.orders().await.remove(0);
        assert_eq!(order["amount"], 5_000);
    })
    .await;
}
