//! The secret that the stack writes, against a stand-in for Secrets Manager.

use crate::secrets::{client, soon};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use lambda_kit::config::SecretId;
use lambda_kit::secrets::{SecretError, WritableSecret};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::Instant;

const VERSION: &str = "a465993b-98fb-49c3-9943-5b8eac17004c";
const PLACEHOLDER: &str = r#"{"placeholder":"x"}"#;

/// The state and the behaviour of the stand-in.
#[derive(Default)]
struct Manager {
    /// Version and text.
    current: Option<(String, String)>,
    /// A write fails and stores nothing.
    refuses: bool,
    /// A write stores the text and is answered with an error.
    loses_answers: bool,
    hangs: bool,
    puts: usize,
}

type Shared = Arc<Mutex<Manager>>;

async fn handle(State(manager): State<Shared>, headers: HeaderMap, body: String) -> (StatusCode, String) {
    let request: Value = serde_json::from_str(&body).unwrap();
    let is_put = headers["x-amz-target"] == "secretsmanager.PutSecretValue";
    let (answer, hangs) = {
        let mut manager = manager.lock().unwrap();
        let answer = if is_put { put(&mut manager, &request) } else { get(&manager) };
        (answer, manager.hangs)
    };
    if hangs {
        std::future::pending::<()>().await;
    }
    answer
}

fn put(manager: &mut Manager, request: &Value) -> (StatusCode, String) {
    manager.puts += 1;
    if !manager.refuses {
        let text = |name: &str| request[name].as_str().unwrap().to_owned();
        manager.current = Some((text("ClientRequestToken"), text("SecretString")));
    }
    if manager.refuses || manager.loses_answers {
        return (StatusCode::INTERNAL_SERVER_ERROR, json!({ "__type": "InternalServiceError" }).to_string());
    }
    (StatusCode::OK, json!({ "VersionId": VERSION }).to_string())
}

fn get(manager: &Manager) -> (StatusCode, String) {
    match &manager.current {
        Some((version, text)) => (StatusCode::OK, json!({ "VersionId": version, "SecretString": text }).to_string()),
        None => (StatusCode::BAD_REQUEST, json!({ "__type": "ResourceNotFoundException" }).to_string()),
    }
}

async fn slot(manager: Manager) -> (Shared, WritableSecret) {
    let manager = Arc::new(Mutex::new(manager));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let routes = axum::Router::new().route("/", post(handle)).with_state(Arc::clone(&manager));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (manager, WritableSecret::new(client(&endpoint), SecretId::parse("webhook").unwrap()))
}

fn holding(version: &str, text: &str) -> Manager {
    Manager { current: Some((version.to_owned(), text.to_owned())), ..Manager::default() }
}

#[tokio::test]
async fn a_written_secret_is_current_under_its_version() {
    let (manager, slot) = slot(holding("first", PLACEHOLDER)).await;
    assert_eq!(slot.version(soon()).await, Ok(None), "a placeholder is no secret");
    manager.lock().unwrap().current = Some(("second".to_owned(), "\"whsec_0_0123456789\"".to_owned()));
    assert_eq!(slot.version(soon()).await, Ok(None), "nor is one with its quotation marks");
    assert_eq!(slot.put("whsec_1_0123456789", VERSION, soon()).await, Ok(true));
    assert_eq!(slot.version(soon()).await, Ok(Some(VERSION.to_owned())));
    assert_eq!(manager.lock().unwrap().current, Some((VERSION.to_owned(), "whsec_1_0123456789".to_owned())));
}

#[tokio::test]
async fn only_an_unreadable_secret_is_an_error() {
    let (manager, slot) = slot(Manager::default()).await;
    assert_eq!(slot.version(soon()).await, Ok(None));
    manager.lock().unwrap().hangs = true;
    assert_eq!(slot.version(Instant::now() + Duration::from_millis(100)).await, Err(SecretError::Unreachable));
}

#[tokio::test]
async fn a_secret_write_with_a_lost_answer_is_found_by_reading() {
    let (manager, slot) = slot(Manager { loses_answers: true, ..holding("first", "whsec_0_0123456789") }).await;
    assert_eq!(slot.put("whsec_1_0123456789", VERSION, soon()).await, Ok(true));
    manager.lock().unwrap().refuses = true;
    let other = slot.put("whsec_2_0123456789", "b465993b-98fb-49c3-9943-5b8eac17004c", soon()).await;
    assert_eq!(other, Ok(false), "another version is current");
}

#[tokio::test]
async fn a_secret_write_is_retried_within_its_deadline() {
    let (manager, slot) = slot(Manager { refuses: true, ..Manager::default() }).await;
    assert_eq!(slot.put("whsec_1_0123456789", VERSION, soon()).await, Ok(false));
    assert_eq!(manager.lock().unwrap().puts, 6);
    manager.lock().unwrap().hangs = true;
    let begun = Instant::now();
    let unknown = slot.put("whsec_1_0123456789", VERSION, begun + Duration::from_millis(200)).await;
    assert_eq!(unknown, Err(SecretError::Unreachable), "the outcome is unknown");
    assert!(begun.elapsed() < Duration::from_secs(2));
}
