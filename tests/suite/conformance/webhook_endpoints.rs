//! Webhook endpoints: create, list, get, update, delete, test.

use lomi_client::webhook::EventKind;
use lomi_client::{CreateWebhookEndpoint, Environment, NewWebhookEndpoint, Outcome, UpdateWebhookEndpoint};

use super::context::{Context, all, assert_listed, assert_refused};
use super::receiver::Receiver;

in_both_profiles! {
    an_endpoint_is_made_and_read_back,
    an_endpoint_can_be_changed,
    an_endpoint_keeps_its_events_when_they_are_written_back,
    a_deleted_endpoint_is_gone,
    every_endpoint_is_listed,
    a_test_delivery_says_whether_the_endpoint_took_it,
}

async fn registered(context: &Context, url: &str) -> NewWebhookEndpoint {
    let events = vec![EventKind::PaymentSucceeded, EventKind::PaymentFailed];
    let endpoint =
        CreateWebhookEndpoint { description: Some("the shop's".to_owned()), ..CreateWebhookEndpoint::new(url, events) };
    context.client.webhook_endpoints().create(&endpoint).send().await.unwrap()
}

async fn an_endpoint_is_made_and_read_back(context: Context) {
    let new = registered(&context, "https://shop.example/hook").await;
    assert!(new.secret.expose().starts_with("whsec_"));
    let read = context.client.webhook_endpoints().get(&new.endpoint.webhook_endpoint_id).send().await.unwrap();
    assert_eq!(new.endpoint, read);
    assert_eq!(read.url.as_deref(), Some("https://shop.example/hook"));
    assert_eq!(read.authorized_events, [EventKind::PaymentSucceeded, EventKind::PaymentFailed]);
    assert_eq!((read.is_active, read.environment), (Some(true), Some(Environment::Test)));
    assert_eq!(read.description.as_deref(), Some("the shop's"));
}

async fn an_endpoint_can_be_changed(context: Context) {
    let id = registered(&context, "https://shop.example/hook").await.endpoint.webhook_endpoint_id;
    let changes = UpdateWebhookEndpoint {
        authorized_events: Some(vec![EventKind::RefundCompleted]),
        is_active: Some(false),
        ..Default::default()
    };
    let changed = context.client.webhook_endpoints().update(&id, &changes).send().await.unwrap();
    let read = context.client.webhook_endpoints().get(&id).send().await.unwrap();
    assert_eq!(changed, read);
    assert_eq!((read.is_active, read.url.as_deref()), (Some(false), Some("https://shop.example/hook")));
    assert_eq!(read.authorized_events, [EventKind::RefundCompleted]);
}

async fn an_endpoint_keeps_its_events_when_they_are_written_back(context: Context) {
    let events = vec![
        EventKind::PaymentCreated,
        EventKind::PaymentSucceeded,
        EventKind::PaymentFailed,
        EventKind::RefundCreated,
        EventKind::RefundCompleted,
        EventKind::RefundFailed,
        EventKind::CheckoutCompleted,
        EventKind::CheckoutExpired,
    ];
    let endpoint = CreateWebhookEndpoint::new("https://shop.example/hook", events.clone());
    let new = context.client.webhook_endpoints().create(&endpoint).send().await.unwrap().endpoint;
    assert_eq!(new.authorized_events, events);
    let changes = UpdateWebhookEndpoint { authorized_events: Some(new.authorized_events), ..Default::default() };
    let changed = context.client.webhook_endpoints().update(&new.webhook_endpoint_id, &changes).send().await.unwrap();
    assert_eq!(changed.authorized_events, events);
}

async fn a_deleted_endpoint_is_gone(context: Context) {
    let id = registered(&context, "https://shop.example/hook").await.endpoint.webhook_endpoint_id;
    context.client.webhook_endpoints().delete(&id).send().await.unwrap();
    assert_refused(context.client.webhook_endpoints().get(&id).send().await, 404, Outcome::Rejected);
}

async fn every_endpoint_is_listed(context: Context) {
    let one = registered(&context, "https://shop.example/one").await.endpoint;
    let two = registered(&context, "https://shop.example/two").await.endpoint;
    let listed = all(context.client.webhook_endpoints().list().stream()).await;
    let ids = |rows: &[lomi_client::WebhookEndpoint]| {
        rows.iter().map(|row| row.webhook_endpoint_id.clone()).collect::<Vec<_>>()
    };
    assert_listed(ids(&listed), ids(&[one, two]));
    assert_eq!(context.client.webhook_endpoints().list().send().await.unwrap(), listed);
}

async fn a_test_delivery_says_whether_the_endpoint_took_it(context: Context) {
    let receiver = Receiver::start().await;
    let id = registered(&context, &receiver.url).await.endpoint.webhook_endpoint_id;
    context.client.webhook_endpoints().test(&id).send().await.unwrap();
    receiver.answer_with(500);
    assert_refused(context.client.webhook_endpoints().test(&id).send().await, 400, Outcome::Rejected);
}
