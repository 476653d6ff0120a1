//! The back office on a laptop.

use serde_json::{Value, json};
use tests::{Created, Event, PHONE, TestApp, eventually};

use super::driver::{Browser, browse};
use super::shop::{AWA, KOFI};
use crate::infrastructure::{read, yaml};

pub(super) async fn enter(app: &TestApp, browser: &Browser) {
    browser.open("back-office.html").await;
    browser.type_into("#token", app.stack.admin_token()).await;
    browser.click("#door button").await;
    browser.see("#panel[data-tab=orders] h1").await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn the_back_office_opens_with_the_token_and_keeps_it_in_the_tab() {
    browse(AWA, async |app, browser| {
        browser.open("back-office.html").await;
        browser.type_into("#token", "wrong").await;
        browser.click("#door button").await;
        browser.see("#said .notice-error").await;
        browser.assert_fits().await;
        browser.keep_picture("office-door").await;
        enter(app, browser).await;
        browser.open("back-office.html#customers").await;
        browser.see("#panel[data-tab=customers] h1").await;
        let kept = browser.run("return JSON.stringify([{ ...localStorage }, document.cookie])", Value::Null).await;
        assert!(!kept.to_string().contains(app.stack.admin_token()), "{kept}");
        browser.click("#leave").await;
        browser.see("#door:not([hidden])").await;
        assert_eq!(browser.run("return sessionStorage.length", Value::Null).await, 0);
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn orders_are_listed_by_status_and_show_their_timeline() {
    browse(AWA, async |app, browser| {
        let (open, paid) = (app.open_order().await, paid(app).await);
        enter(app, browser).await;
        browser.see(&format!("a[href='#orders/{}']", open.order_id)).await;
        browser.assert_fits().await;
        browser.keep_picture("office-orders").await;
        let choose = "const status = document.querySelector('[name=status]'); status.value = arguments[0]; status.dispatchEvent(new Event('change', { bubbles: true }))";
        browser.run(choose, "paid").await;
        browser.see(&format!(".list ul[aria-busy=false] a[href='#orders/{}']", paid.order_id)).await;
        assert!(!browser.text("#panel").await.contains(&open.order_id));
        browser.click(&format!("a[href='#orders/{}']", paid.order_id)).await;
        browser.see("#panel h1 ~ section ul").await;
        let shown = browser.text("#panel").await;
        for text in [paid.order_id.as_str(), "payée", "Pagne wax", "WAVE", "Ouverte chez lomi.", "webhook signé"] {
            assert!(shown.contains(text), "{text} is not in {shown}");
        }
        browser.assert_fits().await;
        browser.keep_picture("office-order").await;
    })
    .await;
}

async fn paid(app: &TestApp) -> Created {
    let order = app.open_order().await;
    app.pay(&order, "wave").await;
    app.wait_for(&order.order_id, "paid").await;
    order
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_refund_submitted_twice_is_made_once() {
    browse(AWA, async |app, browser| {
        let order = paid(app).await;
        enter(app, browser).await;
        browser.click(&format!("a[href='#orders/{}']", order.order_id)).await;
        browser.type_into("[name=amount]", "2 500").await;
        browser.type_into("[name=reason]", "Coupon abîmé").await;
        browser.click("#panel form button").await;
        browser.see("#panel form button:not([disabled])").await;
        let asked = browser.text("#panel form button").await;
        assert!(asked.starts_with("Oui, rembourser 2"), "{asked}");
        assert_eq!(app.order_status(&order.order_id).await, "paid", "nothing has happened yet");
        browser.click("#panel form button:not([disabled])").await;
        app.wait_for(&order.order_id, "partially_refunded").await;
        browser.see("#panel section:nth-of-type(4) .badge-good").await;
        let shown = browser.text("#panel").await;
        for text in ["remboursée en partie", "Coupon abîmé", "Remboursement demandé"] {
            assert!(shown.contains(text), "{text} is not in {shown}");
        }
        browser.assert_fits().await;
        browser.keep_picture("office-refund").await;
        browser.type_into("[name=amount]", "99 999").await;
        browser.click("#panel form button").await;
        browser.click("#panel form button:not([disabled])").await;
        browser.see("#panel form .notice-error").await;
        assert_eq!(app.order_status(&order.order_id).await, "partially_refunded");
        browser.type_into("[name=amount]", "").await;
        browser.click("#panel form button").await;
        browser.click("#panel form button:not([disabled])").await;
        app.wait_for(&order.order_id, "refunded").await;
    })
    .await;
}

/// Two clicks: the first asks for confirmation.
async fn refund(browser: &Browser, amount: &str) {
    browser.type_into("[name=amount]", amount).await;
    browser.click("#panel form button").await;
    browser.click("#panel form button:not([disabled])").await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_refund_refused_by_lomi_can_be_submitted_again() {
    browse(AWA, async |app, browser| {
        let (order, _) = app.paid_order("card").await;
        enter(app, browser).await;
        browser.click(&format!("a[href='#orders/{}']", order.order_id)).await;
        app.lomi.fault(json!({ "target": "POST /refunds", "kind": "status", "arg": 400 })).await;
        refund(browser, "2500").await;
        browser.see("#panel form .notice-error").await;
        refund(browser, "2500").await;
        app.wait_for(&order.order_id, "partially_refunded").await;
        assert_eq!(app.lomi.refunds().await.len(), 1);
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_number_unlike_the_payers_needs_confirmation() {
    browse(AWA, async |app, browser| {
        let order = paid(app).await;
        let mut stranger = app.cart(1);
        stranger["customer_phone"] = json!("+2250799999999");
        app.create(&stranger, "stranger").await.expect(201);
        enter(app, browser).await;
        browser.click(&format!("a[href='#orders/{}']", order.order_id)).await;
        browser.type_into("[name=amount]", "2.500").await;
        browser.click("#panel form button").await;
        browser.see("#panel form .notice-error").await;
        let said = browser.text("#panel form .notice-error").await;
        assert!(said.contains("10 000"), "an example: {said}");
        refund(browser, "2 500").await;
        browser.see(".payout .actions button").await;
        let shown = browser.text(".payout").await;
        assert!(shown.contains("+2250799999999") && shown.contains(PHONE), "{shown}");
        assert_eq!(app.lomi.refunds().await.len(), 0);
        browser.assert_fits().await;
        browser.keep_picture("office-payout").await;
        // The second click confirms.
        browser.click(".payout .actions button:last-child").await;
        browser.see(".payout .actions button:last-child[data-sure=yes]").await;
        assert_eq!(app.lomi.refunds().await.len(), 0);
        app.answer_for_payout(&order.order_id, "+2250799999999");
        browser.click(".payout .actions button:last-child").await;
        app.wait_for(&order.order_id, "partially_refunded").await;
        assert_eq!(app.lomi.payouts().await[0]["phone"], "+2250799999999");
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_full_refund_is_offered_for_an_unconfirmed_number() {
    browse(KOFI, async |app, browser| {
        let order = paid(app).await;
        let mut stranger = app.cart(1);
        stranger["customer_phone"] = json!("+2250799999999");
        app.create(&stranger, "stranger").await.expect(201);
        enter(app, browser).await;
        browser.click(&format!("a[href='#orders/{}']", order.order_id)).await;
        refund(browser, "2500").await;
        browser.see(".payout .actions button").await;
        browser.click(".payout .actions button:first-child").await;
        browser.click(".payout .actions button:first-child[data-sure=yes]").await;
        app.wait_for(&order.order_id, "refunded").await;
        assert!(app.lomi.payouts().await.is_empty());
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_refund_with_a_lost_answer_is_made_once_in_french_too() {
    browse(AWA, async |app, browser| {
        let order = paid(app).await;
        enter(app, browser).await;
        browser.click(&format!("a[href='#orders/{}']", order.order_id)).await;
        browser.see("[name=amount]").await;
        let lose_one_answer = "const real = fetch; window.fetch = async (url, request) => {
            if (request.method === 'POST') { window.fetch = real; await real(url, request); throw new TypeError('lost'); }
            return real(url, request); }";
        browser.run(lose_one_answer, Value::Null).await;
        refund(browser, "2 500").await;
        browser.see("#panel form .notice-error").await;
        app.wait_for(&order.order_id, "partially_refunded").await;
        browser.click("[data-language=en]").await;
        browser.see("#panel form button:not([disabled])").await;
        refund(browser, "2500").await;
        browser.see("#panel section:nth-of-type(4) .badge-good").await;
        eventually("the page has its answer", async || {
            (browser.text("[name=amount]").await.is_empty() && browser.text("#panel form .notice").await.is_empty()).then_some(())
        })
        .await;
        assert_eq!(app.lomi.refunds().await.len(), 1);
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_customer_is_created_found_and_shown_with_payments() {
    browse(KOFI, async |app, browser| {
        enter(app, browser).await;
        browser.click(".tabs a[href='#customers']").await;
        browser.click("#panel summary").await;
        browser.type_into("details [name=name]", "Amadou <b>Ba</b>").await;
        browser.type_into("details [name=email]", "amadou.ba@example.com").await;
        browser.type_into("details [name=phone_number]", "07").await;
        browser.click("details form button").await;
        browser.see("details .notice-error li").await;
        assert!(browser.text("details .notice-error").await.contains("/phone_number"));
        browser.type_into("details [name=phone_number]", "+221 77 123 45 67").await;
        browser.click("details form button").await;
        browser.see("details .notice-good").await;
        let customers = app.lomi.customers().await;
        let made = customers.iter().find(|customer| customer["email"] == "amadou.ba@example.com").expect("a customer");
        let id = made["customer_id"].as_str().expect("an id");
        let mut cart = app.cart(1);
        cart["customer_id"] = json!(id);
        let order = Created::of(&app.create(&cart, &app.fresh_key()).await);
        app.pay(&order, "wave").await;
        app.wait_for(&order.order_id, "paid").await;

        browser.type_into("[type=search]", "amadou").await;
        browser.click(".search button").await;
        browser.see(&format!(".list ul[aria-busy=false] [data-id='{id}']:only-child")).await;
        assert_eq!(browser.text(&format!("[data-id='{id}'] h2")).await, "Amadou <b>Ba</b>", "a text, not markup");
        browser.click(&format!("[data-id='{id}'] button")).await;
        browser.see(&format!("[data-id='{id}'] .rows .badge-good")).await;
        assert!(browser.text(&format!("[data-id='{id}'] .rows")).await.contains("12,500"));
        browser.assert_fits().await;
        browser.keep_picture("office-customers").await;
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn the_health_page_shows_what_to_do() {
    for (shopper, never, hint, again) in
        [(AWA, "jamais", "Envoyez un événement de test", "en ordre"), (KOFI, "never", "Send a test event", "in order")]
    {
        browse(shopper, async |app, browser| {
            enter(app, browser).await;
            browser.click(".tabs a[href='#health']").await;
            browser.see("#panel[data-tab=health] .row small").await;
            let shown = browser.text("#panel").await;
            assert!(shown.contains(never) && shown.contains(hint), "{shown}");
            browser.assert_fits().await;
            browser.keep_picture("office-health").await;
            app.deliver(&Event::new("PAYOUT_CREATED", json!({}))).await.expect(200);
            browser.click("#panel > button").await;
            browser.see("#panel .row time").await;
            let shown = browser.text("#panel").await;
            assert!(!shown.contains(hint) && shown.contains(again), "{shown}");
        })
        .await;
    }
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn every_back_office_text_exists_in_both_languages() {
    browse(KOFI, async |_, browser| {
        browser.open("back-office.html").await;
        let keys = "return import('/back-office/texts.js').then(({ TEXTS }) => [Object.keys(TEXTS.fr), Object.keys(TEXTS.en)])";
        let keys = browser.run(keys, Value::Null).await;
        assert!(keys[0].as_array().is_some_and(|keys| keys.len() > 100));
        assert_eq!(keys[0], keys[1]);
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn every_code_shown_in_the_back_office_has_a_text() {
    let contract = yaml::parse(&read("infra/openapi.yaml"));
    let schema =
        |path: &str| contract.pointer(&format!("/components/schemas/{path}")).unwrap_or_else(|| panic!("no {path}"));
    let entry = "TimelineEntry/properties";
    let words = |kind: &str, path: &str| -> Vec<String> {
        let words = schema(path)["enum"].as_array().unwrap_or_else(|| panic!("the words of {kind}"));
        words.iter().map(|word| format!("{kind}.{}", word.as_str().expect("a word"))).collect()
    };
    let checks = schema("HealthChecks/properties").as_object().expect("checks");
    let named = checks.keys().map(|name| format!("check.{name}"));
    let states = checks
        .keys()
        .flat_map(|name| words("check_state", &format!("HealthChecks/properties/{name}/properties/state")));
    let shown = [
        named.chain(states).collect(),
        words("happened", &format!("{entry}/what")),
        words("source", &format!("{entry}/source")),
        words("status", "OrderStatus"),
        words("refund_status", "Refund/properties/status"),
    ]
    .concat();
    browse(KOFI, async |_, browser| {
        browser.open("back-office.html").await;
        let missing = "const [keys] = arguments; return import('/back-office/texts.js').then(({ TEXTS }) =>
            ['fr', 'en'].flatMap((tag) => keys.filter((key) => !TEXTS[tag][key])))";
        assert_eq!(browser.run(missing, shown).await, json!([]));
    })
    .await;
}

const FIRST: &str = ".list ul[aria-busy=false] > :first-child";

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_link_is_made_shown_with_its_picture_and_ended() {
    browse(AWA, async |app, browser| {
        enter(app, browser).await;
        browser.click(".tabs a[href='#links']").await;
        browser.type_into("form [name=title]", "Inscription tournoi").await;
        browser.type_into("form [name=amount]", "5 000").await;
        browser.type_into("form [name=max_payments]", "1").await;
        browser.type_into("form [name=days]", "30").await;
        browser.click("#panel form button").await;
        browser.see("#panel form .notice-good").await;
        browser.see(FIRST).await;
        let link = app.admin("GET", "/admin/payment-links", &Value::Null).await.expect(200).json()["data"][0].clone();
        assert_eq!((&link["price"]["amount"], &link["max_payments"]), (&json!(5_000), &json!(1)));
        let shown = browser.text(FIRST).await;
        assert!(shown.contains("Inscription tournoi") && shown.contains(link["url"].as_str().expect("an address")));
        let drawn = "const qr = document.querySelector('.qr'); return qr.decode().then(() => qr.naturalWidth, () => 0)";
        assert!(browser.run(drawn, Value::Null).await.as_u64().expect("a width") > 0, "the picture is shown");
        browser.assert_fits().await;
        browser.keep_picture("office-links").await;
        browser.click(&format!("{FIRST} .actions button:last-child")).await;
        browser.click(&format!("{FIRST} .actions button[data-sure=yes]")).await;
        browser.see(".list .badge-plain").await;
        assert!(browser.text(FIRST).await.contains("désactivé"));
        let link = app.admin("GET", "/admin/payment-links", &Value::Null).await.expect(200).json()["data"][0].clone();
        assert_eq!(link["status"], "inactive");
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_link_with_a_lost_answer_is_created_once() {
    browse(KOFI, async |app, browser| {
        enter(app, browser).await;
        browser.click(".tabs a[href='#links']").await;
        browser.type_into("form [name=title]", "Gift").await;
        let choose = "const price = document.querySelector('[name=price]'); price.value = 'open'; price.dispatchEvent(new Event('change', { bubbles: true }))";
        browser.run(choose, Value::Null).await;
        browser.type_into("form [name=min]", "500").await;
        browser.type_into("form [name=max]", "50 000").await;
        browser.type_into("form [name=days]", "7").await;
        app.dynamodb.mute();
        browser.click("#panel form button").await;
        browser.see("#panel form .notice-error").await;
        app.dynamodb.mend();
        browser.click("#panel form button:not([disabled])").await;
        browser.see("#panel form .notice-good").await;
        let links = app.admin("GET", "/admin/payment-links", &Value::Null).await.expect(200).json();
        assert_eq!(links["data"].as_array().map(Vec::len), Some(1), "{links}");
        assert_eq!(links["data"][0]["price"]["open"], json!({ "currency_code": "XOF", "min": 500, "max": 50_000 }));
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_refund_in_doubt_is_released_after_a_check() {
    browse(AWA, async |app, browser| {
        let order = paid(app).await;
        app.lomi.fault(json!({ "target": "POST /refunds", "kind": "status", "arg": 400 })).await;
        app.refund(&order.order_id, &json!({ "amount": 2_500 }), "k").await.expect(202);
        app.age_refunds(&order.order_id).await;
        enter(app, browser).await;
        browser.click(&format!("a[href='#orders/{}']", order.order_id)).await;
        browser.see(".release button").await;
        browser.assert_fits().await;
        browser.keep_picture("office-doubt").await;
        browser.click(".release button").await;
        assert_eq!(app.refunds(&order.order_id).await[0]["status"], "in_doubt", "the second press counts");
        browser.click(".release button[data-sure=yes]").await;
        let is_failed = async || (app.refunds(&order.order_id).await[0]["status"] == "failed").then_some(());
        eventually("the refund is called off", is_failed).await;
    })
    .await;
}
