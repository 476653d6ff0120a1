//! Answers that no other test asks for: of objects in every state, and refusals that the client does not provoke.

use std::net::{Ipv4Addr, SocketAddr};

use http::Request;
use lomi_client::webhook::EventKind;
use lomi_client::{
    Buyer, CreateCardCharge, CreateCheckoutSession, CreateCustomer, CreateRefund, CreateWebhookEndpoint, CurrencyCode,
    Outcome, TransactionStatus, UpdateWebhookEndpoint,
};
use lomi_sandbox::{Profile, Sandbox, Settings, fixtures};
use serde_json::{Value, json};
use tests::{Gate, Http, eventually};

use super::exchange::{Part, violations};
use super::{CONTRACT, forwarded};
use crate::conformance::context::{Context, assert_refused, francs, key, opened, order};
use crate::conformance::receiver::Receiver;
use crate::conformance::refunds::carried_out;

#[tokio::test]
async fn a_session_matches_the_contract_in_every_state() {
    let context = Context::start(Profile::Current).await;
    let (id, lomi) = (async || context.session().await.session.checkout_session_id, &context.lomi);
    let (paid, declined, expired, late) = (id().await, id().await, id().await, id().await);
    lomi.pay(paid.as_str(), "mtn").await;
    lomi.pay_with(declined.as_str(), &json!({ "method": "card", "card_number": "4000000000000002" })).await;
    lomi.expire(expired.as_str()).await;
    lomi.late_approve(late.as_str()).await;
    let bare = CreateCheckoutSession {
        amount: Some(francs(10)),
        currency_code: Some(CurrencyCode::EUR),
        ..CreateCheckoutSession::new("https://shop.example/ok", "https://shop.example/cart")
    };
    let bare = opened(context.client.checkout_sessions().create(&bare).send().await).session.checkout_session_id;
    for id in [paid, declined, expired, late, bare] {
        context.client.checkout_sessions().get(&id).send().await.unwrap();
    }
}

#[tokio::test]
async fn a_transaction_matches_the_contract_in_every_state() {
    let context = Context::start(Profile::Current).await;
    let lomi = &context.lomi;
    let risky = CreateCheckoutSession { amount: Some(francs(500_000)), ..order() };
    let sessions = [order(), order(), risky, order()];
    let forms = [json!({ "method": "card" }), json!({ "method": "card", "card_number": "4000000000000002" })];
    let forms = forms.into_iter().chain([json!({ "method": "wave" }), json!({ "method": "mtn" })]);
    for (session, form) in sessions.iter().zip(forms) {
        let session = opened(context.client.checkout_sessions().create(session).send().await).session;
        lomi.pay_with(session.checkout_session_id.as_str(), &form).await;
    }
    let buyer = Buyer::Customer { customer_id: fixtures::CUSTOMER_A.parse().unwrap() };
    let charge = CreateCardCharge::new(francs(10), CurrencyCode::EUR, buyer);
    context.client.card_charges().create(&charge, key("charge")).send().await.unwrap();
    let rows = lomi.transactions().await;
    let id = |row: &Value| row["transaction_id"].as_str().unwrap().parse().unwrap();
    carried_out(&context, &CreateRefund::new(id(&rows[0]), francs(25_000)), "refund").await.unwrap();
    let mut seen = Vec::new();
    for row in &rows {
        seen.push(context.client.transactions().get(&id(row)).send().await.unwrap().status);
    }
    seen.sort_by_key(|status| status.as_str().to_owned());
    let seen: Vec<_> = seen.iter().map(TransactionStatus::as_str).collect();
    assert_eq!(seen, ["completed", "failed", "held", "pending", "refunded"]);
    context.client.transactions().list().send().await.unwrap();
    context.client.customers().transactions(&fixtures::CUSTOMER_A.parse().unwrap()).send().await.unwrap();
}

#[tokio::test]
async fn a_charge_matches_the_contract_in_every_state() {
    let context = Context::start(Profile::Current).await;
    for card in ["4242424242424242", "4000000000000002", "4000002500003155"] {
        let buyer = Buyer::Customer { customer_id: fixtures::CUSTOMER_A.parse().unwrap() };
        let charge = CreateCardCharge::new(francs(25_000), CurrencyCode::XOF, buyer);
        let new = context.client.card_charges().create(&charge, key(card)).send().await.unwrap();
        let id = new.charge.payment_intent_id;
        context.lomi.present_card(id.as_str(), new.client_secret.expose(), card).await;
        context.client.card_charges().get(&id).send().await.unwrap();
    }
}

#[tokio::test]
async fn customers_and_webhooks_match_the_contract_in_every_state() {
    let context = Context::start(Profile::Current).await;
    let new = context.client.customers().create(&CreateCustomer::new("Awa")).send().await.unwrap();
    context.client.customers().get(&new.customer_id).send().await.unwrap();

    let receiver = Receiver::start().await;
    receiver.answer_with(404);
    let endpoint = CreateWebhookEndpoint::new(&receiver.url, vec![EventKind::PaymentSucceeded]);
    let endpoint = context.client.webhook_endpoints().create(&endpoint).send().await.unwrap().endpoint;
    let id = endpoint.webhook_endpoint_id;
    context.paid("wave").await;
    let logs = async || context.client.delivery_logs().list(&id).send().await.unwrap();
    let log = eventually("the delivery is logged", async || logs().await.pop()).await;
    context.client.webhook_endpoints().get(&id).send().await.unwrap();
    // Nobody is there any more.
    let changes = UpdateWebhookEndpoint { url: Some(Gate::bind().await.url()), ..Default::default() };
    context.client.webhook_endpoints().update(&id, &changes).send().await.unwrap();
    let replay = context.client.delivery_logs().replay(&id, &log.delivery_log_id).send().await;
    assert_refused(replay, 400, Outcome::Rejected);
    assert_eq!(logs().await[0].response_status, None);
    context.client.webhook_endpoints().get(&id).send().await.unwrap();
}

/// A status, and what is answered with it: method, path, key, further header, body.
type Case = (u16, &'static str, &'static str, &'static str, (&'static str, &'static str), &'static str);

const NOTHING: (&str, &str) = ("accept", "*/*");
const KEY: &str = fixtures::TEST_KEY_A;

const CASES: [Case; 18] = [
    (200, "GET", "/health", "", NOTHING, ""),
    (401, "GET", "/me", "", NOTHING, ""),
    (401, "GET", "/me", fixtures::PUBLISHABLE_TEST_KEY_A, NOTHING, ""),
    (401, "GET", "/transactions", KEY, ("lomi-account", "acct_0123456789abcdef"), ""),
    (400, "POST", "/customers", KEY, NOTHING, "{"),
    (400, "POST", "/customers", KEY, NOTHING, r#"{"name":7,"email":"ada"}"#),
    (400, "GET", "/customers/7", KEY, NOTHING, ""),
    (400, "GET", "/webhooks/deliveries", KEY, NOTHING, ""),
    (400, "POST", "/webhooks", KEY, NOTHING, r#"{"url":"nowhere","events":["PAYMENT_FAILED"]}"#),
    (500, "GET", "/transactions/7", KEY, NOTHING, ""),
    (
        500,
        "POST",
        "/payment-links",
        KEY,
        NOTHING,
        r#"{"link_type":"product","title":"T","currency_code":"XOF","product_id":"7c0dd2f4-52a1-4f0e-9a53-0f6f2a1b9c11"}"#,
    ),
    (400, "POST", "/charge/card", KEY, NOTHING, "{}"),
    (
        400,
        "POST",
        "/charge/card",
        KEY,
        ("idempotency-key", "a"),
        r#"{"amount":1000,"currency_code":"GBP","customer_email":"a@b.example","customer_name":"A"}"#,
    ),
    (
        400,
        "POST",
        "/charge/card",
        KEY,
        ("idempotency-key", "b"),
        r#"{"amount":10,"customer_email":"a@b.example","customer_name":"A"}"#,
    ),
    (400, "POST", "/checkout-sessions", KEY, NOTHING, r#"{"amount":0}"#),
    (400, "POST", "/checkout-sessions", KEY, NOTHING, r#"{"amount":5,"currency_code":"GBP"}"#),
    (500, "POST", "/checkout-sessions", KEY, NOTHING, r#"{"price_id":"7c0dd2f4-52a1-4f0e-9a53-0f6f2a1b9c11"}"#),
    (429, "POST", "/checkout-sessions", KEY, NOTHING, r#"{"amount":5}"#),
];

#[tokio::test]
async fn every_refusal_matches_the_contract() {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let sandbox = Sandbox::start(Settings { listen, rate_write: 3, ..Settings::default() }).await.unwrap();
    for (status, method, path, key, (name, value), body) in CASES {
        let request = Request::builder().method(method).uri(format!("{}{path}", sandbox.base_url()));
        let request = request.header("x-api-key", key).header(name, value).body(body.into()).unwrap();
        let answer = forwarded(&Http::default(), &request).await.unwrap();
        assert_eq!(answer.status(), status, "{method} {path} {body}");
        let found = violations(&CONTRACT, &request, Some(&answer));
        let found: Vec<_> = found
            .iter()
            .filter(|one| [Part::Answer, Part::Form].contains(&one.part))
            .map(ToString::to_string)
            .collect();
        assert_eq!(found, Vec::<String>::new(), "{:?}", answer.body());
    }
}
