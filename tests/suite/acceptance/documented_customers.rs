//! Customers, with the requests and answers as lomi's document prints them.

use serde_json::{Value, json};
use tests::TestApp;

const NOBODY: &str = "6c1d3c4e-9e0f-4d6c-8a6e-0d1b7c9f3a54";

fn amadou() -> Value {
    json!({
        "name": "Amadou Ba", "email": "amadou.ba@example.com", "phone_number": "+221771234567", "country": "Senegal",
        "city": "Dakar", "is_business": false, "metadata": { "internal_id": "USER_123" },
    })
}

fn id_of(customer: &Value) -> &str {
    customer["id"].as_str().expect("an id")
}

#[tokio::test]
async fn a_customer_list_reads_as_lomi_documents_it() {
    let app = TestApp::start().await;
    let id = id_of(&app.create_customer(&amadou()).await.expect(201).json()).to_owned();
    app.named_customer("Boutique Ba").await;
    for profile in ["current", "june2026", "seeds"] {
        app.lomi.profile(profile).await;
        let query = "search=amadou&type=individual&status=all&page=1&pageSize=20";
        let list = app.admin("GET", &format!("/admin/customers?{query}"), &Value::Null).await.expect(200).json();
        assert_eq!(
            list["pagination"],
            json!({ "page": 1, "pageSize": 20, "totalCount": 1, "totalPages": 1 }),
            "{profile}"
        );
        assert_eq!((&list["customers"], &list["next_cursor"]), (&list["data"], &Value::Null), "{profile}");
        let customer = &list["customers"][0];
        assert_eq!((&customer["id"], &customer["customer_id"]), (&json!(id), &json!(id)), "{profile}");
        assert_eq!(customer["organization_id"], lomi_sandbox::fixtures::ORGANIZATION_A, "{profile}");
        let all = app.admin("GET", "/admin/customers", &Value::Null).await.expect(200).json();
        // lomi's test account has a customer from the start.
        let expected = json!({ "page": 1, "pageSize": 50, "totalCount": 3, "totalPages": 1 });
        assert_eq!((&all["pagination"], all["customers"].as_array().map(Vec::len)), (&expected, Some(3)), "{profile}");
        let none = app.admin("GET", "/admin/customers?search=personne", &Value::Null).await.expect(200).json();
        assert_eq!((&none["data"], &none["pagination"]["totalCount"]), (&json!([]), &json!(0)), "{profile}");
    }
    app.audit().await;
}

#[tokio::test]
async fn a_text_is_cleared_or_reported_as_kept_by_lomi() {
    let app = TestApp::start().await;
    for profile in ["current", "june2026", "seeds"] {
        for clears in [true, false] {
            app.lomi.profile(profile).await;
            app.lomi.quirks(json!({ "customer_texts_cleared": clears })).await;
            let made = app.create_customer(&amadou()).await.expect(201).json();
            let changes = json!({ "email": null, "city": null, "address": null, "country": "Mali", "name": "Ba" });
            let answer = app.about_customer("PATCH", id_of(&made), "", &changes).await;
            let read = app.about_customer("GET", id_of(&made), "", &Value::Null).await.expect(200).json();
            assert_eq!((&read["country"], &read["name"]), (&json!("Mali"), &json!("Ba")), "{profile}");
            assert_eq!(read["phone_number"], made["phone_number"], "{profile}: what is not named stays");
            if clears {
                assert_eq!(answer.expect(200).json(), read, "{profile}");
                assert_eq!((&read["email"], &read["city"]), (&Value::Null, &Value::Null), "{profile}");
            } else {
                assert_eq!(answer.problem(), (409, "customer_text_kept".to_owned()), "{profile}");
                // There was no address.
                assert_eq!(answer.pointers(), ["/email", "/city"], "{profile}");
                assert_eq!((&read["email"], &read["city"]), (&made["email"], &made["city"]), "{profile}");
            }
        }
    }
    app.audit().await;
}

#[tokio::test]
async fn an_id_that_lomi_cannot_read_is_not_found() {
    let app = TestApp::start().await;
    let routes = [
        ("GET", "", Value::Null),
        ("PATCH", "", json!({ "name": "Awa" })),
        ("DELETE", "", Value::Null),
        ("GET", "/transactions", Value::Null),
    ];
    for profile in ["current", "june2026", "seeds"] {
        app.lomi.profile(profile).await;
        for (method, path, body) in &routes {
            let answer = app.about_customer(method, "cus_abc123", path, body).await;
            assert_eq!(answer.problem(), (404, "not_found".to_owned()), "{profile}: {method} {path}");
        }
    }
    app.lomi.fault(json!({ "target": "GET /customers/{id}", "kind": "status", "arg": 500, "times": null })).await;
    for (method, path, body) in &routes {
        assert_eq!(app.about_customer(method, "cus_abc123", path, body).await.status, 404, "{method} {path}");
    }
    assert_eq!(app.lomi.faults_fired().await, 4, "asked once each");
    // For an id that every generation can read, the same answer is an outage.
    assert_eq!(app.about_customer("GET", NOBODY, "", &Value::Null).await.status, 503);
    app.lomi.clear_faults().await;
    app.audit().await;
}

#[tokio::test]
async fn a_customer_is_found_by_the_id_that_lomi_documents() {
    let app = TestApp::start().await;
    app.lomi.quirks(json!({ "customers_by_public_id": true })).await;
    let made = app.create_customer(&amadou()).await.expect(201).json();
    let printed = format!("cus_{}", id_of(&made).replace('-', ""));
    let about = async |method, path, body| app.about_customer(method, &printed, path, &body).await;
    assert_eq!(about("GET", "", Value::Null).await.expect(200).json(), made);
    let changed = about("PATCH", "", json!({ "city": "Thiès" })).await.expect(200).json();
    assert_eq!((&changed["id"], &changed["city"]), (&made["id"], &json!("Thiès")));
    assert_eq!(about("GET", "/transactions", Value::Null).await.expect(200).json()["data"], json!([]));
    about("DELETE", "", Value::Null).await.expect(204);
    assert_eq!(about("GET", "", Value::Null).await.status, 404);
    app.audit().await;
}
