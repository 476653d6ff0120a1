use lomi_sandbox::{Profile, fixtures};
use serde_json::{Value, json};

use crate::support::{Lomi, Reply, lomi_and_shop, session_body};

async fn open(lomi: &Lomi, id: &str, language: &str) -> Reply {
    lomi.send("GET", &format!("/checkout/{id}"), &[("accept-language", language)], &Value::Null).await.unwrap()
}

async fn submit(lomi: &Lomi, path: &str, form: &str) -> Reply {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    lomi.send("POST", path, &headers, &json!(form)).await.unwrap()
}

#[tokio::test]
async fn the_page_shows_the_purchase_in_the_readers_language() {
    let lomi = Lomi::start(Profile::Current).await;
    let mut body = session_body();
    body["title"] = json!("<b>Panier</b>");
    let id = lomi.post("/checkout-sessions", body).await.json()["checkout_session_id"].clone();
    let id = id.as_str().unwrap();
    let english = open(&lomi, id, "de, en;q=0.5").await.text;
    assert!(english.contains("Pay by card") && english.contains("Test mode"));
    assert!(english.contains("&lt;b&gt;Panier&lt;/b&gt;") && !english.contains("<b>"));
    assert!(english.contains("25\u{a0}000&nbsp;XOF"));
    let french = open(&lomi, id, "fr-CI,fr;q=0.9").await.text;
    assert!(french.contains("Payer par carte") && french.contains("Mode test"));
}

#[tokio::test]
async fn a_live_page_has_no_test_ribbon() {
    let lomi = Lomi::start(Profile::Current).await;
    let id = lomi.session_by(fixtures::LIVE_KEY_A).await;
    let page = open(&lomi, &id, "en").await.text;
    assert!(!page.contains("Test mode") && !page.contains("name=\"outcome\""));
}

#[tokio::test]
async fn paying_redirects_before_the_webhook_is_answered() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    shop.next(200, 1500);
    let id = lomi.session().await;
    let started = std::time::Instant::now();
    let paid = submit(&lomi, &format!("/checkout/{id}/pay"), "method=card&card_number=4242+4242+4242+4242").await;
    assert_eq!((paid.status, paid.header("location")), (303, "https://shop.example/ok"));
    assert!(started.elapsed().as_millis() < 1500);
    let again = open(&lomi, &id, "en").await;
    assert_eq!(again.status, 200);
    assert!(again.text.contains("has been made") && again.text.contains("href=\"https://shop.example/ok\""));
}

#[tokio::test]
async fn with_the_quirk_the_webhook_comes_first() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    lomi.quirk("webhook_before_redirect").await;
    shop.next(200, 300);
    let id = lomi.session().await;
    submit(&lomi, &format!("/checkout/{id}/pay"), "method=wave&outcome=approve").await;
    assert_eq!(lomi.outbox().await[0]["status"], "delivered");
}

#[tokio::test]
async fn the_form_keeps_its_input_after_decline_and_challenge() {
    let lomi = Lomi::start(Profile::Current).await;
    let id = lomi.session().await;
    let path = format!("/checkout/{id}/pay");
    let declined = submit(&lomi, &path, "method=card&card_number=4000000000000002&customer_name=Awa").await;
    assert_eq!(declined.status, 200);
    assert!(declined.text.contains("declined") && declined.text.contains("value=\"Awa\""));
    let challenge = submit(&lomi, &path, "method=card&card_number=4000002500003155").await;
    assert!(challenge.text.contains("name=\"challenge\"") && challenge.text.contains("4000002500003155"));
    let passed = submit(&lomi, &path, "method=card&card_number=4000002500003155&challenge=pass").await;
    assert_eq!(passed.status, 303);
}

#[tokio::test]
async fn a_form_without_a_card_number_or_a_method_pays_nothing() {
    let lomi = Lomi::start(Profile::Current).await;
    let id = lomi.session().await;
    let path = format!("/checkout/{id}/pay");
    let emptied = submit(&lomi, &path, "method=card&card_number=").await;
    assert_eq!(emptied.status, 200);
    assert!(emptied.text.contains("incorrect_number"));
    let no_method = submit(&lomi, &path, "card_number=4242424242424242").await;
    assert_eq!(no_method.status, 400);
    assert!(no_method.text.contains("No payment method was chosen"));
    assert!(lomi.state().await["transactions"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn cancelling_returns_to_the_shop_and_keeps_the_page_open() {
    let lomi = Lomi::start(Profile::Current).await;
    let id = lomi.session().await;
    let cancelled = submit(&lomi, &format!("/checkout/{id}/cancel"), "").await;
    assert_eq!((cancelled.status, cancelled.header("location")), (303, "https://shop.example/cancel"));
    assert!(open(&lomi, &id, "en").await.text.contains("Pay by card"));
}

#[tokio::test]
async fn an_expired_page_is_gone_before_the_sweep() {
    let lomi = Lomi::start(Profile::Current).await;
    let id = lomi.session().await;
    let clock = lomi.sandbox.sim().clock();
    clock.advance_to(clock.now().plus_s(3600));
    let page = open(&lomi, &id, "en").await;
    assert_eq!(page.status, 410);
    assert!(page.text.contains("https://shop.example/cancel"));
    assert_eq!(submit(&lomi, &format!("/checkout/{id}/pay"), "method=wave").await.status, 410);
    assert_eq!(open(&lomi, "7c0dd2f4-52a1-4f0e-9a53-0f6f2a1b9c11", "en").await.status, 404);
}
