//! The merchant's customers, as the back office manages them at lomi.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{Created, TestApp};

const NOBODY: &str = "6c1d3c4e-9e0f-4d6c-8a6e-0d1b7c9f3a54";

fn amadou() -> Value {
    json!({
        "name": "Amadou Ba", "email": "amadou.ba@example.com", "phone_number": "+221771234567", "country": "Senegal",
        "city": "Dakar", "is_business": false, "metadata": { "internal_id": "USER_123", "points": 12, "vip": true },
    })
}

fn id_of(customer: &Value) -> &str {
    customer["customer_id"].as_str().expect("an id")
}

#[tokio::test]
async fn a_customer_is_made_read_changed_and_deleted() {
    let app = TestApp::start().await;
    let made = app.create_customer(&amadou()).await.expect(201).json();
    for (member, value) in amadou().as_object().unwrap().iter().filter(|(member, _)| *member != "metadata") {
        assert_eq!(&made[member], value, "{member}");
    }
    assert_eq!((&made["metadata"]["vip"], &made["metadata"]["points"]), (&json!(true), &json!(12)));
    assert_eq!((&made["address"], &made["whatsapp_number"]), (&Value::Null, &Value::Null));
    let about = async |method, body| app.about_customer(method, id_of(&made), "", &body).await;
    assert_eq!(about("GET", Value::Null).await.expect(200).json(), made);

    let changes = json!({ "email": "new.email@example.com", "whatsapp_number": "00221 77 123 45 68" });
    let changed = about("PATCH", changes).await.expect(200).json();
    assert_eq!((&changed["email"], &changed["name"]), (&json!("new.email@example.com"), &made["name"]));
    assert_eq!((&changed["whatsapp_number"], &changed["city"]), (&json!("+221771234568"), &made["city"]));
    assert_eq!(changed["metadata"], made["metadata"]);
    assert_eq!(about("GET", Value::Null).await.expect(200).json(), changed);

    about("DELETE", Value::Null).await.expect(204);
    for method in ["GET", "DELETE"] {
        assert_eq!(about(method, Value::Null).await.problem(), (404, "not_found".to_owned()), "{method}");
    }
    assert!(pages(&app, "search=amadou").await.concat().is_empty());
    app.audit().await;
}

/// Every page of a list, in order; a repeated cursor fails the test.
async fn pages(app: &TestApp, query: &str) -> Vec<Vec<Value>> {
    let (mut pages, mut seen, mut cursor) = (Vec::new(), BTreeSet::new(), String::new());
    loop {
        let path = format!("/admin/customers?{query}&cursor={cursor}");
        let page = app.admin("GET", &path, &Value::Null).await.expect(200).json();
        pages.push(page["data"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => assert!(seen.insert(next.to_owned()), "the pages go in a circle"),
            None => return pages,
        }
        cursor = page["next_cursor"].as_str().unwrap().to_owned();
    }
}

#[tokio::test]
async fn every_customer_is_listed_once_page_by_page() {
    let app = TestApp::start().await;
    let mut made = BTreeSet::new();
    for name in ["Awa", "Binta", "Cheikh", "Demba", "Eva", "Fatou"] {
        made.insert(app.named_customer(&format!("Liste {name}")).await);
    }
    for profile in ["current", "june2026", "seeds"] {
        app.lomi.profile(profile).await;
        for (limit, expected) in [(1, vec![1; 6]), (2, vec![2; 3]), (4, vec![4, 2]), (6, vec![6]), (100, vec![6])] {
            let pages = pages(&app, &format!("search=liste&limit={limit}")).await;
            assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), expected, "{profile}: {limit}");
            let listed: BTreeSet<_> = pages.concat().iter().map(|row| id_of(row).to_owned()).collect();
            assert_eq!(listed, made, "{profile}: {limit}");
        }
    }
    app.audit().await;
}

#[tokio::test]
async fn a_cursor_keeps_the_page_size_it_came_with() {
    let app = TestApp::start().await;
    for name in ["Awa", "Binta", "Cheikh"] {
        app.named_customer(&format!("Liste {name}")).await;
    }
    let get =
        async |query: &str| app.admin("GET", &format!("/admin/customers?search=liste&{query}"), &Value::Null).await;
    let first = get("limit=2").await.expect(200).json();
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    let rest = get(&format!("cursor={cursor}")).await.expect(200).json();
    assert_eq!((rest["data"].as_array().map(Vec::len), &rest["next_cursor"]), (Some(1), &Value::Null));
    assert_eq!(get(&format!("cursor={cursor}&limit=2")).await.expect(200).json(), rest);
    let other = get(&format!("cursor={cursor}&limit=3")).await;
    assert_eq!((other.status, other.pointers()), (400, vec!["/cursor".to_owned()]));
    app.audit().await;
}

#[tokio::test]
async fn customers_are_found_by_name_address_type_and_activity() {
    let app = TestApp::start().await;
    let person = app.create_customer(&amadou()).await.expect(201).json();
    let shop = json!({ "name": "Boutique Ba & Fils", "is_business": true });
    let shop = app.create_customer(&shop).await.expect(201).json();
    let (person, shop) = (id_of(&person), id_of(&shop));
    pays(&app, person).await;
    for (query, expected) in [
        ("search=ba", vec![person, shop]),
        ("search=BA.AMADOU", vec![]),
        ("search=amadou.ba%40example", vec![person]),
        ("search=ba%20%26%20fils", vec![shop]),
        ("search=ba&type=business", vec![shop]),
        ("search=ba&type=individual", vec![person]),
        ("search=ba&type=all&status=all", vec![person, shop]),
        ("search=ba&status=active", vec![person]),
        ("search=ba&status=inactive", vec![shop]),
        ("search=ba&type=business&status=active", vec![]),
    ] {
        let listed = pages(&app, query).await.concat();
        let listed: BTreeSet<_> = listed.iter().map(id_of).collect();
        assert_eq!(listed, expected.into_iter().collect(), "{query}");
    }
    app.audit().await;
}

async fn pays(app: &TestApp, customer_id: &str) -> Created {
    let mut cart = app.cart(1);
    cart["customer_id"] = customer_id.into();
    let order = Created::of(&app.create(&cart, &app.fresh_key()).await);
    app.pay(&order, "wave").await;
    app.wait_for(&order.order_id, "paid").await;
    order
}

#[tokio::test]
async fn customer_payments_show_minor_units_and_no_phone() {
    let app = TestApp::start().await;
    let id = app.named_customer("Amadou Ba").await;
    let paid = async || app.about_customer("GET", &id, "/transactions", &Value::Null).await.expect(200);
    assert_eq!(paid().await.json(), json!({ "data": [], "next_cursor": null }));
    pays(&app, &id).await;
    for profile in ["current", "june2026"] {
        app.lomi.profile(profile).await;
        app.lomi.quirks(json!({ "decimal_numbers": profile == "current" })).await;
        let answer = paid().await;
        let list = answer.json();
        let row = &list["data"][0];
        assert_eq!((&row["amount"], &row["currency_code"]), (&json!(12_500), &json!("XOF")), "{profile}");
        assert_eq!(row["gross_amount"], row["amount"], "{profile}: the name in lomi.'s document");
        assert_eq!((&row["status"], &row["provider_code"]), (&json!("completed"), &json!("WAVE")), "{profile}");
        assert_eq!(row["payment_method_code"], "MOBILE_MONEY", "{profile}");
        assert!(row.get("metadata").is_none() && !answer.text().contains("+225"), "{}", answer.text());
    }
    app.about_customer("DELETE", &id, "", &Value::Null).await.expect(204);
    let orders = app.admin("GET", "/admin/orders?status=paid", &Value::Null).await.expect(200).json();
    assert_eq!(orders["data"].as_array().map(Vec::len), Some(1), "an order outlives its customer");
    app.audit().await;
}

#[tokio::test]
async fn an_invalid_customer_id_is_not_sent_to_lomi() {
    let app = TestApp::start().await;
    for target in ["/customers", "/customers/{id}", "/customers/{id}/transactions"] {
        app.lomi.fault(json!({ "target": target, "kind": "status", "arg": 500, "times": null })).await;
    }
    let long = "a".repeat(2000);
    for id in ["cust_abc123", "unknown", "%00", "..%2fme", NOBODY.trim_start_matches('6'), &format!("{NOBODY}0"), &long]
    {
        for (method, path, body) in [
            ("GET", "", Value::Null),
            ("PATCH", "", json!({ "name": "Awa" })),
            ("DELETE", "", Value::Null),
            ("GET", "/transactions", Value::Null),
        ] {
            let answer = app.about_customer(method, id, path, &body).await;
            assert_eq!(answer.status, 404, "{method} {id}{path}");
        }
    }
    for (method, path, body) in [
        ("POST", "/admin/customers", json!({ "name": "" })),
        ("PATCH", &format!("/admin/customers/{NOBODY}"), json!({})),
        ("GET", "/admin/customers?limit=0", Value::Null),
    ] {
        app.admin(method, path, &body).await.expect(400);
    }
    assert_eq!(app.lomi.faults_fired().await, 0, "lomi. was asked");
    app.audit().await;
}

#[tokio::test]
async fn a_wrong_customer_field_or_query_is_refused_with_a_pointer() {
    let app = TestApp::start().await;
    let id = app.named_customer("Amadou Ba").await;
    for (member, value, pointer) in [
        ("name", json!(""), "/name"),
        ("name", json!(" "), "/name"),
        ("name", Value::Null, "/name"),
        ("name", json!("é".repeat(201)), "/name"),
        ("email", json!("nobody"), "/email"),
        ("phone_number", json!("771234567"), "/phone_number"),
        ("whatsapp_number", json!("07"), "/whatsapp_number"),
        ("city", json!(""), "/city"),
        ("is_business", json!("yes"), "/is_business"),
        ("metadata", json!({ "tree": {} }), "/metadata/tree"),
        ("metadata", json!({ "stripe_x": "y" }), "/metadata/stripe_x"),
        ("nom", json!("Ba"), "/nom"),
    ] {
        let mut customer = amadou();
        customer[member] = value.clone();
        for (method, path) in [("POST", "/admin/customers".to_owned()), ("PATCH", format!("/admin/customers/{id}"))] {
            let answer = app.admin(method, &path, &customer).await;
            assert_eq!(
                (answer.status, answer.pointers()),
                (400, vec![pointer.to_owned()]),
                "{method} {member} = {value}"
            );
        }
    }
    for (query, pointer) in [
        ("limit=101", "/limit"),
        ("cursor=nonsense", "/cursor"),
        ("cursor=20.1", "/cursor"),
        ("page=0", "/page"),
        ("page=un", "/page"),
        ("page=1.5", "/page"),
        ("pageSize=0", "/pageSize"),
        ("pageSize=101", "/pageSize"),
        ("limit=20&pageSize=50", "/pageSize"),
        ("page=2&cursor=20.p2", "/page"),
        ("page=51&pageSize=20", "/page"),
        ("page=4294967295&pageSize=100", "/page"),
        ("offset=20", "/offset"),
        ("type=person", "/type"),
        ("status=paid", "/status"),
        ("search=%00", "/search"),
        (&format!("search={}", "a".repeat(201)), "/search"),
    ] {
        let answer = app.admin("GET", &format!("/admin/customers?{query}"), &Value::Null).await;
        assert_eq!((answer.status, answer.pointers()), (400, vec![pointer.to_owned()]), "{query}");
    }
    app.audit().await;
}

#[tokio::test]
async fn a_create_with_a_lost_answer_is_an_unknown_outcome() {
    let app = TestApp::start().await;
    for (kind, when, arg) in [
        ("drop_connection", "after", Value::Null),
        ("commit_then_500", "before", Value::Null),
        ("truncated_json", "after", Value::Null),
        ("hang", "after", Value::Null),
        ("status", "before", json!(500)),
    ] {
        app.lomi
            .fault(json!({ "target": "POST /customers", "kind": kind, "when": when, "arg": arg, "times": null }))
            .await;
        let answer = app.create_customer(&amadou()).await;
        assert_eq!(answer.problem(), (502, "outcome_unknown".to_owned()), "{kind}");
        assert_eq!((&answer.json()["retryable"], answer.header("retry-after")), (&json!(false), ""), "{kind}");
        assert_eq!(app.lomi.faults_fired().await, 1, "{kind}: asked once");
        app.lomi.clear_faults().await;
    }
    assert_eq!(pages(&app, "search=amadou").await.concat().len(), 4, "the search shows what happened");
    app.audit().await;
}

#[tokio::test]
async fn customer_reads_are_retried_and_refusals_reported() {
    let app = TestApp::start().await;
    let id = app.named_customer("Amadou Ba").await;
    let change = json!({ "city": "Thiès" });
    let ask = async |method: &str| match method {
        "POST" => app.create_customer(&amadou()).await,
        "PATCH" => app.about_customer("PATCH", &id, "", &change).await,
        _ => app.about_customer("GET", &id, "", &Value::Null).await,
    };
    let target = |method: &str| {
        if method == "POST" { "POST /customers".to_owned() } else { format!("{method} /customers/{{id}}") }
    };
    let strike = async |method: &str, arg: Value, times: Value| {
        app.lomi.fault(json!({ "target": target(method), "kind": "status", "arg": arg, "times": times })).await;
    };
    strike("GET", json!(503), json!(1)).await;
    ask("GET").await.expect(200);
    for (method, status, expected) in [
        ("GET", 503, (503, "provider_unavailable")),
        ("PATCH", 500, (503, "provider_unavailable")),
        ("POST", 429, (503, "provider_unavailable")),
        ("POST", 401, (503, "provider_unavailable")),
        ("GET", 403, (503, "provider_unavailable")),
        ("POST", 400, (502, "provider_rejected")),
        ("POST", 404, (502, "provider_rejected")),
        ("PATCH", 422, (502, "provider_rejected")),
        ("GET", 404, (404, "not_found")),
    ] {
        strike(method, json!(status), Value::Null).await;
        let answer = ask(method).await;
        assert_eq!(answer.problem(), (expected.0, expected.1.to_owned()), "{method} {status}");
        assert_eq!(answer.json()["retryable"], expected.0 == 503, "{method} {status}");
        app.lomi.clear_faults().await;
    }
    strike("POST", json!({ "status": 429, "retry_after_s": 60 }), Value::Null).await;
    assert_eq!(ask("POST").await.expect(503).header("retry-after"), "60");
    app.audit().await;
}

#[tokio::test]
async fn a_french_back_office_gets_french_refusals() {
    let app = TestApp::start().await;
    let bearer = app.admin_bearer();
    let headers = [("authorization", bearer.as_str()), ("accept-language", "fr-SN")];
    let post = async |body: Value| app.http.send_json("POST", &app.url("/admin/customers"), &headers, &body).await;
    let refused = post(json!({ "name": "Awa", "email": "awa" })).await.expect(400);
    assert_eq!(refused.json()["errors"][0]["detail"], "Ce n'est pas une adresse e-mail.");
    app.lomi.fault(json!({ "target": "POST /customers", "kind": "html_502" })).await;
    let unknown = post(json!({ "name": "Awa" })).await.expect(502);
    assert_eq!((unknown.header("content-language"), &unknown.json()["title"]), ("fr", &json!("Issue inconnue")));
    app.audit().await;
}
