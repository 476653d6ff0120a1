//! Transactions: get, list.

use lomi_client::{CurrencyCode, TransactionStatus};
use serde_json::json;

use super::context::{Context, all, assert_listed, francs};

in_both_profiles! {
    a_payment_is_read_back_as_a_transaction,
    transactions_are_listed_page_by_page,
    transactions_are_listed_by_status_and_time,
}

async fn a_payment_is_read_back_as_a_transaction(context: Context) {
    for (method, provider, rail) in [("wave", "WAVE", "MOBILE_MONEY"), ("card", "STRIPE", "CARDS")] {
        let paid = context.paid(method).await;
        assert_eq!(paid.status, TransactionStatus::Completed);
        assert_eq!((paid.gross_amount, paid.currency_code), (Some(francs(25_000)), Some(CurrencyCode::XOF)));
        assert!(paid.fee_amount.is_some() && paid.net_amount.is_some());
        assert_eq!(paid.provider_code.as_deref(), Some(provider));
        assert_eq!(paid.payment_method_code.as_deref(), Some(rail));
        assert_eq!(paid.metadata.text("order_id"), Some("A-1007"));
    }
}

async fn transactions_are_listed_page_by_page(context: Context) {
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(context.paid("wave").await.transaction_id);
    }
    let listed = all(context.client.transactions().list().page_size(2).stream()).await;
    assert_listed(listed.into_iter().map(|row| row.transaction_id).collect(), made);
}

async fn transactions_are_listed_by_status_and_time(context: Context) {
    let (first, second) = (context.paid("wave").await, context.paid("mtn").await);
    let declined = context.session().await.session.checkout_session_id;
    let form = json!({ "method": "card", "card_number": "4000000000000002" });
    context.lomi.pay_with(declined.as_str(), &form).await;
    let list = || context.client.transactions().list();
    let completed = list().status(&[TransactionStatus::Completed]).send().await.unwrap();
    let ids = completed.iter().map(|row| row.transaction_id.clone()).collect();
    assert_listed(ids, vec![first.transaction_id, second.transaction_id]);
    let both = [TransactionStatus::Completed, TransactionStatus::Failed];
    assert_eq!(list().status(&both).send().await.unwrap().len(), 3);
    assert_eq!(list().page_size(2).send().await.unwrap().len(), 2);
    assert_eq!(list().start_date("2020-01-01T00:00:00Z").send().await.unwrap().len(), 3);
    assert_eq!(list().end_date("2020-01-01T00:00:00Z").send().await.unwrap().len(), 0);
}
