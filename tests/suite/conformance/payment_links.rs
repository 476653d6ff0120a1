//! Payment links: create, get, list.

use lomi_client::{CreatePaymentLink, CurrencyCode, LinkTarget, LinkType, PaymentLink, UpdatePaymentLink};
use lomi_sandbox::Profile;
use lomi_sandbox::fixtures;

use super::context::{Context, all, assert_listed, francs};

in_both_profiles! {
    an_instant_link_is_made_and_read_back,
    a_link_to_a_product_is_made_and_read_back,
    links_are_listed_page_by_page,
    links_are_listed_by_type_and_activity,
    a_link_is_changed_and_archived_where_lomi_does_that,
}

async fn linked(context: &Context, target: LinkTarget) -> PaymentLink {
    let link = CreatePaymentLink {
        expires_at: Some("2099-12-31T23:59:59Z".into()),
        ..CreatePaymentLink::new(target, "Donation", CurrencyCode::XOF)
    };
    context.client.payment_links().create(&link).send().await.unwrap()
}

fn instant() -> LinkTarget {
    LinkTarget::Instant { amount: francs(5_000) }
}

fn product() -> LinkTarget {
    LinkTarget::Product { product_id: fixtures::PRODUCT_A.parse().unwrap(), price_id: None }
}

async fn an_instant_link_is_made_and_read_back(context: Context) {
    let new = linked(&context, instant()).await;
    let read = context.client.payment_links().get(&new.payment_link_id).send().await.unwrap();
    assert_eq!(new, read);
    assert!(new.url.ends_with(new.payment_link_id.as_str()), "{}", new.url);
    assert_eq!((&new.link_type, new.is_active), (&LinkType::Instant, Some(true)));
    assert_eq!((new.amount, new.currency_code), (Some(francs(5_000)), Some(CurrencyCode::XOF)));
    assert_eq!(new.title.as_deref(), Some("Donation"));
    assert!(new.expires_at.unwrap().starts_with("2099-12-31T23:59:59"));
}

async fn a_link_to_a_product_is_made_and_read_back(context: Context) {
    let new = linked(&context, product()).await;
    let read = context.client.payment_links().get(&new.payment_link_id).send().await.unwrap();
    assert_eq!(new, read);
    assert_eq!((&new.link_type, new.amount), (&LinkType::Product, None));
    assert_eq!(new.product_id.unwrap().as_str(), fixtures::PRODUCT_A);
}

async fn links_are_listed_page_by_page(context: Context) {
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(linked(&context, instant()).await.payment_link_id);
    }
    let listed = all(context.client.payment_links().list().limit(2).stream()).await;
    assert_listed(listed.into_iter().map(|link| link.payment_link_id).collect(), made);
}

async fn links_are_listed_by_type_and_activity(context: Context) {
    linked(&context, instant()).await;
    let only = linked(&context, product()).await.payment_link_id;
    let list = || context.client.payment_links().list();
    let products = list().link_type(&LinkType::Product).send().await.unwrap();
    assert_listed(products.into_iter().map(|link| link.payment_link_id).collect(), vec![only]);
    assert_eq!(list().is_active(true).send().await.unwrap().len(), 2);
    assert_eq!(list().is_active(false).send().await.unwrap().len(), 0);
    assert_eq!(list().limit(1).send().await.unwrap().len(), 1);
}

async fn a_link_is_changed_and_archived_where_lomi_does_that(context: Context) {
    let id = linked(&context, instant()).await.payment_link_id;
    let changes = UpdatePaymentLink {
        title: Some("Gift".into()),
        amount: Some(francs(7_500)),
        single_use: Some(true),
        ..UpdatePaymentLink::default()
    };
    let changed = context.client.payment_links().update(&id, &changes).send().await;
    if context.profile != Profile::Current {
        assert!(changed.unwrap_err().is_unknown_route());
        assert!(context.client.payment_links().archive(&id).send().await.unwrap_err().is_unknown_route());
        return;
    }
    let changed = changed.unwrap();
    assert_eq!(
        (changed.title.as_deref(), changed.amount, changed.single_use),
        (Some("Gift"), Some(francs(7_500)), Some(true))
    );
    context.client.payment_links().archive(&id).send().await.unwrap();
    assert_eq!(context.client.payment_links().get(&id).send().await.unwrap().is_active, Some(false));
}
