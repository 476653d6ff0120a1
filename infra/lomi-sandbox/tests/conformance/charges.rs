use lomi_sandbox::{Profile, fixtures};
use serde_json::{Value, json};

use crate::support::{Lomi, charge_body};

const PROFILES: [Profile; 3] = [Profile::Current, Profile::June2026, Profile::Seeds];

fn with(name: &str, value: Value) -> Value {
    let mut body = charge_body();
    body[name] = value;
    body
}

fn path(charge: &Value) -> String {
    format!("/charge/card/{}", charge["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_charge_is_converted_and_keeps_its_original_figures() {
    for profile in PROFILES {
        let lomi = Lomi::start(profile).await;
        let charge = lomi.charge("k").await;
        assert_eq!((&charge["amount"], &charge["currency"]), (&json!(3811), &json!("eur")));
        assert_eq!((&charge["original_amount"], &charge["original_currency"]), (&json!(25000), &json!("XOF")));
        assert_eq!(charge["status"], "requires_payment_method");
        let id = charge["id"].as_str().unwrap();
        assert_eq!((id.len(), id.starts_with("pi_")), (27, true));
        assert!(charge["client_secret"].as_str().unwrap().starts_with(&format!("{id}_secret_")));
        assert!(charge.get("appearance").is_none());
        let row = &lomi.state().await["transactions"][0];
        assert_eq!((&row["gross_amount"], &row["status"]), (&json!(25000), &json!("pending")));
        assert_eq!(row["metadata"], json!({"order_id": "A-1007", "lines": 2}));
    }
    let lomi = Lomi::start(Profile::Current).await;
    let body = json!({"amount": 12.5, "currency": "usd", "customer_email": "a@b.ci", "customer_name": "A"});
    let data = lomi.post_once("/charge/card", "k", &body).await.json()["data"].clone();
    assert_eq!(
        (&data["amount"], &data["currency"], &data["original_amount"]),
        (&json!(1250), &json!("usd"), &json!(12.5))
    );
}

#[tokio::test]
async fn the_old_path_exists_only_in_seeds() {
    for profile in [Profile::Current, Profile::June2026] {
        let lomi = Lomi::start(profile).await;
        for (method, path) in
            [("POST", "/payment-intents"), ("GET", "/payment-intents/pi_1"), ("POST", "/payment-intents/pi_1/cancel")]
        {
            let reply = lomi.call(method, path, &Value::Null).await;
            assert_eq!(reply.status, 404);
            assert_eq!(reply.json()["error"]["message"], format!("Cannot {method} {path}"));
        }
    }
    let lomi = Lomi::start(Profile::Seeds).await;
    let reply = lomi.post("/payment-intents", charge_body()).await;
    assert_eq!((reply.status, &reply.json()["success"]), (201, &json!(true)));
    let id = reply.json()["data"]["id"].as_str().unwrap().to_owned();
    assert_eq!(lomi.get(&format!("/payment-intents/{id}")).await.json()["data"]["transaction"]["status"], "pending");
    assert_eq!(lomi.post(&format!("/payment-intents/{id}/cancel"), Value::Null).await.status, 201);
}

#[tokio::test]
async fn the_first_problem_is_the_answer() {
    let lomi = Lomi::start(Profile::Current).await;
    let uuid_v1 = "7c0dd2f4-52a1-1f0e-9a53-0f6f2a1b9c11";
    for (at, (body, word)) in [
        (with("customer_id", json!(uuid_v1)), "customer_id"),
        (with("customer_email", json!("ada at shop.example")), "customer_email"),
        (with("customer_name", json!("  ")), "customer_name"),
        (with("product_id", json!("7")), "product_id"),
        (with("subscription_id", json!(uuid_v1)), "subscription_id"),
        (with("amount", json!(0)), "amount"),
        (with("amount", json!("25000")), "amount"),
        (with("currency_code", json!("GBP")), "currency_code"),
        (with("appearance_theme", json!("pink")), "appearance_theme"),
        (with("appearance_border_radius", json!(-1)), "appearance_border_radius"),
        (with("appearance_billing_address", json!("always")), "appearance_billing_address"),
        (json!({"customer_id": "7", "amount": -1, "currency": "GBP"}), "customer_id"),
    ]
    .into_iter()
    .enumerate()
    {
        let reply = lomi.post_once("/charge/card", &format!("k{at}"), &body).await;
        let error = reply.json()["error"].clone();
        assert!(error["message"].as_str().unwrap().contains(word), "{word} in {reply:?}");
        assert_eq!(reply.status, 400);
    }
    assert_eq!(lomi.state().await["intents"], json!([]));
}

#[tokio::test]
async fn a_small_amount_is_refused_as_each_generation_does() {
    let small = with("amount", json!(999));
    let lomi = Lomi::start(Profile::Current).await;
    let reply = lomi.post_once("/charge/card", "k", &small).await;
    assert_eq!((reply.status, reply.error_code().as_str()), (400, "amount_invalid"));
    let lomi = Lomi::start(Profile::June2026).await;
    assert_eq!(lomi.post("/charge/card", small).await.status, 201);
    assert_eq!(lomi.post("/charge/card", with("amount", json!(300))).await.status, 500);
    assert_eq!(lomi.post("/charge/card", with("amount", json!("25000"))).await.status, 201);
    let lomi = Lomi::start(Profile::Seeds).await;
    assert_eq!(lomi.post("/charge/card", with("amount", json!(300))).await.status, 400);
}

#[tokio::test]
async fn appearance_is_echoed_only_when_sent() {
    let lomi = Lomi::start(Profile::Current).await;
    let mut body = with("appearance_theme", json!("night"));
    body["appearance_border_radius"] = json!(8);
    let reply = lomi.post_once("/charge/card", "k", &body).await.json();
    assert_eq!(reply["data"]["appearance"], json!({"theme": "dark", "border_radius": 8}));
    let read = lomi.get(&path(&reply["data"])).await.json();
    assert!(read["data"].get("appearance").is_none());
}

#[tokio::test]
async fn an_unknown_customer_leaves_an_orphan_that_every_key_can_read() {
    let lomi = Lomi::start(Profile::Current).await;
    for (at, id) in ["7c0dd2f4-52a1-4f0e-9a53-0f6f2a1b9c11", fixtures::CUSTOMER_B].iter().enumerate() {
        let reply = lomi.post_once("/charge/card", &format!("k{at}"), &with("customer_id", json!(id))).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (400, "bad_request"));
    }
    let state = lomi.state().await;
    assert_eq!(state["transactions"], json!([]));
    assert_eq!(state["intents"].as_array().unwrap().len(), 2);
    let orphan = path(&state["intents"][0]);
    let read = lomi.as_stranger("GET", &orphan).await;
    assert_eq!((read.status, &read.json()["data"]["transaction"]), (200, &Value::Null));
    assert_eq!(
        lomi.post_once("/charge/card", "own", &with("customer_id", json!(fixtures::CUSTOMER_A))).await.status,
        201
    );
}

#[tokio::test]
async fn returning_guests_are_matched_and_renamed() {
    let lomi = Lomi::start(Profile::Current).await;
    lomi.charge("one").await;
    let renamed = with("customer_name", json!("Ada K."));
    lomi.post_once("/charge/card", "two", &renamed).await;
    let found = lomi.get("/customers?search=ada").await.json();
    assert_eq!(found["total_count"], 1);
    assert_eq!(found["data"][0]["name"], "Ada K.");
}

#[tokio::test]
async fn a_stranger_is_forbidden_and_the_other_key_sees_nothing() {
    for profile in PROFILES {
        let lomi = Lomi::start(profile).await;
        let path = path(&lomi.charge("k").await);
        assert_eq!(lomi.as_stranger("GET", &path).await.status, 403);
        assert_eq!(lomi.as_stranger("POST", &format!("{path}/cancel")).await.status, 403);
        let live = [("x-api-key", fixtures::LIVE_KEY_A)];
        assert_eq!(lomi.send("GET", &path, &live, &Value::Null).await.unwrap().status, 404);
        assert_eq!(lomi.get("/charge/card/pi_unknown").await.status, 404);
        assert_eq!(lomi.get(&path).await.json()["data"]["transaction"]["status"], "pending");
    }
}

#[tokio::test]
async fn an_open_charge_is_cancelled_once_and_its_transaction_expires() {
    let lomi = Lomi::start(Profile::Current).await;
    let charge = lomi.charge("k").await;
    let cancel = format!("{}/cancel", path(&charge));
    let reply = lomi.post(&cancel, Value::Null).await;
    assert_eq!((reply.status, &reply.json()["data"]), (200, &json!({"id": charge["id"], "status": "canceled"})));
    assert_eq!(lomi.post(&cancel, Value::Null).await.error_code(), "internal_error");
    assert_eq!(lomi.get(&path(&charge)).await.json()["data"]["transaction"]["status"], "pending");
    lomi.advance(7260).await;
    assert_eq!(lomi.get(&path(&charge)).await.json()["data"]["transaction"]["status"], "expired");
    assert!(lomi.outbox().await.is_empty());
}

#[tokio::test]
async fn a_muted_rail_refuses_charges_and_the_page_takes_cards() {
    for profile in PROFILES {
        let lomi = Lomi::start(profile).await;
        lomi.quirk("card_rail_muted").await;
        let reply = lomi.post_once("/charge/card", "k", &json!({"amount": "nonsense"})).await;
        assert_eq!(reply.status, 503, "{reply:?}");
        let session = lomi.session().await;
        assert_eq!(lomi.pay(&session, json!({"method": "card"})).await["step"], "paid");
    }
}

#[tokio::test]
async fn in_current_a_charge_needs_a_key_and_happens_once() {
    let lomi = Lomi::start(Profile::Current).await;
    let refused = lomi.post("/charge/card", charge_body()).await;
    assert_eq!((refused.status, refused.error_code().as_str()), (400, "idempotency_key_required"));
    let anonymous = lomi.send("POST", "/charge/card", &[], &charge_body()).await.unwrap();
    assert_eq!(anonymous.status, 401, "the API key is checked first");
    let first = lomi.post_once("/charge/card", "k", &charge_body()).await;
    let again = lomi.post_once("/charge/card", "k", &charge_body()).await;
    assert_eq!((first.status, again.header("idempotency-cache-hit")), (201, "true"));
    assert_eq!(first.text, again.text);
    let other = lomi.post_once("/charge/card", "k", &with("amount", json!(30000))).await;
    assert_eq!((other.status, other.error_code().as_str()), (409, "idempotency_key_reused"));
    assert_eq!(lomi.state().await["intents"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn of_two_charges_in_flight_one_is_refused() {
    let lomi = Lomi::start(Profile::Current).await;
    let slow = json!({"target": "POST /charge/card", "kind": "latency_ms", "when": "inside", "arg": 1000});
    lomi.fault(slow).await;
    let body = charge_body();
    let second = async {
        while lomi.state().await["idempotency_keys"] == 0 {}
        lomi.post_once("/charge/card", "k", &body).await
    };
    let (done, refused) = tokio::join!(lomi.post_once("/charge/card", "k", &body), second);
    assert_eq!((done.status, refused.status), (201, 409));
    assert_eq!(refused.error_code(), "idempotency_in_progress");
}

#[tokio::test]
async fn the_june_server_ignores_the_key_of_a_charge() {
    for (profile, intents) in [(Profile::June2026, 2), (Profile::Seeds, 1)] {
        let lomi = Lomi::start(profile).await;
        lomi.charge("k").await;
        lomi.charge("k").await;
        assert_eq!(lomi.state().await["intents"].as_array().unwrap().len(), intents, "{profile:?}");
    }
}
