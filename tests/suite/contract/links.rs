//! The payment links' part of the contract: every answer, and every bound of a link.

use serde_json::{Value, json};
use tests::{Answer, TestApp};

use super::document::Contract;

const LIST: &str = "/admin/payment-links";
const NO_CODE: &str = "0000000000";
const NO_UUID: &str = "6c1d3c4e-9e0f-4d6c-8a6e-0d1b7c9f3a54";
const CREATE: &str = "POST /admin/payment-links";
const GET: &str = "GET /admin/payment-links/{id}";
const DELETE: &str = "DELETE /admin/payment-links/{id}";
const CHANGE: &str = "PATCH /admin/payment-links/{id}";
const PAY: &str = "GET /pay/{code}";
const THANKS: &str = "GET /pay/{code}/thanks";
const PICTURES: [(&str, &str); 2] =
    [("GET /payment-links/{id}/qr.svg", "qr.svg"), ("GET /payment-links/{id}/qr.png", "qr.png")];

fn native() -> Value {
    json!({ "kind": "native", "link_type": "instant", "title": "Don", "currency_code": "XOF", "amount": 5_000 })
}

async fn admin(app: &TestApp, method: &str, path: &str) -> Answer {
    app.admin(method, path, &Value::Null).await
}

async fn picture(app: &TestApp, id: &str, name: &str) -> Answer {
    app.http.get(&app.url(&format!("/payment-links/{id}/{name}")), &[]).await
}

/// Produces every answer of the contract at least once.
pub(super) async fn are_answered(app: &TestApp, contract: &Contract) {
    let once = app.post_link(&app.link_body(json!({ "max_payments": 1 })), "link").await.expect(201);
    contract.holds(CREATE, &once);
    contract.holds(CREATE, &app.post_link(&app.link_body(json!({ "max_payments": 1 })), "link").await.expect(201));
    contract.holds(CREATE, &app.post_link(&app.link_body(json!({})), "link").await.expect(422));
    let open = json!({ "open_amount": { "currency_code": "XOF", "min": 500, "max": 9_000 }, "metadata": { "a": "b" } });
    let items = json!({ "items": [{ "sku": "KARITE-500", "quantity": 1 }, { "sku": "DON-CANTINE", "quantity": 1, "amount": 5_000 }] });
    let open = app.link(open).await;
    let items = app.link(items).await;
    let own = app.post_link(&native(), "native").await.expect(201);
    contract.holds(CREATE, &own);
    let own = own.json()["id"].as_str().expect("an id").to_owned();
    for id in [&open, &items, &own] {
        contract.holds(GET, &admin(app, "GET", &format!("{LIST}/{id}")).await.expect(200));
        for (route, name) in PICTURES {
            contract.holds(route, &picture(app, id, name).await.expect(200));
        }
    }
    for query in ["", "?limit=1", "?kind=native", "?linkType=instant&isActive=true&offset=0&limit=20"] {
        contract.holds("GET /admin/payment-links", &admin(app, "GET", &format!("{LIST}{query}")).await.expect(200));
    }
    contract.holds(PAY, &app.follow(&open, "fr").await.expect(200));
    contract.holds(PAY, &app.follow(&items, "fr").await.expect(303));
    contract.holds(THANKS, &app.follow(&format!("{items}/thanks"), "fr").await.expect(200));
    contract.holds(DELETE, &admin(app, "DELETE", &format!("{LIST}/{open}")).await.expect(200));
    contract.holds(PAY, &app.follow(&open, "fr").await.expect(410));
    are_refused(app, contract, &own).await;
    lomi_fails(app, contract, &own, &items).await;
    the_catalogue_or_the_store_fails(app, contract).await;
}

async fn are_refused(app: &TestApp, contract: &Contract, own: &str) {
    changes(app, contract, own).await;
    for id in [NO_CODE, NO_UUID, "x"] {
        contract.holds(GET, &admin(app, "GET", &format!("{LIST}/{id}")).await.expect(404));
        for (route, name) in PICTURES {
            contract.holds(route, &picture(app, id, name).await.expect(404));
        }
    }
    contract.holds(DELETE, &admin(app, "DELETE", &format!("{LIST}/{NO_CODE}")).await.expect(404));
    contract.holds(PAY, &app.follow(NO_CODE, "fr").await.expect(404));
    contract.holds(THANKS, &app.follow("x/thanks", "fr").await.expect(404));
    contract.holds("GET /admin/payment-links", &admin(app, "GET", &format!("{LIST}?limit=0")).await.expect(400));
    for route in [CREATE, "GET /admin/payment-links", GET, CHANGE, DELETE] {
        let (method, path) = route.split_once(' ').expect("a route");
        let stranger = app.http.send(method, &app.url(&path.replace("{id}", NO_CODE)), &[], "").await;
        contract.holds(route, &stranger.expect(403));
    }
    let bearer = app.admin_bearer();
    for (media_type, body, status) in [
        ("application/json", "{}".to_owned(), 400),
        ("application/json", " ".repeat(17 * 1024), 413),
        ("text/csv", "{}".to_owned(), 415),
    ] {
        let headers = [("authorization", bearer.as_str()), ("content-type", media_type), ("idempotency-key", "x")];
        contract.holds(CREATE, &app.http.send("POST", &app.url(LIST), &headers, body).await.expect(status));
    }
}

async fn changes(app: &TestApp, contract: &Contract, own: &str) {
    let path = format!("{LIST}/{own}");
    let title = json!({ "title": "Don" });
    app.lomi.profile("june2026").await;
    contract.holds(DELETE, &admin(app, "DELETE", &path).await.expect(409));
    contract.holds(CHANGE, &app.admin("PATCH", &path, &title).await.expect(409));
    app.lomi.profile("current").await;
    contract.holds(CHANGE, &app.admin("PATCH", &path, &title).await.expect(200));
    contract.holds(CHANGE, &app.admin("PATCH", &path, &json!({})).await.expect(400));
    contract.holds(CHANGE, &app.admin("PATCH", &format!("{LIST}/{NO_UUID}"), &title).await.expect(404));
    let bearer = app.admin_bearer();
    for (media_type, body, status) in
        [("application/json", " ".repeat(17 * 1024), 413), ("text/csv", "{}".to_owned(), 415)]
    {
        let headers = [("authorization", bearer.as_str()), ("content-type", media_type)];
        contract.holds(CHANGE, &app.http.send("PATCH", &app.url(&path), &headers, body).await.expect(status));
    }
}

async fn lomi_fails(app: &TestApp, contract: &Contract, own: &str, items: &str) {
    for (arg, status) in [(400, 502), (503, 503)] {
        app.lomi.fault(json!({ "target": "*", "kind": "status", "arg": arg, "times": null })).await;
        contract.holds(PAY, &app.follow(items, "fr").await.expect(status));
        contract.holds(GET, &admin(app, "GET", &format!("{LIST}/{own}")).await.expect(status));
        contract.holds(DELETE, &admin(app, "DELETE", &format!("{LIST}/{own}")).await.expect(status));
        let title = json!({ "title": "Don" });
        contract.holds(CHANGE, &app.admin("PATCH", &format!("{LIST}/{own}"), &title).await.expect(status));
        let list = admin(app, "GET", &format!("{LIST}?kind=native")).await.expect(status);
        contract.holds("GET /admin/payment-links", &list);
        for (route, name) in PICTURES {
            contract.holds(route, &picture(app, own, name).await.expect(status));
        }
        // Unless lomi refuses outright, the call may have succeeded.
        contract.holds(CREATE, &app.post_link(&native(), &format!("lomi-{arg}")).await.expect(502));
        app.lomi.clear_faults().await;
    }
    contract.holds(CREATE, &app.post_link(&native(), "lomi-503").await.expect(409));
}

async fn the_catalogue_or_the_store_fails(app: &TestApp, contract: &Contract) {
    let product = json!({ "title": "Savon noir", "currency_code": "XOF", "amount": 450 });
    app.admin("PUT", "/admin/products/ESSAI-2", &product).await.expect(200);
    let code = app.link(json!({ "items": [{ "sku": "ESSAI-2", "quantity": 1 }] })).await;
    admin(app, "DELETE", "/admin/products/ESSAI-2").await.expect(204);
    contract.holds(PAY, &app.follow(&code, "fr").await.expect(409));
    app.dynamodb.cut();
    contract.holds(PAY, &app.follow(&code, "fr").await.expect(503));
    let body = app.link_body(json!({}));
    contract.holds(CREATE, &app.post_link(&body, "no-store").await.expect(503));
    for (route, method, path) in [
        ("GET /admin/payment-links", "GET", LIST.to_owned()),
        (GET, "GET", format!("{LIST}/{code}")),
        (DELETE, "DELETE", format!("{LIST}/{code}")),
    ] {
        contract.holds(route, &admin(app, method, &path).await.expect(503));
    }
    app.dynamodb.mend();
}

/// Fields of a link's body, with accepted values and then refused values.
fn managed_members() -> Vec<(&'static str, Vec<Value>, Vec<Value>)> {
    let text = |count: usize| json!("é".repeat(count));
    let open = |min: i64, max: i64| json!({ "currency_code": "XOF", "min": min, "max": max });
    vec![
        ("title", vec![text(1), text(200)], vec![text(0), text(201), json!(5), Value::Null]),
        ("description", vec![text(2000), Value::Null], vec![text(2001)]),
        (
            "amount",
            vec![json!(1), json!(1_000_000_000_000_i64)],
            vec![json!(0), json!(1_000_000_000_001_i64), json!(1.5)],
        ),
        ("currency_code", vec![json!("EUR")], vec![json!("GHS"), json!("xof")]),
        ("max_payments", vec![json!(1), json!(1_000_000)], vec![json!(0), json!(1_000_001), json!(-1), json!("1")]),
        ("expires_at", vec![json!("2099-12-31T23:59:59Z")], vec![json!("tomorrow"), json!(5)]),
        (
            "metadata",
            vec![json!({}), json!({ "a": "é".repeat(500), "b": 1, "c": true })],
            vec![json!({ "order_id": "x" }), json!({ "a": {} }), json!([])],
        ),
        ("success_url", vec![], vec![json!("x".repeat(2049)), json!(5)]),
        ("open_amount", vec![], vec![open(1, 2)]),
        ("items", vec![], vec![json!([{ "sku": "KARITE-500", "quantity": 1 }])]),
        ("link_type", vec![], vec![json!("instant")]),
        ("allow_quantity", vec![], vec![json!(true)]),
        ("kind", vec![Value::Null], vec![json!("other"), json!("native")]),
        ("prix", vec![], vec![json!(5)]),
    ]
}

/// The same for a product's link.
fn product_members() -> Vec<(&'static str, Vec<Value>, Vec<Value>)> {
    let printed = [lomi_sandbox::fixtures::PRODUCT_A, lomi_sandbox::fixtures::PRICE_A];
    let ids = |own: &str| vec![json!("x"), json!(""), json!(format!("{own}a b")), json!(5)];
    vec![
        ("product_id", vec![json!(printed[0])], ids("prod_")),
        ("price_id", vec![json!(printed[1])], ids("price_")),
        ("amount", vec![], vec![json!(5_000)]),
        ("kind", vec![Value::Null], vec![]),
    ]
}

fn native_members() -> Vec<(&'static str, Vec<Value>, Vec<Value>)> {
    vec![
        ("title", vec![json!("é".repeat(200))], vec![json!(""), json!("é".repeat(201))]),
        ("amount", vec![json!(1)], vec![json!(0), json!(1.5), json!(1_000_000_000_001_i64)]),
        ("currency_code", vec![json!("USD")], vec![json!("GHS")]),
        ("allow_coupon_code", vec![json!(true)], vec![json!("yes")]),
        ("allow_quantity", vec![json!(true)], vec![json!(1)]),
        ("require_billing_address", vec![json!(false)], vec![json!("no")]),
        ("link_type", vec![], vec![json!("product"), json!("donation")]),
        ("product_id", vec![], vec![json!(NO_UUID)]),
        ("metadata", vec![json!({ "a": "b" })], vec![json!({ "order_id": "x" }), json!({ "a": {} }), json!([])]),
        ("kind", vec![Value::Null], vec![json!("managed")]),
        ("max_payments", vec![], vec![json!(1)]),
    ]
}

#[tokio::test]
async fn contract_and_code_agree_on_links() {
    let (app, contract) = (TestApp::start().await, Contract::published());
    let product = json!({ "link_type": "product", "title": "Premium", "currency_code": "XOF",
        "product_id": lomi_sandbox::fixtures::PRODUCT_A });
    let bodies =
        [(app.link_body(json!({})), managed_members()), (native(), native_members()), (product, product_members())];
    for (base, members) in bodies {
        for (member, taken, refused) in members {
            let taken = taken.into_iter().map(|value| (value, true));
            for (value, is_taken) in taken.chain(refused.into_iter().map(|value| (value, false))) {
                let mut body = base.clone();
                body[member] = value;
                let said = contract.refuses(CREATE, &body);
                assert_eq!(said.is_none(), is_taken, "the contract on {body}: {said:?}");
                let answer = app.post_link(&body, &app.fresh_key()).await;
                let status = if is_taken { 201 } else { 400 };
                assert_eq!(answer.status, status, "the code on {body}: {}", answer.text());
            }
        }
    }
    app.audit().await;
}
