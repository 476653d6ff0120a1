//! The AWS SDK on this crate's HTTPS client, against a stand-in that misbehaves.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use lambda_kit::aws::AwsEnvironment;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// How the next request is answered.
#[derive(Clone, Copy)]
enum Answer {
    Table,
    Throttled,
    Failed,
    Hang,
    Huge,
    Redirect,
}

#[derive(Default)]
struct Service {
    /// Used from the end; the first entry is repeated.
    script: Vec<Answer>,
    seen: Vec<HeaderMap>,
}

type Shared = Arc<Mutex<Service>>;

async fn answer(State(service): State<Shared>, headers: HeaderMap) -> Response {
    let next = {
        let mut service = service.lock().unwrap();
        service.seen.push(headers);
        if service.script.len() > 1 { service.script.pop() } else { service.script.last().copied() }
    };
    match next.unwrap() {
        Answer::Table => r#"{"Table":{"TableName":"orders"}}"#.into_response(),
        Answer::Throttled => {
            (StatusCode::BAD_REQUEST, r#"{"__type":"x#ProvisionedThroughputExceededException"}"#).into_response()
        }
        Answer::Failed => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Answer::Hang => std::future::pending().await,
        Answer::Huge => " ".repeat(4 * 1024 * 1024 + 1).into_response(),
        Answer::Redirect => (StatusCode::TEMPORARY_REDIRECT, [("location", "/elsewhere")]).into_response(),
    }
}

async fn service(script: &[Answer]) -> (Shared, Client) {
    let script = script.iter().rev().copied().collect();
    let service = Arc::new(Mutex::new(Service { script, seen: Vec::new() }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let routes = axum::Router::new().fallback(post(answer)).with_state(Arc::clone(&service));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (service, client(&endpoint))
}

fn client(endpoint: &str) -> Client {
    let environment = AwsEnvironment {
        region: "eu-west-1".to_owned(),
        dynamodb_endpoint: Some(endpoint.parse().unwrap()),
        secrets_manager_endpoint: None,
    };
    let credentials = SharedCredentialsProvider::new(Credentials::new("AKIDTEST", "key", None, None, "test"));
    let sdk = lambda_kit::aws::sdk_config(&environment, &lambda_kit::https::client().unwrap());
    Client::new(&sdk.into_builder().credentials_provider(credentials).build())
}

async fn describe(client: &Client) -> Result<String, Option<String>> {
    let answer = client.describe_table().table_name("orders").send().await;
    match answer {
        Ok(answer) => Ok(answer.table.unwrap().table_name.unwrap()),
        Err(error) => Err(error.code().map(str::to_owned)),
    }
}

#[tokio::test]
async fn a_signed_request_gets_its_answer() {
    let (service, client) = service(&[Answer::Table]).await;
    assert_eq!(describe(&client).await.unwrap(), "orders");
    let seen = service.lock().unwrap().seen.clone();
    let authorization = seen[0]["authorization"].to_str().unwrap();
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDTEST/"), "{authorization}");
    assert!(authorization.contains("/eu-west-1/dynamodb/aws4_request"), "{authorization}");
    assert_eq!(seen[0]["x-amz-target"], "DynamoDB_20120810.DescribeTable");
}

#[tokio::test]
async fn a_throttle_or_a_5xx_is_retried_a_bounded_number_of_times() {
    let (service_, client) = service(&[Answer::Throttled, Answer::Failed, Answer::Table]).await;
    assert_eq!(describe(&client).await.unwrap(), "orders");
    assert_eq!(service_.lock().unwrap().seen.len(), 3);

    let (service_, client) = service(&[Answer::Throttled]).await;
    let code = describe(&client).await.unwrap_err();
    assert_eq!(code.as_deref(), Some("ProvisionedThroughputExceededException"));
    assert_eq!(service_.lock().unwrap().seen.len(), 3);
}

#[tokio::test]
async fn a_service_that_hangs_costs_a_bounded_wait() {
    let (service_, client) = service(&[Answer::Hang]).await;
    let began = Instant::now();
    describe(&client).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert!(service_.lock().unwrap().seen.len() >= 2, "and one hung connection is not the end");
}

#[tokio::test]
async fn a_service_that_is_not_there_is_an_error_soon() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let began = Instant::now();
    describe(&client(&format!("http://{closed}"))).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let (service_, client) = service(&[Answer::Huge]).await;
    describe(&client).await.unwrap_err();
    assert_eq!(service_.lock().unwrap().seen.len(), 1, "and not requested again");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (service_, client) = service(&[Answer::Redirect]).await;
    describe(&client).await.unwrap_err();
    assert_eq!(service_.lock().unwrap().seen.len(), 1);
}
