//! Who sets the price: never a browser.

use serde_json::{Value, json};
use tests::{Answer, Created, Setup, TestApp};

const DONATION: &str = "DON-CANTINE";

fn items(lines: Value) -> Value {
    json!({ "items": lines })
}

async fn create(app: &TestApp, pricing: Value) -> Answer {
    app.create(&app.body(pricing), &app.fresh_key()).await
}

/// The pointers of a refusal that wrote nothing and did not call lomi.
async fn refused(app: &TestApp, pricing: Value) -> Vec<String> {
    let answer = create(app, pricing).await;
    assert_eq!(answer.problem(), (400, "validation_failed".to_owned()));
    assert!(app.orders().await.is_empty() && app.lomi.sessions().await.is_empty());
    answer.pointers()
}

#[tokio::test]
async fn a_cart_costs_what_the_catalogue_says() {
    let app = TestApp::start().await;
    let lines = json!([
        { "sku": "PAGNE-WAX-6Y", "quantity": 2 },
        { "sku": "BISSAP-1L", "quantity": 3 },
        { "sku": DONATION, "quantity": 1, "amount": 1500 },
    ]);
    let order = Created::of(&create(&app, items(lines)).await);
    assert_eq!(order.amount, 2 * 12_500 + 3 * 2_000 + 1_500);
    app.pay(&order, "wave").await;
    app.wait_for(&order.order_id, "paid").await;
    app.audit().await;
}

#[tokio::test]
async fn an_open_amount_stays_within_its_bounds() {
    let app = TestApp::start().await;
    let pointer = ["/items/0/amount"];
    for amount in [json!(499), json!(500_001), json!(-500), json!(0)] {
        let line = json!([{ "sku": DONATION, "quantity": 1, "amount": amount }]);
        assert_eq!(refused(&app, items(line)).await, pointer, "{amount}");
    }
    assert_eq!(refused(&app, items(json!([{ "sku": DONATION, "quantity": 1 }]))).await, pointer);
    for (amount, quantity) in [(500, 1), (500_000, 1), (500, 3)] {
        let line = json!([{ "sku": DONATION, "quantity": quantity, "amount": amount }]);
        assert_eq!(Created::of(&create(&app, items(line)).await).amount, amount * quantity);
    }
    app.audit().await;
}

#[tokio::test]
async fn a_shopper_cannot_name_the_price_of_a_priced_article() {
    let app = TestApp::start().await;
    let cheap = json!([{ "sku": "PAGNE-WAX-6Y", "quantity": 1, "amount": 1 }]);
    assert_eq!(refused(&app, items(cheap)).await, ["/items/0/amount"]);
    assert_eq!(refused(&app, json!({ "amount": 1, "currency_code": "XOF" })).await, ["/amount"]);
    let mut both = items(json!([{ "sku": "PAGNE-WAX-6Y", "quantity": 1 }]));
    both["currency_code"] = "XOF".into();
    assert_eq!(refused(&app, both).await, ["/currency_code"]);
    app.audit().await;
}

#[tokio::test]
async fn an_article_not_for_sale_has_no_price() {
    let app = TestApp::start().await;
    let inactive = json!({ "title": "Ancien", "currency_code": "XOF", "amount": 100, "active": false });
    app.admin("PUT", "/admin/products/ANCIEN", &inactive).await.expect(200);
    app.admin("DELETE", "/admin/products/BISSAP-1L", &Value::Null).await.expect(204);
    for sku in ["NOPE", "ANCIEN", "BISSAP-1L"] {
        let lines = json!([{ "sku": "PAGNE-WAX-6Y", "quantity": 1 }, { "sku": sku, "quantity": 1 }]);
        assert_eq!(refused(&app, items(lines)).await, ["/items/1/sku"], "{sku}");
    }
    let shown = app.http.get(&app.url("/products"), &[]).await.expect(200).json();
    assert!(!shown.to_string().contains("ANCIEN"), "an inactive product is not shown");
    app.audit().await;
}

#[tokio::test]
async fn one_order_has_one_currency() {
    let app = TestApp::start().await;
    let ebook = json!({ "title": "E-book", "currency_code": "EUR", "amount": 999 });
    app.admin("PUT", "/admin/products/EBOOK", &ebook).await.expect(200);
    let mixed = json!([{ "sku": "PAGNE-WAX-6Y", "quantity": 1 }, { "sku": "EBOOK", "quantity": 1 }]);
    assert_eq!(refused(&app, items(mixed)).await, ["/items/1/sku"]);
    // Alone it is sold, in cents here and in euros at lomi.
    let order = Created::of(&create(&app, items(json!([{ "sku": "EBOOK", "quantity": 2 }]))).await);
    assert_eq!(order.amount, 1998);
    assert_eq!(app.lomi.sessions().await[0]["amount"].to_string(), "19.98");
    app.pay(&order, "card").await;
    app.wait_for(&order.order_id, "paid").await;
    app.audit().await;
}

#[tokio::test]
async fn a_cart_has_exactly_one_pricing_mode() {
    let app = TestApp::start().await;
    let mut two = items(json!([{ "sku": "PAGNE-WAX-6Y", "quantity": 1 }]));
    two["price_id"] = lomi_sandbox::fixtures::PRICE_A.into();
    for pricing in [json!({}), two] {
        assert_eq!(refused(&app, pricing).await, [""]);
    }
    app.audit().await;
}

#[tokio::test]
async fn quantities_and_lines_are_bounded() {
    let app = TestApp::start().await;
    for quantity in [0, 1000] {
        let line = json!([{ "sku": "PAGNE-WAX-6Y", "quantity": quantity }]);
        assert_eq!(refused(&app, items(line)).await, ["/items/0/quantity"]);
    }
    assert_eq!(refused(&app, items(json!([]))).await, ["/items"]);
    let lines = vec![json!({ "sku": "PAGNE-WAX-6Y", "quantity": 1 }); 51];
    assert_eq!(refused(&app, items(lines.into())).await, ["/items"]);
    app.audit().await;
}

#[tokio::test]
async fn an_order_takes_its_amount_from_lomis_catalogue() {
    let app = TestApp::start().await;
    use lomi_sandbox::fixtures::{PRICE_A, PRODUCT_A};
    let line_items = json!([{ "price_id": PRICE_A, "quantity": 2 }]);
    for (pricing, amount) in [
        (json!({ "price_id": PRICE_A }), 5_000),
        (json!({ "product_id": PRODUCT_A }), 5_000),
        (json!({ "line_items": line_items }), 10_000),
    ] {
        let order = Created::of(&create(&app, pricing.clone()).await);
        assert_eq!(order.amount, amount, "{pricing}");
        app.pay(&order, "card").await;
        app.wait_for(&order.order_id, "paid").await;
    }
    app.audit().await;
}

#[tokio::test]
async fn an_order_priced_by_lomi_shows_its_items() {
    let app = TestApp::start().await;
    use lomi_sandbox::fixtures::{PRICE_A, PRODUCT_A};
    let price = |quantity: u32| json!({ "price_id": PRICE_A, "product_id": null, "quantity": quantity });
    for (pricing, shown, told) in [
        (json!({ "price_id": PRICE_A, "quantity": 3 }), json!([price(3)]), format!("price:{PRICE_A}:3")),
        (
            json!({ "product_id": PRODUCT_A, "quantity": 2 }),
            json!([{ "price_id": null, "product_id": PRODUCT_A, "quantity": 2 }]),
            format!("product:{PRODUCT_A}:2"),
        ),
        (
            json!({ "line_items": [{ "price_id": PRICE_A, "quantity": 1 }, { "price_id": PRICE_A, "quantity": 4 }] }),
            json!([price(1), price(4)]),
            format!("price:{PRICE_A}:1,price:{PRICE_A}:4"),
        ),
        (items(json!([{ "sku": "PAGNE-WAX-6Y", "quantity": 2 }])), json!([]), "sku:PAGNE-WAX-6Y:2".to_owned()),
    ] {
        let order = Created::of(&create(&app, pricing.clone()).await);
        app.pay(&order, "card").await;
        app.wait_for(&order.order_id, "paid").await;
        let path = format!("/admin/orders/{}", order.order_id);
        assert_eq!(app.admin("GET", &path, &Value::Null).await.expect(200).json()["line_items"], shown, "{pricing}");
        let events = app.table.items(&format!("OUTBOX#{}#", order.order_id)).await;
        assert_eq!(events[0]["items"], *told, "{pricing}");
    }
    app.audit().await;
}

#[tokio::test]
async fn the_public_buys_only_the_lomi_prices_that_are_listed() {
    use lomi_sandbox::fixtures::{PRICE_A, PRICE_B, PRODUCT_A};
    let setup = Setup { public_price_ids: PRICE_A.to_uppercase(), ..Setup::default() };
    let app = TestApp::start_with(setup).await;
    let line = |id: &str| json!({ "price_id": id, "quantity": 1 });
    for (pricing, pointer) in [
        (json!({ "price_id": PRICE_B }), "/price_id"),
        (json!({ "product_id": PRODUCT_A }), "/product_id"),
        (json!({ "line_items": [line(PRICE_A), line(PRICE_B)] }), "/line_items/1/price_id"),
    ] {
        assert_eq!(refused(&app, pricing).await, [pointer]);
    }
    assert!(app.orders().await.is_empty() && app.lomi.sessions().await.is_empty());
    create(&app, json!({ "price_id": PRICE_A })).await.expect(201);
    create(&app, json!({ "line_items": [line(PRICE_A)] })).await.expect(201);
    app.create_as_admin(&app.body(json!({ "product_id": PRODUCT_A })), "admin").await.expect(201);
    app.audit().await;
}

#[tokio::test]
async fn a_later_price_does_not_touch_an_order() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let dearer = json!({ "title": "Pagne wax", "currency_code": "XOF", "amount": 99_000 });
    app.admin("PUT", "/admin/products/PAGNE-WAX-6Y", &dearer).await.expect(200);
    app.pay(&order, "card").await;
    let paid = app.wait_for(&order.order_id, "paid").await;
    assert_eq!(paid["amount"], 12_500);
    assert_eq!(app.open_order().await.amount, 99_000);
    app.audit().await;
}

#[tokio::test]
async fn a_page_requires_the_stated_customer_details() {
    let app = TestApp::start().await;
    let flags = ["require_name", "require_email", "require_phone", "require_billing_address"];
    let asked_for = async |body: Value, name: &str| {
        app.create(&body, name).await.expect(201);
        let session = app.lomi.sessions().await.pop().expect("a page");
        flags.map(|flag| session[flag].as_bool().expect("a flag"))
    };
    let with = |changes: Value| {
        let mut body = app.cart(1);
        body.as_object_mut().expect("an object").extend(changes.as_object().cloned().expect("an object"));
        body
    };
    assert_eq!(asked_for(app.cart(1), "usual").await, [true, true, false, false]);
    let all = json!({ "require_phone": true, "require_billing_address": true, "require_name": false });
    assert_eq!(asked_for(with(all), "chosen").await, [false, true, true, true]);

    let mut nobody = with(json!({ "require_name": false, "require_email": false, "require_phone": false }));
    nobody.as_object_mut().expect("an object").remove("customer_name");
    let refused = app.create(&nobody, "nobody").await;
    assert_eq!((refused.status, refused.pointers()), (400, vec!["/require_name".to_owned()]));
    let mut known = nobody;
    known["customer_name"] = json!("Awa Kon\u{e9}");
    assert_eq!(asked_for(known, "known").await, [false; 4]);
    app.audit().await;
}
