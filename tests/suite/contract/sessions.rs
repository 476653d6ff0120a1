//! The part of the contract about lomi's sessions.

use serde_json::{Value, json};
use tests::{Answer, TestApp};

use super::document::Contract;

const LIST: &str = "/admin/checkout-sessions";
const ROUTES: [(&str, &str); 2] = [
    ("GET /admin/checkout-sessions", LIST),
    (
        "GET /admin/checkout-sessions/{checkout_session_id}",
        "/admin/checkout-sessions/6c1d3c4e-9e0f-4d6c-8a6e-0d1b7c9f3a54",
    ),
];

async fn ask(app: &TestApp, path: &str) -> Answer {
    app.admin("GET", path, &Value::Null).await
}

/// Produces every answer of the contract at least once.
pub(super) async fn are_answered(app: &TestApp, contract: &Contract) {
    let order = app.open_order().await;
    for query in ["", "?limit=1", "?page=2&limit=1", "?status=expired"] {
        contract.holds(ROUTES[0].0, &ask(app, &format!("{LIST}{query}")).await.expect(200));
    }
    contract.holds(ROUTES[1].0, &ask(app, &format!("{LIST}/{}", order.session_id)).await.expect(200));
    contract.holds(ROUTES[0].0, &ask(app, &format!("{LIST}?status=paid")).await.expect(400));
    contract.holds(ROUTES[1].0, &ask(app, ROUTES[1].1).await.expect(404));
    for (route, path) in ROUTES {
        contract.holds(route, &app.http.get(&app.url(path), &[]).await.expect(403));
        for (arg, status) in [(400, 502), (503, 503)] {
            app.lomi.fault(json!({ "target": "*", "kind": "status", "arg": arg, "times": null })).await;
            contract.holds(route, &ask(app, path).await.expect(status));
            app.lomi.clear_faults().await;
        }
    }
}
