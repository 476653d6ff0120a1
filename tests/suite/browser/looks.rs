//! Every page in every state, on a phone and on a laptop, in both languages.

use serde_json::json;
use tests::{Created, TestApp};

use super::driver::{Browser, browse};
use super::shop::{AWA, PAGNE};

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn no_page_scrolls_sideways_on_a_phone() {
    browse(AWA, async |app, browser| {
        loading(app, browser).await;
        for language in ["fr", "en"] {
            browser.see("#products [data-sku]").await;
            browser.click(&format!("[data-language={language}]")).await;
            assert_eq!(browser.run("return document.documentElement.lang", "").await, language);
            shop(browser, language).await;
            hosted_page(app, browser, language).await;
            outcomes(app, browser, language).await;
            browser.open("").await;
        }
    })
    .await;
}

/// Shows that the check can fail: a page with one element too wide does not pass.
#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_page_that_is_too_wide_is_found() {
    browse(AWA, async |_, browser| {
        browser.open("").await;
        browser.see("#products [data-sku]").await;
        browser.assert_fits().await;
        let wide = "const wide = document.createElement('div'); wide.style.width = '400px'; wide.textContent = '.'; document.body.append(wide)";
        browser.run(wide, "").await;
        assert!(browser.content_width().await > 360);
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn the_shop_follows_the_browsers_language_until_changed() {
    browse(AWA, async |_, browser| {
        browser.open("").await;
        browser.see("#products [data-sku]").await;
        assert_eq!(browser.text("#cart-title").await, "Votre panier");
        browser.click("[data-language=en]").await;
        assert_eq!(browser.text("#cart-title").await, "Your cart");
        browser.open("return.html").await;
        browser.see("main[data-state=unknown]").await;
        assert_eq!(browser.text("#title").await, "Order not found");
    })
    .await;
}

async fn look(browser: &Browser, name: &str) {
    browser.assert_fits().await;
    browser.keep_picture(name).await;
}

/// With an empty browser cache: a shop whose backend is unavailable, and then available.
async fn loading(app: &TestApp, browser: &Browser) {
    app.dynamodb.cut();
    browser.open("").await;
    browser.see("#products .skeleton").await;
    look(browser, "shop-loading-fr").await;
    app.dynamodb.mend();
    browser.see("#products [data-sku]").await;
}

async fn shop(browser: &Browser, language: &str) {
    browser.run("localStorage.removeItem('shop.cart')", "").await;
    browser.open("").await;
    browser.see("#products [data-sku]").await;
    look(browser, &format!("shop-empty-{language}")).await;
    for sku in [PAGNE, PAGNE, "KARITE-500"] {
        browser.put_into_cart(sku).await;
    }
    browser.type_into("#amount-DON-CANTINE", "1").await;
    browser.click("#products [data-sku=DON-CANTINE] button").await;
    look(browser, &format!("shop-full-{language}")).await;
}

async fn hosted_page(app: &TestApp, browser: &Browser, language: &str) {
    browser.go_and_pay().await;
    look(browser, &format!("hosted-{language}")).await;
    browser.type_into("input[name=card_number]", "4000000000000002").await;
    browser.pay_by("card").await;
    browser.see("[role=alert]").await;
    look(browser, &format!("hosted-declined-{language}")).await;
    browser.type_into("input[name=card_number]", "4000002500003155").await;
    browser.pay_by("card").await;
    browser.see("button[name=challenge]").await;
    look(browser, &format!("hosted-challenge-{language}")).await;
    browser.click("button[name=challenge][value=fail]").await;
    browser.click("form[action$='/cancel'] button").await;
    browser.see("main[data-told=yes]").await;
    look(browser, &format!("cancel-{language}")).await;
    browser.go_and_pay().await;
    browser.pay_by("wave").await;
    browser.see("main[data-state=paid]").await;
    look(browser, &format!("return-paid-{language}")).await;
    app.lomi.fault(json!({ "target": "POST /checkout-sessions", "kind": "status", "arg": 400, "times": null })).await;
    browser.open("").await;
    browser.put_into_cart(PAGNE).await;
    browser.click("#pay[aria-disabled=false]").await;
    browser.see("#pay-output .notice-error").await;
    look(browser, &format!("shop-refused-{language}")).await;
    app.lomi.clear_faults().await;
}

/// The results of a return page other than "paid".
async fn outcomes(app: &TestApp, browser: &Browser, language: &str) {
    let (failed, over, twice) = (app.open_order().await, app.open_order().await, app.open_order().await);
    let declined = json!({ "method": "card", "card_number": "4000000000000002" });
    app.lomi.pay_with(&failed.session_id, &declined).await;
    app.wait_for(&failed.order_id, "failed_attempt").await;
    app.lomi.expire(&over.session_id).await;
    app.outlive(&over.order_id).await;
    app.reconcile().await;
    app.cancel(&twice).await.expect(200);
    app.pay(&twice, "card").await;
    app.wait_for(&twice.order_id, "paid").await;
    let held = app.open_order().await;
    app.lomi.quirks(json!({ "held_from": 1 })).await;
    app.pay(&held, "card").await;
    app.lomi.quirks(json!({ "held_from": null })).await;
    for (order, state) in [(&failed, "failed"), (&over, "expired"), (&twice, "paid"), (&held, "held")] {
        return_from(browser, order).await;
        browser.see(&format!("main[data-state={state}]")).await;
        look(browser, &format!("return-{state}-api-{language}")).await;
    }
    // The test does not clear the browser's storage: the next page could still see what this one removed.
    browser.open("").await;
    browser.open("return.html#order_id=ord_00000000000000000000000000000000&order_token=x").await;
    browser.see("main[data-state=unknown]").await;
    look(browser, &format!("return-unknown-{language}")).await;
}

/// Returns to the shop as lomi redirects a shopper.
async fn return_from(browser: &Browser, order: &Created) {
    // A page in between, because only the fragment differs from one return to the next.
    browser.open("").await;
    let fragment = format!("order_id={}&order_token={}", order.order_id, order.order_token);
    browser.open(&format!("return.html#{fragment}")).await;
}
