//! Lost answers: the client repeats a call where it may, and returns `Unknown` where it cannot know.

use std::time::Duration;

use lomi_client::{
    Client, CreateCustomer, CreatePaymentLink, CreateRefund, CurrencyCode, ErrorKind, LinkTarget, Outcome, SecretKey,
};
use serde_json::json;
use tests::eventually;
use tokio::time::Instant;

use super::context::{Context, assert_refused, francs, key, opened, order};
use super::refunds::carried_out;

in_both_profiles! {
    a_session_whose_answer_became_a_500_is_repeated_under_its_key_and_is_one_session,
    a_session_whose_connection_broke_is_repeated_under_its_key_and_is_one_session,
    a_session_without_a_key_is_not_repeated_and_may_exist,
    a_refund_whose_answer_became_a_500_is_unknown_and_found_in_the_list,
    a_customer_whose_answer_became_a_500_is_unknown_and_there,
    a_link_whose_connection_broke_is_unknown_and_not_repeated,
    a_key_that_may_have_been_used_stays_unknown_whatever_comes_after,
    a_read_is_repeated_after_a_500_and_after_a_broken_connection,
    an_answer_that_is_cut_off_or_a_page_is_unknown,
    an_answer_that_does_not_come_by_the_deadline_is_unknown,
    a_call_whose_deadline_has_passed_is_not_sent,
    a_second_call_under_a_key_that_still_runs_waits_or_is_unknown,
    a_server_that_is_not_there_was_never_asked,
}

async fn a_session_whose_answer_became_a_500_is_repeated_under_its_key_and_is_one_session(context: Context) {
    repeated_under_its_key(&context, "commit_then_500").await;
}

async fn a_session_whose_connection_broke_is_repeated_under_its_key_and_is_one_session(context: Context) {
    repeated_under_its_key(&context, "drop_connection").await;
}

async fn repeated_under_its_key(context: &Context, kind: &str) {
    context.fault_once("POST /checkout-sessions", kind).await;
    let call = context.client.checkout_sessions().create(&order()).idempotency_key(key("order-A-1007"));
    let new = opened(call.send().await);
    assert_eq!(context.lomi.faults_fired().await, 1);
    let sessions = context.lomi.sessions().await;
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0]["checkout_session_id"], new.session.checkout_session_id.as_str());
}

async fn a_session_without_a_key_is_not_repeated_and_may_exist(context: Context) {
    for (kind, status, sessions) in [("commit_then_500", Some(500), 1), ("drop_connection", None, 1)] {
        context.fault_once("POST /checkout-sessions", kind).await;
        let error = context.client.checkout_sessions().create(&order()).send().await.unwrap_err();
        assert_eq!((error.status(), error.outcome(), error.attempts()), (status, Outcome::Unknown, 1), "{error:?}");
        assert_eq!(context.lomi.sessions().await.len(), sessions);
    }
}

async fn a_refund_whose_answer_became_a_500_is_unknown_and_found_in_the_list(context: Context) {
    let id = context.paid("card").await.transaction_id;
    context.fault_once("POST /refunds", "commit_then_500").await;
    let refund = CreateRefund::new(id.clone(), francs(5_000));
    let answer = carried_out(&context, &refund, "refund-1").await;
    let error = assert_refused(answer, 500, Outcome::Unknown);
    assert_eq!(error.attempts(), 1, "a refund is never repeated by itself");
    let made = context.client.refunds().list().send().await.unwrap();
    assert_eq!((made.len(), made[0].transaction_id.as_ref()), (1, Some(&id)));
}

async fn a_customer_whose_answer_became_a_500_is_unknown_and_there(context: Context) {
    context.fault_once("POST /customers", "commit_then_500").await;
    let answer = context.client.customers().create(&CreateCustomer::new("Amadou Ba")).send().await;
    assert_eq!(assert_refused(answer, 500, Outcome::Unknown).attempts(), 1);
    let found = context.client.customers().list().search("amadou").send().await.unwrap();
    assert_eq!(found.customers.len(), 1);
}

async fn a_link_whose_connection_broke_is_unknown_and_not_repeated(context: Context) {
    context.fault_once("POST /payment-links", "drop_connection").await;
    let target = LinkTarget::Instant { amount: francs(5_000) };
    let link = CreatePaymentLink::new(target, "Donation", CurrencyCode::XOF);
    let error = context.client.payment_links().create(&link).send().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome(), error.attempts()), (ErrorKind::Interrupted, Outcome::Unknown, 1));
    assert_eq!(context.client.payment_links().list().send().await.unwrap(), []);
}

async fn a_key_that_may_have_been_used_stays_unknown_whatever_comes_after(context: Context) {
    let create =
        |client: &Client| client.checkout_sessions().create(&order()).idempotency_key(key("order-A-1007")).send();
    context.fault_once("POST /checkout-sessions", "commit_then_500").await;
    let error = create(&context.impatient_client()).await.unwrap_err();
    assert_eq!((error.outcome(), error.attempts()), (Outcome::Unknown, 1));
    // The same key later returns the outcome.
    let new = opened(create(&context.client).await);
    let sessions = context.lomi.sessions().await;
    assert_eq!(
        (sessions.len(), sessions[0]["checkout_session_id"].as_str()),
        (1, Some(new.session.checkout_session_id.as_str()))
    );
}

async fn a_read_is_repeated_after_a_500_and_after_a_broken_connection(context: Context) {
    for kind in ["commit_then_500", "drop_connection", "html_502"] {
        context.lomi.clear_faults().await;
        context.fault_once("GET /me", kind).await;
        context.client.me().send().await.unwrap();
        assert_eq!(context.lomi.faults_fired().await, 1, "{kind}");
    }
}

async fn an_answer_that_is_cut_off_or_a_page_is_unknown(context: Context) {
    let client = context.impatient_client();
    for (kind, reason) in [("truncated_json", ErrorKind::UnusableAnswer), ("html_502", ErrorKind::Refused)] {
        context.fault_once("POST /checkout-sessions", kind).await;
        let error = client.checkout_sessions().create(&order()).send().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (reason, Outcome::Unknown), "{kind}");
    }
}

async fn an_answer_that_does_not_come_by_the_deadline_is_unknown(context: Context) {
    context.fault_once("POST /checkout-sessions", "hang").await;
    let deadline = Instant::now() + Duration::from_millis(200);
    let call = context.client.checkout_sessions().create(&order()).idempotency_key(key("order-A-1007"));
    let error = call.deadline(deadline).send().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::TimedOut, Outcome::Unknown), "{error:?}");
    assert_eq!(context.lomi.faults_fired().await, 1);
}

async fn a_call_whose_deadline_has_passed_is_not_sent(context: Context) {
    let call = context.client.checkout_sessions().create(&order()).deadline(Instant::now());
    let error = call.send().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::DeadlinePassed, Outcome::NotSent), "{error:?}");
    assert_eq!(context.lomi.sessions().await.len(), 0);
}

async fn a_second_call_under_a_key_that_still_runs_waits_or_is_unknown(context: Context) {
    let slow = json!({ "target": "POST /checkout-sessions", "kind": "latency_ms", "when": "inside", "arg": 500 });
    context.lomi.fault(slow).await;
    let client = context.impatient_client();
    let create = || client.checkout_sessions().create(&order()).idempotency_key(key("order-A-1007")).send();
    let later = async {
        eventually("the first call holds the key", async || (context.keys_held() == 1).then_some(())).await;
        create().await
    };
    let (first, second) = tokio::join!(create(), later);
    let first = opened(first);
    if context.is_current() {
        let error = assert_refused(second, 409, Outcome::Unknown);
        assert_eq!(error.code(), Some("idempotency_in_progress"));
        assert!(error.is_retryable());
    } else {
        assert_eq!(opened(second), first);
    }
    assert_eq!(context.lomi.sessions().await.len(), 1);
}

async fn a_server_that_is_not_there_was_never_asked(context: Context) {
    // Bound, so that no other test gets the port, and never listened on.
    let reserved = tokio::net::TcpSocket::new_v4().unwrap();
    reserved.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", reserved.local_addr().unwrap());
    let secret = SecretKey::parse(lomi_sandbox::fixtures::TEST_KEY_A).unwrap();
    let client = Client::builder(secret).base_url(url).max_attempts(1).build().unwrap();
    let error = client.checkout_sessions().create(&order()).send().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::NotSent), "{error:?}");
    assert_eq!(context.lomi.sessions().await.len(), 0);
}
