//! Every payment of a link counts once, and a one-time link takes one.

use futures::future::join_all;
use serde_json::json;
use tests::TestApp;

#[tokio::test]
async fn a_shopper_follows_a_link_and_pays_its_price() {
    let app = TestApp::start().await;
    let metadata = json!({ "facture": "2026-118" });
    let code = app.link(json!({ "metadata": metadata, "description": "Merci !" })).await;
    let led = app.led(&code).await;
    app.pay_led(&led, "wave").await;
    let order = app.order(&led.order_id).await;
    assert_eq!((&order["amount"], &order["currency_code"]), (&json!(5_000), &json!("XOF")));
    assert_eq!((&order["link_code"], &order["metadata"]), (&json!(code), &metadata));
    assert_eq!(order["title"], "Cotisation d’octobre");
    let session = app.lomi.sessions().await.remove(0);
    assert_eq!(
        (&session["title"], &session["metadata"]["facture"]),
        (&json!("Cotisation d’octobre"), &json!("2026-118"))
    );
    let link = app.shown_link(&code).await;
    assert_eq!((&link["opened_count"], &link["paid_count"], &link["surplus_count"]), (&json!(1), &json!(1), &json!(0)));
    assert_eq!(link["status"], "active");
    app.audit().await;
}

#[tokio::test]
async fn every_opening_is_an_order_of_its_own() {
    let app = TestApp::start().await;
    let code = app.link(json!({})).await;
    let (one, other) = (app.led(&code).await, app.led(&code).await);
    assert!(one.order_id != other.order_id && one.session_id != other.session_id);
    app.pay_led(&one, "card").await;
    app.pay_led(&other, "mtn").await;
    assert_eq!(app.shown_link(&code).await["paid_count"], 2);
    app.audit().await;
}

#[tokio::test]
async fn a_link_uses_the_catalogue_price_at_its_opening() {
    let app = TestApp::start().await;
    let product = |amount: u32| json!({ "title": "Savon noir", "currency_code": "XOF", "amount": amount });
    app.admin("PUT", "/admin/products/SAVON", &product(1_500)).await.expect(200);
    let code = app.link(json!({ "items": [{ "sku": "SAVON", "quantity": 2 }] })).await;
    let before = app.led(&code).await;
    app.admin("PUT", "/admin/products/SAVON", &product(2_000)).await.expect(200);
    let after = app.led(&code).await;
    assert_eq!(app.order(&before.order_id).await["amount"], 3_000);
    assert_eq!(app.order(&after.order_id).await["amount"], 4_000);
    app.pay_led(&after, "wave").await;
    app.admin("DELETE", "/admin/products/SAVON", &serde_json::Value::Null).await.expect(204);
    let answer = app.follow(&code, "fr").await.expect(409);
    assert!(answer.text().contains("Pas en vente"), "{}", answer.text());
    app.audit().await;
}

#[tokio::test]
async fn a_shopper_chooses_an_amount_within_the_bounds() {
    let app = TestApp::start().await;
    let code = app.link(json!({ "open_amount": { "currency_code": "XOF", "min": 500, "max": 9_000 } })).await;
    for (query, amount) in [("?amount=500", 500), ("?value=9000", 9_000)] {
        let led = app.led(&format!("{code}{query}")).await;
        assert_eq!(app.order(&led.order_id).await["amount"], amount);
        app.pay_led(&led, "wave").await;
    }
    for query in ["", "?amount=499", "?amount=9001", "?amount=-1", "?amount=1e3", "?value=499", "?amount=%3Cscript%3E"]
    {
        let page = app.follow(&format!("{code}{query}"), "en").await.expect(200).text();
        assert!(page.contains("<form") && !page.contains("<script"), "{query}: {page}");
        assert_eq!(page.contains("not accepted"), !query.is_empty(), "{query}: {page}");
    }
    let euros = app.link(json!({ "open_amount": { "currency_code": "EUR", "min": 100, "max": 100_000 } })).await;
    let led = app.led(&format!("{euros}?value=12.50")).await;
    assert_eq!(app.order(&led.order_id).await["amount"], 1_250);
    assert_eq!(app.orders().await.len(), 3);
    app.audit().await;
}

/// A browser's number field parses `5.000` by rules of its own. Here the server parses it, and refuses an ambiguous
/// amount.
#[tokio::test]
async fn a_typed_amount_is_read_exactly_or_refused() {
    let app = TestApp::start().await;
    let francs = app.link(json!({ "open_amount": { "currency_code": "XOF", "min": 5, "max": 900_000 } })).await;
    let euros = app.link(json!({ "open_amount": { "currency_code": "EUR", "min": 1, "max": 90_000_000 } })).await;
    let form = app.follow(&francs, "fr").await.expect(200).text();
    assert!(form.contains(r#"name="value" type="text""#), "{form}");
    for (code, typed, amount) in [
        (&francs, "5000", 5_000),
        (&francs, "5+000", 5_000),
        (&francs, "5%C2%A0000", 5_000),
        (&francs, "5%E2%80%AF000", 5_000),
        (&euros, "12%2C50", 1_250),
        (&euros, "12.50", 1_250),
        (&euros, "1+234%2C50", 123_450),
        (&euros, "1%2C234.50", 123_450),
    ] {
        let led = app.led(&format!("{code}?value={typed}")).await;
        assert_eq!(app.order(&led.order_id).await["amount"], amount, "{typed}");
    }
    let opened = app.orders().await.len();
    for (code, typed, said) in [
        (&francs, "5.000", "10000 ou 10 000"),
        (&francs, "5%2C000", "10000 ou 10 000"),
        (&francs, "12%2C50", "sans décimales"),
        (&euros, "1%2C234", "1 234,50"),
        (&euros, "1.234", "1 234,50"),
        (&euros, "12%2C505", "1 234,50"),
        (&euros, "-5", "1 234,50"),
        (&euros, "", "1 234,50"),
    ] {
        let page = app.follow(&format!("{code}?value={typed}"), "fr").await.expect(200).text();
        assert!(page.contains("<form") && page.contains(said), "{typed}: {page}");
    }
    assert_eq!(app.orders().await.len(), opened);
    app.audit().await;
}

#[tokio::test]
async fn a_one_time_link_paid_twice_flags_the_second() {
    let app = TestApp::start().await;
    let code = app.link(json!({ "max_payments": 1 })).await;
    let led = join_all((0..10).map(|_| app.led(&code))).await;
    assert_eq!(app.shown_link(&code).await["opened_count"], 10);
    tokio::join!(app.pay_led(&led[3], "wave"), app.pay_led(&led[7], "card"));
    let link = app.shown_link(&code).await;
    assert_eq!(
        (&link["paid_count"], &link["surplus_count"], &link["status"]),
        (&json!(1), &json!(1), &json!("used_up"))
    );
    let mut flags = Vec::new();
    for led in [&led[3], &led[7]] {
        let shown = app.admin("GET", &format!("/admin/orders/{}", led.order_id), &serde_json::Value::Null).await;
        let shown = shown.expect(200).json();
        assert_eq!((&shown["status"], &shown["link_code"]), (&json!("paid"), &json!(code)));
        let outbox = app.table.items(&format!("OUTBOX#{}#", led.order_id)).await;
        assert_eq!((outbox.len(), &outbox[0]["beyond_link_limit"]), (1, &shown["beyond_link_limit"]));
        flags.push(shown["beyond_link_limit"].as_bool().unwrap());
    }
    flags.sort_unstable();
    assert_eq!(flags, [false, true]);
    app.follow(&code, "fr").await.expect(410);
    app.audit().await;
}

#[tokio::test]
async fn a_link_takes_its_limit_of_payments_and_no_more() {
    let app = TestApp::start().await;
    let code = app.link(json!({ "max_payments": 3 })).await;
    for _ in 0..3 {
        assert_eq!(app.shown_link(&code).await["status"], "active");
        app.pay_led(&app.led(&code).await, "wave").await;
    }
    app.follow(&code, "fr").await.expect(410);
    assert_eq!(app.shown_link(&code).await["opened_count"], 3);
    app.audit().await;
}

#[tokio::test]
async fn a_payment_with_repeated_events_counts_once() {
    let app = TestApp::start().await;
    let code = app.link(json!({})).await;
    let led = app.led(&code).await;
    app.lomi.lose_webhooks().await;
    let step = app.lomi.pay(&led.session_id, "wave").await;
    let event = app.announced(step["transaction_id"].as_str().unwrap()).await;
    app.lomi.clear_faults().await;
    join_all((0..10).map(|number| {
        let event = event.clone().in_envelope(number);
        let app = &app;
        async move { app.deliver(&event).await.expect(200) }
    }))
    .await;
    app.make_due(&led.order_id).await;
    app.reconcile().await;
    assert_eq!(app.shown_link(&code).await["paid_count"], 1);
    app.audit().await;
}

#[tokio::test]
async fn a_second_payment_of_one_order_does_not_count_at_its_link() {
    let app = TestApp::start().await;
    let code = app.link(json!({ "max_payments": 5 })).await;
    let led = app.led(&code).await;
    app.pay_led(&led, "wave").await;
    app.lomi.quirks(json!({ "allow_double_pay": true })).await;
    app.lomi.late_approve(&led.session_id).await;
    app.lomi.run_outbox().await;
    assert_eq!(app.order(&led.order_id).await["overpaid"], true);
    let link = app.shown_link(&code).await;
    assert_eq!((&link["paid_count"], &link["surplus_count"]), (&json!(1), &json!(0)));
    app.audit().await;
}

/// A refund does not free the link for another sale: the merchant creates a new link.
#[tokio::test]
async fn a_refunded_payment_still_counts_at_its_link() {
    let app = TestApp::start().await;
    let code = app.link(json!({ "max_payments": 1 })).await;
    let led = app.led(&code).await;
    app.pay_led(&led, "card").await;
    app.refund(&led.order_id, &json!({}), "k").await.expect(201);
    app.lomi.run_outbox().await;
    app.wait_for(&led.order_id, "refunded").await;
    let link = app.shown_link(&code).await;
    assert_eq!((&link["paid_count"], &link["status"]), (&json!(1), &json!("used_up")));
    app.audit().await;
}

#[tokio::test]
async fn concurrent_payments_of_a_link_are_all_counted() {
    let app = TestApp::start().await;
    let code = app.link(json!({})).await;
    let led = join_all((0..12).map(|_| app.led(&code))).await;
    join_all(led.iter().map(|led| app.pay_led(led, "wave"))).await;
    assert_eq!(app.shown_link(&code).await["paid_count"], 12);
    app.audit().await;
}

#[tokio::test]
async fn a_page_that_is_open_when_its_link_ends_can_still_be_paid() {
    let app = TestApp::start().await;
    let code = app.link(json!({})).await;
    let led = app.led(&code).await;
    app.admin("DELETE", &format!("/admin/payment-links/{code}"), &serde_json::Value::Null).await.expect(200);
    app.pay_led(&led, "wave").await;
    let link = app.shown_link(&code).await;
    assert_eq!((&link["status"], &link["paid_count"]), (&json!("inactive"), &json!(1)));
    app.audit().await;
}

#[tokio::test]
async fn the_reconciler_counts_a_payment_without_event() {
    let app = TestApp::start().await;
    let code = app.link(json!({ "max_payments": 1 })).await;
    let led = app.led(&code).await;
    app.lomi.lose_webhooks().await;
    app.lomi.pay(&led.session_id, "wave").await;
    app.make_due(&led.order_id).await;
    app.reconcile().await;
    assert_eq!(app.order_status(&led.order_id).await, "paid");
    assert_eq!(app.shown_link(&code).await["status"], "used_up");
    app.audit().await;
}

#[tokio::test]
async fn a_polled_payment_beyond_the_limit_raises_an_alarm() {
    let app = TestApp::start().await;
    let code = app.link(json!({ "max_payments": 1 })).await;
    let led = [app.led(&code).await, app.led(&code).await];
    app.lomi.lose_webhooks().await;
    for led in &led {
        app.lomi.pay(&led.session_id, "wave").await;
        assert!(app.make_due(&led.order_id).await);
    }
    app.reconcile().await;
    assert_eq!(app.shown_link(&code).await["surplus_count"], 1);
    let told = app.stack.logs().into_iter().filter(|line| line.function == "reconciler");
    let rung = told.filter(|line| line.line.contains("\"BeyondLinkLimit\":1")).count();
    assert_eq!(rung, 1, "one of the two");
    app.audit().await;
}
