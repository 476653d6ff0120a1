//! Amounts that a person types into a page, parsed by the server.

use serde_json::json;
use tests::{Answer, TestApp};

async fn read(app: &TestApp, text: &str, currency: &str, language: &str) -> Answer {
    let url = app.url(&format!("/amounts?currency_code={currency}&text={text}"));
    app.http.get(&url, &[("accept-language", language)]).await
}

#[tokio::test]
async fn a_page_sends_what_was_typed_and_gets_minor_units() {
    let app = TestApp::start().await;
    for (text, currency, amount) in [
        ("10+000", "XOF", 10_000),
        ("10%E2%80%AF000", "XOF", 10_000),
        ("1%2C234%2C567", "XOF", 1_234_567),
        ("12%2C5", "EUR", 1_250),
        ("1+234.50", "USD", 123_450),
    ] {
        let answer = read(&app, text, currency, "fr").await.expect(200).json();
        assert_eq!(answer, json!({ "amount": amount, "currency_code": currency }), "{text}");
    }
    app.audit().await;
}

#[tokio::test]
async fn an_ambiguous_amount_is_refused_with_an_example() {
    let app = TestApp::start().await;
    for (text, currency, example) in [
        ("10.000", "XOF", "10000 ou 10 000"),
        ("10%2C000", "XOF", "10000 ou 10 000"),
        ("12%2C50", "XOF", "sans décimales"),
        ("1%2C234", "EUR", "1234,50"),
        ("0", "EUR", "0,01"),
        ("", "USD", "1234,50"),
        ("1e9", "USD", "1234,50"),
    ] {
        let answer = read(&app, text, currency, "fr").await;
        assert_eq!((answer.problem().1.as_str(), answer.pointers()), ("validation_failed", vec!["/text".to_owned()]));
        assert!(answer.text().contains(example), "{text}: {}", answer.text());
    }
    assert_eq!(read(&app, "5", "GNF", "en").await.pointers(), ["/currency_code"]);
    app.audit().await;
}
