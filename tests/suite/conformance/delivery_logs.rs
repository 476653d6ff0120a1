//! Delivery logs: list, get, replay.

use lomi_client::webhook::{EventKind, Secrets};
use lomi_client::{CreateWebhookEndpoint, DeliveryLog, NewWebhookEndpoint, Outcome};
use tests::eventually;

use super::context::{Context, all, assert_listed, assert_refused};
use super::receiver::Receiver;

in_both_profiles! {
    a_refused_delivery_is_logged_and_can_be_replayed,
    a_replay_that_is_refused_again_is_rejected,
    deliveries_are_listed_page_by_page,
    deliveries_are_listed_by_success_and_from_any_place,
}

/// An endpoint for payments, and its receiver.
async fn registered(context: &Context) -> (NewWebhookEndpoint, Receiver) {
    let receiver = Receiver::start().await;
    let endpoint = CreateWebhookEndpoint::new(&receiver.url, vec![EventKind::PaymentSucceeded]);
    (context.client.webhook_endpoints().create(&endpoint).send().await.unwrap(), receiver)
}

/// The logs of the endpoint, once there are `count`.
async fn logged(context: &Context, new: &NewWebhookEndpoint, count: usize) -> Vec<DeliveryLog> {
    let id = &new.endpoint.webhook_endpoint_id;
    eventually("every delivery is logged", async || {
        let logs = context.client.delivery_logs().list(id).send().await.unwrap();
        (logs.len() == count).then_some(logs)
    })
    .await
}

async fn a_refused_delivery_is_logged_and_can_be_replayed(context: Context) {
    let (new, mut receiver) = registered(&context).await;
    receiver.answer_with(404);
    let paid = context.paid("wave").await;
    let secrets = Secrets::new(vec![new.secret.to_secret().unwrap()]).unwrap();
    let refused = receiver.next().await.event(&secrets);
    let log = logged(&context, &new, 1).await.remove(0);
    assert_eq!((log.success, log.response_status, log.attempt_number), (Some(false), Some(404), Some(1)));
    assert_eq!(log.event_type, Some(EventKind::PaymentSucceeded));
    assert_eq!(log.webhook_endpoint_id.as_ref(), Some(&new.endpoint.webhook_endpoint_id));
    let read = context.client.delivery_logs().get(&log.delivery_log_id).send().await.unwrap();
    assert_eq!(read, log);

    receiver.answer_with(200);
    let endpoint = &new.endpoint.webhook_endpoint_id;
    let replay = context.client.delivery_logs().replay(endpoint, &log.delivery_log_id).send().await.unwrap();
    assert_eq!((replay.delivered, replay.response_status), (true, Some(200)));
    let replayed = receiver.next().await.event(&secrets);
    assert_eq!((&replayed.id, &replayed.id), (&replay.event_id, &refused.id));
    assert_eq!(replayed.data.transaction_id.as_deref(), Some(paid.transaction_id.as_str()));
}

async fn a_replay_that_is_refused_again_is_rejected(context: Context) {
    let (new, receiver) = registered(&context).await;
    receiver.answer_with(404);
    context.paid("wave").await;
    let log = logged(&context, &new, 1).await.remove(0).delivery_log_id;
    let replay = context.client.delivery_logs().replay(&new.endpoint.webhook_endpoint_id, &log).send().await;
    assert_refused(replay, 400, Outcome::Rejected);
}

async fn deliveries_are_listed_page_by_page(context: Context) {
    let (new, _receiver) = registered(&context).await;
    for _ in 0..5 {
        context.paid("wave").await;
    }
    let ids = |logs: Vec<DeliveryLog>| logs.into_iter().map(|log| log.delivery_log_id).collect();
    let made = logged(&context, &new, 5).await;
    let endpoint = &new.endpoint.webhook_endpoint_id;
    let listed = all(context.client.delivery_logs().list(endpoint).limit(2).stream()).await;
    assert_listed(ids(listed), ids(made));
}

async fn deliveries_are_listed_by_success_and_from_any_place(context: Context) {
    let (new, receiver) = registered(&context).await;
    context.paid("wave").await;
    logged(&context, &new, 1).await;
    receiver.answer_with(404);
    context.paid("wave").await;
    logged(&context, &new, 2).await;
    let list = || context.client.delivery_logs().list(&new.endpoint.webhook_endpoint_id);
    for success in [true, false] {
        let logs = list().success(success).send().await.unwrap();
        assert_eq!(logs.iter().map(|log| log.success).collect::<Vec<_>>(), [Some(success)]);
    }
    assert_eq!(list().limit(1).offset(1).send().await.unwrap().len(), 1);
}
