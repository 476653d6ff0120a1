//! A quarantined event can be resolved, but only by the right events.

use futures::future::join_all;
use serde_json::{Value, json};
use tests::{Event, PHONE, TestApp};

/// How often the operator's function has written this metric.
fn counted(app: &TestApp, metric: &str) -> usize {
    let member = format!("\"{metric}\":");
    let lines = app.stack.logs();
    lines.iter().filter(|line| line.function == "operations" && line.line.contains(&member)).count()
}

#[tokio::test]
async fn an_event_before_its_order_is_replayed_and_pays_once() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "card").await.with("/data/metadata/payment_mobile", PHONE);
    app.deliver_too_early(&order.order_id, &event).await;
    let waiting = app.quarantine("").await;
    let id = app.only_quarantined().await;
    let shown = [&waiting[0]["reason"], &waiting[0]["event"], &waiting[0]["source"], &waiting[0]["resolved_at"]];
    assert_eq!(shown, [&json!("unknown_order"), &json!("PAYMENT_SUCCEEDED"), &json!("webhook"), &Value::Null]);
    assert!(!waiting[0].to_string().contains(PHONE), "a list names nobody");
    let path = format!("/admin/quarantine/{id}");
    let detail = app.admin("GET", &path, &Value::Null).await.expect(200).json();
    assert_eq!(detail["raw"], event.bytes(), "a person sees it as it came");

    let answer = app.replay(&id).await.expect(200).json();
    assert_eq!((&answer["outcome"], &answer["reason"]), (&json!("applied"), &Value::Null));
    assert_eq!((&answer["order"]["order_id"], &answer["order"]["status"]), (&json!(order.order_id), &json!("paid")));
    assert_eq!(answer["item"]["order_id"], json!(order.order_id));
    assert_eq!(counted(&app, "PaymentsApplied"), 1);
    for _ in 0..2 {
        assert_eq!(app.replayed(&id).await, "duplicate");
    }
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    assert_eq!(app.timeline(&order.order_id).await, ["created/storefront", "opened/lomi", "paid/webhook"]);
    assert_eq!((counted(&app, "PaymentsApplied"), counted(&app, "Quarantined")), (1, 0));
    assert_eq!(app.quarantine("").await, Vec::<Value>::new());
    let resolved = app.quarantine("status=resolved").await;
    assert_eq!((resolved.len(), &resolved[0]["quarantine_id"]), (1, &json!(id)));
    assert_eq!(resolved[0]["resolved_at"], answer["item"]["resolved_at"], "the first time counts");
    app.audit().await;
}

#[tokio::test]
async fn concurrent_replays_pay_once() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "wave").await;
    app.deliver_too_early(&order.order_id, &event).await;
    let id = app.only_quarantined().await;
    let mut outcomes = join_all((0..6).map(|_| app.replayed(&id))).await;
    outcomes.sort();
    assert_eq!(outcomes, ["applied", "duplicate", "duplicate", "duplicate", "duplicate", "duplicate"]);
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    assert_eq!(app.order(&order.order_id).await["overpaid"], false);
    app.audit().await;
}

/// As after a crash between the two writes of a replay: the event counts, and the item is still open.
#[tokio::test]
async fn an_already_counted_event_leaves_quarantine() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "mtn").await;
    app.deliver_too_early(&order.order_id, &event).await;
    assert_eq!(app.deliver(&event.in_envelope(2)).await.outcome(), "applied");
    let id = app.only_quarantined().await;
    let before = app.order(&order.order_id).await;
    assert_eq!(app.replayed(&id).await, "duplicate");
    assert_eq!(app.order(&order.order_id).await, before, "nothing more is changed");
    assert_eq!(app.quarantine("").await, Vec::<Value>::new());
    app.audit().await;
}

#[tokio::test]
async fn a_mismatch_stays_however_often_it_is_replayed() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "card").await.with("/data/gross_amount", 12_499);
    assert_eq!(app.deliver(&event).await.outcome(), "quarantined");
    let (id, before) = (app.only_quarantined().await, app.order(&order.order_id).await);
    for _ in 0..3 {
        assert_eq!(app.replayed(&id).await, "quarantined: amount");
    }
    assert_eq!(app.order(&order.order_id).await, before, "nothing more is changed");
    assert_eq!(app.quarantined().await, ["amount"]);
    assert_eq!((counted(&app, "Quarantined"), counted(&app, "AmountMismatch")), (0, 0), "no alarm is raised again");
    let answer = app.replay(&id).await.expect(200).json();
    assert_eq!((&answer["order"]["status"], &answer["item"]["resolved_at"]), (&json!("open"), &Value::Null));
    app.audit().await;
}

#[tokio::test]
async fn an_event_with_two_mismatches_is_quarantined_once() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "card").await.with("/data/gross_amount", 12_499);
    app.deliver_too_early(&order.order_id, &event).await;
    let id = app.only_quarantined().await;
    for _ in 0..2 {
        assert_eq!(app.replayed(&id).await, "quarantined: amount");
    }
    assert_eq!(app.quarantined().await, ["unknown_order"]);
    assert_eq!(app.order(&order.order_id).await["mismatch"], true, "the order is there to be marked now");
    assert_eq!(app.timeline(&order.order_id).await, ["created/storefront", "opened/lomi", "mismatch/webhook"]);
    app.audit().await;
}

#[tokio::test]
async fn a_true_event_without_effect_leaves_quarantine() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "card").await;
    let failed = Event::new(
        "PAYMENT_FAILED",
        json!({ "transaction_id": "6c1d3c4e-9e0f-4d6c-8a6e-0d1b7c9f3a54", "status": "failed", "environment": "test",
            "metadata": { "order_id": order.order_id } }),
    );
    app.deliver_too_early(&order.order_id, &failed).await;
    assert_eq!(app.deliver(&event).await.outcome(), "applied");
    let id = app.only_quarantined().await;
    assert_eq!(app.replayed(&id).await, "ignored");
    assert_eq!(app.replayed(&id).await, "duplicate");
    assert_eq!(app.order_status(&order.order_id).await, "paid");
    assert_eq!(app.quarantine("").await, Vec::<Value>::new());
    app.audit().await;
}

#[tokio::test]
async fn unreadable_bytes_stay_quarantined_and_are_shown() {
    let app = TestApp::start().await;
    assert_eq!(app.deliver_bytes("not json, and <b>no</b> \"event\"\n").await.outcome(), "quarantined");
    let id = app.only_quarantined().await;
    assert_eq!(app.replayed(&id).await, "quarantined: unreadable");
    let detail = app.admin("GET", &format!("/admin/quarantine/{id}"), &Value::Null).await.expect(200).json();
    assert_eq!(detail["raw"], "not json, and <b>no</b> \"event\"\n");
    assert_eq!(app.quarantined().await, ["unreadable"]);
    app.audit().await;
}

/// A polled payment has no signature, so a replay reads it from lomi again.
#[tokio::test]
async fn replaying_a_polled_payment_reads_it_from_lomi() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let key = format!("ORDER#{}", order.order_id);
    assert!(app.table.set_number(&key, "ORDER", "amount", 12_499).await);
    app.pay_silently(&order, "wave").await;
    assert!(app.make_due(&order.order_id).await);
    app.reconcile().await;
    let waiting = app.quarantine("").await;
    assert_eq!([&waiting[0]["reason"], &waiting[0]["source"]], [&json!("amount"), &json!("poll")]);
    let id = app.only_quarantined().await;
    assert_eq!(app.replayed(&id).await, "quarantined: amount");

    assert!(app.table.set_number(&key, "ORDER", "amount", 12_500).await);
    let nobody = json!({ "target": "*", "kind": "status", "arg": 500, "times": null });
    app.lomi.fault(nobody).await;
    assert_eq!(app.replay(&id).await.problem(), (503, "provider_unavailable".to_owned()));
    app.lomi.clear_faults().await;
    assert_eq!(app.replayed(&id).await, "applied");
    assert_eq!(app.replayed(&id).await, "duplicate");
    assert_eq!(app.order_status(&order.order_id).await, "paid");
    assert_eq!((app.quarantine("").await, app.quarantined().await.len()), (Vec::new(), 1));
    app.audit().await;
}

#[tokio::test]
async fn replaying_an_unattributed_payment_reopens_its_case() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "wave").await.without("/data/metadata/order_id");
    let transactions = app.lomi.transactions().await;
    let transaction = transactions[0]["transaction_id"].as_str().expect("an id");
    assert_eq!(app.deliver(&event).await.outcome(), "quarantined");
    // lomi fails on this payment until its case is closed.
    let question = format!("ATTRIBUTION#{transaction}");
    assert!(app.table.set_number(&question, "ATTRIBUTION", "attempts", 7).await);
    let failing = json!({ "target": "GET /transactions/{id}", "kind": "status", "arg": 500, "times": null });
    app.lomi.fault(failing).await;
    app.reconcile().await;
    let unattributed = app.quarantine("").await.into_iter().find(|item| item["source"] == "poll").expect("given up");
    let id = unattributed["quarantine_id"].as_str().expect("an id");
    assert_eq!(app.replayed(id).await, "quarantined: unattributed_payment");
    app.lomi.clear_faults().await;
    assert_eq!(app.replayed(id).await, "applied");
    assert_eq!(app.replayed(id).await, "duplicate");
    assert_eq!(app.order_status(&order.order_id).await, "paid");
    assert_eq!(app.quarantine("").await, Vec::<Value>::new(), "the event behind it waits no longer, either");
    app.audit().await;
}

#[tokio::test]
async fn an_invalid_quarantine_id_is_not_found() {
    let app = TestApp::start().await;
    for id in [
        "unknown",
        "qtn_",
        "qtn_00000000000000000000000000000000",
        "QTN_00000000000000000000000000000000",
        "ord_00000000000000000000000000000000",
        "PAYMENT_SUCCEEDED%23x",
    ] {
        let path = format!("/admin/quarantine/{id}");
        assert_eq!(app.admin("GET", &path, &Value::Null).await.problem(), (404, "not_found".to_owned()), "{id}");
        assert_eq!(app.replay(id).await.problem(), (404, "not_found".to_owned()), "{id}");
    }
    app.audit().await;
}

#[tokio::test]
async fn quarantined_events_are_listed_once_newest_first() {
    let app = TestApp::start().await;
    for number in 0..5 {
        assert_eq!(app.deliver_bytes(&format!("not json {number}")).await.outcome(), "quarantined");
    }
    for limit in [1, 2, 5] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/admin/quarantine?limit={limit}{cursor}");
            let page = app.admin("GET", &path, &Value::Null).await.expect(200).json();
            // Without its `Z`, a time with fewer digits sorts before one with more.
            let time = |item: &Value| item["received_at"].as_str().expect("a time").trim_end_matches('Z').to_owned();
            seen.extend(page["data"].as_array().expect("a list").iter().map(time));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let mut sorted = seen.clone();
        sorted.sort();
        sorted.reverse();
        assert_eq!((seen.len(), &seen), (5, &sorted), "{limit}");
    }
    app.audit().await;
}
