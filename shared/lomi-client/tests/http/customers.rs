//! Customers in the shapes of every generation.

use crate::support::{Lomi, OBJECT_ID, Reply, json, received, unsent};
use lomi_client::{
    Amount, CreateCustomer, CustomerActivity, CustomerId, CustomerProfile, CustomerText, CustomerType, Environment,
    Outcome, TransactionStatus, UpdateCustomer,
};

const FIRST: &str = r#"{"id":"0d6f5f5e-7f0b-4c59-8c1b-8c7c0e1f2a33","organization_id":"o","name":"Amadou Ba","email":"canary@shop.example","phone_number":"+221771234567","whatsapp_number":null,"country":"Senegal","city":"Dakar","address":"","postal_code":"","is_business":false,"metadata":{"internal_id":"U-1","vip":true},"created_at":"2026-05-01T00:00:00Z","updated_at":"2026-05-01T00:00:00Z"}"#;

fn current() -> String {
    FIRST.replace("\"id\"", "\"customer_id\"").replace("\"created_at\"", "\"environment\":\"test\",\"created_at\"")
}

fn id() -> CustomerId {
    CustomerId::parse(OBJECT_ID).unwrap()
}

fn amadou() -> CreateCustomer {
    let profile = CustomerProfile {
        email: Some("canary@shop.example".to_owned()),
        phone_number: Some("+221771234567".to_owned()),
        whatsapp_number: Some("+221771234567".to_owned()),
        country: Some("Senegal".to_owned()),
        city: Some("Dakar".to_owned()),
        address: Some("1 rue".to_owned()),
        postal_code: Some("10000".to_owned()),
        is_business: Some(false),
    };
    let metadata = [("vip".to_owned(), true.into()), ("internal_id".to_owned(), "U-1".into())].into();
    CreateCustomer { profile, metadata, ..CreateCustomer::new("Amadou Ba") }
}

#[tokio::test]
async fn a_customer_is_read_from_every_generation() {
    for (body, environment) in [(FIRST.to_owned(), None), (current(), Some(Environment::Test))] {
        let lomi = Lomi::start(vec![json("200 OK", &body)]).await;
        let customer = lomi.client().customers().get(&id()).send().await.unwrap();
        assert_eq!((&customer.customer_id, customer.environment), (&id(), environment));
        assert_eq!(customer.name.as_deref(), Some("Amadou Ba"));
        assert_eq!(customer.profile.city.as_deref(), Some("Dakar"));
        assert_eq!((customer.profile.address.as_deref(), customer.profile.is_business), (None, Some(false)));
        assert!(customer.metadata.is_true("vip"));
        assert_eq!(lomi.received()[0].line, format!("GET /customers/{OBJECT_ID} HTTP/1.1"));
    }
}

#[tokio::test]
async fn every_field_is_sent_under_its_own_name() {
    let request = received(json("201 Created", &current()), async |client| {
        client.customers().create(&amadou()).send().await.unwrap();
    });
    let request = request.await;
    assert_eq!(request.line, "POST /customers HTTP/1.1");
    assert_eq!(
        request.body,
        r#"{"name":"Amadou Ba","email":"canary@shop.example","phone_number":"+221771234567","whatsapp_number":"+221771234567","country":"Senegal","city":"Dakar","address":"1 rue","postal_code":"10000","is_business":false,"metadata":{"internal_id":"U-1","vip":true}}"#
    );
    assert!(!request.headers.contains_key("idempotency-key"));
}

#[tokio::test]
async fn an_update_sends_only_changed_fields() {
    let profile = CustomerProfile { email: Some("new@shop.example".to_owned()), ..Default::default() };
    let changes = UpdateCustomer { profile, metadata: Some([].into()), ..Default::default() };
    let request = received(json("200 OK", &current()), async |client| {
        client.customers().update(&id(), &changes).send().await.unwrap();
    });
    let request = request.await;
    assert_eq!(request.line, format!("PATCH /customers/{OBJECT_ID} HTTP/1.1"));
    assert_eq!(request.body, r#"{"email":"new@shop.example","metadata":{}}"#);
}

#[tokio::test]
async fn a_text_is_cleared_with_null() {
    let cleared = [CustomerText::City, CustomerText::Email].into();
    let changes = UpdateCustomer { name: Some("Awa".to_owned()), cleared, ..Default::default() };
    let request = received(json("200 OK", &current()), async |client| {
        client.customers().update(&id(), &changes).send().await.unwrap();
    });
    assert_eq!(request.await.body, r#"{"city":null,"email":null,"name":"Awa"}"#);
    let profile = CustomerProfile { city: Some("Dakar".to_owned()), ..Default::default() };
    let lomi = Lomi::start(vec![json("200 OK", FIRST)]).await;
    let both = lomi.client().customers().update(&id(), &UpdateCustomer { profile, ..changes });
    assert_eq!((unsent(&both.send().await.unwrap_err()), lomi.count()), ("city".to_owned(), 0));
}

#[tokio::test]
async fn a_500_for_a_public_id_is_not_retried() {
    for (id, calls) in [("cus_abc123", 1), (OBJECT_ID, 2)] {
        let lomi = Lomi::start(vec![json("500 Internal Server Error", "{}"), json("200 OK", FIRST)]).await;
        let answer = lomi.client().customers().get(&id.parse().unwrap()).send().await;
        assert_eq!((answer.is_ok(), lomi.count()), (calls == 2, calls), "{id}");
    }
}

#[tokio::test]
async fn a_delete_needs_no_particular_answer() {
    for body in [r#"{"message":"Customer deleted successfully"}"#, ""] {
        let request = received(json("200 OK", body), async |client| {
            client.customers().delete(&id()).send().await.unwrap();
        });
        assert_eq!(request.await.line, format!("DELETE /customers/{OBJECT_ID} HTTP/1.1"));
    }
}

#[tokio::test]
async fn a_lost_write_is_not_sent_again() {
    for number in 0..3 {
        let lomi = Lomi::start(vec![Reply::Drop, json("200 OK", FIRST)]).await;
        let customers = lomi.client().customers();
        let outcome = match number {
            0 => customers.create(&amadou()).send().await.map(drop),
            1 => customers.update(&id(), &UpdateCustomer::default()).send().await.map(drop),
            _ => customers.delete(&id()).send().await,
        };
        assert_eq!((outcome.unwrap_err().outcome(), lomi.count()), (Outcome::Unknown, 1), "{number}");
    }
}

#[tokio::test]
async fn a_name_that_is_blank_is_not_sent() {
    let lomi = Lomi::start(vec![json("201 Created", FIRST)]).await;
    let customers = lomi.client().customers();
    let error = customers.create(&CreateCustomer::new(" ")).send().await.unwrap_err();
    assert_eq!(unsent(&error), "name");
    let blank = UpdateCustomer { name: Some(String::new()), ..Default::default() };
    assert_eq!(unsent(&customers.update(&id(), &blank).send().await.unwrap_err()), "name");
    assert_eq!(lomi.count(), 0);
}

#[tokio::test]
async fn a_page_of_customers_comes_with_the_count_of_all() {
    let pagination = r#"{"page":2,"pageSize":20,"totalCount":150,"totalPages":8}"#;
    let body = format!(r#"{{"customers":[{FIRST},{}],"pagination":{pagination}}}"#, current());
    let request = received(json("200 OK", &body), async |client| {
        let list = client.customers().list().search("awa & co").customer_type(CustomerType::Individual);
        let page = list.status(CustomerActivity::Active).page_size(20).send().await.unwrap();
        assert_eq!(page.customers.len(), 2);
        assert_eq!((page.page, page.page_size), (Some(2), Some(20)));
        assert_eq!((page.total_count, page.total_pages), (Some(150), Some(8)));
    });
    assert_eq!(
        request.await.line,
        "GET /customers?limit=20&pageSize=20&search=awa+%26+co&status=active&type=individual HTTP/1.1"
    );
}

#[tokio::test]
async fn the_newest_generation_counts_customers_beside_its_rows() {
    let count = r#""has_more":false,"next_cursor":null,"limit":20,"total_count":150"#;
    let body = format!(r#"{{"object":"list","data":[{}],{count}}}"#, current());
    let lomi = Lomi::start(vec![json("200 OK", &body)]).await;
    let page = lomi.client().customers().list().send().await.unwrap();
    assert_eq!((page.customers.len(), page.page_size, page.total_count), (1, Some(20), Some(150)));
    assert_eq!((page.page, page.total_pages), (None, None));
}

#[tokio::test]
async fn customer_transactions_are_read_from_every_generation() {
    let first = format!(
        r#"[{{"transaction_id":"{OBJECT_ID}","description":"Shoes","gross_amount":10000,"currency_code":"XOF","status":"completed","created_at":"2026-05-01T00:00:00Z"}}]"#
    );
    let current = first.replace("\"created_at\"", "\"provider_code\":\"WAVE\",\"payment_method_code\":\"MOBILE_MONEY\",\"metadata\":{\"order_id\":\"A-1007\"},\"created_at\"");
    for (body, provider) in [(first, None), (current, Some("WAVE"))] {
        let lomi = Lomi::start(vec![json("200 OK", &body)]).await;
        let rows = lomi.client().customers().transactions(&id()).send().await.unwrap();
        assert_eq!((rows.len(), &rows[0].status), (1, &TransactionStatus::Completed));
        assert_eq!(rows[0].gross_amount, Amount::from_scaled(10_000, 0));
        assert_eq!(rows[0].provider_code.as_deref(), provider);
        assert_eq!(lomi.received()[0].line, format!("GET /customers/{OBJECT_ID}/transactions HTTP/1.1"));
    }
}

#[tokio::test]
async fn debug_output_shows_no_personal_data() {
    let lomi = Lomi::start(vec![json("200 OK", FIRST)]).await;
    let customer = lomi.client().customers().get(&id()).send().await.unwrap();
    let update = UpdateCustomer { name: Some("Amadou".to_owned()), ..Default::default() };
    let shown = format!("{customer:?} {:?} {update:?} {:?}", amadou(), amadou().profile);
    assert!(!shown.contains("canary") && !shown.contains("Amadou"), "{shown}");
}
