//! Lists as streams: each style of paging, and where a stream ends.

use crate::support::{Lomi, OBJECT_ID, Reply, json};
use lomi_client::{CustomerId, Error, ErrorKind, Listing, WebhookEndpointId};
use tokio::time::{Duration, Instant};

fn id(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// `count` rows that every list can read, numbered from `first`.
fn rows(first: usize, count: usize) -> String {
    let row = |number| {
        let id = id(number);
        format!(
            r#"{{"id":"{id}","status":"completed","url":"https://pay.example","link_type":"instant","provider_code":"MTN"}}"#
        )
    };
    let rows: Vec<_> = (first..first + count).map(row).collect();
    format!("[{}]", rows.join(","))
}

fn bare(first: usize, count: usize) -> Reply {
    json("200 OK", &rows(first, count))
}

fn in_data(first: usize, count: usize, limit: u32) -> Reply {
    let rows = rows(first, count);
    json("200 OK", &format!(r#"{{"data":{rows},"total":{count},"limit":{limit},"offset":{first}}}"#))
}

fn in_customers(first: usize, count: usize) -> Reply {
    let rows = rows(first, count);
    json("200 OK", &format!(r#"{{"customers":{rows},"pagination":{{"page":1,"pageSize":2,"totalCount":0}}}}"#))
}

/// Reads to the end, which has to come without an error.
async fn all<T: Send + 'static>(mut listing: Listing<T>) -> Vec<T> {
    let mut rows = Vec::new();
    while let Some(row) = listing.next().await {
        rows.push(row.unwrap());
    }
    assert!(listing.next().await.is_none(), "a stream that has ended stays so");
    rows
}

/// What a stream library asks for.
fn is_a_stream<T>(_: impl futures_core::Stream<Item = Result<T, Error>> + Send + Unpin) {}

fn queries(lomi: &Lomi) -> Vec<String> {
    let query = |line: String| line.split(['?', ' ']).nth(2).unwrap().to_owned();
    lomi.received().into_iter().map(|request| query(request.line)).collect()
}

#[tokio::test]
async fn numbered_pages_are_turned_until_a_short_one() {
    let lomi = Lomi::start(vec![bare(0, 2), bare(2, 2), bare(4, 1)]).await;
    let rows = all(lomi.client().transactions().list().page_size(2).stream()).await;
    let ids: Vec<_> = rows.iter().map(|row| row.transaction_id.to_string()).collect();
    assert_eq!(ids, (0..5).map(id).collect::<Vec<_>>());
    assert_eq!(queries(&lomi), ["pageSize=2", "page=2&pageSize=2", "page=3&pageSize=2"]);
}

#[tokio::test]
async fn offsets_grow_until_an_empty_page() {
    let lomi = Lomi::start(vec![in_data(0, 2, 2), in_data(2, 2, 2), in_data(4, 0, 2)]).await;
    let rows = all(lomi.client().payment_links().list().is_active(true).limit(2).stream()).await;
    assert_eq!(rows.len(), 4);
    assert_eq!(
        queries(&lomi),
        ["isActive=true&limit=2", "isActive=true&limit=2&offset=2", "isActive=true&limit=2&offset=4"]
    );
}

#[tokio::test]
async fn customers_are_turned_in_their_own_envelope() {
    let lomi = Lomi::start(vec![in_customers(0, 2), in_customers(2, 0)]).await;
    let rows = all(lomi.client().customers().list().search("awa").page(4).page_size(2).stream()).await;
    assert_eq!(rows.len(), 2);
    assert_eq!(queries(&lomi), ["page=4&pageSize=2&search=awa", "page=5&pageSize=2&search=awa"]);
}

#[tokio::test]
async fn sessions_are_turned_in_both_ways_for_the_first_generation() {
    let first_generation = |first, count| json("200 OK", &format!(r#"{{"data":{},"meta":{{}}}}"#, rows(first, count)));
    let replies = [bare(0, 2), bare(2, 1), first_generation(0, 2), first_generation(2, 1)];
    let lomi = Lomi::start(replies.into()).await;
    for _ in 0..2 {
        assert_eq!(all(lomi.client().checkout_sessions().list().limit(2).stream()).await.len(), 3);
    }
    assert_eq!(queries(&lomi), ["limit=2", "limit=2&offset=2&page=2", "limit=2", "limit=2&offset=2&page=2"]);
}

#[tokio::test]
async fn refunds_and_logs_grow_their_offsets_too() {
    let replies = vec![in_data(0, 1, 1), in_data(1, 0, 1), bare(0, 1), bare(1, 0)];
    let lomi = Lomi::start(replies).await;
    assert_eq!(all(lomi.client().refunds().list().limit(1).stream()).await.len(), 1);
    let endpoint = WebhookEndpointId::parse(OBJECT_ID).unwrap();
    assert_eq!(all(lomi.client().delivery_logs().list(&endpoint).limit(1).stream()).await.len(), 1);
    assert!(queries(&lomi)[1].contains("offset=1") && queries(&lomi)[3].contains("offset=1"));
}

#[tokio::test]
async fn a_list_that_is_one_answer_is_a_stream_of_one_call() {
    let lomi = Lomi::start(vec![bare(0, 3), bare(0, 3), bare(0, 3)]).await;
    let customer = CustomerId::parse(OBJECT_ID).unwrap();
    assert_eq!(all(lomi.client().customers().transactions(&customer).stream()).await.len(), 3);
    assert_eq!(all(lomi.client().webhook_endpoints().list().stream()).await.len(), 3);
    assert_eq!(all(lomi.client().providers().stream()).await.len(), 3);
    assert_eq!(lomi.count(), 3);
}

#[tokio::test]
async fn the_page_size_of_lomi_is_asked_for_when_the_caller_names_none() {
    let lomi = Lomi::start(vec![bare(0, 50), bare(50, 0), bare(0, 20), bare(20, 1), bare(0, 0)]).await;
    assert_eq!(all(lomi.client().transactions().list().stream()).await.len(), 50);
    assert_eq!(all(lomi.client().checkout_sessions().list().stream()).await.len(), 21);
    assert_eq!(all(lomi.client().payment_links().list().stream()).await.len(), 0);
    assert_eq!(
        queries(&lomi),
        ["pageSize=50", "page=2&pageSize=50", "limit=20", "limit=20&offset=20&page=2", "limit=20"]
    );
}

#[tokio::test]
async fn a_smaller_page_than_asked_for_is_full_when_lomi_says_that_it_is() {
    let lomi = Lomi::start(vec![in_data(0, 2, 2), in_data(2, 1, 2)]).await;
    assert_eq!(all(lomi.client().payment_links().list().limit(500).stream()).await.len(), 3);
    assert_eq!(queries(&lomi), ["limit=500", "limit=500&offset=2"]);
}

#[tokio::test]
async fn a_row_that_comes_twice_is_handed_on_twice() {
    let lomi = Lomi::start(vec![bare(0, 2), bare(1, 1)]).await;
    let rows = all(lomi.client().transactions().list().page_size(2).stream()).await;
    let ids: Vec<_> = rows.iter().map(|row| row.transaction_id.to_string()).collect();
    assert_eq!(ids, [id(0), id(1), id(1)]);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_does_not_end_the_transactions() {
    let one_bad = rows(0, 2).replace(r#""status":"completed","#, "");
    let lomi = Lomi::start(vec![json("200 OK", &one_bad), bare(2, 1)]).await;
    assert_eq!(all(lomi.client().transactions().list().page_size(2).stream()).await.len(), 1);
    assert_eq!(lomi.count(), 2);
}

#[tokio::test]
async fn an_error_is_the_last_item_and_what_came_before_it_stands() {
    let lomi = Lomi::start(vec![bare(0, 2), json("401 Unauthorized", "{}"), bare(2, 1)]).await;
    let mut stream = lomi.client().transactions().list().page_size(2).stream();
    assert!(stream.next().await.unwrap().is_ok() && stream.next().await.unwrap().is_ok());
    assert_eq!(stream.next().await.unwrap().unwrap_err().status(), Some(401));
    assert!(stream.next().await.is_none());
    assert_eq!(lomi.count(), 2);
}

#[tokio::test]
async fn a_page_that_fails_for_a_moment_is_asked_for_again() {
    let lomi = Lomi::start(vec![bare(0, 2), Reply::Drop, bare(2, 1)]).await;
    assert_eq!(all(lomi.client().transactions().list().page_size(2).stream()).await.len(), 3);
    assert_eq!(queries(&lomi)[1], queries(&lomi)[2]);
}

#[tokio::test]
async fn a_server_that_does_not_page_is_told_from_one_that_does() {
    let lomi = Lomi::start(vec![bare(0, 5)]).await;
    let mut stream = lomi.client().transactions().list().page_size(2).stream();
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::EndlessList, false));
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_server_that_never_ends_is_left_after_a_thousand_pages() {
    let lomi = Lomi::start((0..1_001).map(|_| bare(0, 1)).collect()).await;
    let mut stream = lomi.client().transactions().list().page_size(1).stream();
    for _ in 0..1_000 {
        assert!(stream.next().await.unwrap().is_ok());
    }
    assert_eq!(stream.next().await.unwrap().unwrap_err().kind(), ErrorKind::EndlessList);
    assert_eq!(lomi.count(), 1_000);
}

#[tokio::test]
async fn a_deadline_holds_for_the_whole_stream() {
    let lomi = Lomi::start(vec![bare(0, 1), Reply::Hang]).await;
    let deadline = Instant::now() + Duration::from_millis(500);
    let mut stream = lomi.client().transactions().list().page_size(1).deadline(deadline).stream();
    assert!(stream.next().await.unwrap().is_ok());
    assert_eq!(stream.next().await.unwrap().unwrap_err().kind(), ErrorKind::TimedOut);
}

#[tokio::test]
async fn nothing_is_asked_for_before_the_first_poll() {
    let lomi = Lomi::start(vec![bare(0, 1)]).await;
    drop(lomi.client().transactions().list().stream());
    is_a_stream(lomi.client().customers().list().stream());
    assert_eq!(lomi.count(), 0);
}
