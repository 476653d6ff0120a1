//! Lists in every generation and every reading of the documents: whole, each row once, or an error.

use lomi_client::{Client, CreatePaymentLink, CreateRefund, CurrencyCode, ErrorKind, LinkTarget, ListPlace, Listing};
use lomi_sandbox::Profile;
use serde_json::{Value, json};

use super::context::{Context, francs, key};

/// Three rows in every list, and one more customer.
async fn stocked(profile: Profile, quirks: Value) -> Context {
    let context = Context::start(profile).await;
    context.lomi.quirks(json!({ "refund_preview": false })).await;
    let gift = CreatePaymentLink::new(LinkTarget::Instant { amount: francs(5_000) }, "Gift", CurrencyCode::XOF);
    for number in 1..=3 {
        let paid = context.paid("card").await.transaction_id;
        let refund = CreateRefund::new(paid, francs(1_000));
        context.client.refunds().create(&refund, key(&format!("refund-{number}"))).send().await.unwrap();
        context.client.payment_links().create(&gift).send().await.unwrap();
    }
    context.lomi.quirks(quirks).await;
    context
}

/// The number of rows, and the error that ended the list, if any.
async fn read<T: Send + 'static>(mut listing: Listing<T>) -> (usize, Option<ErrorKind>) {
    let mut rows = 0;
    while let Some(row) = listing.next().await {
        match row {
            Ok(_) => rows += 1,
            Err(error) => return (rows, Some(error.kind())),
        }
    }
    (rows, None)
}

/// The number of rows of each list, read as [`read_all`] reads them.
const WHOLE: [(usize, Option<ErrorKind>); 5] = [(3, None), (4, None), (3, None), (3, None), (3, None)];

async fn read_all(client: &Client, size: u32) -> [(usize, Option<ErrorKind>); 5] {
    [
        read(client.transactions().list().page_size(size).stream()).await,
        read(client.customers().list().page_size(size).stream()).await,
        read(client.checkout_sessions().list().limit(size).stream()).await,
        read(client.payment_links().list().limit(size).stream()).await,
        read(client.refunds().list().limit(size).stream()).await,
    ]
}

#[tokio::test]
async fn every_list_is_whole_whatever_the_length_of_its_pages() {
    for (profile, quirks) in [
        (Profile::Current, json!({})),
        (Profile::Current, json!({ "lists_page_as_before": true })),
        (Profile::June2026, json!({})),
        (Profile::Seeds, json!({})),
    ] {
        let context = stocked(profile, quirks.clone()).await;
        let client = if quirks == json!({}) { context.client.clone() } else { context.unchecked_client() };
        for at_most in [1, 2, 3, 4] {
            context.lomi.quirks(json!({ "list_rows_at_most": at_most })).await;
            assert_eq!(read_all(&client, 50).await, WHOLE, "{profile:?} {quirks} {at_most}");
        }
        context.lomi.quirks(json!({ "list_rows_at_most": null })).await;
        for size in [1, 2, 3, 4, 50] {
            assert_eq!(read_all(&client, size).await, WHOLE, "{profile:?} {quirks} {size}");
        }
    }
}

#[tokio::test]
async fn a_server_that_ignores_cursors_ends_lists_in_an_error() {
    let context = stocked(Profile::Current, json!({ "list_places_ignored": true, "list_rows_at_most": 2 })).await;
    assert_eq!(read_all(&context.unchecked_client(), 50).await, [(2, Some(ErrorKind::EndlessList)); 5]);
}

#[tokio::test]
async fn a_cursor_that_lomi_does_not_know_is_refused_and_no_end() {
    let context = stocked(Profile::Current, json!({ "list_rows_at_most": 2 })).await;
    let mut listing = context.client.transactions().list().stream();
    let place = listing.next_page().await.unwrap().next.unwrap();
    let foreign = ListPlace::parse(&place.to_text().replace("ey", "xx")).unwrap();
    let call = context.client.transactions().list().starting_at(&foreign);
    let error = call.stream().next_page().await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(400), Some("invalid_cursor")));
}
