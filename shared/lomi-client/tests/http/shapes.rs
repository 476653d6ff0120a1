//! Every generation of the API is understood, and what is sent is understood by every generation.

use crate::support::{Lomi, Reply, SESSION_ID, json, key, order};
use lomi_client::{
    Amount, CheckoutSessionId, CreateCheckoutSession, CreatedCheckoutSession, CurrencyCode, CustomerDetails,
    Environment, ErrorKind, LineItem, NewCheckoutSession, Outcome, PriceId, SessionStatus, TransactionId,
    TransactionStatus,
};

const FIRST: &str = r#"{"data":{"checkout_session_id":"a465993b-98fb-49c3-9943-5b8eac17004c","url":"https://checkout.lomi.africa/checkout/1","status":"open","expires_at":"2025-04-04T15:21:49.955Z","amount":10000,"currency_code":"XOF","allowed_providers":["WAVE","ORANGE"],"public_description":"Shoes","customer_email":null,"environment":"live","plan_id":null}}"#;
const CURRENT: &str = r#"{"checkout_session_id":"a465993b-98fb-49c3-9943-5b8eac17004c","checkout_url":"https://checkout.lomi.africa/checkout/1","status":"open","expires_at":"2026-06-20T10:14:07.512Z","amount":10000.0,"currency_code":"XOF","description":"Shoes","metadata":{"order_id":"A-1007","nested":{"a":[1.5]}},"environment":"test","is_pos":false,"spi_qr_code_id":null}"#;

fn id() -> CheckoutSessionId {
    CheckoutSessionId::parse(SESSION_ID).unwrap()
}

async fn create(body: &str) -> Result<CreatedCheckoutSession, lomi_client::Error> {
    let lomi = Lomi::start(vec![json("201 Created", body)]).await;
    let client = lomi.builder().max_attempts(1).build().unwrap();
    client.checkout_sessions().create(&order()).idempotency_key(key()).send().await
}

async fn created(body: &str) -> NewCheckoutSession {
    match create(body).await {
        Ok(CreatedCheckoutSession::Session(new)) => *new,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_created_session_is_read_from_every_generation() {
    for (body, environment) in [(FIRST, Environment::Live), (CURRENT, Environment::Test)] {
        let new = created(body).await;
        assert_eq!(new.checkout_url, "https://checkout.lomi.africa/checkout/1");
        assert_eq!(new.session.checkout_session_id, id());
        assert_eq!(new.session.status, SessionStatus::Open);
        assert_eq!(new.session.amount, Amount::from_scaled(10_000, 0));
        assert_eq!(new.session.currency_code, Some(CurrencyCode::XOF));
        assert_eq!(new.session.public_description.as_deref(), Some("Shoes"));
        assert_eq!(new.session.environment, Some(environment));
        assert!(new.session.expires_at.is_some());
    }
    assert_eq!(created(FIRST).await.session.allowed_providers, ["WAVE", "ORANGE"]);
    assert_eq!(created(CURRENT).await.session.metadata.text("order_id"), Some("A-1007"));
}

#[tokio::test]
async fn a_created_session_needs_only_its_id_and_page() {
    let bare = format!(r#"{{"id":"{SESSION_ID}","url":"https://c.example/1"}}"#);
    let wrapped = format!(r#"{{"success":true,"data":[{bare},{{}}]}}"#);
    for body in [bare, wrapped] {
        let new = created(&body).await;
        assert_eq!(new.session.status, SessionStatus::Open);
        assert_eq!((new.session.amount, new.session.expires_at), (None, None));
    }
}

#[tokio::test]
async fn an_unknown_status_and_odd_field_types_are_no_error() {
    let body = CURRENT.replace("\"open\"", "\"on_hold\"").replace("\"Shoes\"", "{\"fr\":1}");
    let session = created(&body).await.session;
    assert_eq!(session.status, SessionStatus::Other("on_hold".to_owned()));
    assert_eq!(session.public_description, None);
}

#[tokio::test]
async fn an_unpaid_invoice_is_not_a_session() {
    let body = r#"{"payment_required":true,"reason":"invoice_payment_required","blocking_invoice":{"invoice_id":"i","invoice_number":"INV-0042","amount_remaining":12000,"currency_code":"XOF","checkout_url":"https://c.example/2"}}"#;
    let Ok(CreatedCheckoutSession::InvoicePaymentRequired(invoice)) = create(body).await else {
        panic!("not an invoice");
    };
    assert_eq!(invoice.amount_remaining, Amount::from_scaled(12_000, 0));
    assert_eq!(invoice.invoice_number.as_deref(), Some("INV-0042"));
}

#[tokio::test]
async fn an_unusable_session_is_unknown_and_names_the_field() {
    let unusable = [
        ("checkout_session_id", CURRENT.replace(SESSION_ID, "cs 1")),
        ("checkout_url", CURRENT.replace("https://checkout.lomi.africa", "javascript:")),
        ("checkout_url", CURRENT.replace("checkout_url", "page")),
        ("amount", CURRENT.replace("10000.0", "\"a lot\"")),
        ("currency_code", CURRENT.replace("\"XOF\"", "\"francs\"")),
        ("blocking_invoice", r#"{"payment_required":true}"#.to_owned()),
        ("body", "null".to_owned()),
        ("body", "[]".to_owned()),
        ("body", String::new()),
        ("body", "<html>fine</html>".to_owned()),
    ];
    for (field, body) in unusable {
        let error = create(&body).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::UnusableAnswer, Outcome::Unknown));
        assert!(error.to_string().contains(field), "{error}");
        assert_eq!(error.status(), Some(201));
    }
}

#[tokio::test]
async fn a_read_works_without_the_page_but_not_without_a_status() {
    let narrow = format!(r#"{{"checkout_session_id":"{SESSION_ID}","status":"completed","amount":"25000.00"}}"#);
    let lomi = Lomi::start(vec![json("200 OK", &narrow)]).await;
    let session = lomi.client().checkout_sessions().get(&id()).send().await.unwrap();
    assert_eq!(session.status, SessionStatus::Completed);
    assert_eq!(session.amount, Amount::from_scaled(25_000, 0));
    assert_eq!(lomi.received()[0].line, format!("GET /checkout-sessions/{SESSION_ID} HTTP/1.1"));

    let silent = format!(r#"{{"data":{{"checkout_session_id":"{SESSION_ID}"}}}}"#);
    let lomi = Lomi::start(vec![json("200 OK", &silent)]).await;
    let client = lomi.builder().max_attempts(1).build().unwrap();
    let error = client.checkout_sessions().get(&id()).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnusableAnswer);
}

#[tokio::test]
async fn a_list_is_an_array_bare_or_wrapped() {
    let row = format!(r#"{{"checkout_session_id":"{SESSION_ID}","status":"expired"}}"#);
    let bare = format!("[{row},{row}]");
    let wrapped = format!(r#"{{"data":{bare},"meta":{{"current_page":1,"per_page":20}}}}"#);
    for body in [bare, wrapped] {
        let lomi = Lomi::start(vec![json("200 OK", &body)]).await;
        let listed = lomi.client().checkout_sessions().list().send().await.unwrap();
        assert_eq!(listed.len(), 2);
        assert_eq!(listed[0].status, SessionStatus::Expired);
    }
}

async fn line_of(reply: Reply, send: impl AsyncFnOnce(lomi_client::Client)) -> String {
    let lomi = Lomi::start(vec![reply]).await;
    send(lomi.client()).await;
    lomi.received()[0].line.clone()
}

#[tokio::test]
async fn a_transaction_list_filters_and_names_its_size_twice() {
    let line = line_of(json("200 OK", "[]"), async |client| {
        let statuses = [TransactionStatus::Completed, TransactionStatus::Refunded];
        let list = client.transactions().list().status(&statuses);
        let list = list.start_date("2026-06-20T09:00:00+00:00").page_size(25);
        list.send().await.unwrap();
    });
    assert_eq!(
        line.await,
        "GET /transactions?limit=25&pageSize=25&startDate=2026-06-20T09%3A00%3A00%2B00%3A00&status=completed%2Crefunded HTTP/1.1"
    );
}

#[tokio::test]
async fn a_transaction_is_read_with_its_metadata() {
    let body = r#"{"transaction_id":"0d6f5f5e-7f0b-4c59-8c1b-8c7c0e1f2a33","organization_id":"o","customer_id":"no id","status":"completed","gross_amount":25000,"fee_amount":750,"net_amount":24250.0,"currency_code":"XOF","provider_code":"WAVE","metadata":{"order_id":"A-1007"}}"#;
    let lomi = Lomi::start(vec![json("200 OK", body)]).await;
    let id = TransactionId::parse("0d6f5f5e-7f0b-4c59-8c1b-8c7c0e1f2a33").unwrap();
    let transaction = lomi.client().transactions().get(&id).send().await.unwrap();
    assert_eq!(transaction.transaction_id, id);
    assert_eq!(transaction.status, TransactionStatus::Completed);
    assert_eq!(transaction.net_amount, Amount::from_scaled(24_250, 0));
    assert_eq!(transaction.metadata.text("order_id"), Some("A-1007"));
    assert_eq!((transaction.environment, transaction.customer_id), (None, None));
}

#[tokio::test]
async fn me_returns_the_owner_of_the_key() {
    let body = r#"{"merchant_id":"m","organization_id":"o","organization_name":"Chez Awa","environment":"test"}"#;
    let lomi = Lomi::start(vec![json("200 OK", body)]).await;
    let me = lomi.client().me().send().await.unwrap();
    assert_eq!((me.organization_id.as_str(), me.environment), ("o", Some(Environment::Test)));
}

#[tokio::test]
async fn a_session_is_sent_in_a_form_for_every_generation() {
    let session = CreateCheckoutSession {
        allowed_providers: vec!["WAVE".to_owned(), "ORANGE".to_owned()],
        public_description: Some("Shoes".to_owned()),
        customer: CustomerDetails { phone: Some("+2250700000000".to_owned()), ..Default::default() },
        line_items: vec![LineItem { price_id: PriceId::parse(SESSION_ID).unwrap(), quantity: 2.try_into().unwrap() }],
        metadata: [("b", "2"), ("a", "1")].map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        expiration_minutes: Some(30.try_into().unwrap()),
        amount: Some("19.50".parse().unwrap()),
        ..order()
    };
    let lomi = Lomi::start(vec![json("201 Created", CURRENT)]).await;
    let _ = lomi.client().checkout_sessions().create(&session).send().await.unwrap();
    let expected = format!(
        r#"{{"success_url":"https://shop.example/thanks","cancel_url":"https://shop.example/cart","allowed_providers":["WAVE","ORANGE"],"amount":19.5,"currency_code":"XOF","public_description":"Shoes","customer_phone":"+2250700000000","line_items":[{{"price_id":"{SESSION_ID}","quantity":2}}],"metadata":{{"a":"1","b":"2"}},"expiration_minutes":30,"allow_coupon_code":false,"description":"Shoes"}}"#
    );
    assert_eq!(lomi.received()[0].body, expected);
}

#[tokio::test]
async fn a_placeholder_in_the_return_page_keeps_its_raw_braces() {
    let mut session = order();
    session.success_url = "https://shop.example/thanks#{CHECKOUT_SESSION_ID}".to_owned();
    let lomi = Lomi::start(vec![json("201 Created", CURRENT)]).await;
    let _ = lomi.client().checkout_sessions().create(&session).send().await.unwrap();
    assert!(lomi.received()[0].body.contains("thanks#{CHECKOUT_SESSION_ID}\""));
}
