//! Secrets against a stand-in for Secrets Manager. The tests advance the time between calls.

use aws_sdk_secretsmanager::config::{Credentials, SharedCredentialsProvider};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use lambda_kit::aws::AwsEnvironment;
use lambda_kit::config::SecretId;
use lambda_kit::secrets::{Kind, NotASecret, Secret, SecretError, Stages};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::Instant;

const TOKEN: &str = "lomi_sk_test_canary";

/// What the stand-in does.
#[derive(Default)]
struct Manager {
    current: Option<&'static str>,
    previous: Option<&'static str>,
    /// When the current version was created, in seconds since the epoch; `None` when the answer does not say.
    rotated_at_s: Option<i64>,
    is_down: bool,
    hangs: bool,
    calls: usize,
}

type Shared = Arc<Mutex<Manager>>;

async fn get_secret_value(State(manager): State<Shared>, body: String) -> (StatusCode, String) {
    let request: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(request["SecretId"], "webhook");
    let (value, rotated_at_s, is_down, hangs) = {
        let mut manager = manager.lock().unwrap();
        manager.calls += 1;
        let value = if request["VersionStage"] == "AWSCURRENT" { manager.current } else { manager.previous };
        (value, manager.rotated_at_s, manager.is_down, manager.hangs)
    };
    if hangs {
        std::future::pending::<()>().await;
    }
    match value {
        _ if is_down => (StatusCode::INTERNAL_SERVER_ERROR, json!({"__type": "InternalServiceError"}).to_string()),
        Some(value) => {
            let answer = json!({ "Name": "webhook", "SecretString": value, "CreatedDate": rotated_at_s });
            (StatusCode::OK, answer.to_string())
        }
        None => (StatusCode::BAD_REQUEST, json!({"__type": "ResourceNotFoundException"}).to_string()),
    }
}

async fn stand_in(manager: Manager, stages: Stages) -> (Shared, Secret) {
    let manager = Arc::new(Mutex::new(manager));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let routes = axum::Router::new().route("/", post(get_secret_value)).with_state(Arc::clone(&manager));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (manager, Secret::new(client(&endpoint), SecretId::parse("webhook").unwrap(), Kind::LomiKey, stages))
}

pub(crate) fn client(endpoint: &str) -> aws_sdk_secretsmanager::Client {
    let environment = AwsEnvironment {
        region: "eu-west-1".to_owned(),
        dynamodb_endpoint: None,
        secrets_manager_endpoint: Some(endpoint.parse().unwrap()),
    };
    // Credentials come from the process's environment, which a test must not change.
    let credentials = SharedCredentialsProvider::new(Credentials::new("AKIDTEST", "key", None, None, "test"));
    let sdk = lambda_kit::aws::sdk_config(&environment, &lambda_kit::https::client().unwrap());
    aws_sdk_secretsmanager::Client::new(&sdk.into_builder().credentials_provider(credentials).build())
}

pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

/// Advances the time. It is paused only here: with paused time, waits for a socket would end at once too.
async fn pass(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

fn holding(current: &'static str) -> Manager {
    Manager { current: Some(current), ..Manager::default() }
}

#[tokio::test]
async fn a_secret_is_fetched_once_a_minute() {
    let (manager, secret) = stand_in(holding("first"), Stages::Current).await;
    for _ in 0..3 {
        assert_eq!(secret.get(soon()).await.unwrap().current.expose(), "first");
    }
    manager.lock().unwrap().current = Some("second");
    pass(59).await;
    assert_eq!(secret.get(soon()).await.unwrap().current.expose(), "first");
    pass(2).await;
    assert_eq!(secret.get(soon()).await.unwrap().current.expose(), "second");
    assert_eq!(manager.lock().unwrap().calls, 2);
}

#[tokio::test]
async fn callers_at_the_same_time_share_one_request() {
    let (manager, secret) = stand_in(holding("first"), Stages::Current).await;
    secret.prefetch();
    let gets = (0..20).map(|_| secret.get(soon()));
    for got in futures::future::join_all(gets).await {
        assert_eq!(got.unwrap().current.expose(), "first");
    }
    assert_eq!(manager.lock().unwrap().calls, 1);
}

#[tokio::test]
async fn a_forced_secret_refresh_is_rate_limited() {
    let (manager, secret) = stand_in(holding("first"), Stages::Current).await;
    secret.get(soon()).await.unwrap();
    // Rotated right after a routine fetch: the first signature that does not match finds it.
    manager.lock().unwrap().current = Some("second");
    assert_eq!(secret.refresh(soon()).await.unwrap().current.expose(), "second");
    manager.lock().unwrap().current = Some("third");
    for _ in 0..50 {
        assert_eq!(secret.refresh(soon()).await.unwrap().current.expose(), "second");
    }
    pass(6).await;
    for _ in 0..50 {
        assert_eq!(secret.refresh(soon()).await.unwrap().current.expose(), "third");
    }
    assert_eq!(manager.lock().unwrap().calls, 3);
}

#[tokio::test]
async fn the_previous_version_is_read_when_requested() {
    let rotated = Manager { current: Some("new\n"), previous: Some("old"), ..Manager::default() };
    let (_, secret) = stand_in(rotated, Stages::CurrentAndPrevious).await;
    let versions = secret.get(soon()).await.unwrap();
    assert_eq!(versions.current.expose(), "new", "a line break from the console is no part of the secret");
    assert_eq!(versions.previous.as_ref().unwrap().expose(), "old");

    let (_, secret) = stand_in(holding("only"), Stages::CurrentAndPrevious).await;
    assert_eq!(secret.get(soon()).await.unwrap().previous, None, "never rotated");
}

/// A secret may have been replaced because it leaked.
#[tokio::test]
async fn a_replaced_secret_is_valid_for_a_bounded_time() {
    let now_s = lambda_kit::system::clock().now().as_s();
    for (age_s, expected) in [(0, Some("old")), (23 * 60 * 60, Some("old")), (24 * 60 * 60, None), (9_999_999, None)] {
        let rotated_at_s = Some(now_s - age_s);
        let rotated = Manager { current: Some("new"), previous: Some("old"), rotated_at_s, ..Manager::default() };
        let (_, secret) = stand_in(rotated, Stages::CurrentAndPrevious).await;
        let versions = secret.get(soon()).await.unwrap();
        assert_eq!(versions.current.expose(), "new");
        assert_eq!(versions.previous.as_ref().map(|previous| previous.expose()), expected, "{age_s} s ago");
    }
}

#[tokio::test]
async fn a_known_secret_survives_an_outage_for_a_bounded_time() {
    let (manager, secret) = stand_in(holding("first"), Stages::Current).await;
    secret.get(soon()).await.unwrap();
    manager.lock().unwrap().is_down = true;
    pass(14 * 60).await;
    assert_eq!(secret.get(soon()).await.unwrap().current.expose(), "first");
    let calls = manager.lock().unwrap().calls;
    assert_eq!(secret.get(soon()).await.unwrap().current.expose(), "first");
    assert_eq!(manager.lock().unwrap().calls, calls, "an outage does not cost every request a time-out");
    pass(61).await;
    assert_eq!(secret.get(soon()).await.unwrap_err(), SecretError::Unreachable);
}

#[tokio::test]
async fn a_deleted_secret_is_missing_at_once_and_not_served_again() {
    let (manager, secret) = stand_in(holding("first"), Stages::Current).await;
    secret.get(soon()).await.unwrap();
    manager.lock().unwrap().current = None;
    pass(61).await;
    assert_eq!(secret.get(soon()).await.unwrap_err(), SecretError::Missing);
    manager.lock().unwrap().is_down = true;
    assert_eq!(secret.get(soon()).await.unwrap_err(), SecretError::Unreachable);
}

/// The version before the unusable text is still accepted; the secret that was meant is unknown.
#[tokio::test]
async fn an_invalid_secret_text_counts_as_missing() {
    let (_, secret) = stand_in(holding("{\"key\":\"x\"}"), Stages::Current).await;
    assert_eq!(secret.get(soon()).await.unwrap_err(), SecretError::Unusable(NotASecret::Json));
    let slip = Manager { current: Some("'new'"), previous: Some("old"), ..Manager::default() };
    let (manager, secret) = stand_in(slip, Stages::CurrentAndPrevious).await;
    let versions = secret.get(soon()).await.unwrap();
    assert_eq!((versions.current.expose(), versions.unusable), ("old", Some(NotASecret::Quoted)));
    manager.lock().unwrap().previous = Some("lomi_pk_test_a");
    assert_eq!(secret.refresh(soon()).await.unwrap_err(), SecretError::Unusable(NotASecret::Quoted));
    manager.lock().unwrap().current = Some("new");
    pass(6).await;
    let versions = secret.refresh(soon()).await.unwrap();
    assert_eq!((versions.current.expose(), &versions.previous), ("new", &None));
    assert_eq!(versions.unusable, Some(NotASecret::PublishableKey), "it hides the version before it");
}

#[tokio::test]
async fn an_empty_secret_is_missing() {
    let (_, secret) = stand_in(holding(" \n"), Stages::Current).await;
    assert_eq!(secret.get(soon()).await.unwrap_err(), SecretError::Missing);
}

#[tokio::test]
async fn a_manager_that_hangs_is_unreachable_at_the_callers_deadline() {
    let (manager, secret) = stand_in(Manager { hangs: true, ..holding("first") }, Stages::Current).await;
    let began = Instant::now();
    let got = secret.get(began + Duration::from_millis(100)).await;
    assert_eq!(got.unwrap_err(), SecretError::Unreachable);
    assert!(began.elapsed() < Duration::from_secs(1));
    manager.lock().unwrap().hangs = false;
    assert_eq!(secret.get(soon()).await.unwrap().current.expose(), "first");
}

#[tokio::test]
async fn debug_does_not_show_a_secret() {
    let (_, secret) = stand_in(holding(TOKEN), Stages::Current).await;
    let versions = secret.get(soon()).await.unwrap();
    assert_eq!(versions.current.expose(), TOKEN);
    assert!(!format!("{versions:?}").contains("canary"));
}
