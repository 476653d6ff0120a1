//! Refunds: create, get, list.

use lomi_client::{CreateRefund, Error, Outcome, Refund, RefundAnswer, RefundStatus, TransactionId, TransactionStatus};

use super::context::{Context, all, assert_listed, assert_refused, francs, key};

in_both_profiles! {
    a_refund_is_made_and_read_back,
    a_full_refund_turns_the_transaction_refunded,
    a_refund_of_too_much_is_refused,
    a_refund_asked_for_twice_with_one_key_happens_once_where_keys_count,
    refunds_are_listed_page_by_page,
    refunds_are_listed_by_status_and_time,
}

async fn refunded(context: &Context, id: &TransactionId, amount: i64, key_text: &str) -> Refund {
    let refund = CreateRefund { reason: Some("one basket".into()), ..CreateRefund::new(id.clone(), francs(amount)) };
    carried_out(context, &refund, key_text).await.unwrap()
}

/// Both calls where there are two.
pub(super) async fn carried_out(context: &Context, refund: &CreateRefund, key_text: &str) -> Result<Refund, Error> {
    let refunds = context.client.refunds();
    let first = refunds.create(refund, key(&format!("{key_text}-preview"))).send().await?;
    let answer = match first {
        RefundAnswer::Preview(preview) => {
            refunds.create(&refund.confirmed_by(preview.token), key(key_text)).send().await?
        }
        executed @ RefundAnswer::Executed(_) => executed,
    };
    match answer {
        RefundAnswer::Executed(refund) => Ok(refund),
        RefundAnswer::Preview(preview) => panic!("nothing was carried out: {preview:?}"),
    }
}

async fn a_refund_is_made_and_read_back(context: Context) {
    let id = context.paid("card").await.transaction_id;
    let new = refunded(&context, &id, 5_000, "refund-1").await;
    let read = context.client.refunds().get(&new.refund_id).send().await.unwrap();
    for seen in [&new, &read] {
        assert_eq!((&seen.status, seen.refunded_amount), (&RefundStatus::Completed, Some(francs(5_000))));
        assert_eq!(seen.transaction_id.as_ref(), Some(&id));
    }
    assert_eq!((read.refund_id, read.reason.as_deref()), (new.refund_id, Some("one basket")));
    let transaction = context.client.transactions().get(&id).send().await.unwrap();
    assert_eq!(transaction.status, TransactionStatus::Completed, "only a full refund changes it");
}

async fn a_full_refund_turns_the_transaction_refunded(context: Context) {
    let id = context.paid("wave").await.transaction_id;
    refunded(&context, &id, 25_000, "refund-all").await;
    let transaction = context.client.transactions().get(&id).send().await.unwrap();
    assert_eq!(transaction.status, TransactionStatus::Refunded);
}

async fn a_refund_of_too_much_is_refused(context: Context) {
    let id = context.paid("card").await.transaction_id;
    let refund = CreateRefund::new(id, francs(25_001));
    let answer = carried_out(&context, &refund, "refund-too-much").await;
    assert_refused(answer, 400, Outcome::Rejected);
    assert_eq!(context.client.refunds().list().send().await.unwrap(), []);
}

async fn a_refund_asked_for_twice_with_one_key_happens_once_where_keys_count(context: Context) {
    let id = context.paid("card").await.transaction_id;
    let first = refunded(&context, &id, 5_000, "refund-1").await;
    let again = refunded(&context, &id, 5_000, "refund-1").await;
    // The generation of the guides ignores the key, so the client never repeats a refund automatically.
    assert_eq!(first.refund_id == again.refund_id, context.is_current());
    let made = context.client.refunds().list().send().await.unwrap().len();
    assert_eq!(made, if context.is_current() { 1 } else { 2 });
}

async fn refunds_are_listed_page_by_page(context: Context) {
    let id = context.paid("card").await.transaction_id;
    let mut made = Vec::new();
    for key_text in ["refund-1", "refund-2", "refund-3", "refund-4", "refund-5"] {
        made.push(refunded(&context, &id, 1_000, key_text).await.refund_id);
    }
    let listed = all(context.client.refunds().list().limit(2).stream()).await;
    assert_listed(listed.into_iter().map(|refund| refund.refund_id).collect(), made);
}

async fn refunds_are_listed_by_status_and_time(context: Context) {
    let id = context.paid("card").await.transaction_id;
    refunded(&context, &id, 1_000, "refund-1").await;
    refunded(&context, &id, 2_000, "refund-2").await;
    let list = || context.client.refunds().list();
    assert_eq!(list().status(&RefundStatus::Completed).send().await.unwrap().len(), 2);
    assert_eq!(list().status(&RefundStatus::Failed).send().await.unwrap().len(), 0);
    assert_eq!(list().start_date("2020-01-01T00:00:00Z").send().await.unwrap().len(), 2);
    assert_eq!(list().end_date("2020-01-01T00:00:00Z").send().await.unwrap().len(), 0);
    assert_eq!(list().limit(1).send().await.unwrap().len(), 1);
}
