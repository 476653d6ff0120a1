use axum::body::{Body, to_bytes};
use axum::http::Request;
use lomi_sandbox::{Answer, Profile, Sim, fixtures, router};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::{session_body, settings};

async fn post(sim: &Sim, path: &str, body: &Value) -> Value {
    let request = Request::post(path).header("x-api-key", fixtures::TEST_KEY_A).body(Body::from(body.to_string()));
    let response = router(sim.clone()).oneshot(request.unwrap()).await.unwrap();
    serde_json::from_slice(&to_bytes(response.into_body(), 1 << 20).await.unwrap()).unwrap()
}

#[tokio::test]
async fn the_simulator_runs_without_sockets_or_real_time() {
    let sim = Sim::new(settings(Profile::Current)).unwrap();
    sim.register_webhook(fixtures::TEST_KEY_A, "http://shop.invalid/hook").unwrap();
    let id = post(&sim, "/checkout-sessions", &session_body()).await["checkout_session_id"].clone();
    post(&sim, &format!("/_sim/sessions/{}/pay", id.as_str().unwrap()), &json!({"method": "wave"})).await;

    let now = sim.clock().now();
    let first = sim.take_due(now);
    assert_eq!((first.len(), first[0].url.as_str()), (1, "http://shop.invalid/hook"));
    assert!(sim.take_due(now).is_empty(), "an attempt is handed out once");
    sim.record_answer(&first[0], &Answer::TimedOut, 4000);
    assert_eq!(sim.next_due(), Some(now.plus_s(2)));

    sim.clock().advance_to(now.plus_s(2));
    let second = sim.take_due(sim.clock().now());
    assert_ne!(first[0].body, second[0].body, "the timestamp is new");
    sim.record_answer(&second[0], &Answer::Status { status: 200, body: String::new() }, 1);
    assert_eq!(sim.state()["dispatches"]["delivered"], 1);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_state() {
    let mut states = Vec::new();
    for _ in 0..2 {
        let sim = Sim::new(settings(Profile::Current)).unwrap();
        post(&sim, "/checkout-sessions", &session_body()).await;
        states.push(sim.state().to_string());
    }
    assert_eq!(states[0], states[1]);
}
