//! The operator's part of the contract: every answer, and the bounds of its one body.

use serde_json::{Value, json};
use tests::{Answer, TestApp};

use super::document::Contract;

const LIST: &str = "GET /admin/quarantine";
const GET: &str = "GET /admin/quarantine/{quarantine_id}";
const REPLAY: &str = "POST /admin/quarantine/{quarantine_id}/replay";
const ASK: &str = "POST /admin/orders/{order_id}/sync";
const RESEND: &str = "POST /admin/webhook-deliveries/replay";
const RETELL: &str = "POST /admin/orders/{order_id}/events/replay";
const HEALTH: &str = "GET /admin/health";
const ROUTES: [&str; 7] = [LIST, GET, REPLAY, ASK, RESEND, RETELL, HEALTH];

/// Produces every answer of the contract at least once.
pub(super) async fn are_answered(app: &TestApp, contract: &Contract) {
    let order = app.open_order().await;
    let event = app.pay_silently(&order, "card").await;
    app.deliver_too_early(&order.order_id, &event).await;
    let page = app.admin("GET", "/admin/quarantine?limit=1", &Value::Null).await.expect(200);
    contract.holds(LIST, &page);
    let id = page.json()["data"][0]["quarantine_id"].as_str().expect("an id").to_owned();
    contract.holds(GET, &send(app, GET, &id, &order.order_id).await.expect(200));
    for outcome in ["applied", "duplicate"] {
        let answer = app.replay(&id).await.expect(200);
        assert_eq!(answer.json()["outcome"], outcome);
        contract.holds(REPLAY, &answer);
    }
    contract.holds(LIST, &app.admin("GET", "/admin/quarantine?status=resolved", &Value::Null).await.expect(200));
    let mismatch =
        event.with("/data/transaction_id", "6c1d3c4e-9e0f-4d6c-8a6e-0d1b7c9f3a54").with("/data/gross_amount", 1);
    assert_eq!(app.deliver(&mismatch).await.outcome(), "quarantined");
    let stays = app.quarantine("").await[0]["quarantine_id"].as_str().expect("an id").to_owned();
    contract.holds(REPLAY, &app.replay(&stays).await.expect(200));
    let lost = app.open_order().await;
    app.pay_silently(&lost, "wave").await;
    for _ in 0..2 {
        contract.holds(ASK, &app.ask(&lost.order_id).await.expect(200));
    }
    contract.holds(RESEND, &app.resend(&json!({})).await.expect(200));
    for order_id in [&order.order_id, &app.open_order().await.order_id] {
        contract.holds(RETELL, &app.republish(order_id).await.expect(200));
    }
    contract.holds(HEALTH, &app.admin("GET", "/admin/health", &Value::Null).await.expect(200));
    are_refused(app, contract, &id, &order.order_id).await;
}

async fn are_refused(app: &TestApp, contract: &Contract, id: &str, order_id: &str) {
    for route in ROUTES {
        let (method, path) = at(route, id, order_id);
        contract.holds(route, &app.http.send(method, &app.url(&path), &[], "{}").await.expect(403));
        if route.contains('{') {
            contract.holds(route, &send(app, route, "unknown", "unknown").await.expect(404));
        }
        if method == "POST" || route == HEALTH {
            contract.holds(route, &large(app, method, &path).await.expect(413));
        }
    }
    for query in ["limit=0", "status=closed", "cursor=x"] {
        contract.holds(LIST, &app.admin("GET", &format!("/admin/quarantine?{query}"), &Value::Null).await.expect(400));
    }
    let (_, path) = at(RESEND, id, order_id);
    contract.holds(RESEND, &app.resend(&json!({ "limit": 0 })).await.expect(400));
    contract.holds(RESEND, &post(app, &path, "application/json", "{".to_owned()).await.expect(400));
    contract.holds(RESEND, &post(app, &path, "text/csv", "{}".to_owned()).await.expect(415));
    for (arg, status) in [(400, 502), (404, 502), (503, 503)] {
        app.lomi.fault(json!({ "target": "*", "kind": "status", "arg": arg, "times": null })).await;
        contract.holds(RESEND, &app.resend(&json!({})).await.expect(status));
        if status == 503 {
            contract.holds(ASK, &app.ask(order_id).await.expect(503));
        }
        app.lomi.clear_faults().await;
    }
    app.dynamodb.cut();
    for route in [LIST, GET, REPLAY, ASK, RETELL] {
        let answer = send(app, route, id, order_id).await;
        assert_eq!(answer.problem(), (503, "store_unavailable".to_owned()), "{route}");
        contract.holds(route, &answer);
    }
    contract.holds(HEALTH, &app.admin("GET", "/admin/health", &Value::Null).await.expect(200));
    app.dynamodb.mend();
}

fn at<'a>(route: &'a str, id: &str, order_id: &str) -> (&'a str, String) {
    let (method, path) = route.split_once(' ').expect("a route");
    (method, path.replace("{quarantine_id}", id).replace("{order_id}", order_id))
}

async fn send(app: &TestApp, route: &str, id: &str, order_id: &str) -> Answer {
    let (method, path) = at(route, id, order_id);
    app.admin(method, &path, &Value::Null).await
}

async fn large(app: &TestApp, method: &str, path: &str) -> Answer {
    let bearer = app.admin_bearer();
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    app.http.send(method, &app.url(path), &headers, " ".repeat(9 * 1024)).await
}

async fn post(app: &TestApp, path: &str, media_type: &str, body: String) -> Answer {
    let bearer = app.admin_bearer();
    app.http.send("POST", &app.url(path), &[("authorization", &bearer), ("content-type", media_type)], body).await
}

#[tokio::test]
async fn contract_and_code_agree_on_resend_bodies() {
    let (app, contract) = (TestApp::start().await, Contract::published());
    let place = "6c1d3c4e-9e0f-4d6c-8a6e-0d1b7c9f3a54";
    for (body, is_taken) in [
        (json!({}), true),
        (json!({ "since": "2026-11-20T03:00:00Z", "limit": 1 }), true),
        (json!({ "since": null, "limit": null, "cursor": null }), true),
        (json!({ "limit": 20, "cursor": format!("{place}.50") }), true),
        (json!({ "limit": 21 }), false),
        (json!({ "limit": 0 }), false),
        (json!({ "limit": -1 }), false),
        (json!({ "limit": 1.5 }), false),
        (json!({ "limit": "5" }), false),
        (json!({ "since": "yesterday" }), false),
        (json!({ "since": 5 }), false),
        (json!({ "cursor": "" }), false),
        (json!({ "cursor": place }), false),
        (json!({ "cursor": format!("{place}.1000000") }), false),
        (json!({ "until": "2026-11-20T03:00:00Z" }), false),
        (json!([]), false),
    ] {
        assert_eq!(contract.refuses(RESEND, &body).is_none(), is_taken, "the contract on {body}");
        let answer = app.resend(&body).await;
        assert_eq!(answer.status, if is_taken { 200 } else { 400 }, "the code on {body}: {}", answer.text());
    }
    app.audit().await;
}
