//! The stack's refusals match the contract.

use futures::future::join_all;
use serde_json::{Value, json};
use tests::{Answer, Created, Event, TestApp};

use super::document::Contract;

const CREATES: [&str; 4] =
    ["/checkout-sessions", "/admin/checkout-sessions", "/payment-intents", "/admin/payment-intents"];

/// A body that the create at `path` accepts.
fn cart(app: &TestApp, path: &str, quantity: u32) -> Value {
    if path.ends_with("/payment-intents") { app.card_cart(quantity) } else { app.cart(quantity) }
}

async fn create(app: &TestApp, path: &str, key: &str) -> Answer {
    let body = cart(app, path, 1);
    match path {
        "/checkout-sessions" => app.create(&body, key).await,
        "/admin/checkout-sessions" => app.create_as_admin(&body, key).await,
        "/payment-intents" => app.create_intent(&body, key).await,
        _ => app.create_intent_as_admin(&body, key).await,
    }
}

pub(super) async fn of_bad_requests(app: &TestApp, contract: &Contract) {
    for path in CREATES {
        let route = format!("POST {path}");
        let refused = |status, code: &'static str, headers: Vec<(&'static str, &'static str)>, body: String| {
            let (route, contract) = (&route, contract);
            async move {
                let answer = as_admin(app, "POST", path, &headers, body).await;
                assert_eq!(answer.problem(), (status, code.to_owned()));
                contract.holds(route, &answer);
            }
        };
        let (key, json) =
            (("idempotency-key", "used-0123456789abcdef0123456789abcdef"), ("content-type", "application/json"));
        let one = cart(app, path, 1).to_string();
        refused(400, "validation_failed", vec![key, json], "{}".to_owned()).await;
        refused(400, "malformed_json", vec![key, json], "{".to_owned()).await;
        // The merchant's backend may leave the key out.
        let no_key = if path.starts_with("/admin") { vec![("idempotency-key", "a b"), json] } else { vec![json] };
        refused(400, "idempotency_key_required", no_key, one.clone()).await;
        if !path.starts_with("/admin") {
            refused(400, "idempotency_key_guessable", vec![("idempotency-key", "undefined"), json], one.clone()).await;
        }
        refused(413, "payload_too_large", vec![key, json], " ".repeat(33 * 1024)).await;
        refused(415, "unsupported_media_type", vec![key, ("content-type", "text/plain")], one.clone()).await;
        as_admin(app, "POST", path, &[key, json], one).await.expect(201);
        refused(422, "idempotency_key_reused", vec![key, json], cart(app, path, 2).to_string()).await;
    }
    let list = app.admin("GET", "/admin/orders?limit=0", &Value::Null).await.expect(400);
    contract.holds("GET /admin/orders", &list);
    let (path, route) = ("/admin/products/ESSAI-1", "PUT /admin/products/{sku}");
    let json = ("content-type", "application/json");
    contract.holds(route, &as_admin(app, "PUT", path, &[json], "{}".to_owned()).await.expect(400));
    contract.holds(route, &as_admin(app, "PUT", path, &[json], " ".repeat(17 * 1024)).await.expect(413));
    contract
        .holds(route, &as_admin(app, "PUT", path, &[("content-type", "text/csv")], "{}".to_owned()).await.expect(415));
    let order = app.open_order().await;
    let cancel = format!("/orders/{}/cancel", order.order_id);
    let large = app.http.send("POST", &app.url(&cancel), &[], " ".repeat(9 * 1024)).await.expect(413);
    contract.holds("POST /orders/{order_id}/cancel", &large);
    let large = as_admin(app, "POST", "/admin/payment-intents/pi_x/cancel", &[], " ".repeat(33 * 1024)).await;
    contract.holds("POST /admin/payment-intents/{payment_intent_id}/cancel", &large.expect(413));
    let large = app.http.send("POST", &app.url("/webhooks/lomi"), &[json], " ".repeat(257 * 1024)).await.expect(413);
    contract.holds("POST /webhooks/lomi", &large);
}

pub(super) async fn of_strangers(app: &TestApp, contract: &Contract) {
    contract.holds("GET /orders/{order_id}", &app.status_with("unknown", "x").await.expect(404));
    let mut stranger = app.open_order().await;
    stranger.order_token = "0".repeat(64);
    contract.holds("POST /orders/{order_id}/cancel", &app.cancel(&stranger).await.expect(404));
    for (route, path) in [
        ("GET /admin/orders/{order_id}", "/admin/orders/unknown"),
        ("GET /admin/products/{sku}", "/admin/products/UNKNOWN"),
        ("DELETE /admin/products/{sku}", "/admin/products/UNKNOWN"),
        (CANCEL_INTENT, "/admin/payment-intents/pi_unknown/cancel"),
    ] {
        let method = route.split(' ').next().expect("a method");
        contract.holds(route, &app.admin(method, path, &Value::Null).await.expect(404));
    }
    for (route, path) in BACK_OFFICE {
        let method = route.split(' ').next().expect("a method");
        contract.holds(route, &app.http.send(method, &app.url(path), &[], "").await.expect(403));
    }
    let forged = Event::new("PAYMENT_SUCCEEDED", json!({}));
    let answer = app.deliver_signed_with(&forged, "whsec_0123456789abcdef0123456789abcdef").await;
    assert_eq!(answer.problem(), (401, "unauthorized".to_owned()));
    contract.holds("POST /webhooks/lomi", &answer);
}

const CANCEL_INTENT: &str = "POST /admin/payment-intents/{payment_intent_id}/cancel";

const BACK_OFFICE: [(&str, &str); 9] = [
    ("POST /admin/checkout-sessions", "/admin/checkout-sessions"),
    ("POST /admin/payment-intents", "/admin/payment-intents"),
    (CANCEL_INTENT, "/admin/payment-intents/pi_unknown/cancel"),
    ("GET /admin/orders", "/admin/orders"),
    ("GET /admin/orders/{order_id}", "/admin/orders/unknown"),
    ("GET /admin/products", "/admin/products"),
    ("GET /admin/products/{sku}", "/admin/products/UNKNOWN"),
    ("PUT /admin/products/{sku}", "/admin/products/UNKNOWN"),
    ("DELETE /admin/products/{sku}", "/admin/products/UNKNOWN"),
];

pub(super) async fn of_lomi(app: &TestApp, contract: &Contract) {
    for path in CREATES {
        let route = format!("POST {path}");
        let is_card = path.ends_with("/payment-intents");
        let target = if is_card { "POST /charge/card" } else { "POST /checkout-sessions" };
        let fail = |status: u16| json!({ "target": target, "kind": "status", "arg": status, "times": null });
        app.lomi.fault(fail(400)).await;
        let refused = create(app, path, &app.fresh_key()).await;
        assert_eq!(refused.problem(), (502, "provider_rejected".to_owned()));
        contract.holds(&route, &refused);
        app.lomi.clear_faults().await;
        app.lomi.fault(fail(500)).await;
        let key = app.fresh_key();
        let unavailable = create(app, path, &key).await;
        assert_eq!(unavailable.problem(), (503, "provider_unavailable".to_owned()));
        contract.holds(&route, &unavailable);
        let early = create(app, path, &key).await;
        assert_eq!(early.problem(), (409, "idempotency_in_progress".to_owned()));
        contract.holds(&route, &early);
        app.lomi.clear_faults().await;
        if is_card {
            app.lomi.quirks(json!({ "card_rail_muted": true })).await;
            let muted = create(app, path, &app.fresh_key()).await;
            assert_eq!(muted.problem(), (503, "card_unavailable".to_owned()));
            contract.holds(&route, &muted);
            app.lomi.quirks(json!({ "card_rail_muted": false })).await;
        } else {
            contract.holds(&route, &of_a_debtor(app, path).await);
        }
    }
}

/// lomi neither ends the intent nor returns it.
pub(super) async fn of_an_intent(app: &TestApp, contract: &Contract) {
    let card = app.open_card_order().await;
    for target in ["POST /charge/card/{id}/cancel", "GET /charge/card/{id}"] {
        app.lomi.fault(json!({ "target": target, "kind": "status", "arg": 400, "times": null })).await;
    }
    let refused = app.cancel_intent(&card.intent_id).await;
    assert_eq!(refused.problem(), (502, "provider_rejected".to_owned()));
    contract.holds(CANCEL_INTENT, &refused);
    app.lomi.clear_faults().await;
}

/// A customer with an unpaid invoice at lomi.
async fn of_a_debtor(app: &TestApp, path: &str) -> Answer {
    let customer = app.lomi.customer().await;
    app.lomi.block_with_invoice(&customer, 5_000).await;
    let mut body = app.cart(1);
    body["customer_id"] = json!(customer);
    let key = app.fresh_key();
    let answer =
        if path == CREATES[0] { app.create(&body, &key).await } else { app.create_as_admin(&body, &key).await };
    assert_eq!(answer.problem(), (402, "invoice_payment_required".to_owned()));
    answer
}

/// Without its table the stack answers with a Retry-After on every route.
pub(super) async fn of_the_store(app: &TestApp, contract: &Contract) {
    let order = app.open_order().await;
    let event = Event::new("PAYMENT_SUCCEEDED", json!({ "transaction_id": "6c1d3c4e-9e0f-4d6c-8a6e-0d1b7c9f3a54" }));
    app.dynamodb.cut();
    let public = [
        ("POST /checkout-sessions", app.create(&app.cart(1), "no-store").await),
        ("POST /payment-intents", app.create_intent(&app.card_cart(1), "no-store").await),
        ("POST /admin/payment-intents", app.create_intent_as_admin(&app.card_cart(1), "no-store").await),
    ];
    let own = [
        ("GET /orders/{order_id}", app.status(&order).await),
        ("POST /orders/{order_id}/cancel", app.cancel(&order).await),
        ("POST /webhooks/lomi", app.deliver(&event).await),
        ("GET /products", app.http.get(&app.url("/products"), &[]).await),
        ("POST /admin/checkout-sessions", app.create_as_admin(&app.cart(1), "no-store").await),
    ];
    let closed = join_all(BACK_OFFICE[2..].iter().map(|(route, path)| back_office(app, &order, route, path))).await;
    for (route, answer) in public.into_iter().chain(own).chain(closed) {
        assert_eq!(answer.problem(), (503, "store_unavailable".to_owned()), "{route}");
        contract.holds(route, &answer);
    }
    app.dynamodb.mend();
}

async fn back_office<'a>(app: &TestApp, order: &Created, route: &'a str, path: &str) -> (&'a str, Answer) {
    let product = json!({ "title": "Savon noir", "currency_code": "XOF", "amount": 450 });
    let (method, _) = route.split_once(' ').expect("a route");
    let body = if method == "PUT" { product } else { Value::Null };
    (route, app.admin(method, &path.replace("/orders/unknown", &format!("/orders/{}", order.order_id)), &body).await)
}

async fn as_admin(app: &TestApp, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
    let bearer = app.admin_bearer();
    let headers: Vec<_> = headers.iter().copied().chain([("authorization", bearer.as_str())]).collect();
    app.http.send(method, &app.url(path), &headers, body).await
}
