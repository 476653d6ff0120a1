//! lomi's lists, in every generation and with pages of any length: read to their end, or not relied upon.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{Created, TestApp};

/// Every known style of paging, and those that lomi's documents allow.
fn generations() -> [(&'static str, Value); 4] {
    [
        ("current", json!({})),
        ("current", json!({ "lists_page_as_before": true })),
        ("june2026", json!({})),
        ("seeds", json!({})),
    ]
}

async fn speak(app: &TestApp, profile: &str, quirks: &Value, rows_at_most: usize) {
    app.lomi.profile(profile).await;
    app.lomi.quirks(quirks.clone()).await;
    app.lomi.quirks(json!({ "list_rows_at_most": rows_at_most })).await;
}

async fn paid(app: &TestApp) -> (Created, String) {
    let mut body = app.cart(1);
    // The oldest generation requires the providers.
    body["allowed_providers"] = json!(["WAVE", "MTN", "STRIPE"]);
    let order = Created::of(&app.create(&body, &app.fresh_key()).await);
    let transaction_id = app.pay(&order, "wave").await;
    (order, transaction_id)
}

#[tokio::test]
async fn the_poll_finds_a_payment_beyond_the_first_page() {
    for (profile, quirks) in generations() {
        let app = TestApp::start().await;
        speak(&app, profile, &quirks, 20).await;
        app.lomi.lose_webhooks().await;
        let (order, transaction_id) = paid(&app).await;
        let mut others = Vec::new();
        for _ in 0..24 {
            others.push(paid(&app).await.0);
        }
        assert_eq!(app.status(&order).await.expect(200).json()["status"], "paid", "{profile} {quirks}");
        let payments = app.order(&order.order_id).await["payments"].clone();
        assert!(
            payments.get(&transaction_id).is_some(),
            "{profile} {quirks}: the payment, not only its page: {payments}"
        );
        // The reconciler reads the same list.
        for other in &others {
            assert!(app.make_due(&other.order_id).await);
        }
        app.reconcile().await;
        for other in &others {
            let stored = app.order(&other.order_id).await;
            assert_eq!(stored["status"], "paid", "{profile} {quirks}");
            assert_eq!(stored["payments"].as_object().unwrap().len(), 1, "{profile} {quirks}");
        }
        app.audit().await;
    }
}

/// An order whose refund lomi has recorded without a delivered answer, followed by `newer` refunds of another order.
async fn refund_in_doubt_before(app: &TestApp, newer: u32) -> Created {
    let (order, _) = app.paid_order("card").await;
    let (_, other) = app.paid_order("card").await;
    app.lomi.lose_webhooks().await;
    let lost = json!({ "target": "POST /refunds", "kind": "drop_connection", "when": "after", "times": null });
    app.lomi.fault(lost).await;
    app.refund(&order.order_id, &json!({ "amount": 5_000 }), "k").await.expect(202);
    app.lomi.clear_faults().await;
    app.lomi.lose_webhooks().await;
    for _ in 0..newer {
        let id = app.refund_at_lomi(&other, 1_000).await;
        app.keep_refund_secret(&id);
    }
    order
}

#[tokio::test]
async fn a_refund_behind_the_first_page_is_found() {
    for (profile, quirks) in generations() {
        let app = TestApp::start().await;
        let order = refund_in_doubt_before(&app, 3).await;
        speak(&app, profile, &quirks, 2).await;
        assert!(app.make_due(&order.order_id).await);
        app.reconcile().await;
        assert_eq!(app.refunds(&order.order_id).await[0]["status"], "completed", "{profile} {quirks}");
        app.audit().await;
    }
}

/// Every page of a list, in order; a repeated cursor fails the test.
async fn pages(app: &TestApp, path: &str, id: &str) -> Vec<Vec<String>> {
    let (mut pages, mut seen, mut cursor) = (Vec::new(), BTreeSet::new(), String::new());
    loop {
        let page = app.admin("GET", &format!("{path}&cursor={cursor}"), &Value::Null).await.expect(200).json();
        let rows = page["data"].as_array().unwrap().iter();
        pages.push(rows.map(|row| row[id].as_str().unwrap().to_owned()).collect());
        let Some(next) = page["next_cursor"].as_str() else { return pages };
        assert!(seen.insert(next.to_owned()), "the pages go in a circle");
        next.clone_into(&mut cursor);
    }
}

#[tokio::test]
async fn the_back_office_lists_every_customer_and_link_once() {
    let app = TestApp::start().await;
    let (mut customers, mut links) = (BTreeSet::new(), BTreeSet::new());
    let link =
        json!({ "kind": "native", "link_type": "instant", "title": "Don", "currency_code": "XOF", "amount": 5_000 });
    for name in ["Awa", "Binta", "Cheikh", "Demba", "Eva"] {
        customers.insert(app.named_customer(&format!("Liste {name}")).await);
        let made = app.post_link(&link, &app.fresh_key()).await.expect(201).json();
        links.insert(made["id"].as_str().unwrap().to_owned());
    }
    for (profile, quirks) in generations() {
        for (limit, at_most) in [(1, 100), (2, 100), (5, 100), (100, 100), (100, 2), (4, 3)] {
            speak(&app, profile, &quirks, at_most).await;
            let path = format!("/admin/customers?search=liste&limit={limit}");
            let listed = pages(&app, &path, "customer_id").await.concat();
            assert_eq!(
                (listed.len(), &BTreeSet::from_iter(listed)),
                (5, &customers),
                "{profile} {quirks} {limit} {at_most}"
            );
            let path = format!("/admin/payment-links?kind=native&limit={limit}");
            let listed = pages(&app, &path, "id").await.concat();
            assert_eq!(
                (listed.len(), &BTreeSet::from_iter(listed)),
                (5, &links),
                "{profile} {quirks} {limit} {at_most}"
            );
        }
    }
    app.audit().await;
}

async fn page_of(app: &TestApp, path: &str, id: &str) -> (Vec<String>, Option<String>) {
    let page = app.admin("GET", path, &Value::Null).await.expect(200).json();
    let rows = page["data"].as_array().unwrap().iter().map(|row| row[id].as_str().unwrap().to_owned());
    (rows.collect(), page["next_cursor"].as_str().map(str::to_owned))
}

/// Reads every row page by page with `place`, and also by the cursor of each page.
async fn is_cut_right(app: &TestApp, (list, id): (&str, &str), all: &[String], place: impl Fn(usize, usize) -> String) {
    for size in [1, 2, 3, 7, 100] {
        for (number, expected) in all.chunks(size).chain([&[][..]]).enumerate() {
            let begins = number * size;
            let (rows, mut next) = page_of(app, &format!("{list}&{}", place(number, size)), id).await;
            assert_eq!(rows, expected, "{}", place(number, size));
            let mut rest = Vec::new();
            while let Some(cursor) = next {
                let (rows, after) = page_of(app, &format!("{list}&cursor={cursor}"), id).await;
                rest.extend(rows);
                next = after;
            }
            assert_eq!(rest, all[(begins + expected.len()).min(all.len())..], "behind {}", place(number, size));
        }
    }
}

#[tokio::test]
async fn a_page_number_of_customers_selects_its_rows() {
    let app = TestApp::start().await;
    for name in ["Awa", "Binta", "Cheikh", "Demba", "Eva", "Fatou", "Gora"] {
        app.named_customer(&format!("Liste {name}")).await;
    }
    let list = "/admin/customers?search=liste";
    for (profile, quirks) in generations() {
        speak(&app, profile, &quirks, 100).await;
        let (all, _) = page_of(&app, list, "id").await;
        assert_eq!(all.len(), 7, "{profile} {quirks}");
        for at_most in [100, 3] {
            speak(&app, profile, &quirks, at_most).await;
            let place = |number, size| format!("page={}&pageSize={size}", number + 1);
            is_cut_right(&app, (list, "id"), &all, place).await;
        }
        let third = app.admin("GET", &format!("{list}&page=3&pageSize=3"), &Value::Null).await.expect(200).json();
        let expected = json!({ "page": 3, "pageSize": 3, "totalCount": 7, "totalPages": 3 });
        assert_eq!(third["pagination"], expected, "{profile} {quirks}");
    }
    app.audit().await;
}

#[tokio::test]
async fn an_offset_of_links_selects_its_rows() {
    let app = TestApp::start().await;
    let link = json!({ "link_type": "instant", "title": "Don", "currency_code": "XOF", "amount": 5_000 });
    for _ in 0..7 {
        app.post_link(&link, &app.fresh_key()).await.expect(201);
    }
    let list = "/admin/payment-links?kind=native";
    for (profile, quirks) in generations() {
        speak(&app, profile, &quirks, 100).await;
        let (all, _) = page_of(&app, list, "id").await;
        assert_eq!(all.len(), 7, "{profile} {quirks}");
        for at_most in [100, 3] {
            speak(&app, profile, &quirks, at_most).await;
            let place = |number, size| format!("offset={}&limit={size}", number * size);
            is_cut_right(&app, (list, "id"), &all, place).await;
        }
    }
    app.audit().await;
}

#[tokio::test]
async fn the_back_office_reports_a_list_that_does_not_continue() {
    let app = TestApp::start().await;
    for name in ["Awa", "Binta", "Cheikh"] {
        app.named_customer(&format!("Liste {name}")).await;
    }
    speak(&app, "current", &json!({ "list_places_ignored": true }), 2).await;
    let list = async |cursor: &str| {
        app.admin("GET", &format!("/admin/customers?search=liste&cursor={cursor}"), &Value::Null).await
    };
    let first = list("").await.expect(200).json();
    let cursor = first["next_cursor"].as_str().expect("there is more");
    assert_eq!(list(cursor).await.problem(), (500, "internal_error".to_owned()), "not the first page once more");
    // lomi has switched to cursors since and does not know this position.
    app.lomi.profile("current").await;
    assert_eq!(list(cursor).await.problem(), (500, "internal_error".to_owned()));
    let stale = list("20.cbm9uZQ==").await;
    assert_eq!((stale.status, stale.pointers()), (400, vec!["/cursor".to_owned()]));
    app.audit().await;
}

#[tokio::test]
async fn a_restarting_list_ends_no_order() {
    let app = TestApp::start().await;
    app.lomi.lose_webhooks().await;
    let (order, _) = paid(&app).await;
    for _ in 0..3 {
        paid(&app).await;
    }
    app.outlive(&order.order_id).await;
    speak(&app, "current", &json!({ "list_places_ignored": true }), 2).await;
    let gone = json!({ "target": "GET /checkout-sessions/{id}", "kind": "status", "arg": 404, "times": null });
    app.lomi.fault(gone).await;
    for _ in 0..2 {
        app.make_due(&order.order_id).await;
        assert!(app.stack.invoke_scheduled("reconciler").await.is_err(), "somebody has to know");
        assert_eq!(app.order_status(&order.order_id).await, "open");
    }
    app.lomi.profile("current").await;
    for open in app.orders().await {
        app.make_due(open["order_id"].as_str().unwrap()).await;
    }
    app.reconcile().await;
    assert_eq!(app.order_status(&order.order_id).await, "paid");
    app.lomi.clear_faults().await;
    app.audit().await;
}

#[tokio::test]
async fn a_restarting_list_is_used_up_to_the_restart() {
    let app = TestApp::start().await;
    app.lomi.lose_webhooks().await;
    speak(&app, "current", &json!({ "list_places_ignored": true }), 2).await;
    let mut orders = Vec::new();
    for _ in 0..4 {
        let (order, _) = paid(&app).await;
        assert!(app.make_due(&order.order_id).await);
        orders.push(order);
    }
    assert!(app.stack.invoke_scheduled("reconciler").await.is_err(), "somebody has to know");
    // The page of the older ones is completed, but only a payment proves that its money is not held.
    for (order, status) in orders.iter().zip(["open", "open", "paid", "paid"]) {
        assert_eq!(app.order_status(&order.order_id).await, status);
    }
    app.lomi.profile("current").await;
    for order in &orders {
        app.make_due(&order.order_id).await;
    }
    app.reconcile().await;
    for order in &orders {
        assert_eq!(app.order_status(&order.order_id).await, "paid");
    }
    app.audit().await;
}

#[tokio::test]
async fn a_restarting_list_releases_no_refund() {
    let app = TestApp::start().await;
    let order = refund_in_doubt_before(&app, 2).await;
    speak(&app, "current", &json!({ "list_places_ignored": true }), 2).await;
    for _ in 0..2 {
        app.age_refunds(&order.order_id).await;
        let _ = app.stack.invoke_scheduled("reconciler").await;
        assert_eq!(app.refunds(&order.order_id).await[0]["status"], "in_doubt");
    }
    app.lomi.profile("current").await;
    assert!(app.make_due(&order.order_id).await);
    app.reconcile().await;
    assert_eq!(app.refunds(&order.order_id).await[0]["status"], "completed");
    app.audit().await;
}
