//! Shoppers who change their mind after an order was opened: whatever they do, there is one order to pay.

use serde_json::json;
use tests::{NAME, TestApp};

use super::cards::{GOOD, pay_with, reach_the_form, say_who};
use super::driver::{Browser, browse};
use super::purchase::only_order;
use super::shop::{AWA, KOFI, PAGNE};

async fn count(app: &TestApp, statuses: [&str; 3]) -> [usize; 3] {
    let orders = app.orders().await;
    statuses.map(|status| orders.iter().filter(|order| order["status"] == status).count())
}

const STATES: [&str; 3] = ["open", "cancelled", "paid"];

async fn back_to_the_cart(browser: &Browser) {
    browser.go_back().await;
    browser.see("#cart-lines [data-sku]").await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_card_form_after_lomis_page_leaves_one_order_to_pay() {
    browse(AWA, async |app, browser| {
        browser.open("").await;
        browser.put_into_cart(PAGNE).await;
        browser.go_and_pay().await;
        let first = only_order(app).await;
        back_to_the_cart(browser).await;
        browser.click("#card").await;
        say_who(browser).await;
        browser.see("#fields input[name=card_number]").await;
        assert_eq!(app.order_status(&first).await, "cancelled");
        assert_eq!(count(app, STATES).await, [1, 1, 0]);
        pay_with(browser, GOOD).await;
        browser.see("main[data-state=paid]").await;
        assert_eq!(count(app, STATES).await, [0, 1, 1]);
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_cart_changed_and_restored_leaves_one_order_to_pay() {
    browse(KOFI, async |app, browser| {
        browser.open("").await;
        browser.put_into_cart(PAGNE).await;
        for (step, change) in [None, Some("more"), Some("less")].into_iter().enumerate() {
            if let Some(change) = change {
                browser.click(&format!("[data-focus='{change} {PAGNE}']")).await;
            }
            browser.go_and_pay().await;
            assert_eq!(count(app, STATES).await, [1, step, 0]);
            back_to_the_cart(browser).await;
        }
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_corrected_e_mail_address_leaves_one_order_to_pay() {
    browse(AWA, async |app, browser| {
        reach_the_form(browser).await;
        browser.open("card.html").await;
        browser.type_into("#name", NAME).await;
        browser.type_into("#email", "awa.corrected@example.com").await;
        browser.click("#next").await;
        browser.see("#fields input[name=card_number]").await;
        assert_eq!(count(app, STATES).await, [1, 1, 0]);
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn an_unseen_payment_gets_its_receipt_on_every_retry() {
    browse(AWA, async |app, browser| {
        browser.open("").await;
        browser.put_into_cart(PAGNE).await;
        browser.go_and_pay().await;
        let order = only_order(app).await;
        let session = app.lomi.sessions().await[0]["checkout_session_id"].as_str().expect("an id").to_owned();
        app.lomi.pay(&session, "wave").await;
        app.wait_for(&order, "paid").await;
        back_to_the_cart(browser).await;
        browser.click("#card").await;
        say_who(browser).await;
        browser.see("main[data-state=paid]").await;
        assert!(browser.text("#receipt").await.contains(&only_order(app).await));
        assert!(app.lomi.intents().await.is_empty());
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_phone_whose_clock_is_fast_opens_no_second_order() {
    browse(AWA, async |app, browser| {
        let fast = "const now = Date.now; Date.now = () => now() + 2 * 60 * 60 * 1000";
        browser.before_pages(fast).await;
        browser.open("").await;
        browser.put_into_cart(PAGNE).await;
        for _ in 0..2 {
            browser.go_and_pay().await;
            only_order(app).await;
            back_to_the_cart(browser).await;
        }
    })
    .await;
}

/// Opened from the history, from a bookmark, or by another site.
#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_cancel_page_without_an_order_cancels_nothing() {
    browse(AWA, async |app, browser| {
        browser.open("").await;
        browser.put_into_cart(PAGNE).await;
        browser.go_and_pay().await;
        let order = only_order(app).await;
        browser.open("cancel.html").await;
        browser.see("main[data-told=nothing] #cancel:not([hidden])").await;
        assert_eq!(app.order_status(&order).await, "open");
        assert_eq!(browser.text("#title").await, "Rien n’a été annulé");
        browser.click("#cancel").await;
        browser.see("main[data-told=yes] #cancel[hidden]").await;
        assert_eq!(app.order_status(&order).await, "cancelled");
        assert_eq!(browser.text("#title").await, "Paiement annulé");
    })
    .await;
}

/// What another tab of the shop leaves in the shared storage.
async fn another_tab_opens_an_order(app: &TestApp, browser: &Browser) {
    let other = app.open_order().await;
    let other = json!({ "orderId": other.order_id, "orderToken": other.order_token });
    browser.run("localStorage.setItem('lomi-checkout.order', JSON.stringify(arguments[0]))", other).await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_card_form_leads_to_its_own_receipt_despite_other_tabs() {
    browse(AWA, async |app, browser| {
        reach_the_form(browser).await;
        let order = only_order(app).await;
        another_tab_opens_an_order(app, browser).await;
        pay_with(browser, GOOD).await;
        browser.see("main[data-state=paid]").await;
        assert!(browser.text("#receipt").await.contains(&order));
        another_tab_opens_an_order(app, browser).await;
        browser.open("return.html").await;
        browser.see("main[data-state=paid]").await;
        assert!(browser.text("#receipt").await.contains(&order), "a reload keeps to the order of its tab");
    })
    .await;
}
