//! No secret and no personal data in any log line: every such value is sent through the stack on every route, and
//! then every line is searched for it, plain and in the usual encodings.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tests::{CardOrder, Created, EMAIL, Event, NAME, PHONE, TestApp, cart_token};

const LABEL: &str = "canary-label-5d1f";
const TITLE: &str = "Canary title 77c2";
const PATH: &str = "canary-path-90ab";
const KEY: &str = "canary-key-3e44";
const SECRETS: [&str; 3] = ["LOMI_SECRET_KEY_ID", "LOMI_WEBHOOK_SECRET_ID", "CART_TOKEN_SECRET_ID"];

/// The text itself, and its forms inside JSON, a URL, hexadecimal digits or any Base64.
fn disguises(canary: &str) -> Vec<String> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let url =
        |byte: u8| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let json = Value::from(canary).to_string();
    let mut all = vec![canary.to_owned(), json.trim_matches('"').to_owned(), hex(canary.as_bytes())];
    all.push(canary.bytes().map(url).collect());
    all.extend((0..3).flat_map(|shift| {
        [inside_base64(&STANDARD_NO_PAD, canary, shift), inside_base64(&URL_SAFE_NO_PAD, canary, shift)]
    }));
    all
}

/// The characters that depend on the canary alone when `shift` bytes precede it.
fn inside_base64(engine: &impl Engine, canary: &str, shift: usize) -> String {
    let bytes = [&[0; 3][..shift], canary.as_bytes()].concat();
    let encoded = engine.encode(&bytes);
    let (first, end) = ((shift * 8).div_ceil(6), bytes.len() * 8 / 6);
    encoded.chars().take(end).skip(first).collect()
}

fn hits(lines: &[String], canaries: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for canary in canaries {
        let disguises = disguises(canary);
        let lines = lines.iter().filter(|line| disguises.iter().any(|disguise| line.contains(disguise.as_str())));
        found.extend(lines.map(|line| format!("{canary} in {line}")));
    }
    found
}

fn lines(app: &TestApp) -> Vec<String> {
    app.stack.logs().into_iter().map(|line| line.line).collect()
}

#[tokio::test]
async fn no_log_line_has_a_secret_or_personal_data() {
    let app = TestApp::start().await;
    let mut canaries: Vec<String> = SECRETS.iter().map(|name| app.secret(name)).collect();
    canaries.extend([EMAIL, NAME, PHONE, LABEL, TITLE, PATH, KEY, app.stack.admin_token()].map(str::to_owned));
    for order in [paid(&app).await, declined(&app).await, by_cart_token(&app, &mut canaries).await] {
        canaries.extend([order.order_token, order.checkout_url]);
    }
    customer(&app, &mut canaries).await;
    canaries.extend(by_card(&app).await);
    canaries.push(by_link(&app).await);
    refused(&app).await;
    broken(&app).await;
    app.reconcile().await;
    app.stack.invoke_scheduled("webhook-endpoint").await.expect("it always ends well");

    let lines = lines(&app);
    for function in tests::FUNCTIONS {
        let own = app.stack.logs().into_iter().filter(|line| line.function == function).count();
        assert!(own >= 1, "{function} logs nothing, so nothing was searched");
    }
    assert_eq!(hits(&lines, &canaries), Vec::<String>::new());
    assert_each_would_be_found(&lines, &canaries);
    app.audit().await;
}

/// Shows that the search can fail: in a copy of the lines with one canary planted, exactly that one is found.
fn assert_each_would_be_found(lines: &[String], canaries: &[String]) {
    for canary in canaries {
        for disguise in disguises(canary) {
            let mut planted = lines.to_vec();
            let line = planted.last_mut().expect("a line");
            line.push_str(&disguise);
            let found = hits(&planted, canaries);
            assert!(found.iter().any(|hit| hit.starts_with(canary.as_str())), "{canary} as {disguise}");
        }
    }
}

fn cart(app: &TestApp) -> Value {
    let mut cart = app.cart(1);
    cart["metadata"] = json!({ LABEL: LABEL });
    cart["title"] = json!(TITLE);
    cart["success_url"] = json!(format!("{}/{PATH}#{{ORDER_ID}}.{{ORDER_TOKEN}}", app.origin));
    cart
}

async fn paid(app: &TestApp) -> Created {
    let order = Created::of(&app.create(&cart(app), KEY).await);
    let event = app.pay_silently(&order, "wave").await;
    let event = event.with("/data/customer_email", EMAIL).with("/data/customer_phone", PHONE);
    assert_eq!(app.deliver(&event).await.outcome(), "applied");
    app.deliver(&event.with("/data/transaction_id", EMAIL)).await;
    app.status(&order).await.expect(200);
    app.cancel(&order).await.expect(200);
    app.admin("GET", &format!("/admin/orders/{}", order.order_id), &Value::Null).await.expect(200);
    app.http.get(&app.url("/products"), &[]).await.expect(200);
    order
}

/// Returns the link's code, with which anyone can open pages.
async fn by_link(app: &TestApp) -> String {
    let terms = json!({ "title": TITLE, "description": TITLE, "metadata": { LABEL: LABEL },
        "success_url": format!("{}/{PATH}", app.origin) });
    let link = app.post_link(&app.link_body(terms), KEY).await.expect(201).json();
    let code = link["code"].as_str().expect("a code").to_owned();
    app.pay_led(&app.led(&code).await, "wave").await;
    app.http.get(link["qr_svg_url"].as_str().expect("an address"), &[("user-agent", TITLE)]).await.expect(200);
    app.follow(&format!("{PATH}?amount={EMAIL}"), "fr").await.expect(404);
    code
}

async fn declined(app: &TestApp) -> Created {
    let order = Created::of(&app.create(&cart(app), &app.fresh_key()).await);
    let form =
        json!({ "method": "card", "card_number": "4000000000000002", "email": EMAIL, "phone": PHONE, "name": NAME });
    app.lomi.pay_with(&order.session_id, &form).await;
    app.wait_for(&order.order_id, "failed_attempt").await;
    order
}

async fn by_cart_token(app: &TestApp, canaries: &mut Vec<String>) -> Created {
    let claims = json!({ "amount": 4_000, "currency_code": "XOF", "reference": LABEL, "exp": cart_token::in_s(600) });
    let token = cart_token::sign(&claims, &app.secret("CART_TOKEN_SECRET_ID"));
    let body = app.body(json!({ "cart_token": token }));
    canaries.push(token);
    Created::of(&app.create(&body, &app.fresh_key()).await)
}

/// A customer from creation to deletion, with every field and every route, successful, refused and failed.
async fn customer(app: &TestApp, canaries: &mut Vec<String>) {
    const ADDRESS: &str = "Canary street 4b9e";
    canaries.push(ADDRESS.to_owned());
    let profile = json!({
        "name": NAME, "email": EMAIL, "phone_number": PHONE, "whatsapp_number": PHONE, "country": ADDRESS,
        "city": ADDRESS, "address": ADDRESS, "postal_code": ADDRESS, "metadata": { LABEL: LABEL },
    });
    let made = app.create_customer(&profile).await.expect(201).json();
    let path = format!("/admin/customers/{}", made["customer_id"].as_str().expect("an id"));
    let search = format!("/admin/customers?search={}&cursor=", EMAIL.replace('@', "%40"));
    app.admin("PATCH", &path, &profile).await.expect(200);
    app.admin("PATCH", &path, &json!({ "email": format!("{EMAIL} x") })).await.expect(400);
    app.admin("GET", &format!("/admin/customers/{EMAIL}"), &Value::Null).await.expect(404);
    app.admin("GET", &search, &Value::Null).await.expect(200);
    app.admin("GET", &format!("{search}{LABEL}"), &Value::Null).await.expect(400);
    app.admin("GET", &format!("{path}/transactions"), &Value::Null).await.expect(200);
    for (kind, arg, status) in [("status", json!(400), 502), ("html_502", Value::Null, 502)] {
        app.lomi.fault(json!({ "target": "POST /customers", "kind": kind, "arg": arg, "times": null })).await;
        app.create_customer(&profile).await.expect(status);
        app.lomi.clear_faults().await;
    }
    app.admin("DELETE", &path, &Value::Null).await.expect(204);
}

/// A card form from its intent to its end; returns the values that must not be logged.
async fn by_card(app: &TestApp) -> [String; 2] {
    let mut cart = app.card_cart(1);
    cart["metadata"] = json!({ LABEL: LABEL });
    cart["description"] = json!(TITLE);
    let card = CardOrder::of(&app.create_intent(&cart, &app.fresh_key()).await);
    app.create_intent(&app.card_body(json!({ "customer_email": format!("{EMAIL} x") })), KEY).await.expect(400);
    app.lomi.present_card(&card.intent_id, &card.client_secret, "4000000000000002").await;
    app.cancel_intent(&card.intent_id).await.expect(200);
    app.cancel_intent(&card.client_secret).await.expect(404);
    [card.client_secret, card.order.order_token]
}

/// Every refusal could repeat what it refuses.
async fn refused(app: &TestApp) {
    for (member, value) in [
        ("customer_email", json!(format!("{EMAIL} x"))),
        ("customer_phone", json!(format!("{PHONE}x"))),
        ("customer_name", json!(format!("{NAME}\n"))),
        ("cancel_url", json!(format!("https://evil.example/{PATH}"))),
        ("allowed_providers", json!([LABEL])),
        (LABEL, json!(EMAIL)),
        ("items", json!([{ "sku": LABEL, "quantity": 1 }])),
        ("cart_token", json!(LABEL)),
    ] {
        let mut body = cart(app);
        body[member] = value;
        app.create(&body, &app.fresh_key()).await.expect(400);
    }
    app.create(&app.cart(2), KEY).await.expect(422);
    app.status_with(EMAIL, PHONE).await.expect(404);
    let forged = Event::new(LABEL, json!({ "customer_email": EMAIL }));
    app.deliver_signed_with(&forged, "whsec_0123456789abcdef0123456789abcdef").await.expect(401);
    app.deliver_bytes(&format!("{{{EMAIL}")).await.expect(200);
    operated(app).await;
    app.admin("GET", &format!("/admin/orders?cursor={LABEL}&status="), &Value::Null).await.expect(400);
}

/// The operator's own answer shows the stored event; no log line does.
async fn operated(app: &TestApp) {
    for item in app.quarantine("").await {
        assert!(!item.to_string().contains(EMAIL), "{item}");
        let id = item["quarantine_id"].as_str().expect("an id");
        let shown = app.admin("GET", &format!("/admin/quarantine/{id}"), &Value::Null).await.expect(200);
        assert!(shown.json()["raw"].is_string());
        app.replay(id).await.expect(200);
    }
    app.replay(EMAIL).await.expect(404);
    app.resend(&json!({ "cursor": EMAIL })).await.expect(400);
}

/// Every failure could repeat its request.
async fn broken(app: &TestApp) {
    for kind in ["drop_connection", "html_502", "truncated_json", "commit_then_500"] {
        app.lomi.fault(json!({ "target": "POST /checkout-sessions", "kind": kind, "times": null })).await;
        app.create(&cart(app), &app.fresh_key()).await.expect(503);
        app.lomi.clear_faults().await;
    }
    app.lomi.fault(json!({ "target": "POST /checkout-sessions", "kind": "status", "arg": 400, "times": null })).await;
    app.create(&cart(app), &app.fresh_key()).await.expect(502);
    app.lomi.clear_faults().await;
    app.dynamodb.cut();
    app.create(&cart(app), &app.fresh_key()).await.expect(503);
    app.deliver(&Event::new("PAYMENT_SUCCEEDED", json!({ "customer_email": EMAIL }))).await.expect(503);
    app.dynamodb.mend();
}
