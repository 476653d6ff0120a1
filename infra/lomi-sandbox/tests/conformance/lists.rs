//! How lists are paged, in each generation and in each reading of the newest.

use lomi_sandbox::{Profile, fixtures};
use serde_json::{Value, json};

use crate::support::Lomi;

const LISTS: [&str; 5] = ["/transactions", "/customers", "/checkout-sessions", "/payment-links", "/refunds"];

/// One row of each list for every number.
async fn stocked(profile: Profile, rows: usize) -> Lomi {
    let lomi = Lomi::start(profile).await;
    lomi.post("/_sim/profile", json!({"quirks": {"refund_preview": false}})).await;
    for number in 0..rows {
        let paid = lomi.payment(json!({"method": "card", "phone": format!("+22507000001{number:02}")})).await;
        let refund = json!({"transaction_id": paid, "amount": 1000});
        assert_eq!(lomi.post_once("/refunds", &format!("refund-{number}"), &refund).await.status, 201);
        let link = json!({"link_type": "instant", "title": "Gift", "currency_code": "XOF", "amount": 5000});
        assert_eq!(lomi.post("/payment-links", link).await.status, 201);
    }
    lomi
}

fn data(page: &Value) -> &Vec<Value> {
    page["data"].as_array().unwrap()
}

/// Every page from the first on, as far as cursors lead.
async fn pages(lomi: &Lomi, path: &str, limit: usize) -> Vec<Value> {
    let mut pages = vec![lomi.get(&format!("{path}?limit={limit}")).await.json()];
    while let Some(cursor) = pages.last().unwrap()["next_cursor"].as_str() {
        pages.push(lomi.get(&format!("{path}?limit={limit}&cursor={cursor}")).await.json());
    }
    pages
}

#[tokio::test]
async fn every_list_is_read_by_cursors_in_current() {
    let lomi = stocked(Profile::Current, 5).await;
    for path in LISTS {
        let pages = pages(&lomi, path, 2).await;
        let rows: Vec<_> = pages.iter().flat_map(data).map(Value::to_string).collect();
        let whole = lomi.get(path).await.json();
        assert_eq!(rows, data(&whole).iter().map(Value::to_string).collect::<Vec<_>>(), "{path}");
        let (last, first) = (pages.last().unwrap(), &pages[0]);
        assert_eq!((&first["object"], &first["has_more"], &first["limit"]), (&json!("list"), &json!(true), &json!(2)));
        assert_eq!((&last["has_more"], &last["next_cursor"]), (&json!(false), &Value::Null), "{path}");
        assert_eq!(whole["limit"], 20, "{path}");
        assert_eq!(first.get("total_count").is_some(), path == "/customers");
    }
}

#[tokio::test]
async fn current_bounds_the_page_size() {
    let lomi = Lomi::start(Profile::Current).await;
    for _ in 0..101 {
        lomi.session().await;
    }
    let count = async |query: &str| data(&lomi.get(&format!("/checkout-sessions{query}")).await.json()).len();
    assert_eq!((count("").await, count("?limit=101").await, count("?limit=0").await), (20, 100, 1));
    assert_eq!(count("?pageSize=50").await, 20, "a name of before is no name");
}

#[tokio::test]
async fn current_pages_by_cursor_only() {
    let lomi = stocked(Profile::Current, 2).await;
    for path in LISTS {
        let first = lomi.get(&format!("{path}?limit=1")).await.text;
        for place in ["page=2", "offset=1", "pageSize=50&page=2"] {
            assert_eq!(lomi.get(&format!("{path}?limit=1&{place}")).await.text, first, "{path} {place}");
        }
        for cursor in ["x", "", "eyJvZmZzZXQiOi0xfQ==", "eyJvZmZzZXQiOiIxIn0=", "e30="] {
            let refused = lomi.get(&format!("{path}?cursor={cursor}")).await;
            assert_eq!((refused.status, refused.error_code().as_str()), (400, "invalid_cursor"), "{path} {cursor}");
        }
    }
}

#[tokio::test]
async fn a_row_inserted_while_paging_shifts_the_next_page() {
    let lomi = stocked(Profile::Current, 2).await;
    let first = lomi.get("/transactions?limit=1").await.json();
    lomi.payment(json!({"method": "wave"})).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = lomi.get(&format!("/transactions?limit=1&cursor={cursor}")).await.json();
    assert_eq!(second["data"], first["data"]);
}

#[tokio::test]
async fn lists_without_cursors_page_as_before() {
    let lomi = stocked(Profile::Current, 1).await;
    let deliveries = format!("/webhooks/deliveries?webhookId={}&", fixtures::CUSTOMER_A);
    for path in [&format!("/customers/{}/transactions?", fixtures::CUSTOMER_A), "/webhooks?", &deliveries] {
        assert!(lomi.get(&format!("{path}cursor=x")).await.json().is_array(), "{path}");
    }
}

#[tokio::test]
async fn a_period_that_begins_on_no_day_is_refused() {
    for profile in [Profile::Current, Profile::June2026, Profile::Seeds] {
        let lomi = Lomi::start(profile).await;
        for path in ["/transactions", "/refunds"] {
            assert_eq!(lomi.get(&format!("{path}?startDate=2028-02-29")).await.status, 200, "{profile:?} {path}");
            assert_eq!(lomi.get(&format!("{path}?startDate=2027-02-29")).await.status, 400, "{profile:?} {path}");
            assert_eq!(lomi.get(&format!("{path}?endDate=2026-02-31")).await.status, 400, "{profile:?} {path}");
        }
    }
}

#[tokio::test]
async fn with_a_quirk_current_pages_as_before() {
    let (lomi, june) = (stocked(Profile::Current, 3).await, stocked(Profile::June2026, 3).await);
    lomi.quirk("lists_page_as_before").await;
    let shape = |page: Value| match page {
        Value::Object(fields) => fields.keys().cloned().collect::<Vec<_>>().join(" "),
        rows => format!("{} rows", rows.as_array().unwrap().len()),
    };
    for query in
        LISTS.iter().flat_map(|path| ["?page=2&pageSize=2", "?limit=2&offset=2", ""].map(|q| format!("{path}{q}")))
    {
        let (as_before, before) = (lomi.get(&query).await.json(), june.get(&query).await.json());
        assert_eq!(shape(as_before), shape(before), "{query}");
    }
}

#[tokio::test]
async fn with_a_quirk_pages_are_shorter_than_requested() {
    for profile in [Profile::Current, Profile::June2026, Profile::Seeds] {
        let lomi = stocked(profile, 3).await;
        lomi.post("/_sim/profile", json!({"quirks": {"list_rows_at_most": 2}})).await;
        for path in ["/refunds?limit=50", "/payment-links", "/transactions?pageSize=50&limit=50"] {
            let page = lomi.get(path).await.json();
            let rows = page.get("data").unwrap_or(&page);
            assert_eq!(rows.as_array().unwrap().len(), 2, "{profile:?} {path}");
        }
    }
}

#[tokio::test]
async fn with_a_quirk_paging_stops_after_the_first_page() {
    let lomi = stocked(Profile::Current, 21).await;
    lomi.quirk("list_places_ignored").await;
    for path in LISTS {
        let first = lomi.get(path).await;
        assert!(!first.text.contains("cursor"), "{path}");
        for place in ["page=2&pageSize=50", "offset=20"] {
            assert_eq!(lomi.get(&format!("{path}?{place}")).await.text, first.text, "{path} {place}");
        }
    }
    assert_eq!(lomi.get("/transactions").await.json().as_array().unwrap().len(), 20);
}
