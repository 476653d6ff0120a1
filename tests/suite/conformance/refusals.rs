//! lomi's refusals: the client knows that nothing happened.

use lomi_client::webhook::EventKind;
use lomi_client::{
    CreateCheckoutSession, CreateRefund, CreateWebhookEndpoint, ErrorKind, Outcome, UpdateCustomer,
    UpdateWebhookEndpoint,
};
use lomi_sandbox::fixtures;
use serde_json::json;

use super::context::{Context, NOBODY, assert_refused, francs, key, opened, order};

in_both_profiles! {
    what_does_not_exist_is_not_found_by_any_read,
    what_does_not_exist_is_not_found_by_any_write,
    what_belongs_to_a_stranger_cannot_be_read,
    a_bad_wish_is_refused_in_the_words_of_the_generation,
    a_key_that_was_used_for_something_else_is_a_conflict,
    a_client_over_the_limit_is_told_how_long_to_wait,
    a_wish_that_breaks_a_known_rule_is_never_sent,
}

async fn what_does_not_exist_is_not_found_by_any_read(context: Context) {
    let client = &context.client;
    let (id, missing) = (NOBODY, Outcome::Rejected);
    assert_refused(client.checkout_sessions().get(&id.parse().unwrap()).send().await, 404, missing);
    assert_refused(client.transactions().get(&id.parse().unwrap()).send().await, 404, missing);
    assert_refused(client.card_charges().get(&"pi_nothing".parse().unwrap()).send().await, 404, missing);
    assert_refused(client.payment_links().get(&id.parse().unwrap()).send().await, 404, missing);
    assert_refused(client.customers().get(&id.parse().unwrap()).send().await, 404, missing);
    assert_refused(client.customers().transactions(&id.parse().unwrap()).send().await, 404, missing);
    assert_refused(client.refunds().get(&id.parse().unwrap()).send().await, 404, missing);
    assert_refused(client.webhook_endpoints().get(&id.parse().unwrap()).send().await, 404, missing);
    assert_refused(client.delivery_logs().get(&id.parse().unwrap()).send().await, 404, missing);
}

async fn what_does_not_exist_is_not_found_by_any_write(context: Context) {
    let client = &context.client;
    let (id, missing) = (NOBODY, Outcome::Rejected);
    let name = UpdateCustomer { name: Some("Nobody".into()), ..Default::default() };
    let off = UpdateWebhookEndpoint { is_active: Some(false), ..Default::default() };
    let refund = CreateRefund::new(id.parse().unwrap(), francs(1));
    assert_refused(client.card_charges().cancel(&"pi_nothing".parse().unwrap()).send().await, 404, missing);
    assert_refused(client.customers().update(&id.parse().unwrap(), &name).send().await, 404, missing);
    assert_refused(client.customers().delete(&id.parse().unwrap()).send().await, 404, missing);
    assert_refused(client.refunds().create(&refund, key("refund-nothing")).send().await, 404, missing);
    assert_refused(client.webhook_endpoints().update(&id.parse().unwrap(), &off).send().await, 404, missing);
    assert_refused(client.webhook_endpoints().delete(&id.parse().unwrap()).send().await, 404, missing);
    assert_refused(client.webhook_endpoints().test(&id.parse().unwrap()).send().await, 404, missing);
    let replay = client.delivery_logs().replay(&id.parse().unwrap(), &id.parse().unwrap());
    assert_refused(replay.send().await, 404, missing);
}

async fn what_belongs_to_a_stranger_cannot_be_read(context: Context) {
    let stranger = context.client_of(fixtures::TEST_KEY_B);
    let session = context.session().await.session.checkout_session_id;
    let status = if context.is_current() { 404 } else { 403 };
    assert_refused(stranger.checkout_sessions().get(&session).send().await, status, Outcome::Rejected);
    let paid = context.paid("wave").await.transaction_id;
    assert_refused(stranger.transactions().get(&paid).send().await, 404, Outcome::Rejected);
    assert_eq!(stranger.transactions().list().send().await.unwrap(), []);
}

async fn a_bad_wish_is_refused_in_the_words_of_the_generation(context: Context) {
    let events = vec![EventKind::Other("PAYMENT_IMAGINED".into())];
    let endpoint = CreateWebhookEndpoint::new("https://shop.example/hook", events);
    let answer = context.client.webhook_endpoints().create(&endpoint).send().await;
    let error = assert_refused(answer, 400, Outcome::Rejected);
    assert_eq!(error.code(), Some(if context.is_current() { "bad_request" } else { "INVALID_REQUEST" }));
    assert!(error.message().unwrap().contains("PAYMENT_IMAGINED"));
    assert!(error.request_id().is_some());
    assert_eq!(error.attempts(), 1, "a refusal is not asked for again");
}

async fn a_key_that_was_used_for_something_else_is_a_conflict(context: Context) {
    let ask = |amount| {
        let wish = CreateCheckoutSession { amount: Some(francs(amount)), ..order() };
        context.client.checkout_sessions().create(&wish).idempotency_key(key("order-A-1007")).send()
    };
    opened(ask(25_000).await);
    let error = assert_refused(ask(30_000).await, 409, Outcome::Rejected);
    assert_eq!(error.code(), Some(if context.is_current() { "idempotency_key_reused" } else { "RESOURCE_CONFLICT" }));
    assert_eq!(context.lomi.sessions().await.len(), 1);
}

async fn a_client_over_the_limit_is_told_how_long_to_wait(context: Context) {
    let limit = json!({ "status": 429, "retry_after_s": 60 });
    context.lomi.fault(json!({ "target": "POST /checkout-sessions", "kind": "status", "arg": limit })).await;
    let answer = context.client.checkout_sessions().create(&order()).idempotency_key(key("order-A-1007")).send().await;
    let error = assert_refused(answer, 429, Outcome::Rejected);
    assert_eq!(error.retry_after().map(|wait| wait.as_secs()), Some(60));
    assert_eq!((error.attempts(), context.lomi.sessions().await.len()), (1, 0));
}

async fn a_wish_that_breaks_a_known_rule_is_never_sent(context: Context) {
    let free = CreateCheckoutSession { amount: Some(francs(0)), ..order() };
    let error = context.client.checkout_sessions().create(&free).send().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome(), error.attempts()), (ErrorKind::InvalidRequest, Outcome::NotSent, 0));
}
