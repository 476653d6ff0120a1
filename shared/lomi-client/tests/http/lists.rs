//! Lists as streams: each style of paging, and where a stream ends.
//!
//! Where an answer does not report the end, only an empty page is the end: a short one may be all that the server
//! sends at once.

use crate::support::{Lomi, OBJECT_ID, Reply, json};
use lomi_client::{CustomerId, Error, ErrorKind, ListPlace, Listing, TransactionStatus, WebhookEndpointId};
use tokio::time::{Duration, Instant};

fn id(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// `count` rows that every list can read, numbered from `first`.
fn rows(first: usize, count: usize) -> String {
    let row = |number| {
        let id = id(number);
        format!(
            r#"{{"id":"{id}","status":"completed","url":"https://pay.example","link_type":"instant","provider_code":"MTN-{number}"}}"#
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

fn in_customers(page: usize, first: usize, count: usize) -> Reply {
    let rows = rows(first, count);
    json("200 OK", &format!(r#"{{"customers":{rows},"pagination":{{"page":{page},"pageSize":2,"totalCount":0}}}}"#))
}

/// A page of the newest generation; `next` is JSON.
fn enveloped(first: usize, count: usize, has_more: bool, next: &str) -> Reply {
    let rows = rows(first, count);
    let page = format!(r#""data":{rows},"has_more":{has_more},"next_cursor":{next},"limit":20"#);
    json("200 OK", &format!(r#"{{"object":"list",{page}}}"#))
}

/// Reads to the end, without an error.
async fn all<T: Send + 'static>(mut listing: Listing<T>) -> Vec<T> {
    let mut rows = Vec::new();
    while let Some(row) = listing.next().await {
        rows.push(row.unwrap());
    }
    assert!(listing.next().await.is_none(), "a stream that has ended stays so");
    rows
}

/// The bounds of a stream library.
fn is_a_stream<T>(_: impl futures_core::Stream<Item = Result<T, Error>> + Send + Unpin) {}

fn queries(lomi: &Lomi) -> Vec<String> {
    let query = |line: String| line.split(['?', ' ']).nth(2).unwrap().to_owned();
    lomi.received().into_iter().map(|request| query(request.line)).collect()
}

/// The error that ends the stream after `rows` rows.
async fn failure<T: Send + 'static>(mut listing: Listing<T>, rows: usize) -> Error {
    for _ in 0..rows {
        assert!(listing.next().await.unwrap().is_ok());
    }
    let error = listing.next().await.unwrap().err().unwrap();
    assert!(listing.next().await.is_none(), "an error is the last item");
    error
}

#[tokio::test]
async fn cursors_are_followed_until_has_more_is_false() {
    let replies =
        [enveloped(0, 2, true, r#""c=1""#), enveloped(2, 0, true, r#""c=2""#), enveloped(2, 1, false, "null")];
    let lomi = Lomi::start(replies.into()).await;
    let list = lomi.client().transactions().list().start_date("2026-06-20T00:00:00Z").page_size(50);
    let ids: Vec<_> = all(list.stream()).await.iter().map(|row| row.transaction_id.to_string()).collect();
    assert_eq!(ids, (0..3).map(id).collect::<Vec<_>>(), "neither a short page nor an empty one is the end");
    let date = "startDate=2026-06-20T00%3A00%3A00Z";
    assert_eq!(
        queries(&lomi),
        [
            format!("limit=50&pageSize=50&{date}"),
            format!("cursor=c%3D1&limit=50&{date}"),
            format!("cursor=c%3D2&limit=50&{date}"),
        ]
    );
}

#[tokio::test]
async fn every_list_follows_cursors() {
    let pages = || [enveloped(0, 1, true, r#""c""#), enveloped(1, 1, false, r#""never""#)];
    let lomi = Lomi::start((0..5).flat_map(|_| pages()).collect()).await;
    let client = lomi.client();
    assert_eq!(all(client.transactions().list().stream()).await.len(), 2);
    assert_eq!(all(client.customers().list().stream()).await.len(), 2);
    assert_eq!(all(client.checkout_sessions().list().stream()).await.len(), 2);
    assert_eq!(all(client.payment_links().list().stream()).await.len(), 2);
    assert_eq!(all(client.refunds().list().stream()).await.len(), 2);
    assert_eq!(lomi.count(), 10);
}

#[tokio::test]
async fn more_rows_without_a_cursor_are_an_error() {
    let incomplete = |fields: &str| json("200 OK", &format!(r#"{{"data":{},{fields}}}"#, rows(0, 1)));
    for fields in [
        r#""has_more":true,"next_cursor":null"#,
        r#""has_more":true"#,
        r#""has_more":"no","next_cursor":null"#,
        r#""has_more":null,"next_cursor":7"#,
    ] {
        let lomi = Lomi::start(vec![incomplete(fields)]).await;
        let client = lomi.builder().max_attempts(1).build().unwrap();
        let error = failure(client.refunds().list().stream(), 0).await;
        assert_eq!(error.kind(), ErrorKind::UnusableAnswer, "{fields}");
    }
}

#[tokio::test]
async fn a_repeated_cursor_is_an_error() {
    let pages = |next: [&str; 3]| (0..3).zip(next).map(|(page, next)| enveloped(page, 1, true, next)).collect();
    let (a, b) = (r#""a""#, r#""b""#);
    for (next, rows) in [([a, a, a], 1), ([a, b, a], 2)] {
        let lomi = Lomi::start(pages(next)).await;
        let error = failure(lomi.client().refunds().list().stream(), rows).await;
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::EndlessList, 1));
    }
}

#[tokio::test]
async fn numbered_pages_are_read_until_an_empty_one() {
    let lomi = Lomi::start(vec![bare(0, 2), bare(2, 1), bare(3, 0)]).await;
    let rows = all(lomi.client().transactions().list().page_size(2).stream()).await;
    let ids: Vec<_> = rows.iter().map(|row| row.transaction_id.to_string()).collect();
    assert_eq!(ids, (0..3).map(id).collect::<Vec<_>>());
    let size = "limit=2";
    assert_eq!(
        queries(&lomi),
        [format!("{size}&pageSize=2"), format!("{size}&page=2&pageSize=2"), format!("{size}&page=3&pageSize=2")]
    );
}

#[tokio::test]
async fn a_server_with_shorter_pages_is_read_to_its_end() {
    let lomi = Lomi::start(vec![bare(0, 20), bare(20, 20), bare(40, 5), bare(45, 0)]).await;
    assert_eq!(all(lomi.client().transactions().list().page_size(50).stream()).await.len(), 45);
    let lomi = Lomi::start(vec![bare(0, 20), bare(20, 5), bare(25, 0)]).await;
    assert_eq!(all(lomi.client().refunds().list().limit(50).stream()).await.len(), 25);
    assert_eq!(queries(&lomi), ["limit=50", "limit=50&offset=20", "limit=50&offset=25"]);
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
async fn customers_are_paged_in_their_own_envelope() {
    let pages = [in_customers(1, 0, 2), in_customers(2, 2, 2), in_customers(3, 4, 1), in_customers(4, 5, 0)];
    let lomi = Lomi::start(pages.into()).await;
    let rows = all(lomi.client().customers().list().search("awa").page_size(2).stream()).await;
    assert_eq!(rows.len(), 5);
    let of_page = |page| format!("limit=2{page}&pageSize=2&search=awa");
    assert_eq!(queries(&lomi), ["", "&page=2", "&page=3", "&page=4"].map(of_page), "lomi sent its page size");
}

#[tokio::test]
async fn a_page_count_of_zero_does_not_end_a_list() {
    let last = r#""pagination":{"page":1,"pageSize":2,"totalCount":2,"totalPages":1}"#;
    let lomi = Lomi::start(vec![json("200 OK", &format!(r#"{{"customers":{},{last}}}"#, rows(0, 2)))]).await;
    assert_eq!(all(lomi.client().customers().list().page_size(2).stream()).await.len(), 2);
    let lost = last.replace(r#""totalPages":1"#, r#""totalPages":0"#);
    let first = json("200 OK", &format!(r#"{{"customers":{},{lost}}}"#, rows(0, 2)));
    let lomi = Lomi::start(vec![first, in_customers(2, 2, 0)]).await;
    assert_eq!(all(lomi.client().customers().list().page_size(2).stream()).await.len(), 2);
    assert_eq!(lomi.count(), 2);
}

#[tokio::test]
async fn sessions_of_the_first_generation_are_paged_by_number() {
    let first_generation = |page: usize, first, count| {
        let meta = format!(r#"{{"current_page":{page},"per_page":2}}"#);
        json("200 OK", &format!(r#"{{"data":{},"meta":{meta}}}"#, rows(first, count)))
    };
    let lomi = Lomi::start(vec![first_generation(1, 0, 2), first_generation(2, 2, 1), first_generation(3, 3, 0)]).await;
    assert_eq!(all(lomi.client().checkout_sessions().list().limit(2).stream()).await.len(), 3);
    assert_eq!(queries(&lomi), ["limit=2", "limit=2&page=2", "limit=2&page=3"]);
    let lomi = Lomi::start(vec![bare(0, 2), bare(2, 1), bare(3, 0)]).await;
    assert_eq!(all(lomi.client().checkout_sessions().list().limit(2).stream()).await.len(), 3);
    assert_eq!(queries(&lomi), ["limit=2", "limit=2&offset=2", "limit=2&offset=3"]);
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
async fn a_default_page_size_is_sent() {
    let lomi = Lomi::start(vec![bare(0, 50), bare(50, 0), bare(0, 20), bare(20, 0), bare(0, 0)]).await;
    assert_eq!(all(lomi.client().transactions().list().stream()).await.len(), 50);
    assert_eq!(all(lomi.client().checkout_sessions().list().stream()).await.len(), 20);
    assert_eq!(all(lomi.client().payment_links().list().stream()).await.len(), 0);
    assert_eq!(
        queries(&lomi),
        ["limit=50&pageSize=50", "limit=50&page=2&pageSize=50", "limit=20", "limit=20&offset=20", "limit=20"]
    );
}

#[tokio::test]
async fn a_page_shorter_than_its_limit_is_not_the_end() {
    let lomi = Lomi::start(vec![in_data(0, 2, 500), in_data(2, 1, 500), in_data(3, 0, 500)]).await;
    assert_eq!(all(lomi.client().payment_links().list().limit(500).stream()).await.len(), 3);
    assert_eq!(queries(&lomi), ["limit=500", "limit=500&offset=2", "limit=500&offset=3"]);
}

#[tokio::test]
async fn a_refused_filter_is_sent_again_in_its_older_form() {
    let refused = || json("400 Bad Request", r#"{"message":"invalid input value for enum"}"#);
    let statuses = [TransactionStatus::Completed, TransactionStatus::Held, TransactionStatus::Cancelled];
    let lomi = Lomi::start(vec![refused(), bare(0, 1), bare(1, 0)]).await;
    let list =
        |lomi: &Lomi, statuses: &[TransactionStatus]| lomi.client().transactions().list().status(statuses).stream();
    assert_eq!(all(list(&lomi, &statuses)).await.len(), 1);
    let statuses: Vec<_> = queries(&lomi).iter().map(|query| query.rsplit('=').next().unwrap().to_owned()).collect();
    assert_eq!(statuses, ["completed%2Cheld%2Ccancelled", "completed", "completed"]);

    for statuses in [&[TransactionStatus::Completed][..], &[TransactionStatus::Held], &[]] {
        let lomi = Lomi::start(vec![refused()]).await;
        assert_eq!(failure(list(&lomi, statuses), 0).await.status(), Some(400), "there are no older words");
    }
}

#[tokio::test]
async fn a_repeated_row_is_returned_once() {
    let lomi = Lomi::start(vec![bare(0, 2), bare(1, 2), bare(2, 1), bare(3, 0)]).await;
    let rows = all(lomi.client().transactions().list().page_size(2).stream()).await;
    let ids: Vec<_> = rows.iter().map(|row| row.transaction_id.to_string()).collect();
    assert_eq!(ids, [id(0), id(1), id(2)], "what moved down a page is not what a server repeats");
}

#[tokio::test]
async fn an_unreadable_page_of_transactions_is_retried() {
    let one_bad = rows(0, 2).replace(r#""status":"completed","#, "");
    let lomi = Lomi::start(vec![json("200 OK", &one_bad), bare(2, 1), bare(3, 0)]).await;
    assert_eq!(all(lomi.client().transactions().list().page_size(2).stream()).await.len(), 1);
    assert_eq!(lomi.count(), 3);
}

#[tokio::test]
async fn an_error_is_the_last_item_of_a_stream() {
    let lomi = Lomi::start(vec![bare(0, 2), json("401 Unauthorized", "{}"), bare(2, 1)]).await;
    let error = failure(lomi.client().transactions().list().page_size(2).stream(), 2).await;
    assert_eq!((error.status(), lomi.count()), (Some(401), 2));
}

#[tokio::test]
async fn a_page_is_retried_after_a_temporary_failure() {
    let lomi = Lomi::start(vec![bare(0, 2), Reply::Drop, bare(2, 1), bare(3, 0)]).await;
    assert_eq!(all(lomi.client().transactions().list().page_size(2).stream()).await.len(), 3);
    assert_eq!(queries(&lomi)[1], queries(&lomi)[2]);
}

#[tokio::test]
async fn a_server_that_ignores_the_page_ends_in_an_error() {
    let lomi = Lomi::start(vec![bare(0, 5), bare(0, 5), in_data(0, 2, 2), in_data(0, 2, 2)]).await;
    let error = failure(lomi.client().transactions().list().page_size(2).stream(), 5).await;
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::EndlessList, false));
    let error = failure(lomi.client().payment_links().list().limit(2).stream(), 2).await;
    assert_eq!((error.kind(), lomi.count()), (ErrorKind::EndlessList, 4));
}

#[tokio::test]
async fn new_rows_do_not_hide_a_server_that_ignores_the_page() {
    let with_a_new_one =
        || json("200 OK", &format!("{},{}", rows(9, 1).trim_end_matches(']'), rows(0, 1).trim_start_matches('[')));
    let lomi = Lomi::start(vec![bare(0, 2), with_a_new_one(), with_a_new_one()]).await;
    let error = failure(lomi.client().transactions().list().page_size(2).stream(), 3).await;
    assert_eq!((error.kind(), lomi.count()), (ErrorKind::EndlessList, 3));
}

#[tokio::test]
async fn a_place_is_requested_in_its_style_or_is_an_error() {
    for (place, query, answers) in [
        ("ceyJ9==", "cursor=eyJ9%3D%3D&limit=2", [enveloped(2, 1, false, "null"), in_customers(1, 0, 2)]),
        ("p2", "limit=2&page=2&pageSize=2", [in_customers(2, 2, 1), enveloped(0, 2, false, "null")]),
        ("p2", "limit=2&page=2&pageSize=2", [in_customers(2, 2, 1), in_customers(1, 0, 2)]),
    ] {
        let lomi = Lomi::start(answers.into()).await;
        let list = || lomi.client().customers().list().page_size(2).starting_at(&ListPlace::parse(place).unwrap());
        assert_eq!(list().stream().next_page().await.unwrap().rows.len(), 1);
        assert!(list().stream().next_page().await.is_err(), "{place} was ignored");
        assert_eq!(queries(&lomi), [query, query]);
    }
}

#[tokio::test]
async fn a_list_can_be_read_answer_by_answer() {
    let replies = vec![in_data(0, 2, 2), json("401 Unauthorized", "{}"), in_data(2, 1, 2), in_data(3, 0, 2)];
    let lomi = Lomi::start(replies).await;
    let mut listing = lomi.client().payment_links().list().limit(2).stream();
    assert!(listing.next().await.unwrap().is_ok());
    // Rows not yet returned come with the next answer, and a failed page is requested again.
    assert_eq!(listing.next_page().await.unwrap_err().status(), Some(401));
    let page = listing.next_page().await.unwrap();
    assert_eq!((page.rows.len(), page.is_last()), (2, false));
    for _ in 0..2 {
        let after = listing.next_page().await.unwrap();
        assert_eq!((after.rows.len(), after.is_last(), lomi.count()), (0, true, 4));
    }
}

#[tokio::test]
async fn an_endless_list_is_an_error() {
    let lomi = Lomi::start((0..1_001).map(|row| bare(row, 1)).collect()).await;
    let error = failure(lomi.client().transactions().list().page_size(1).stream(), 1_000).await;
    assert_eq!((error.kind(), lomi.count()), (ErrorKind::EndlessList, 1_000));
}

#[tokio::test]
async fn a_deadline_holds_for_the_whole_stream() {
    let lomi = Lomi::start(vec![bare(0, 1), Reply::Hang]).await;
    let deadline = Instant::now() + Duration::from_millis(500);
    let error = failure(lomi.client().transactions().list().page_size(1).deadline(deadline).stream(), 1).await;
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}

#[tokio::test]
async fn nothing_is_requested_before_the_first_poll() {
    let lomi = Lomi::start(vec![bare(0, 1)]).await;
    drop(lomi.client().transactions().list().stream());
    is_a_stream(lomi.client().customers().list().stream());
    assert_eq!(lomi.count(), 0);
}

#[tokio::test]
async fn the_total_count_is_reported_except_past_the_end() {
    let page = |page: usize, rows: &str, count: usize| {
        let pagination = format!(r#"{{"page":{page},"pageSize":1,"totalCount":{count},"totalPages":{count}}}"#);
        json("200 OK", &format!(r#"{{"customers":{rows},"pagination":{pagination}}}"#))
    };
    let lomi = Lomi::start(vec![page(1, &rows(0, 1), 9), page(2, "[]", 0), page(1, "[]", 0)]).await;
    let mut listing = lomi.client().customers().list().page_size(1).stream();
    assert_eq!(listing.next_page().await.unwrap().total_count, Some(9));
    assert_eq!(listing.next_page().await.unwrap().total_count, None, "past the end lomi says 0");
    let mut empty = lomi.client().customers().list().stream();
    assert_eq!(empty.next_page().await.unwrap().total_count, Some(0));
}
