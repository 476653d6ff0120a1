//! Refunds: create, get, list.

use lomi_client::{CreateRefund, Error, Outcome, Refund, RefundAnswer, RefundStatus, TransactionId, TransactionStatus};

use super::world::{World, all, assert_listed, assert_refused, francs, key};

in_both_profiles! {
    a_refund_is_made_and_read_back,
    a_full_refund_turns_the_transaction_refunded,
    a_refund_of_too_much_is_refused,
    a_refund_asked_for_twice_with_one_key_happens_once_where_keys_count,
    refunds_are_listed_page_by_page,
    refunds_are_listed_by_status_and_time,
}

async fn refunded(world: &World, id: &TransactionId, amount: i64, key_text: &str) -> Refund {
    let refund = CreateRefund { reason: Some("one basket".into()), ..CreateRefund::new(id.clone(), francs(amount)) };
    carried_out(world, &refund, key_text).await.unwrap()
}

/// Both calls where there are two.
pub(super) async fn carried_out(world: &World, refund: &CreateRefund, key_text: &str) -> Result<Refund, Error> {
    let refunds = world.client.refunds();
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

async fn a_refund_is_made_and_read_back(world: World) {
    let id = world.paid("card").await.transaction_id;
    let new = refunded(&world, &id, 5_000, "refund-1").await;
    let read = world.client.refunds().get(&new.refund_id).send().await.unwrap();
    for seen in [&new, &read] {
        assert_eq!((&seen.status, seen.refunded_amount), (&RefundStatus::Completed, Some(francs(5_000))));
        assert_eq!(seen.transaction_id.as_ref(), Some(&id));
    }
    assert_eq!((read.refund_id, read.reason.as_deref()), (new.refund_id, Some("one basket")));
    let transaction = world.client.transactions().get(&id).send().await.unwrap();
    assert_eq!(transaction.status, TransactionStatus::Completed, "only a full refund changes it");
}

async fn a_full_refund_turns_the_transaction_refunded(world: World) {
    let id = world.paid("wave").await.transaction_id;
    refunded(&world, &id, 25_000, "refund-all").await;
    let transaction = world.client.transactions().get(&id).send().await.unwrap();
    assert_eq!(transaction.status, TransactionStatus::Refunded);
}

async fn a_refund_of_too_much_is_refused(world: World) {
    let id = world.paid("card").await.transaction_id;
    let refund = CreateRefund::new(id, francs(25_001));
    let answer = carried_out(&world, &refund, "refund-too-much").await;
    assert_refused(answer, 400, Outcome::Rejected);
    assert_eq!(world.client.refunds().list().send().await.unwrap(), []);
}

async fn a_refund_asked_for_twice_with_one_key_happens_once_where_keys_count(world: World) {
    let id = world.paid("card").await.transaction_id;
    let first = refunded(&world, &id, 5_000, "refund-1").await;
    let again = refunded(&world, &id, 5_000, "refund-1").await;
    // The generation of the guides ignores the key, which is why the client never repeats a refund by itself.
    assert_eq!(first.refund_id == again.refund_id, world.is_current());
    let made = world.client.refunds().list().send().await.unwrap().len();
    assert_eq!(made, if world.is_current() { 1 } else { 2 });
}

async fn refunds_are_listed_page_by_page(world: World) {
    let id = world.paid("card").await.transaction_id;
    let mut made = Vec::new();
    for key_text in ["refund-1", "refund-2", "refund-3", "refund-4", "refund-5"] {
        made.push(refunded(&world, &id, 1_000, key_text).await.refund_id);
    }
    let listed = all(world.client.refunds().list().limit(2).stream()).await;
    assert_listed(listed.into_iter().map(|refund| refund.refund_id).collect(), made);
}

async fn refunds_are_listed_by_status_and_time(world: World) {
    let id = world.paid("card").await.transaction_id;
    refunded(&world, &id, 1_000, "refund-1").await;
    refunded(&world, &id, 2_000, "refund-2").await;
    let list = || world.client.refunds().list();
    assert_eq!(list().status(&RefundStatus::Completed).send().await.unwrap().len(), 2);
    assert_eq!(list().status(&RefundStatus::Failed).send().await.unwrap().len(), 0);
    assert_eq!(list().start_date("2020-01-01T00:00:00Z").send().await.unwrap().len(), 2);
    assert_eq!(list().end_date("2020-01-01T00:00:00Z").send().await.unwrap().len(), 0);
    assert_eq!(list().limit(1).send().await.unwrap().len(), 1);
}
