//! Purchases with double clicks, reloads and changes of mind.

use serde_json::json;
use tests::TestApp;

use super::driver::browse;
use super::shop::{AWA, KOFI, PAGNE, digits};

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_shopper_with_a_phone_pays_by_card_and_gets_a_receipt() {
    browse(AWA, async |app, browser| {
        browser.open("").await;
        browser.put_into_cart(PAGNE).await;
        browser.put_into_cart("KARITE-500").await;
        assert_eq!(digits(&browser.text("#cart-total").await), "17000");
        browser.go_and_pay().await;
        assert!(browser.text("body").await.contains("Payer par carte"), "lomi.'s page speaks French too");
        browser.pay_by("card").await;
        browser.see("main[data-state=paid]").await;
        assert_eq!(browser.text("#title").await, "Paiement reçu");
        let receipt = browser.text("#receipt").await;
        let order = only_order(app).await;
        assert!(receipt.contains(&order) && digits(&receipt).contains("17000"), "{receipt}");
        assert!(!browser.address().await.contains('#'), "the token leaves the address bar");
        assert_eq!(app.order_status(&order).await, "paid");
        browser.open("").await;
        browser.see("#products [data-sku]").await;
        assert_eq!(browser.pieces_in_cart().await, 0, "what is paid leaves the cart");
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_shopper_pays_with_wave_in_english() {
    browse(KOFI, async |app, browser| {
        browser.open("").await;
        browser.put_into_cart(PAGNE).await;
        browser.go_and_pay().await;
        assert!(browser.text("body").await.contains("Pay with Wave"));
        browser.pay_by("wave").await;
        browser.see("main[data-state=paid]").await;
        assert_eq!(browser.text("#title").await, "Payment received");
        assert!(browser.text("#receipt").await.contains("WAVE"));
        assert_eq!(app.order_status(&only_order(app).await).await, "paid");
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_gift_amount_is_chosen_within_bounds() {
    browse(AWA, async |app, browser| {
        browser.open("").await;
        let (field, give) = ("#amount-DON-CANTINE", "#products [data-sku=DON-CANTINE] button");
        for wrong in ["499", "dix", "0", "-500", "500001", ""] {
            browser.see(field).await;
            browser.type_into(field, wrong).await;
            browser.click(give).await;
            browser.see("#amount-DON-CANTINE[aria-invalid=true]").await;
            assert_eq!(browser.pieces_in_cart().await, 0, "{wrong:?}");
        }
        browser.type_into(field, "7 500").await;
        browser.click(give).await;
        browser.see("#cart-lines [data-sku=DON-CANTINE]").await;
        browser.go_and_pay().await;
        browser.pay_by("mtn").await;
        browser.see("main[data-state=paid]").await;
        assert_eq!(app.order(&only_order(app).await).await["amount"], 7_500);
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_returning_shopper_finds_the_cart_and_can_pay() {
    browse(AWA, async |app, browser| {
        browser.open("").await;
        browser.put_into_cart(PAGNE).await;
        browser.put_into_cart(PAGNE).await;
        browser.go_and_pay().await;
        browser.click("form[action$='/cancel'] button").await;
        browser.see("main[data-told=yes]").await;
        let first = only_order(app).await;
        assert_eq!(app.order_status(&first).await, "cancelled");
        assert_eq!(browser.pieces_in_cart().await, 2);
        assert!(digits(&browser.text("#lines").await).contains("25000"));
        browser.go_and_pay().await;
        browser.pay_by("card").await;
        browser.see("main[data-state=paid]").await;
        assert_eq!(app.orders().await.len(), 2, "a cancelled order is not opened again");
        assert_eq!(app.order_status(&first).await, "cancelled");
        assert_eq!(browser.pieces_in_cart().await, 0);
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn after_a_shown_decline_another_card_pays_the_same_order() {
    browse(KOFI, async |app, browser| {
        browser.open("").await;
        browser.put_into_cart(PAGNE).await;
        browser.go_and_pay().await;
        browser.type_into("input[name=card_number]", "4000 0000 0000 0002").await;
        browser.pay_by("card").await;
        browser.see("[role=alert]").await;
        let order = only_order(app).await;
        app.wait_for(&order, "failed_attempt").await;
        browser.type_into("input[name=card_number]", "4242 4242 4242 4242").await;
        browser.pay_by("card").await;
        browser.see("main[data-state=paid]").await;
        assert_eq!(only_order(app).await, order);
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn two_clicks_on_pay_make_one_order() {
    browse(AWA, async |app, browser| {
        browser.open("").await;
        browser.put_into_cart(PAGNE).await;
        slow_creates(app).await;
        let twice = "const pay = document.querySelector('#pay'); pay.click(); pay.click(); pay.dispatchEvent(new MouseEvent('click'))";
        browser.see("#pay[aria-disabled=false]").await;
        browser.run(twice, "").await;
        browser.see("button[name=method][value=card]").await;
        only_order(app).await;
        assert_eq!(app.lomi.sessions().await.len(), 1);
        browser.pay_by("card").await;
        browser.see("main[data-state=paid]").await;
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_reload_and_the_back_button_keep_the_same_order() {
    browse(AWA, async |app, browser| {
        browser.open("").await;
        browser.put_into_cart(PAGNE).await;
        slow_creates(app).await;
        browser.see("#pay[aria-disabled=false]").await;
        browser.run("document.querySelector('#pay').click()", "").await;
        browser.open("").await;
        browser.go_and_pay().await;
        let order = only_order(app).await;
        browser.go_back().await;
        browser.see("#cart-lines [data-sku]").await;
        browser.go_and_pay().await;
        assert_eq!(only_order(app).await, order);
        assert_eq!(app.lomi.sessions().await.len(), 1);
        browser.pay_by("card").await;
        browser.see("main[data-state=paid]").await;
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn the_return_page_waits_and_turns_paid_on_its_own() {
    browse(AWA, async |app, browser| {
        browser.open("").await;
        browser.put_into_cart(PAGNE).await;
        // The payment cannot be found: the event is lost, and lomi does not answer.
        app.lomi.lose_webhooks().await;
        for question in ["GET /checkout-sessions/{id}", "GET /transactions"] {
            app.lomi.fault(json!({ "target": question, "kind": "drop_connection", "times": null })).await;
        }
        browser.go_and_pay().await;
        browser.pay_by("wave").await;
        browser.see("main[data-state=confirming] #receipt dl").await;
        assert_eq!(browser.text("#title").await, "Nous confirmons votre paiement");
        browser.keep_picture("return-confirming").await;
        app.lomi.clear_faults().await;
        browser.see("main[data-state=paid]").await;
    })
    .await;
}

pub(super) async fn only_order(app: &TestApp) -> String {
    let orders = app.orders().await;
    assert_eq!(orders.len(), 1, "one order");
    orders[0]["order_id"].as_str().expect("an id").to_owned()
}

/// Long enough for a second click, or a reload, during the first request.
async fn slow_creates(app: &TestApp) {
    let slow = json!({ "target": "POST /checkout-sessions", "kind": "latency_ms", "arg": 700, "times": null });
    app.lomi.fault(slow).await;
}
