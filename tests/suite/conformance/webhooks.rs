//! lomi's signed events, as the client verifies and reads them.

use lomi_client::webhook::{EventKind, Scheme, Secrets, SignatureError, Signatures, WebhookSecret, verify};
use lomi_client::{CreateRefund, CreateWebhookEndpoint, CurrencyCode, Environment};

use super::context::{Context, francs};
use super::receiver::Receiver;
use super::refunds::carried_out;

in_both_profiles! {
    a_delivery_is_verified_and_tells_the_payment,
    a_delivery_is_verified_by_the_newest_signature_that_the_generation_has,
    a_delivery_that_was_changed_is_refused,
    a_delivery_is_accepted_while_its_secret_is_being_replaced,
    a_test_delivery_is_known_as_one,
    a_refund_is_told_only_by_the_newest_generation,
    a_session_is_told_only_by_the_generation_of_the_guides,
}

/// An endpoint for these events: its receiver and its secret.
async fn listening(context: &Context, events: Vec<EventKind>) -> (Receiver, WebhookSecret) {
    let receiver = Receiver::start().await;
    let endpoint = CreateWebhookEndpoint::new(&receiver.url, events);
    let new = context.client.webhook_endpoints().create(&endpoint).send().await.unwrap();
    (receiver, new.secret.to_secret().unwrap())
}

async fn listening_to_payments(context: &Context) -> (Receiver, Secrets) {
    let (receiver, secret) = listening(context, vec![EventKind::PaymentSucceeded]).await;
    (receiver, Secrets::new(vec![secret]).unwrap())
}

async fn a_delivery_is_verified_and_tells_the_payment(context: Context) {
    let (mut receiver, secrets) = listening_to_payments(&context).await;
    for (method, environment) in [("wave", None), ("card", Some(Environment::Test))] {
        let paid = context.paid(method).await;
        let event = receiver.next().await.event(&secrets);
        assert_eq!((&event.kind, event.name.as_str()), (&EventKind::PaymentSucceeded, "PAYMENT_SUCCEEDED"));
        assert!(event.id.is_some() && event.timestamp.is_some());
        assert_eq!(event.data.transaction_id.as_deref(), Some(paid.transaction_id.as_str()));
        assert_eq!((event.data.amount, event.data.currency_code), (Some(francs(25_000)), Some(CurrencyCode::XOF)));
        assert_eq!(
            (event.data.organization_id.as_ref(), &event.data.status),
            (paid.organization_id.as_ref(), &some("completed"))
        );
        assert_eq!(event.data.metadata.text("order_id"), Some("A-1007"));
        // A mobile-money event names no environment.
        assert_eq!(event.environment(), environment);
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

async fn a_delivery_is_verified_by_the_newest_signature_that_the_generation_has(context: Context) {
    let (mut receiver, secrets) = listening_to_payments(&context).await;
    context.paid("wave").await;
    let delivery = receiver.next().await;
    let scheme = delivery.verify(&secrets).unwrap().scheme();
    assert_eq!(matches!(scheme, Scheme::V1 { .. }), context.is_current(), "{scheme:?}");
    let legacy = Signatures { v1: None, ..delivery.signatures() };
    assert_eq!(verify(legacy, &delivery.body, &secrets).unwrap().scheme(), Scheme::Legacy);
}

async fn a_delivery_that_was_changed_is_refused(context: Context) {
    let (mut receiver, secrets) = listening_to_payments(&context).await;
    context.paid("wave").await;
    let delivery = receiver.next().await;
    let changed = [&delivery.body[..], b" "].concat();
    assert_eq!(verify(delivery.signatures(), &changed, &secrets).unwrap_err(), SignatureError::NoMatch);
    let unsigned = Signatures::default();
    assert_eq!(verify(unsigned, &delivery.body, &secrets).unwrap_err(), SignatureError::Missing);
}

async fn a_delivery_is_accepted_while_its_secret_is_being_replaced(context: Context) {
    let (mut receiver, old) = listening(&context, vec![EventKind::PaymentSucceeded]).await;
    context.paid("wave").await;
    let delivery = receiver.next().await;
    let new = WebhookSecret::parse("whsec_the_next_one").unwrap();
    let without = Secrets::new(vec![new.clone()]).unwrap();
    assert_eq!(delivery.verify(&without).unwrap_err(), SignatureError::NoMatch);
    assert!(delivery.verify(&Secrets::new(vec![new, old]).unwrap()).is_ok());
}

async fn a_test_delivery_is_known_as_one(context: Context) {
    let (mut receiver, secrets) = listening_to_payments(&context).await;
    let endpoint = context.client.webhook_endpoints().list().send().await.unwrap().remove(0);
    context.client.webhook_endpoints().test(&endpoint.webhook_endpoint_id).send().await.unwrap();
    let event = receiver.next().await.event(&secrets);
    assert_eq!((&event.kind, event.data.has_test_marker), (&EventKind::Test, true));
    assert_eq!((event.data.amount, event.environment()), (Some(francs(1_000)), Some(Environment::Test)));
}

async fn a_refund_is_told_only_by_the_newest_generation(context: Context) {
    let events = vec![EventKind::RefundCompleted, EventKind::PaymentSucceeded];
    let (mut receiver, secret) = listening(&context, events).await;
    let secrets = Secrets::new(vec![secret]).unwrap();
    let id = context.paid("card").await.transaction_id;
    assert_eq!(receiver.next().await.event(&secrets).kind, EventKind::PaymentSucceeded);
    let refund = CreateRefund::new(id.clone(), francs(5_000));
    let refund = carried_out(&context, &refund, "refund-1").await.unwrap();
    // Without refund events, the next event belongs to the next payment.
    let next = context.paid("card").await.transaction_id;
    let event = receiver.next().await.event(&secrets);
    if context.is_current() {
        assert_eq!((&event.kind, event.data.amount), (&EventKind::RefundCompleted, Some(francs(5_000))));
        assert_eq!(event.data.refund_id.as_deref(), Some(refund.refund_id.as_str()));
        assert_eq!(event.data.transaction_id.as_deref(), Some(id.as_str()));
    } else {
        assert_eq!(event.data.transaction_id.as_deref(), Some(next.as_str()));
    }
}

async fn a_session_is_told_only_by_the_generation_of_the_guides(context: Context) {
    let events = vec![EventKind::CheckoutCompleted, EventKind::PaymentFailed];
    let (mut receiver, secret) = listening(&context, events).await;
    let secrets = Secrets::new(vec![secret]).unwrap();
    let session = context.session().await.session.checkout_session_id;
    context.lomi.pay(session.as_str(), "wave").await;
    if context.is_current() {
        let outbox = context.lomi.outbox().await;
        assert!(outbox.is_empty(), "nobody listens to what is told: {outbox:?}");
    } else {
        let event = receiver.next().await.event(&secrets);
        assert_eq!((&event.kind, event.name.as_str()), (&EventKind::CheckoutCompleted, "checkout.session.completed"));
        assert_eq!(event.data.checkout_session_id.as_deref(), Some(session.as_str()));
        assert_eq!((event.data.amount, event.data.metadata.text("order_id")), (Some(francs(25_000)), Some("A-1007")));
    }
}
