use lomi_sandbox::{Profile, fixtures};
use serde_json::{Value, json};

use crate::support::{Lomi, Reply, lomi_and_shop};

fn instant() -> Value {
    json!({
        "link_type": "instant",
        "title": "Donation",
        "currency_code": "XOF",
        "amount": 5000,
        "success_url": "https://shop.example/thanks",
        "metadata": {"campaign": "school"},
    })
}

fn product() -> Value {
    json!({"link_type": "product", "title": "Book", "currency_code": "XOF", "product_id": fixtures::PRODUCT_A})
}

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

async fn create(lomi: &Lomi, body: Value) -> Value {
    let reply = lomi.post("/payment-links", body).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.json()
}

fn id(link: &Value) -> &str {
    link["link_id"].as_str().unwrap()
}

async fn open(lomi: &Lomi, link: &Value) -> Reply {
    lomi.send("GET", &format!("/pay/{}", id(link)), &[], &Value::Null).await.unwrap()
}

#[tokio::test]
async fn only_in_seeds_does_a_link_remember_its_metadata() {
    for (profile, metadata) in [
        (Profile::Current, Value::Null),
        (Profile::June2026, Value::Null),
        (Profile::Seeds, json!({"campaign": "school"})),
    ] {
        let lomi = Lomi::start(profile).await;
        let link = create(&lomi, instant()).await;
        assert!(link["url"].as_str().unwrap().ends_with(&format!("/pay/{}", id(&link))));
        assert_eq!((&link["amount"], &link["is_active"], &link["quantity"]), (&json!(5000), &json!(true), &json!(1)));
        let asks_for_address = profile != Profile::Current;
        assert_eq!(
            (&link["require_billing_address"], &link["allow_quantity"]),
            (&json!(asks_for_address), &json!(false))
        );
        assert_eq!((&link["environment"], &link["line_items"]), (&json!("test"), &json!([])));
        assert_eq!(link["metadata"], metadata);
        assert_eq!(link.get("id").is_some(), profile == Profile::Seeds);
        assert_eq!(lomi.get(&format!("/payment-links/{}", id(&link))).await.json(), link);
    }
}

#[tokio::test]
async fn invalid_links_are_refused_as_each_generation_does() {
    let cases = [
        (with(instant(), "amount", Value::Null), [400, 500, 400]),
        (with(product(), "product_id", Value::Null), [400, 500, 400]),
        (with(product(), "product_id", json!(fixtures::PRODUCT_B)), [500, 500, 400]),
        (with(product(), "amount", json!(5000)), [201, 500, 400]),
        (with(instant(), "link_type", json!("open")), [400, 500, 400]),
        (with(instant(), "expires_at", json!("tomorrow")), [400, 500, 400]),
        (with(instant(), "expires_at", json!("2027-02-31T00:00:00Z")), [400, 500, 400]),
        (with(product(), "price_id", json!("7")), [400, 500, 400]),
        (with(instant(), "title", Value::Null), [400, 500, 400]),
    ];
    for (at, profile) in [Profile::Current, Profile::June2026, Profile::Seeds].into_iter().enumerate() {
        let lomi = Lomi::start(profile).await;
        for (body, statuses) in &cases {
            let reply = lomi.post("/payment-links", body.clone()).await;
            assert_eq!(reply.status, statuses[at], "{profile:?} {body} {reply:?}");
        }
    }
}

#[tokio::test]
async fn a_malformed_link_gets_every_problem_at_once_in_current() {
    let lomi = Lomi::start(Profile::Current).await;
    let reply = lomi.post("/payment-links", json!({"link_type": "x", "amount": "5"})).await;
    assert_eq!(reply.error_code(), "validation_failed");
    assert_eq!(reply.json()["error"]["details"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn an_amount_of_zero_is_none_and_a_product_link_has_none() {
    let lomi = Lomi::start(Profile::Current).await;
    let free = create(&lomi, with(instant(), "amount", json!(0))).await;
    assert_eq!(free["amount"], Value::Null);
    assert_eq!(open(&lomi, &free).await.status, 410);
    let ignored = create(&lomi, with(product(), "amount", json!(1))).await;
    assert_eq!(ignored["amount"], Value::Null);
    assert_eq!(open(&lomi, &ignored).await.status, 303);
    assert_eq!(lomi.state().await["sessions"][0]["amount"], 5000, "the price of the product");
}

#[tokio::test]
async fn the_list_counts_only_its_own_page() {
    let lomi = Lomi::start(Profile::June2026).await;
    for body in [instant(), product(), instant()] {
        create(&lomi, body).await;
    }
    let page = lomi.get("/payment-links?limit=2&offset=1").await.json();
    assert_eq!((&page["total"], &page["limit"], &page["offset"]), (&json!(2), &json!(2), &json!(1)));
    assert_eq!(page["data"][0]["link_type"], "product");
    assert!(page["data"][0].get("line_items").is_none());
    assert_eq!(lomi.get("/payment-links?linkType=instant").await.json()["total"], 2);
    let newest = page["data"][1]["link_id"].as_str().unwrap();
    lomi.post(&format!("/_sim/links/{newest}/deactivate"), Value::Null).await;
    assert_eq!(lomi.get("/payment-links?isActive=true").await.json()["total"], 2);
    assert_eq!(lomi.get("/payment-links?isActive=false").await.json()["total"], 1);
    assert_eq!(lomi.get("/payment-links?isActive=perhaps").await.json()["total"], 3);
    assert_eq!(lomi.get("/payment-links?limit=many").await.status, 400);
}

#[tokio::test]
async fn only_in_june_does_the_other_environment_see_a_link() {
    for (profile, status) in [(Profile::Current, 404), (Profile::June2026, 200)] {
        let lomi = Lomi::start(profile).await;
        let path = format!("/payment-links/{}", id(&create(&lomi, instant()).await));
        assert_eq!(lomi.as_stranger("GET", &path).await.status, 404);
        let live = [("x-api-key", fixtures::LIVE_KEY_A)];
        assert_eq!(lomi.send("GET", &path, &live, &Value::Null).await.unwrap().status, status);
        assert_eq!(lomi.get("/payment-links/pl_abc123").await.status, 404);
        // Links are archived since API 1.2.0.
        let archived = if profile == Profile::Current { 200 } else { 404 };
        assert_eq!(lomi.call("DELETE", &path, &Value::Null).await.status, archived);
    }
}

#[tokio::test]
async fn every_opening_makes_a_session_without_the_links_metadata() {
    for (profile, metadata) in [(Profile::Current, json!(null)), (Profile::Seeds, json!("school"))] {
        let (lomi, shop, _) = lomi_and_shop(profile).await;
        let link = create(&lomi, instant()).await;
        for _ in 0..2 {
            let reply = open(&lomi, &link).await;
            assert_eq!(reply.status, 303);
            let session = reply.header("location").rsplit('/').next().unwrap().to_owned();
            let paid = lomi.pay(&session, json!({"method": "wave"})).await;
            assert_eq!(paid["redirect"], "https://shop.example/thanks");
        }
        lomi.advance(0).await;
        let payments = shop.received().into_iter().filter(|one| one.event() == "PAYMENT_SUCCEEDED");
        let campaigns: Vec<Value> = payments.map(|one| one.json()["data"]["metadata"]["campaign"].clone()).collect();
        assert_eq!(campaigns, [metadata.clone(), metadata]);
        let sessions = lomi.state().await["sessions"].clone();
        assert_ne!(sessions[0]["checkout_session_id"], sessions[1]["checkout_session_id"]);
        assert_eq!((&sessions[0]["payment_link_id"], &sessions[0]["status"]), (&link["link_id"], &json!("completed")));
    }
}

#[tokio::test]
async fn an_ended_link_opens_nothing() {
    let lomi = Lomi::start(Profile::Current).await;
    let short = create(&lomi, with(instant(), "expires_at", json!("2026-06-20T09:01:00.000Z"))).await;
    let long = create(&lomi, instant()).await;
    assert_eq!(open(&lomi, &short).await.status, 303);
    lomi.advance(60).await;
    assert_eq!(open(&lomi, &short).await.status, 410);
    let control = |verb: &str| format!("/_sim/links/{}/{verb}", id(&long));
    let opened = lomi.post(&control("open"), Value::Null).await.json();
    assert!(opened["checkout_url"].as_str().unwrap().ends_with(opened["checkout_session_id"].as_str().unwrap()));
    lomi.post(&control("deactivate"), Value::Null).await;
    assert_eq!(lomi.post(&control("open"), Value::Null).await.status, 410);
    let over = lomi.send("GET", &format!("/pay/{}", id(&long)), &[("accept-language", "fr")], &Value::Null).await;
    let over = over.unwrap();
    assert_eq!((over.status, over.text.contains("plus actif")), (410, true));
    assert_eq!(lomi.get("/pay/unknown").await.status, 404);
    assert_eq!(lomi.state().await["sessions"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn only_seeds_honour_the_key_of_a_link() {
    for (profile, links) in [(Profile::Current, 2), (Profile::June2026, 2), (Profile::Seeds, 1)] {
        let lomi = Lomi::start(profile).await;
        for _ in 0..2 {
            assert_eq!(lomi.post_once("/payment-links", "k", &instant()).await.status, 201);
        }
        assert_eq!(lomi.state().await["payment_links"].as_array().unwrap().len(), links, "{profile:?}");
    }
}
