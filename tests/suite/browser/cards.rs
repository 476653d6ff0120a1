//! A card form on the shop's own page.

use serde_json::{Value, json};
use tests::{EMAIL, NAME, TestApp};

use super::driver::{Browser, browse};
use super::purchase::only_order;
use super::shop::{AWA, KOFI, PAGNE, digits};

pub(super) const GOOD: &str = "4242 4242 4242 4242";
const DECLINED: &str = "4000 0000 0000 0002";
const ASKED_ABOUT: &str = "4000 0025 0000 3155";

/// From an empty cart to a card form that waits for a card.
pub(super) async fn reach_the_form(browser: &Browser) {
    browser.open("").await;
    browser.put_into_cart(PAGNE).await;
    browser.click("#card").await;
    say_who(browser).await;
    browser.see("#fields input[name=card_number]").await;
}

pub(super) async fn say_who(browser: &Browser) {
    browser.type_into("#name", NAME).await;
    browser.type_into("#email", EMAIL).await;
    browser.click("#next").await;
}

pub(super) async fn pay_with(browser: &Browser, card: &str) {
    for (field, text) in [("card_number", card), ("exp", "12/34"), ("cvc", "123")] {
        browser.type_into(&format!("#fields input[name={field}]"), text).await;
    }
    browser.click("#confirm[aria-disabled=false]").await;
}

/// The card form's client secret is stored nowhere and sent nowhere else.
async fn assert_secret_is_kept(app: &TestApp, browser: &Browser) {
    let secret = app.lomi.intents().await[0]["client_secret"].as_str().expect("a secret").to_owned();
    let kept = "return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href, document.cookie])";
    let kept = browser.run(kept, Value::Null).await;
    assert!(kept.as_str().is_some_and(|text| text.contains("order_token") || text.contains("orderToken")));
    assert!(!kept.to_string().contains(&secret), "{kept}");
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_shopper_pays_by_card_without_leaving_the_shop() {
    browse(AWA, async |app, browser| {
        reach_the_form(browser).await;
        assert_eq!(digits(&browser.text("#total").await), "12500");
        browser.assert_fits().await;
        browser.keep_picture("card-form-fr").await;
        assert_secret_is_kept(app, browser).await;
        pay_with(browser, GOOD).await;
        browser.see("main[data-state=paid]").await;
        let order = only_order(app).await;
        let receipt = browser.text("#receipt").await;
        assert!(receipt.contains(&order) && digits(&receipt).contains("12500"), "{receipt}");
        assert!(!browser.address().await.contains('#'), "the token leaves the address bar");
        assert_secret_is_kept(app, browser).await;
        assert_eq!(app.order_status(&order).await, "paid");
        assert!(app.lomi.sessions().await.is_empty(), "no hosted page was opened");
        browser.open("").await;
        browser.see("#products [data-sku]").await;
        assert_eq!(browser.pieces_in_cart().await, 0, "what is paid leaves the cart");
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn lomis_appearance_reaches_the_form() {
    browse(AWA, async |_, browser| {
        reach_the_form(browser).await;
        browser.see("#fields .lomi-card[data-theme=flat]").await;
        let rounded = "return document.querySelector('#fields input').style.borderRadius";
        assert_eq!(browser.run(rounded, Value::Null).await, "8px");
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_decline_and_a_challenge_are_shown_and_one_order_is_paid() {
    browse(KOFI, async |app, browser| {
        reach_the_form(browser).await;
        pay_with(browser, DECLINED).await;
        browser.see("#output [role=alert]").await;
        assert!(browser.text("#output").await.starts_with("Your bank declined"));
        pay_with(browser, "4242").await;
        browser.see("#output [role=alert]").await;
        assert!(browser.text("#output").await.starts_with("Check the card"));
        for (answer, told) in [(2, true), (1, false)] {
            pay_with(browser, ASKED_ABOUT).await;
            browser.see("[role=alertdialog]").await;
            browser.keep_picture("card-bank-en").await;
            browser.click(&format!("[role=alertdialog] button:nth-of-type({answer})")).await;
            if told {
                browser.see("#output [role=alert]").await;
                assert!(browser.text("#output").await.starts_with("Your bank did not confirm"));
            }
        }
        browser.see("main[data-state=paid]").await;
        assert_eq!(app.order_status(&only_order(app).await).await, "paid");
        assert_eq!(app.lomi.intents().await.len(), 1);
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn without_direct_cards_the_shopper_pays_on_lomis_page() {
    browse(AWA, async |app, browser| {
        app.lomi.quirks(json!({ "card_rail_muted": true })).await;
        browser.open("").await;
        browser.put_into_cart(PAGNE).await;
        browser.click("#card").await;
        say_who(browser).await;
        browser.see("#output [role=alert]").await;
        assert!(browser.text("#output").await.starts_with("Le paiement par carte sur cette page n’est pas disponible"));
        browser.assert_fits().await;
        browser.keep_picture("card-unavailable-fr").await;
        browser.click("#hosted[aria-disabled=false]").await;
        browser.pay_by("card").await;
        browser.see("main[data-state=paid]").await;
        let orders = app.orders().await;
        let paid = orders.iter().filter(|order| order["status"] == "paid");
        assert_eq!(paid.count(), 1, "{orders:?}");
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_reload_of_the_card_page_leads_to_the_same_order() {
    browse(KOFI, async |app, browser| {
        reach_the_form(browser).await;
        let order = only_order(app).await;
        browser.open("card.html").await;
        say_who(browser).await;
        browser.see("#fields input[name=card_number]").await;
        assert_eq!(only_order(app).await, order);
        assert_eq!(app.lomi.intents().await.len(), 1);
        pay_with(browser, GOOD).await;
        browser.see("main[data-state=paid]").await;
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_card_form_is_offered_only_for_the_current_cart() {
    browse(AWA, async |_, browser| {
        browser.open("card.html").await;
        browser.see("#cart-empty:not([hidden])").await;
        browser.see("#contact[hidden]").await;
        browser.open("").await;
        browser.see("#products [data-sku]").await;
        browser.see("#card[hidden]").await;
        browser.put_into_cart(PAGNE).await;
        browser.see("#card:not([hidden])").await;
    })
    .await;
}
