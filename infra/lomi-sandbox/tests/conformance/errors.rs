use lomi_sandbox::{Profile, Settings, fixtures};
use serde_json::{Value, json};

use crate::support::{Lomi, session_body, settings};

#[tokio::test]
async fn only_a_secret_key_opens_the_api() {
    let lomi = Lomi::start(Profile::Current).await;
    for (headers, message) in [
        (vec![], "API Key is missing"),
        (vec![("x-api-key", fixtures::PUBLISHABLE_TEST_KEY_A)], "Invalid API Key"),
        (vec![("x-api-key", "lomi_sk_test_wrong"), ("authorization", "Bearer lomi_sk_test_sim_a")], "Invalid API Key"),
    ] {
        let reply = lomi.send("GET", "/me", &headers, &Value::Null).await.unwrap();
        assert_eq!((reply.status, reply.error_code().as_str()), (401, "unauthorized"));
        assert_eq!(reply.json()["error"]["message"], message);
    }
    for header in [("x-lomi-api-key", "lomi_sk_live_sim_b"), ("authorization", "Bearer lomi_sk_live_sim_b")] {
        let me = lomi.send("GET", "/me", &[header], &Value::Null).await.unwrap().json();
        assert_eq!((&me["environment"], &me["organization_id"]), (&json!("live"), &json!(fixtures::ORGANIZATION_B)));
    }
    let operator = [("x-api-key", fixtures::TEST_KEY_A), ("lomi-account", "acct_1")];
    assert_eq!(lomi.send("GET", "/me", &operator, &Value::Null).await.unwrap().status, 401);
}

#[tokio::test]
async fn a_foreign_session_is_not_found_and_in_seeds_forbidden() {
    for (profile, status) in [(Profile::Current, 404), (Profile::June2026, 404), (Profile::Seeds, 403)] {
        let lomi = Lomi::start(profile).await;
        let id = lomi.session().await;
        let headers = [("x-api-key", fixtures::TEST_KEY_B)];
        let reply = lomi.send("GET", &format!("/checkout-sessions/{id}"), &headers, &Value::Null).await.unwrap();
        assert_eq!(reply.status, status, "{reply:?}");
    }
}

#[tokio::test]
async fn an_unknown_route_says_so() {
    let lomi = Lomi::start(Profile::Current).await;
    for (method, path) in [
        ("POST", "/payment-intents"),
        ("POST", "/v1/checkout-sessions"),
        ("DELETE", "/checkout-sessions/7c0dd2f4-52a1-4f0e-9a53-0f6f2a1b9c11"),
    ] {
        let reply = lomi.send(method, path, &[], &Value::Null).await.unwrap();
        assert_eq!((reply.status, reply.error_code().as_str()), (404, "not_found"));
        let message = reply.json()["error"]["message"].as_str().unwrap().to_owned();
        assert_eq!(message, format!("Cannot {method} {path}"));
    }
}

#[tokio::test]
async fn malformed_json_is_noticed_before_the_key() {
    let lomi = Lomi::start(Profile::Current).await;
    for text in ["{", "{\"amount\":}", &"[".repeat(100_000), "\u{0}"] {
        let reply = lomi.send("POST", "/checkout-sessions", &[], &json!(text)).await.unwrap();
        assert_eq!((reply.status, reply.error_code().as_str()), (400, "bad_request"));
    }
}

#[tokio::test]
async fn a_body_over_lomis_size_limit_is_refused() {
    let lomi = Lomi::start(Profile::Current).await;
    let body = json!("x".repeat(10 * 1024 * 1024 + 1));
    let refused = lomi.send("POST", "/checkout-sessions", &[], &body).await;
    // The server may close before it has read everything.
    assert!(refused.is_err() || refused.is_ok_and(|reply| reply.status == 413));
}

#[tokio::test]
async fn all_problems_of_a_body_come_in_one_answer() {
    let lomi = Lomi::start(Profile::Current).await;
    let body = json!({
        "amount": "25000", "currency_code": "GBP", "customer_email": "nobody", "customer_id": "7", "quantity": 0,
        "allow_quantity": "yes", "metadata": [], "integration_source": "fax", "line_items": [{"quantity": 1}],
    });
    let reply = lomi.post("/checkout-sessions", body).await;
    assert_eq!((reply.status, reply.error_code().as_str()), (400, "validation_failed"));
    let error = &reply.json()["error"];
    assert_eq!(error["message"], "Validation failed");
    let details: Vec<&str> = error["details"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    for field in ["amount", "currency_code", "customer_email", "customer_id", "quantity", "allow_quantity", "metadata"]
    {
        assert!(details.iter().any(|line| line.starts_with(&format!("{field} "))), "{field} in {details:?}");
    }
    assert!(details.iter().any(|line| line.starts_with("line_items.0.price_id ")), "{details:?}");
}

#[tokio::test]
async fn the_june_server_answers_bad_input_with_an_internal_error() {
    let lomi = Lomi::start(Profile::June2026).await;
    for body in [json!({"amount": 0, "currency_code": "XOF"}), json!({"amount": 5}), json!({"metadata": 3})] {
        let reply = lomi.post("/checkout-sessions", body).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (500, "internal_error"));
    }
    let odd = json!({"amount": 5, "currency_code": "XOF", "customer_email": "nobody", "success_url": "nowhere"});
    assert_eq!(lomi.post("/checkout-sessions", odd).await.json()["customer_email"], "nobody");
}

#[tokio::test]
async fn seeds_refusals_carry_their_own_codes() {
    let lomi = Lomi::start(Profile::Seeds).await;
    let with = |name: &str, value: Value| {
        let mut body = session_body();
        body[name] = value;
        body
    };
    for (body, code) in [
        (with("currency_code", json!("GBP")), "UNSUPPORTED_CURRENCY"),
        (with("allowed_providers", json!(["VISA"])), "UNSUPPORTED_PROVIDER"),
        (with("allowed_providers", json!([])), "INVALID_REQUEST"),
        (with("success_url", json!("nowhere")), "INVALID_REQUEST"),
        (with("metadata", json!({"n": 1})), "INVALID_REQUEST"),
        (with("product_id", json!("7")), "INVALID_REFERENCE"),
    ] {
        let reply = lomi.post("/checkout-sessions", body).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (400, code), "{reply:?}");
        assert!(reply.json().get("request_id").is_none());
    }
    let tree = lomi.post("/checkout-sessions", with("success_url", json!("nowhere"))).await.json();
    assert_eq!(tree["error"]["details"]["success_url"]["_errors"][0], "must be a URL");
    let bare = lomi.send("GET", "/me", &[], &Value::Null).await.unwrap().json();
    assert_eq!(bare, json!({"error": {"message": "API Key is missing"}}));
}

#[tokio::test]
async fn malformed_session_ids_are_distinguished() {
    let lomi = Lomi::start(Profile::Current).await;
    let placeholder = lomi.get("/checkout-sessions/%7BCHECKOUT_SESSION_ID%7D").await;
    assert_eq!(placeholder.status, 400);
    assert!(placeholder.text.contains("placeholder"));
    assert_eq!(lomi.get("/checkout-sessions/cs_123").await.status, 400);
    let unknown = lomi.get("/checkout-sessions/7c0dd2f4-52a1-4f0e-9a53-0f6f2a1b9c11").await;
    assert_eq!(unknown.status, 404);
    assert!(unknown.json()["error"]["message"].as_str().unwrap().ends_with("not found or access denied"));
    assert_eq!(lomi.get("/transactions/nonsense").await.status, 500);
    assert_eq!(lomi.get("/checkout-sessions?limit=many").await.status, 400);
    assert_eq!(lomi.get("/checkout-sessions?status=cancelled").await.status, 400);
}

#[tokio::test]
async fn a_request_id_is_adopted_or_made() {
    let lomi = Lomi::start(Profile::Current).await;
    let reply = lomi.send("GET", "/me", &[("x-request-id", "mine")], &Value::Null).await.unwrap();
    assert_eq!((reply.header("x-request-id"), &reply.json()["request_id"]), ("mine", &json!("mine")));
    assert_eq!(lomi.get("/health").await.header("x-request-id").len(), 36);
}

#[tokio::test]
async fn sessions_beyond_the_rate_limit_are_refused_for_a_window() {
    let lomi = Lomi::start(Profile::Current).await;
    for _ in 0..120 {
        lomi.session().await;
    }
    let reply = lomi.post("/checkout-sessions", session_body()).await;
    assert_eq!((reply.status, reply.error_code().as_str()), (429, "rate_limit_exceeded"));
    assert_eq!((reply.header("retry-after"), reply.header("x-ratelimit-limit")), ("60", "120"));
    assert_eq!(reply.header("x-ratelimit-window-seconds"), "60");
    assert_eq!(reply.json()["error"]["details"], json!({"retry_after_seconds": 60, "limit": 120}));
    assert_eq!(lomi.get("/me").await.status, 200);
    lomi.advance(60).await;
    lomi.session().await;
}

#[tokio::test]
async fn a_refused_key_spends_the_budget_too() {
    let lomi = Lomi::start_with(Settings { rate_write: 1, ..settings(Profile::Current) }).await;
    let refused = lomi.send("POST", "/checkout-sessions", &[], &session_body()).await.unwrap();
    assert_eq!(refused.status, 401);
    assert_eq!(lomi.post("/checkout-sessions", session_body()).await.status, 429);
}
