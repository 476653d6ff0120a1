//! Customers: create, get, list, update, delete, transactions.

use lomi_client::{
    Buyer, CreateCardCharge, CreateCustomer, CurrencyCode, Customer, CustomerActivity, CustomerProfile, CustomerType,
    Outcome, TransactionStatus, UpdateCustomer,
};
use lomi_sandbox::fixtures;

use super::context::{Context, all, assert_listed, assert_refused, francs, key};

in_both_profiles! {
    a_customer_is_made_and_read_back,
    a_change_leaves_alone_what_it_does_not_name,
    a_deleted_customer_is_gone,
    customers_are_listed_page_by_page,
    customers_are_listed_by_name_type_and_activity,
    what_a_customer_paid_is_listed,
}

async fn customer(context: &Context, name: &str, is_business: bool) -> Customer {
    let profile = CustomerProfile {
        email: Some("amadou@shop.example".into()),
        phone_number: Some("+221771234567".into()),
        city: Some("Dakar".into()),
        is_business: Some(is_business),
        ..Default::default()
    };
    let new = CreateCustomer { profile, ..CreateCustomer::new(name) };
    context.client.customers().create(&new).send().await.unwrap()
}

async fn a_customer_is_made_and_read_back(context: Context) {
    let new = customer(&context, "Amadou Ba", false).await;
    let read = context.client.customers().get(&new.customer_id).send().await.unwrap();
    assert_eq!((new.name.as_deref(), new.profile.city.as_deref()), (Some("Amadou Ba"), Some("Dakar")));
    assert_eq!(new.profile.phone_number.as_deref(), Some("+221771234567"));
    assert!(new == read, "what was made is what is read");
}

async fn a_change_leaves_alone_what_it_does_not_name(context: Context) {
    let new = customer(&context, "Amadou Ba", false).await;
    let changes = UpdateCustomer { name: Some("Amadou Bâ".into()), ..Default::default() };
    let changed = context.client.customers().update(&new.customer_id, &changes).send().await.unwrap();
    let read = context.client.customers().get(&new.customer_id).send().await.unwrap();
    assert!(changed == read, "what was answered is what is read");
    assert_eq!(read.name.as_deref(), Some("Amadou Bâ"));
    assert!(read.profile == new.profile, "nothing else changed");
}

async fn a_deleted_customer_is_gone(context: Context) {
    let id = customer(&context, "Amadou Ba", false).await.customer_id;
    context.client.customers().delete(&id).send().await.unwrap();
    assert_refused(context.client.customers().get(&id).send().await, 404, Outcome::Rejected);
    assert_refused(context.client.customers().delete(&id).send().await, 404, Outcome::Rejected);
}

async fn customers_are_listed_page_by_page(context: Context) {
    let mut made = vec![fixtures::CUSTOMER_A.parse().unwrap()];
    for name in ["Awa", "Binta", "Cheikh", "Demba"] {
        made.push(customer(&context, name, false).await.customer_id);
    }
    let listed = all(context.client.customers().list().page_size(2).stream()).await;
    assert_listed(listed.into_iter().map(|row| row.customer_id).collect(), made.clone());
    // The first page is the last one, and a full one.
    let listed = all(context.client.customers().list().page_size(5).stream()).await;
    assert_listed(listed.into_iter().map(|row| row.customer_id).collect(), made);
}

async fn customers_are_listed_by_name_type_and_activity(context: Context) {
    let shop = customer(&context, "Boutique Ba", true).await.customer_id;
    let person = customer(&context, "Amadou Ba", false).await.customer_id;
    let list = || context.client.customers().list().search("ba");
    let page = list().send().await.unwrap();
    assert_listed(page.customers.into_iter().map(|row| row.customer_id).collect(), vec![shop.clone(), person]);
    assert_eq!(page.total_count, Some(2));
    let pages = if context.is_current() { (None, None) } else { (Some(1), Some(1)) };
    assert_eq!((page.page, page.total_pages), pages);
    let businesses = list().customer_type(CustomerType::Business).send().await.unwrap().customers;
    assert_listed(businesses.into_iter().map(|row| row.customer_id).collect(), vec![shop]);
    assert_eq!(list().status(CustomerActivity::Active).send().await.unwrap().customers.len(), 0);
    assert_eq!(list().status(CustomerActivity::Inactive).send().await.unwrap().customers.len(), 2);
    assert_eq!(list().page_size(1).send().await.unwrap().customers.len(), 1);
}

async fn what_a_customer_paid_is_listed(context: Context) {
    let id = customer(&context, "Amadou Ba", false).await.customer_id;
    for order in ["charge-1", "charge-2"] {
        let buyer = Buyer::Customer { customer_id: id.clone() };
        let charge = CreateCardCharge::new(francs(25_000), CurrencyCode::XOF, buyer);
        context.client.card_charges().create(&charge, key(order)).send().await.unwrap();
    }
    let paid = context.client.customers().transactions(&id).send().await.unwrap();
    assert_eq!((paid.len(), &paid[0].status), (2, &TransactionStatus::Pending));
    assert_eq!((paid[0].gross_amount, paid[0].currency_code), (Some(francs(25_000)), Some(CurrencyCode::XOF)));
    assert_eq!(all(context.client.customers().transactions(&id).stream()).await, paid);
}
