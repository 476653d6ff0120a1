use lomi_sandbox::{Profile, fixtures};
use serde_json::{Value, json};

use crate::support::Lomi;

async fn create(lomi: &Lomi, body: Value) -> Value {
    let reply = lomi.post("/customers", body).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.json()
}

fn path(customer: &Value) -> String {
    format!("/customers/{}", customer["customer_id"].as_str().unwrap())
}

#[tokio::test]
async fn a_new_customer_has_a_blank_address_and_nulls_for_the_rest() {
    for profile in [Profile::Current, Profile::June2026, Profile::Seeds] {
        let lomi = Lomi::start(profile).await;
        let row = create(&lomi, json!({"name": "Amadou Ba", "metadata": {"internal_id": "U1"}})).await;
        assert_eq!((&row["country"], &row["postal_code"], &row["email"]), (&json!(""), &json!(""), &Value::Null));
        assert_eq!((&row["is_business"], &row["metadata"]["internal_id"]), (&json!(false), &json!("U1")));
        assert_eq!((&row["environment"], &row["organization_id"]), (&json!("test"), &json!(fixtures::ORGANIZATION_A)));
        assert_eq!(row.get("id") == Some(&row["customer_id"]), profile == Profile::Seeds);
        assert!(row.get("deleted_at").is_none());
        assert_eq!(lomi.get(&path(&row)).await.json(), row);
        assert_ne!(create(&lomi, json!({"name": "Amadou Ba"})).await["customer_id"], row["customer_id"]);
    }
}

#[tokio::test]
async fn a_customer_needs_a_name_and_an_id_a_shape() {
    for (profile, nameless, shapeless) in
        [(Profile::Current, 400, 400), (Profile::June2026, 500, 500), (Profile::Seeds, 400, 500)]
    {
        let lomi = Lomi::start(profile).await;
        for body in [json!({"email": "a@b.ci"}), json!({"name": " "}), json!({"name": 7})] {
            assert_eq!(lomi.post("/customers", body).await.status, nameless, "{profile:?}");
        }
        assert_eq!(lomi.get("/customers/cus_abc123").await.status, shapeless, "{profile:?}");
        assert_eq!(lomi.get("/customers/7c0dd2f4-52a1-4f0e-9a53-0f6f2a1b9c11").await.status, 404);
    }
    let lomi = Lomi::start(Profile::Current).await;
    let reply = lomi.post("/customers", json!({"name": "A", "email": "nobody", "is_business": "yes"})).await;
    assert_eq!(reply.json()["error"]["details"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_update_changes_only_the_sent_fields() {
    let lomi = Lomi::start(Profile::Current).await;
    let row = create(&lomi, json!({"name": "Awa", "city": "Dakar", "email": "awa@b.sn", "metadata": {"a": 1}})).await;
    let change = json!({"name": "", "phone_number": "+221771234567", "metadata": {"vip": true}, "city": ""});
    let reply = lomi.call("PATCH", &path(&row), &change).await;
    let changed = reply.json();
    assert_eq!((reply.status, &changed["name"], &changed["city"]), (200, &json!("Awa"), &json!("")));
    assert_eq!((&changed["email"], &changed["phone_number"]), (&json!("awa@b.sn"), &json!("+221771234567")));
    assert_eq!(changed["metadata"], json!({"vip": true}));
    assert_eq!(lomi.call("PATCH", &path(&row), &json!({"email": "nobody"})).await.status, 400);
}

#[tokio::test]
async fn the_list_filters_and_forgets_the_count_past_its_end() {
    let lomi = Lomi::start(Profile::June2026).await;
    for name in ["Moussa", "Mariam"] {
        create(&lomi, json!({"name": name, "is_business": name == "Moussa", "metadata": {"a": 1}})).await;
    }
    let first = lomi.get("/customers?page=1&pageSize=2").await.json();
    assert_eq!(first["pagination"], json!({"page": 1, "pageSize": 2, "totalCount": 3, "totalPages": 2}));
    assert_eq!((&first["customers"][0]["name"], &first["customers"][0]["metadata"]), (&json!("Mariam"), &Value::Null));
    let past = lomi.get("/customers?page=3&pageSize=2").await.json();
    assert_eq!(past["customers"], json!([]));
    assert_eq!(past["pagination"], json!({"page": 3, "pageSize": 2, "totalCount": 0, "totalPages": 0}));
    let count =
        async |query: &str| lomi.get(&format!("/customers?{query}")).await.json()["pagination"]["totalCount"].clone();
    assert_eq!(count("search=mOuS").await, 1);
    assert_eq!(count("search=awa.kone%40").await, 1);
    assert_eq!(count("type=business").await, 1);
    assert_eq!(count("type=individual").await, 2);
    assert_eq!(count("status=active").await, 0);
    lomi.payment(json!({"method": "wave", "phone": "+2250700000000"})).await;
    assert_eq!((count("status=active").await, count("status=inactive").await), (json!(1), json!(2)));
    assert_eq!(lomi.get("/customers?pageSize=many").await.status, 400);
}

#[tokio::test]
async fn before_1_2_0_a_customers_transactions_are_shortened() {
    let lomi = Lomi::start(Profile::June2026).await;
    lomi.payment(json!({"method": "wave", "phone": "+2250700000000"})).await;
    let listed = lomi.get(&format!("/customers/{}/transactions", fixtures::CUSTOMER_A)).await.json();
    assert_eq!(listed[0].as_object().unwrap().len(), 9);
}

#[tokio::test]
async fn a_deleted_customer_is_gone_and_the_transactions_stay() {
    let lomi = Lomi::start(Profile::Current).await;
    let transaction = lomi.payment(json!({"method": "wave", "phone": "+2250700000000"})).await;
    let path = format!("/customers/{}", fixtures::CUSTOMER_A);
    let listed = lomi.get(&format!("{path}/transactions")).await.json();
    assert_eq!((&listed[0]["transaction_id"], &listed[0]["gross_amount"]), (&json!(transaction), &json!(25000)));
    assert_eq!(listed[0], lomi.get(&format!("/transactions/{transaction}")).await.json(), "whole rows");
    let deleted = lomi.call("DELETE", &path, &Value::Null).await;
    assert_eq!(deleted.status, 200);
    assert!(deleted.json()["message"].as_str().unwrap().ends_with("deleted successfully"));
    assert_eq!(lomi.get(&path).await.status, 404);
    assert_eq!(lomi.get(&format!("{path}/transactions")).await.status, 404);
    assert_eq!(lomi.call("PATCH", &path, &json!({"name": "X"})).await.status, 404);
    assert_eq!(lomi.call("DELETE", &path, &Value::Null).await.status, 404);
    assert_eq!(lomi.get("/customers").await.json()["data"], json!([]));
    assert_eq!(lomi.get(&format!("/transactions/{transaction}")).await.json()["customer_id"], fixtures::CUSTOMER_A);
    lomi.payment(json!({"method": "wave", "phone": "+2250700000000"})).await;
    assert_eq!(lomi.get("/customers").await.json()["total_count"], 1, "a payer is not found in a grave");
}

#[tokio::test]
async fn customers_belong_to_one_organisation_and_environment() {
    let lomi = Lomi::start(Profile::Current).await;
    let path = format!("/customers/{}", fixtures::CUSTOMER_A);
    for suffix in ["", "/transactions"] {
        assert_eq!(lomi.as_stranger("GET", &format!("{path}{suffix}")).await.status, 404);
    }
    assert_eq!(lomi.as_stranger("DELETE", &path).await.status, 404);
    let live = [("x-api-key", fixtures::LIVE_KEY_A)];
    assert_eq!(lomi.send("GET", &path, &live, &Value::Null).await.unwrap().status, 404);
}

/// The row of the first payment's customer, as the API shows it.
async fn payer(lomi: &Lomi) -> Value {
    let id = lomi.state().await["transactions"][0]["customer_id"].as_str().unwrap().to_owned();
    lomi.get(&format!("/customers/{id}")).await.json()
}

async fn unpaid_session(lomi: &Lomi, contact: Value) {
    let mut body = json!({ "amount": 5000, "currency_code": "XOF", "success_url": "http://127.0.0.1/ok", "cancel_url": "http://127.0.0.1/no" });
    body.as_object_mut().unwrap().extend(contact.as_object().unwrap().clone());
    assert_eq!(lomi.post("/checkout-sessions", body).await.status, 201);
}

#[tokio::test]
async fn an_unpaid_session_overwrites_the_customer_but_not_by_null() {
    let lomi = Lomi::start(Profile::Current).await;
    lomi.payment(json!({"method": "wave", "email": "awa@x.ci", "phone": "+2250700000001", "name": "Awa"})).await;
    unpaid_session(&lomi, json!({"customer_email": "awa@x.ci"})).await;
    assert_eq!(payer(&lomi).await["phone_number"], "+2250700000001");
    unpaid_session(&lomi, json!({"customer_email": "awa@x.ci", "customer_phone": "+2250700000002"})).await;
    let row = payer(&lomi).await;
    assert_eq!((&row["phone_number"], &row["name"]), (&json!("+2250700000002"), &json!("Awa")));
    unpaid_session(&lomi, json!({"customer_phone": "+2250700000002", "customer_email": "kofi@x.ci"})).await;
    assert_eq!(payer(&lomi).await["email"], "kofi@x.ci");
}

#[tokio::test]
async fn a_charge_without_phone_erases_it_and_merges_customers() {
    let lomi = Lomi::start(Profile::Current).await;
    lomi.payment(json!({"method": "wave", "email": "awa@x.ci", "phone": "+2250700000001"})).await;
    let charge = |email: &str| json!({"amount": 5000, "customer_email": email, "customer_name": "Guest"});
    assert_eq!(lomi.post_once("/charge/card", "1", &charge("awa@x.ci")).await.status, 201);
    assert_eq!(payer(&lomi).await["phone_number"], "");
    assert_eq!(lomi.post_once("/charge/card", "2", &charge("stranger@x.ci")).await.status, 201);
    assert_eq!(payer(&lomi).await["email"], "stranger@x.ci");
}

#[tokio::test]
async fn null_keeps_a_text_or_clears_it() {
    for profile in [Profile::Current, Profile::June2026, Profile::Seeds] {
        let lomi = Lomi::start(profile).await;
        let row = create(&lomi, json!({"name": "Awa", "city": "Dakar", "email": "awa@b.sn"})).await;
        let change = json!({"city": null, "email": null, "phone_number": "+221771234567"});
        let unchanged = lomi.call("PATCH", &path(&row), &change).await.json();
        assert_eq!((&unchanged["city"], &unchanged["email"]), (&row["city"], &row["email"]), "{profile:?}");
        lomi.quirk("customer_texts_cleared").await;
        let cleared = lomi.call("PATCH", &path(&row), &change).await.json();
        assert_eq!((&cleared["city"], &cleared["email"]), (&json!(""), &Value::Null), "{profile:?}");
        assert_eq!(cleared["phone_number"], "+221771234567", "{profile:?}");
    }
}

#[tokio::test]
async fn a_customer_has_a_public_id_or_none() {
    let lomi = Lomi::start(Profile::Current).await;
    let row = create(&lomi, json!({"name": "Awa"})).await;
    let public = format!("/customers/cus_{}", row["customer_id"].as_str().unwrap().replace('-', ""));
    assert_eq!(lomi.get(&public).await.status, 400);
    lomi.quirk("customers_by_public_id").await;
    assert_eq!(lomi.get(&public).await.json(), row);
    assert_eq!(lomi.get("/customers/cus_abc123").await.status, 404);
}
