//! A stand-in for the Lambda Runtime API, and functions that run under it as child processes.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc};

/// Longest wait of a test.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const REQUEST_ID: &str = "8f5c2a10-6b1f-4c7e-9a53-2d1e0f3b4c5d";

/// An event, and the time until Lambda would end the function.
struct Invocation {
    event: String,
    time_left: Duration,
}

/// `response` or `error`, and the body.
type Sent = (String, Bytes);

struct Runtime {
    invocations: Mutex<mpsc::Receiver<Invocation>>,
    answers: mpsc::Sender<Sent>,
}

/// A running function.
pub(crate) struct Function {
    child: Child,
    invocations: mpsc::Sender<Invocation>,
    answers: mpsc::Receiver<Sent>,
}

/// A response as API Gateway would send it to the client.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: i64,
    pub(crate) headers: Value,
    pub(crate) body: String,
    pub(crate) is_base64: bool,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// The variables that a function needs, changed by `overrides`; an empty value counts as unset.
pub(crate) fn environment(overrides: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut variables: Vec<(String, String)> = [
        ("AWS_LAMBDA_FUNCTION_NAME", "stack-Function-1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDTEST"),
        ("AWS_SECRET_ACCESS_KEY", "canary-of-the-key"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9"),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:9"),
        ("ENVIRONMENT", "sandbox"),
        ("STACK_NAME", "lomi-checkout"),
        ("TABLE_NAME", "works"),
        ("CART_TOKEN_SECRET_ID", "cart-token"),
        ("ALLOWED_ORIGINS", "https://shop.example"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    for (name, value) in overrides {
        variables.retain(|(known, _)| known != name);
        variables.push(((*name).to_owned(), (*value).to_owned()));
    }
    variables
}

/// The example `name` as a child process with exactly these variables.
pub(crate) fn command(name: &str, variables: &[(String, String)]) -> Command {
    let test = std::env::current_exe().unwrap();
    let profile: PathBuf = test.parent().and_then(|deps| deps.parent()).unwrap().into();
    let mut command = Command::new(profile.join("examples").join(name));
    command.env_clear().envs(variables.iter().cloned()).stdout(Stdio::piped()).kill_on_drop(true);
    command
}

impl Function {
    pub(crate) async fn start(name: &str, overrides: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (invocations, waiting) = mpsc::channel(8);
        let (sent, answers) = mpsc::channel(8);
        let runtime = Arc::new(Runtime { invocations: Mutex::new(waiting), answers: sent });
        let routes = axum::Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{kind}", post(answered))
            .with_state(runtime);
        tokio::spawn(async move { axum::serve(listener, routes).await });

        let mut overrides = overrides.to_vec();
        overrides.push(("AWS_LAMBDA_RUNTIME_API", &address));
        let child = command(name, &environment(&overrides)).spawn().expect("`cargo test` builds the examples");
        Self { child, invocations, answers }
    }

    /// Invokes the function: `response` or `error`, and the JSON.
    pub(crate) async fn run(&mut self, event: &Value) -> (String, Value) {
        self.run_within(event, Duration::from_secs(10)).await
    }

    pub(crate) async fn run_within(&mut self, event: &Value, time_left: Duration) -> (String, Value) {
        self.invocations.send(Invocation { event: event.to_string(), time_left }).await.unwrap();
        let (kind, body) = tokio::time::timeout(PATIENCE, self.answers.recv()).await.expect("no answer").unwrap();
        (kind, serde_json::from_slice(&body).unwrap())
    }

    pub(crate) async fn http(&mut self, event: &Value) -> Answer {
        let (kind, answer) = self.run(event).await;
        assert_eq!(kind, "response", "{answer}");
        Answer {
            status: answer["statusCode"].as_i64().unwrap(),
            headers: answer["headers"].clone(),
            body: answer["body"].as_str().unwrap_or_default().to_owned(),
            is_base64: answer["isBase64Encoded"].as_bool().unwrap(),
        }
    }

    /// Ends the function and returns everything that it printed.
    pub(crate) async fn stop(mut self) -> String {
        self.child.start_kill().unwrap();
        let mut printed = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut printed).await.unwrap();
        printed
    }

    /// Ends the function and returns its log lines.
    pub(crate) async fn events(self) -> Vec<Value> {
        self.stop().await.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

async fn next(State(runtime): State<Arc<Runtime>>) -> Response {
    let Some(invocation) = runtime.invocations.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let time_left_ms = i64::try_from(invocation.time_left.as_millis()).unwrap();
    let deadline = lambda_kit::system::clock().now().plus_ms(time_left_ms);
    let headers = [
        ("lambda-runtime-aws-request-id", REQUEST_ID.to_owned()),
        ("lambda-runtime-deadline-ms", deadline.as_ms().to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-west-1:1:function:f".to_owned()),
    ];
    (headers, invocation.event).into_response()
}

async fn answered(
    State(runtime): State<Arc<Runtime>>,
    Path((_, kind)): Path<(String, String)>,
    body: Bytes,
) -> StatusCode {
    runtime.answers.send((kind, body)).await.unwrap();
    StatusCode::ACCEPTED
}

/// An event of API Gateway, payload format 2.0.
pub(crate) fn event(route: &str, headers: &Value, body: &str) -> Value {
    let (method, path) = route.split_once(' ').unwrap();
    json!({
        "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": "", "headers": headers,
        "requestContext": {
            "accountId": "1", "apiId": "a", "domainName": "a.example", "domainPrefix": "a", "requestId": "gateway-id=",
            "routeKey": route, "stage": "$default", "time": "20/Jun/2026:09:14:07 +0000", "timeEpoch": 1_781_946_847_512_i64,
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test"}
        },
        "body": body, "isBase64Encoded": false
    })
}
