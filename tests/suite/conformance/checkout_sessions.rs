//! Checkout sessions: create, get, list.

use lomi_client::{CreateCheckoutSession, CreatedCheckoutSession, CurrencyCode, ListPlace, SessionStatus};
use lomi_sandbox::fixtures;

use super::context::{Context, all, assert_listed, francs, key, opened, order};

in_both_profiles! {
    a_session_is_made_and_read_back,
    a_session_that_is_paid_is_completed,
    a_customer_who_owes_an_invoice_gets_no_session_where_customers_can_be_named,
    a_session_asked_for_twice_with_one_key_is_one_session,
    sessions_are_listed_page_by_page,
    sessions_are_listed_by_status_and_from_any_place,
}

async fn a_session_is_made_and_read_back(context: Context) {
    let new = context.session().await;
    assert!(new.checkout_url.ends_with(new.session.checkout_session_id.as_str()), "{}", new.checkout_url);
    let read = context.client.checkout_sessions().get(&new.session.checkout_session_id).send().await.unwrap();
    for session in [&new.session, &read] {
        assert_eq!(session.status, SessionStatus::Open);
        assert_eq!((session.amount, session.currency_code), (Some(francs(25_000)), Some(CurrencyCode::XOF)));
        assert_eq!(session.title.as_deref(), Some("Order A-1007"));
        assert_eq!(session.public_description.as_deref(), Some("Two baskets"));
        assert_eq!(session.metadata.text("order_id"), Some("A-1007"));
        assert_eq!(session.success_url.as_deref(), Some("https://shop.example/ok"));
        assert_eq!(session.cancel_url.as_deref(), Some("https://shop.example/cart"));
        assert!(session.expires_at.is_some() && session.created_at.is_some());
    }
    assert_eq!(new.session.checkout_session_id, read.checkout_session_id);
}

async fn a_session_that_is_paid_is_completed(context: Context) {
    let id = context.session().await.session.checkout_session_id;
    context.lomi.pay(id.as_str(), "wave").await;
    let read = context.client.checkout_sessions().get(&id).send().await.unwrap();
    assert_eq!(read.status, SessionStatus::Completed);
}

async fn a_customer_who_owes_an_invoice_gets_no_session_where_customers_can_be_named(context: Context) {
    context.lomi.block_with_invoice(fixtures::CUSTOMER_A, 9_000).await;
    let wish = CreateCheckoutSession { customer_id: Some(fixtures::CUSTOMER_A.parse().unwrap()), ..order() };
    match context.client.checkout_sessions().create(&wish).send().await.unwrap() {
        // The generation of the guides returns no customer with a session.
        CreatedCheckoutSession::Session(_) => assert!(!context.is_current()),
        CreatedCheckoutSession::InvoicePaymentRequired(invoice) => {
            assert!(context.is_current());
            assert_eq!(invoice.amount_remaining, Some(francs(9_000)));
            assert!(invoice.checkout_url.is_some() && invoice.invoice_id.is_some());
        }
    }
}

async fn a_session_asked_for_twice_with_one_key_is_one_session(context: Context) {
    let ask = async || {
        let call = context.client.checkout_sessions().create(&order()).idempotency_key(key("order-A-1007"));
        opened(call.send().await)
    };
    let (first, again) = (ask().await, ask().await);
    assert_eq!(first, again);
    assert_eq!(context.lomi.sessions().await.len(), 1);
}

async fn sessions_are_listed_page_by_page(context: Context) {
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(context.session().await.session.checkout_session_id);
    }
    let listed = all(context.client.checkout_sessions().list().limit(2).stream()).await;
    assert_listed(listed.into_iter().map(|session| session.checkout_session_id).collect(), made);
}

async fn sessions_are_listed_by_status_and_from_any_place(context: Context) {
    for _ in 0..4 {
        context.session().await;
    }
    let paid = context.session().await.session.checkout_session_id;
    context.lomi.pay(paid.as_str(), "wave").await;
    let sessions = context.client.checkout_sessions();
    let completed = sessions.list().status(&SessionStatus::Completed).send().await.unwrap();
    assert_listed(completed.into_iter().map(|session| session.checkout_session_id).collect(), vec![paid]);
    let open = sessions.list().status(&SessionStatus::Open).send().await.unwrap();
    let first = sessions.list().status(&SessionStatus::Open).limit(2).stream().next_page().await.unwrap();
    assert_eq!((open.len(), &first.rows[..]), (4, &open[..2]));
    let place = ListPlace::parse(&first.next.unwrap().to_text()).unwrap();
    let second = sessions.list().status(&SessionStatus::Open).limit(2).starting_at(&place);
    assert_eq!(all(second.stream()).await, open[2..]);
}
