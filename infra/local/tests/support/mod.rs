//! A stack with the probe as its functions, and a plain HTTP client.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "every test file uses its own part")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use local::template::Template;
use local::{Project, Stack, StackOptions, StartError};
use serde_json::Value;
use tokio::time::{Duration, Instant, sleep};

pub const TEMPLATE: &str = r#"
Parameters:
  Environment: { Type: String, Default: sandbox }
  AllowedOrigins: { Type: CommaDelimitedList, Default: https://shop.example }
Globals:
  Function:
    Timeout: 5
    Environment: { Variables: { TABLE_NAME: !Ref Table } }
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: !Ref AllowedOrigins
        AllowMethods: [GET, POST]
        AllowHeaders: [content-type]
        ExposeHeaders: [retry-after]
        MaxAge: 600
  ProbeFunction:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: probe } }
    Properties:
      Environment:
        Variables:
          LOMI_BASE_URL: https://lomi.example
          LOMI_SECRET_KEY_ID: !Ref LomiSecretKey
          LOMI_WEBHOOK_SECRET_ID: !Ref LomiWebhookSecret
      Events:
        Any: { Type: HttpApi, Properties: { Path: "/probe/{command}", Method: ANY } }
        Admin: { Type: HttpApi, Properties: { Path: /admin/probe, Method: GET, Auth: { Authorizer: AWS_IAM } } }
        Products: { Type: HttpApi, Properties: { Path: /admin/products, Method: GET } }
        RecentPayments: { Type: Schedule, Properties: { Schedule: rate(1 minute) } }
  HastyFunction:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: hasty } }
    Properties:
      Timeout: 1
      Events:
        Any: { Type: HttpApi, Properties: { Path: "/hasty/{command}", Method: ANY } }
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions:
        - { AttributeName: PK, AttributeType: S }
        - { AttributeName: SK, AttributeType: S }
        - { AttributeName: due_shard, AttributeType: S }
        - { AttributeName: due_at_ms, AttributeType: N }
      KeySchema:
        - { AttributeName: PK, KeyType: HASH }
        - { AttributeName: SK, KeyType: RANGE }
      GlobalSecondaryIndexes:
        - IndexName: due
          KeySchema:
            - { AttributeName: due_shard, KeyType: HASH }
            - { AttributeName: due_at_ms, KeyType: RANGE }
          Projection: { ProjectionType: KEYS_ONLY }
      TimeToLiveSpecification: { AttributeName: ttl_s, Enabled: true }
      StreamSpecification: { StreamViewType: NEW_IMAGE }
  LomiSecretKey: { Type: AWS::SecretsManager::Secret }
  LomiWebhookSecret: { Type: AWS::SecretsManager::Secret }
"#;

/// Cargo builds the examples before it runs tests, in a folder next to the tests'.
pub fn probe() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let probe = test.parent().unwrap().parent().unwrap().join("examples/probe");
    assert!(probe.exists(), "first: cargo build --package local --example probe");
    probe
}

pub fn project() -> Project {
    let storefront = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("storefront");
    std::fs::create_dir_all(&storefront).unwrap();
    std::fs::write(storefront.join("index.html"), "<h1>shop</h1>").unwrap();
    let binaries = BTreeMap::from([("probe".to_owned(), probe()), ("hasty".to_owned(), probe())]);
    Project { template: Template::parse(TEMPLATE).unwrap(), binaries, storefront }
}

pub async fn launch(options: StackOptions) -> Result<Stack, StartError> {
    Stack::launch(project(), options).await
}

pub async fn stack() -> Stack {
    launch(StackOptions::default()).await.unwrap()
}

pub type Request = http::request::Builder;

pub fn request(method: &str, url: impl AsRef<str>) -> Request {
    http::Request::builder().method(method).uri(url.as_ref())
}

pub async fn send(request: Request, body: impl Into<Bytes>) -> http::Response<Bytes> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request.body(Full::new(body.into())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    http::Response::from_parts(parts, body.collect().await.unwrap().to_bytes())
}

pub async fn get(url: impl AsRef<str>) -> http::Response<Bytes> {
    send(request("GET", url), "").await
}

pub fn json(response: &http::Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_else(|error| panic!("{error}: {response:?}"))
}

/// The gateway's address of a path of the probe.
pub fn probe_url(stack: &Stack, path: &str) -> String {
    format!("{}{path}", stack.urls().gateway)
}

/// Whether a process exists and is no zombie.
pub fn is_running(pid: u32) -> bool {
    if cfg!(target_os = "linux") {
        let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        return !status.is_empty() && !status.contains(") Z");
    }
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}

/// Waits up to ten seconds for a condition.
pub async fn until(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(10), "{what} did not happen");
        sleep(Duration::from_millis(10)).await;
    }
}
