use lomi_sandbox::{Profile, fixtures};
use serde_json::{Value, json};

use crate::support::{Lomi, Receiver, lomi_and_shop, session_body};

async fn pay(lomi: &Lomi) -> String {
    let id = lomi.session().await;
    lomi.pay(&id, json!({"method": "wave"})).await;
    lomi.advance(0).await;
    id
}

/// Plants a webhook fault, pays, and gives the shop that heard of it.
async fn struck(kind: &str, arg: Value) -> (Lomi, Receiver) {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    lomi.fault(json!({"target": "webhook", "kind": kind, "arg": arg})).await;
    pay(&lomi).await;
    let fired = lomi.state().await["faults"][0]["fired"].clone();
    assert_eq!(fired, 1, "{kind}");
    (lomi, shop)
}

async fn data_under(kind: &str, arg: Value) -> Value {
    struck(kind, arg).await.1.received()[0].json()["data"].clone()
}

#[tokio::test]
async fn events_can_be_falsified_in_every_field() {
    assert!(data_under("omit_fields", json!(["status"])).await.get("status").is_none());
    assert_eq!(data_under("null_fields", json!(["status"])).await["status"], Value::Null);
    assert_eq!(data_under("numbers_as_strings", Value::Null).await["gross_amount"], "25000");
    assert!(data_under("extra_fields", Value::Null).await.get("unannounced").is_some());
    assert_eq!(data_under("wrong_amount", json!(5)).await["gross_amount"], 5);
    assert_eq!(data_under("wrong_currency", Value::Null).await["currency_code"], "EUR");
    assert_eq!(data_under("foreign_org", Value::Null).await["organization_id"], json!(fixtures::ORGANIZATION_B));
    assert_ne!(data_under("unknown_order", Value::Null).await["metadata"]["order_id"], "A-1007");
    assert_eq!(data_under("other_environment", Value::Null).await["environment"], "live");
    assert_eq!(data_under("oversize_body", json!(400_000)).await["padding"].as_str().unwrap().len(), 400_000);
    let (_, shop) = struck("alias_event", Value::Null).await;
    assert_eq!(shop.events(), ["payment.succeeded"]);
    let (_, shop) = struck("header_event_mismatch", Value::Null).await;
    assert_eq!(shop.received()[0].header("x-lomi-event"), Some("PAYMENT_FAILED"));
    assert_eq!(shop.events(), ["PAYMENT_SUCCEEDED"]);
}

#[tokio::test]
async fn signatures_can_be_broken_in_every_part() {
    let genuine = {
        let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
        pay(&lomi).await;
        shop.received()[0].header("x-lomi-signature").unwrap().to_owned()
    };
    // The same seed gives the same bytes, so only the signature differs.
    for kind in ["bad_signature", "wrong_secret", "upper_hex"] {
        let (_, shop) = struck(kind, Value::Null).await;
        assert_ne!(shop.received()[0].header("x-lomi-signature"), Some(genuine.as_str()), "{kind}");
    }
    let (_, shop) = struck("upper_hex", Value::Null).await;
    assert_eq!(shop.received()[0].header("x-lomi-signature").unwrap().to_lowercase(), genuine);
    let (_, shop) = struck("stale_t", Value::Null).await;
    assert!(shop.received()[0].header("x-lomi-signature-v1").unwrap().starts_with("t=1781945400,"));
    let (_, shop) = struck("v1_only", Value::Null).await;
    assert!(shop.received()[0].header("x-lomi-signature").is_none());
    let (_, shop) = struck("legacy_only", Value::Null).await;
    assert!(shop.received()[0].header("x-lomi-signature-v1").is_none());
    let (_, shop) = struck("reserialised", Value::Null).await;
    assert!(shop.received()[0].text().starts_with("{\"data\":"));
    assert_eq!(shop.received()[0].header("x-lomi-signature"), Some(genuine.as_str()));
}

#[tokio::test]
async fn events_can_be_doubled_lost_delayed_and_reordered() {
    let (_, shop) = struck("duplicate", json!({"copies": 2, "new_id": true})).await;
    let ids: std::collections::HashSet<String> =
        shop.received().iter().map(|one| one.json()["id"].to_string()).collect();
    assert_eq!(ids.len(), 3);
    let (_, shop) = struck("duplicate", json!(1)).await;
    assert_eq!(shop.received()[0].json()["id"], shop.received()[1].json()["id"]);

    let (lomi, shop) = struck("lose", Value::Null).await;
    assert!(shop.received().is_empty());
    assert_eq!(lomi.state().await["dispatches"]["lost"], 1);

    let (lomi, shop) = struck("delay_s", json!(30)).await;
    assert!(shop.received().is_empty());
    lomi.advance(30).await;
    assert_eq!(lomi.attempt_times().await, [30]);

    let (lomi, shop) = struck("reorder", Value::Null).await;
    assert!(shop.received().is_empty());
    let second = lomi.session().await;
    lomi.pay(&second, json!({"method": "card", "outcome": "decline"})).await;
    lomi.advance(0).await;
    assert_eq!(shop.events(), ["PAYMENT_FAILED", "PAYMENT_SUCCEEDED"]);
}

#[tokio::test]
async fn a_failure_can_follow_the_success_of_the_same_payment() {
    let (_, shop) = struck("fail_after_success", Value::Null).await;
    assert_eq!(shop.events(), ["PAYMENT_SUCCEEDED", "PAYMENT_FAILED"]);
    let data = |at: usize| shop.received()[at].json()["data"].clone();
    assert_eq!(data(0)["transaction_id"], data(1)["transaction_id"]);
    assert_eq!(data(1)["status"], "failed");
}

#[tokio::test]
async fn a_cancelled_payment_can_succeed_all_the_same() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    lomi.fault(json!({"target": "webhook", "kind": "success_after_cancel"})).await;
    let id = lomi.session().await;
    lomi.post(&format!("/_sim/sessions/{id}/cancel"), Value::Null).await;
    lomi.advance(0).await;
    assert_eq!(shop.events(), ["PAYMENT_SUCCEEDED"]);
    assert_eq!(lomi.state().await["faults"][0]["fired"], 1);
}

#[tokio::test]
async fn quirks_change_how_bodies_are_written() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    lomi.quirk("decimal_numbers").await;
    pay(&lomi).await;
    assert!(shop.received()[0].text().contains("\"gross_amount\":25000.0,"));
    for (path, amount) in [("/checkout-sessions", "amount"), ("/transactions", "gross_amount")] {
        let list = lomi.get(path).await;
        let name = path.trim_start_matches('/').trim_end_matches('s').replace('-', "_") + "_id";
        let one = lomi.get(&format!("{path}/{}", list.json()["data"][0][&name].as_str().unwrap())).await;
        let expected = format!("\"{amount}\":25000.0");
        assert!(list.text.contains(&expected) && one.text.contains(&expected), "{list:?} {one:?}");
    }
    assert!(lomi.post("/checkout-sessions", session_body()).await.text.contains("\"amount\":25000.0"));
    lomi.quirk("cli_reserialise").await;
    lomi.post("/_sim/profile", json!({"quirks": {"omit_env_marker": false}})).await;
    let id = pay(&lomi).await;
    assert!(shop.received()[1].text().starts_with("{\"data\":"));
    assert_eq!(shop.received()[1].json()["data"]["checkout_session_id"], json!(id));
    lomi.quirk("id_churn").await;
    shop.next(500, 0);
    pay(&lomi).await;
    lomi.advance(2).await;
    assert_ne!(shop.received()[2].json()["id"], shop.received()[3].json()["id"]);
}

const CREATE: &str = "POST /checkout-sessions";

async fn create(lomi: &Lomi) -> Result<crate::support::Reply, reqwest::Error> {
    let headers = [("x-api-key", fixtures::TEST_KEY_A), ("idempotency-key", "k")];
    lomi.send("POST", "/checkout-sessions", &headers, &session_body()).await
}

async fn sessions(lomi: &Lomi) -> usize {
    lomi.state().await["sessions"].as_array().unwrap().len()
}

#[tokio::test]
async fn an_answer_can_be_replaced_before_anything_happened() {
    let lomi = Lomi::start(Profile::Current).await;
    lomi.fault(json!({"target": CREATE, "kind": "status", "arg": 429})).await;
    lomi.fault(json!({"target": "/checkout-sessions", "kind": "html_502"})).await;
    lomi.fault(json!({"target": "*", "kind": "drop_connection"})).await;
    let limited = create(&lomi).await.unwrap();
    assert_eq!((limited.status, limited.header("retry-after")), (429, "60"));
    assert_eq!(create(&lomi).await.unwrap().status, 502);
    assert!(create(&lomi).await.is_err());
    assert_eq!(sessions(&lomi).await, 0);
    let fired: Vec<Value> =
        lomi.state().await["faults"].as_array().unwrap().iter().map(|f| f["fired"].clone()).collect();
    assert_eq!(fired, [1, 1, 1]);
    assert_eq!(create(&lomi).await.unwrap().status, 201);

    lomi.fault(json!({"target": CREATE, "kind": "html_502"})).await;
    let page = create(&lomi).await.unwrap();
    assert_eq!((page.status, page.text.starts_with("<html>")), (502, true));
    lomi.fault(json!({"target": CREATE, "kind": "drop_connection"})).await;
    assert!(create(&lomi).await.is_err());
}

#[tokio::test]
async fn a_fault_on_a_route_that_does_not_exist_is_refused() {
    let lomi = Lomi::start(Profile::Current).await;
    for target in ["/checkout-session", "GET /checkout-sessions/7", "/_sim/state", "FETCH /me", "GET  ", "me"] {
        let plan = json!({"target": target, "kind": "hang"});
        assert_eq!(lomi.post("/_sim/faults", plan).await.status, 400, "{target}");
    }
    for target in ["*", "GET /checkout-sessions/{id}", "/me", "POST *", "/checkout/{id}/pay", "/health"] {
        lomi.fault(json!({"target": target, "kind": "hang"})).await;
    }
    assert!(lomi.state().await["sessions"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_can_be_lost_after_the_effect() {
    for (kind, when) in [
        ("drop_connection", "after"),
        ("commit_then_500", "before"),
        ("truncated_json", "before"),
        ("html_502", "after"),
    ] {
        let lomi = Lomi::start(Profile::Current).await;
        lomi.fault(json!({"target": CREATE, "kind": kind, "when": when})).await;
        let lost = create(&lomi).await;
        let is_usable =
            lost.is_ok_and(|reply| serde_json::from_str::<Value>(&reply.text).is_ok() && reply.status == 201);
        assert!(!is_usable, "{kind}");
        assert_eq!(sessions(&lomi).await, 1, "{kind}");
        let again = create(&lomi).await.unwrap();
        assert_eq!((again.status, again.header("idempotency-cache-hit")), (201, "true"), "{kind}");
        assert_eq!(sessions(&lomi).await, 1);
    }
}

#[tokio::test]
async fn a_request_whose_client_leaves_still_has_its_effect() {
    let lomi = Lomi::start(Profile::Current).await;
    lomi.fault(json!({"target": CREATE, "kind": "hang", "when": "after"})).await;
    let effect = async { while sessions(&lomi).await == 0 {} };
    tokio::select! {
        answer = create(&lomi) => panic!("answered: {answer:?}"),
        () = effect => {}
    }
    assert_eq!(sessions(&lomi).await, 1);
    assert_eq!(lomi.state().await["faults"][0]["fired"], 1);
}

#[tokio::test]
async fn faults_are_listed_and_cleared_and_a_reset_clears_all() {
    let lomi = Lomi::start(Profile::Current).await;
    lomi.fault(json!({"target": "*", "kind": "status", "times": null, "arg": {"status": 503, "retry_after_s": 7}}))
        .await;
    for _ in 0..3 {
        let reply = lomi.get("/me").await;
        assert_eq!((reply.status, reply.header("retry-after")), (503, "7"));
    }
    assert_eq!(lomi.get("/_sim/faults").await.json()[0]["fired"], 3);
    lomi.call("DELETE", "/_sim/faults", &Value::Null).await;
    assert_eq!(lomi.get("/me").await.status, 200);
    lomi.session().await;
    lomi.post("/_sim/reset", Value::Null).await;
    assert_eq!(sessions(&lomi).await, 0);
    assert_eq!(lomi.post("/_sim/faults", json!({"target": "*", "kind": "imagined"})).await.status, 400);
    assert_eq!(lomi.post("/_sim/profile", json!({"quirks": {"imagined": true}})).await.status, 400);
}
