//! The examples of lomi's documents, byte for byte, except for the host, the authentication, and placeholder ids.

use lomi_sandbox::fixtures::PRODUCT_A;
use serde_json::Value;
use tests::{Answer, Setup, TestApp};

use super::{has, pasted_text};

const GENERATIONS: [&str; 3] = ["current", "june2026", "seeds"];

/// A stack whose merchant owns the documents' shop.
async fn app() -> TestApp {
    TestApp::start_with(Setup { allowed_origin: "https://your-site.com", ..Setup::default() }).await
}

async fn get(app: &TestApp, path: &str) -> Answer {
    app.admin("GET", path, &Value::Null).await
}

#[tokio::test]
async fn the_example_of_a_checkout_session_works_as_printed() {
    let app = app().await;
    for generation in GENERATIONS {
        app.lomi.profile(generation).await;
        let body = r#"{
  "success_url": "https://your-site.com/order/success?",
  "cancel_url": "https://your-site.com/cart",
  "allowed_providers": ["WAVE", "ORANGE"],
  "amount": 10000,
  "currency_code": "XOF",
  "title": "Your Order Summary",
  "metadata": { "internal_order_ref": "ORD-12345" }
}"#;
        let session = pasted_text(&app, "/admin/checkout-sessions", body).await.expect(201).json();
        has(&session, SESSION_MEMBERS);
        assert_eq!((&session["status"], &session["allow_coupon_code"]), (&"open".into(), &false.into()));
        let id = session["checkout_session_id"].as_str().expect("an id");
        let read = get(&app, &format!("/admin/checkout-sessions/{id}")).await.expect(200).json();
        has(&read, SESSION_MEMBERS);
        has(&read, "updated_at");
        for query in ["", "?limit=20&page=1", "?status=open"] {
            let list = get(&app, &format!("/admin/checkout-sessions{query}")).await.expect(200).json();
            assert_eq!(list["data"][0]["checkout_session_id"], id, "{generation} {query}");
            has(&list["meta"], "current_page per_page");
        }
    }
    app.audit().await;
}

#[tokio::test]
async fn the_examples_of_a_payment_intent_work_as_printed() {
    let app = app().await;
    let by_curl = r#"{
"amount": 10000,
"currency_code": "XOF",
"customer_email": "customer@example.com",
"customer_name": "Ada Lovelace",
"description": "Commande #ORD-12345"
}"#;
    let by_script = r#"{"amount":10000,"currency_code":"XOF","customer_email":"customer@example.com","customer_name":"Ada Lovelace","description":"Commande #ORD-12345","payment_reference":"ORD-12345"}"#;
    for generation in GENERATIONS {
        app.lomi.profile(generation).await;
        for body in [by_curl, by_script] {
            let intent = pasted_text(&app, "/admin/payment-intents", body).await.expect(201).json();
            has(&intent, "id client_secret amount currency original_amount original_currency status");
            assert_eq!((&intent["original_amount"], &intent["original_currency"]), (&10_000.into(), &"XOF".into()));
        }
        // The document's own footnote: no payer is named.
        let nobody = pasted_text(&app, "/admin/payment-intents", r#"{"amount":10000}"#).await;
        assert_eq!(nobody.problem(), (400, "validation_failed".to_owned()));
        assert_eq!(nobody.json()["errors"][0]["pointer"], "/customer_id", "{generation}");
    }
    app.audit().await;
}

#[tokio::test]
async fn the_examples_of_payment_links_work_as_printed() {
    let app = app().await;
    for generation in GENERATIONS {
        app.lomi.profile(generation).await;
        let of_a_product = r#"{
"link_type": "product",
"title": "Premium Subscription",
"currency_code": "XOF",
"product_id": "prod_abc123...",
"allow_coupon_code": true,
"success_url": "https://your-site.com/success"
}"#
        .replace("prod_abc123...", PRODUCT_A);
        let instant = r#"{"link_type":"instant","title":"Donation","currency_code":"XOF","amount":5000,"description":"Soutenir notre mission","success_url":"https://your-site.com/thank-you"}"#;
        for (body, amount) in [(of_a_product.as_str(), None), (instant, Some(5_000))] {
            let link = pasted_text(&app, "/admin/payment-links", body).await.expect(201).json();
            has(&link, LINK_MEMBERS);
            if let Some(amount) = amount {
                assert_eq!(link["amount"], amount, "{generation}");
            }
            let id = link["id"].as_str().expect("an id");
            let read = get(&app, &format!("/admin/payment-links/{id}")).await.expect(200).json();
            assert_eq!((&read["url"], &read["is_active"]), (&link["url"], &true.into()), "{generation}");
        }
        let query = "/admin/payment-links?linkType=product&isActive=true&limit=20";
        let list = get(&app, query).await.expect(200).json();
        let links = list["data"].as_array().expect("links");
        assert!(!links.is_empty() && links.iter().all(|link| link["link_type"] == "product"), "{generation}");
    }
    app.audit().await;
}

#[tokio::test]
async fn the_examples_of_customers_work_as_printed() {
    let app = app().await;
    for generation in GENERATIONS {
        app.lomi.profile(generation).await;
        let body = r#"{
    "name": "Amadou Ba",
    "email": "amadou.ba@example.com",
    "phone_number": "+221771234567",
    "country": "Senegal",
    "city": "Dakar",
    "is_business": false,
    "metadata": {"internal_id": "USER_123"}
  }"#;
        let customer = pasted_text(&app, "/admin/customers", body).await.expect(201).json();
        has(&customer, CUSTOMER_MEMBERS);
        let path = format!("/admin/customers/{}", customer["id"].as_str().expect("an id"));

        let query = "/admin/customers?search=amadou&type=individual&page=1&pageSize=20";
        let list = get(&app, query).await.expect(200).json();
        assert_eq!(list["customers"][0]["id"], customer["id"], "{generation}");
        has(&list["pagination"], "page pageSize totalCount totalPages");

        for change in
            [r#"{"email": "new.email@example.com"}"#, r#"{"email":"new.email@example.com","metadata":{"vip":true}}"#]
        {
            let body = serde_json::from_str(change).expect("the document's own");
            let changed = app.admin("PATCH", &path, &body).await.expect(200).json();
            assert_eq!(changed["email"], "new.email@example.com", "{generation}");
        }
        assert_eq!(get(&app, &path).await.expect(200).json()["metadata"]["vip"], true, "{generation}");
        let transactions = get(&app, &format!("{path}/transactions")).await.expect(200).json();
        assert_eq!(transactions["data"], serde_json::json!([]), "{generation}");
        app.admin("DELETE", &path, &Value::Null).await.expect(204);
        assert_eq!(get(&app, &path).await.status, 404, "{generation}");
    }
    app.audit().await;
}

const SESSION_MEMBERS: &str = "checkout_session_id url status expires_at created_at merchant_id organization_id success_url cancel_url \
    amount currency_code allowed_providers title public_description customer_email customer_name customer_phone product_id \
    subscription_id plan_id allow_coupon_code metadata environment";
const LINK_MEMBERS: &str =
    "id url link_type title description amount currency_code product_id is_active expires_at metadata created_at";
const CUSTOMER_MEMBERS: &str = "id organization_id name email phone_number whatsapp_number country city address postal_code is_business \
    metadata created_at updated_at";
