//! The customers' part of the contract: every answer, and every bound of a profile.

use serde_json::{Value, json};
use tests::{Answer, TestApp};

use super::document::Contract;

const LIST: &str = "/admin/customers";
const NOBODY: &str = "/admin/customers/6c1d3c4e-9e0f-4d6c-8a6e-0d1b7c9f3a54";
const ROUTES: [(&str, &str); 6] = [
    ("POST /admin/customers", LIST),
    ("GET /admin/customers", LIST),
    ("GET /admin/customers/{customer_id}", NOBODY),
    ("PATCH /admin/customers/{customer_id}", NOBODY),
    ("DELETE /admin/customers/{customer_id}", NOBODY),
    (
        "GET /admin/customers/{customer_id}/transactions",
        "/admin/customers/6c1d3c4e-9e0f-4d6c-8a6e-0d1b7c9f3a54/transactions",
    ),
];

const TEXTS: [&str; 7] = ["email", "phone_number", "whatsapp_number", "country", "city", "address", "postal_code"];

fn profile() -> Value {
    json!({ "name": "Amadou Ba", "email": "amadou.ba@example.com", "metadata": { "vip": true } })
}

async fn ask(app: &TestApp, route: &str, path: &str) -> Answer {
    let (method, _) = route.split_once(' ').expect("a route");
    let body = if matches!(method, "POST" | "PATCH") { profile() } else { Value::Null };
    app.admin(method, path, &body).await
}

/// Produces every answer of the contract at least once.
pub(super) async fn are_answered(app: &TestApp, contract: &Contract) {
    let id =
        app.create_customer(&profile()).await.expect(201).json()["customer_id"].as_str().expect("an id").to_owned();
    let mut cart = app.cart(1);
    cart["customer_id"] = json!(id);
    let order = tests::Created::of(&app.create(&cart, &app.fresh_key()).await);
    app.pay(&order, "wave").await;
    app.wait_for(&order.order_id, "paid").await;
    for (route, path) in ROUTES {
        let path = path.replace(NOBODY, &format!("{LIST}/{id}"));
        if !route.starts_with("DELETE") {
            contract.holds(route, &ask(app, route, &path).await);
        }
    }
    let numbered = app.admin("GET", "/admin/customers?page=2&pageSize=1", &Value::Null).await.expect(200);
    contract.holds("GET /admin/customers", &numbered);
    contract
        .holds(ROUTES[3].0, &app.admin("PATCH", &format!("{LIST}/{id}"), &json!({ "email": null })).await.expect(409));
    let paged = app.admin("GET", "/admin/customers?limit=1", &Value::Null).await.expect(200);
    assert!(paged.json()["next_cursor"].is_string());
    contract.holds("GET /admin/customers", &paged);
    contract.holds(ROUTES[4].0, &app.admin("DELETE", &format!("{LIST}/{id}"), &Value::Null).await.expect(204));
    are_refused(app, contract).await;
}

async fn are_refused(app: &TestApp, contract: &Contract) {
    for (route, path) in ROUTES {
        let (method, _) = route.split_once(' ').expect("a route");
        contract.holds(route, &app.http.send(method, &app.url(path), &[], "").await.expect(403));
        if path != LIST {
            contract.holds(route, &ask(app, route, path).await.expect(404));
        }
        for (arg, status) in [(400, 502), (503, 503)] {
            app.lomi.fault(json!({ "target": "*", "kind": "status", "arg": arg, "times": null })).await;
            let expected = if (method, arg) == ("POST", 503) { 502 } else { status };
            contract.holds(route, &ask(app, route, path).await.expect(expected));
            app.lomi.clear_faults().await;
        }
    }
    app.lomi.fault(json!({ "target": "*", "kind": "status", "arg": 429, "times": null })).await;
    contract.holds(ROUTES[0].0, &ask(app, ROUTES[0].0, LIST).await.expect(503));
    app.lomi.clear_faults().await;
    contract
        .holds("GET /admin/customers", &app.admin("GET", "/admin/customers?type=x", &Value::Null).await.expect(400));
    let bearer = app.admin_bearer();
    for (route, path) in [ROUTES[0], ROUTES[3]] {
        let (method, _) = route.split_once(' ').expect("a route");
        for (media_type, body, status) in [
            ("application/json", "{}".to_owned(), 400),
            ("application/json", " ".repeat(17 * 1024), 413),
            ("text/csv", "{}".to_owned(), 415),
        ] {
            let headers = [("authorization", bearer.as_str()), ("content-type", media_type)];
            contract.holds(route, &app.http.send(method, &app.url(path), &headers, body).await.expect(status));
        }
    }
}

/// A field, with accepted values and then refused values.
fn members() -> Vec<(&'static str, Vec<Value>, Vec<Value>)> {
    let text = |count: usize| json!("é".repeat(count));
    let phones = || {
        let taken = vec![json!("+2217712345"), json!("00 221 (77) 12.34-56")];
        (taken, vec![json!("771234567"), json!("+123456"), json!("+1234567890123456"), json!("")])
    };
    let of_length = |max| (vec![text(1), text(max)], vec![text(0), json!(" "), text(max + 1), json!(5)]);
    let mut all = vec![
        ("name", (vec![text(1), text(200)], vec![text(0), text(201), Value::Null])),
        ("email", (vec![json!("awa@example.ci")], vec![json!(""), json!("awa")])),
        ("phone_number", phones()),
        ("whatsapp_number", phones()),
        ("country", of_length(100)),
        ("city", of_length(100)),
        ("address", of_length(500)),
        ("postal_code", of_length(32)),
        ("is_business", (vec![json!(true)], vec![json!("yes"), json!(1), Value::Null])),
        ("nom", (vec![], vec![json!("Ba")])),
    ];
    let labels =
        |count: usize| json!((0..count).map(|n| (format!("n{n}"), json!(n))).collect::<serde_json::Map<_, _>>());
    let taken = vec![json!({}), labels(50), json!({ "a-b.c_1": "é".repeat(500), "vip": true, "points": 12 })];
    let refused = vec![
        labels(51),
        json!({ "a": "é".repeat(501) }),
        json!({ "n".repeat(41): "" }),
        json!({ "stripe_x": "" }),
        json!({ "a": {} }),
        json!({ "a": [] }),
        json!({ "a": null }),
        json!([]),
        Value::Null,
    ];
    all.push(("metadata", (taken, refused)));
    all.into_iter().map(|(member, (taken, refused))| (member, taken, refused)).collect()
}

#[tokio::test]
async fn contract_and_code_agree_on_customer_profiles() {
    let (app, contract) = (TestApp::start().await, Contract::published());
    let id = app.named_customer("Amadou Ba").await;
    let own = format!("{LIST}/{id}");
    app.lomi.quirks(json!({ "customer_texts_cleared": true })).await;
    for (route, path, status) in [(ROUTES[0].0, LIST, 201), (ROUTES[3].0, own.as_str(), 200)] {
        let (method, _) = route.split_once(' ').expect("a route");
        for (member, mut taken, mut refused) in members() {
            // In an update, null clears a text; a new customer has no text to clear.
            if TEXTS.contains(&member) {
                if method == "PATCH" { &mut taken } else { &mut refused }.push(Value::Null);
            }
            let taken = taken.into_iter().map(|value| (value, true));
            for (value, is_taken) in taken.chain(refused.into_iter().map(|value| (value, false))) {
                let mut body = profile();
                body[member] = value.clone();
                let said = contract.refuses(route, &body);
                assert_eq!(said.is_none(), is_taken, "{route}: the contract on {member} = {value}: {said:?}");
                let answer = app.admin(method, path, &body).await;
                let expected = if is_taken { status } else { 400 };
                assert_eq!(answer.status, expected, "{route}: the code on {member} = {value}: {}", answer.text());
            }
        }
        let empty = json!({});
        assert!(contract.refuses(route, &empty).is_some(), "{route}");
        app.admin(method, path, &empty).await.expect(400);
    }
    app.audit().await;
}
