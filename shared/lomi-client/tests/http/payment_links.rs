//! Payment links in the shapes of every generation.

use crate::support::{Lomi, OBJECT_ID, Reply, json, received, unsent};
use lomi_client::{
    Amount, CreatePaymentLink, CurrencyCode, ErrorKind, LinkTarget, LinkType, Outcome, PaymentLinkId, PriceId,
    ProductId,
};

const FIRST: &str = r#"{"id":"0d6f5f5e-7f0b-4c59-8c1b-8c7c0e1f2a33","url":"https://pay.lomi.africa/x","link_type":"instant","title":"Donation","description":"Thanks","amount":5000,"currency_code":"XOF","product_id":null,"is_active":true,"expires_at":null,"metadata":{"campaign":"rentrée"},"created_at":"2026-05-01T00:00:00Z"}"#;
const CURRENT: &str = r#"{"link_id":"0d6f5f5e-7f0b-4c59-8c1b-8c7c0e1f2a33","url":"https://pay.lomi.africa/x","link_type":"instant","title":"Donation","description":"Thanks","amount":5000.0,"currency_code":"XOF","product_id":null,"price_id":null,"quantity":null,"is_active":true,"allow_coupon_code":false,"allow_quantity":false,"require_billing_address":true,"expires_at":null,"success_url":null,"cancel_url":null,"metadata":null,"environment":"test","organization_id":"o","created_at":"2026-06-20T09:13:11.020Z","updated_at":"2026-06-20T09:13:11.020Z","line_items":[]}"#;

fn instant(amount: i64) -> CreatePaymentLink {
    let amount = Amount::from_scaled(amount, 0).unwrap();
    CreatePaymentLink::new(LinkTarget::Instant { amount }, "Donation", CurrencyCode::XOF)
}

fn id() -> PaymentLinkId {
    PaymentLinkId::parse(OBJECT_ID).unwrap()
}

#[tokio::test]
async fn a_link_is_read_from_every_generation() {
    let wrapped = format!(r#"{{"data":{FIRST}}}"#);
    for body in [FIRST, CURRENT, &wrapped] {
        let lomi = Lomi::start(vec![json("201 Created", body)]).await;
        let link = lomi.client().payment_links().create(&instant(5_000)).send().await.unwrap();
        assert_eq!((link.payment_link_id, link.link_type), (id(), LinkType::Instant));
        assert_eq!(link.url, "https://pay.lomi.africa/x");
        assert_eq!(link.amount, Amount::from_scaled(5_000, 0));
        assert_eq!((link.currency_code, link.is_active), (Some(CurrencyCode::XOF), Some(true)));
    }
    let lomi = Lomi::start(vec![json("200 OK", FIRST)]).await;
    let link = lomi.client().payment_links().get(&id()).send().await.unwrap();
    assert_eq!(link.metadata.text("campaign"), Some("rentrée"));
    assert_eq!(lomi.received()[0].line, format!("GET /payment-links/{OBJECT_ID} HTTP/1.1"));
}

#[tokio::test]
async fn a_link_without_a_web_address_is_unusable() {
    let body = CURRENT.replace("https://pay.lomi.africa/x", "javascript:alert(1)");
    let lomi = Lomi::start(vec![json("200 OK", &body)]).await;
    let client = lomi.builder().max_attempts(1).build().unwrap();
    let error = client.payment_links().get(&id()).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnusableAnswer);
}

#[tokio::test]
async fn every_field_is_sent_under_its_own_name() {
    let target = LinkTarget::Product {
        product_id: ProductId::parse(OBJECT_ID).unwrap(),
        price_id: PriceId::parse(OBJECT_ID).ok(),
    };
    let full = CreatePaymentLink {
        description: Some("Shoes".to_owned()),
        allow_coupon_code: Some(true),
        allow_quantity: Some(true),
        require_billing_address: Some(false),
        expires_at: Some("2026-12-31T23:59:59Z".to_owned()),
        success_url: Some("https://shop.example/thanks".to_owned()),
        cancel_url: Some("https://shop.example/cart".to_owned()),
        metadata: [("a".to_owned(), "1".to_owned())].into(),
        ..CreatePaymentLink::new(target, "Shoes", CurrencyCode::XOF)
    };
    let request = received(json("201 Created", CURRENT), async |client| {
        client.payment_links().create(&full).send().await.unwrap();
    });
    let request = request.await;
    let expected = format!(
        r#"{{"link_type":"product","product_id":"{OBJECT_ID}","price_id":"{OBJECT_ID}","title":"Shoes","currency_code":"XOF","description":"Shoes","allow_coupon_code":true,"allow_quantity":true,"require_billing_address":false,"expires_at":"2026-12-31T23:59:59Z","success_url":"https://shop.example/thanks","cancel_url":"https://shop.example/cart","metadata":{{"a":"1"}}}}"#
    );
    assert_eq!((request.line.as_str(), request.body), ("POST /payment-links HTTP/1.1", expected));
    assert!(!request.headers.contains_key("idempotency-key"));
}

#[tokio::test]
async fn an_instant_link_carries_its_amount_exactly() {
    let target = LinkTarget::Instant { amount: "19.99".parse().unwrap() };
    let link = CreatePaymentLink::new(target, "Donation", CurrencyCode::EUR);
    let request = received(json("201 Created", CURRENT), async |client| {
        client.payment_links().create(&link).send().await.unwrap();
    });
    let expected = r#"{"link_type":"instant","amount":19.99,"title":"Donation","currency_code":"EUR"}"#;
    assert_eq!(request.await.body, expected);
}

#[tokio::test]
async fn a_link_that_lomi_would_refuse_is_not_sent() {
    let broken = [
        ("amount", instant(0)),
        ("amount", instant(-1)),
        ("title", CreatePaymentLink { title: " ".to_owned(), ..instant(1) }),
        ("expires_at", CreatePaymentLink { expires_at: Some("tomorrow".to_owned()), ..instant(1) }),
        ("success_url", CreatePaymentLink { success_url: Some("/thanks".to_owned()), ..instant(1) }),
        ("cancel_url", CreatePaymentLink { cancel_url: Some("ftp://shop.example".to_owned()), ..instant(1) }),
    ];
    let lomi = Lomi::start(vec![json("201 Created", CURRENT)]).await;
    for (field, link) in broken {
        let error = lomi.client().payment_links().create(&link).send().await.unwrap_err();
        assert_eq!(unsent(&error), field);
    }
    assert_eq!(lomi.count(), 0);
}

#[tokio::test]
async fn a_lost_link_is_not_created_twice() {
    let lomi = Lomi::start(vec![Reply::Drop, json("201 Created", CURRENT)]).await;
    let error = lomi.client().payment_links().create(&instant(1)).send().await.unwrap_err();
    assert_eq!((error.outcome(), lomi.count()), (Outcome::Unknown, 1));
}

#[tokio::test]
async fn a_list_filters_by_type_and_activity() {
    let body = format!(r#"{{"data":[{CURRENT}],"total":1,"limit":5,"offset":0}}"#);
    let request = received(json("200 OK", &body), async |client| {
        let list = client.payment_links().list().link_type(&LinkType::Product).is_active(true);
        assert_eq!(list.limit(5).send().await.unwrap().len(), 1);
    });
    assert_eq!(request.await.line, "GET /payment-links?isActive=true&limit=5&linkType=product HTTP/1.1");
}
