//! CloudFormation as a custom resource sees it: requests with a response URL, and the server behind that URL.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::put;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use local::InvokeError;
use serde_json::{Value, json};
use tests::TestApp;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The signature in a response URL.
const SIGNATURE: &str = "canary-signature-of-the-address";

/// Receives responses. Ends with its owner.
pub(crate) struct CloudFormation {
    address: String,
    desk: Arc<Desk>,
    _server: JoinSet<()>,
}

#[derive(Default)]
struct Desk {
    answers: Mutex<Vec<Value>>,
    /// How many responses fail from now on.
    failing: AtomicUsize,
    /// The delay of every response from now on.
    delay_ms: AtomicU64,
}

impl CloudFormation {
    pub(crate) async fn start(app: &TestApp) -> Self {
        app.keep_out_of_logs(SIGNATURE);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/answer?X-Amz-Signature={SIGNATURE}", listener.local_addr().unwrap());
        let desk = Arc::<Desk>::default();
        let router = Router::new().route("/answer", put(take)).with_state(Arc::clone(&desk));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, desk, _server: server }
    }

    pub(crate) fn fail(&self, times: usize) {
        self.desk.failing.store(times, Ordering::SeqCst);
    }

    pub(crate) fn delay_ms(&self, delay_ms: u64) {
        self.desk.delay_ms.store(delay_ms, Ordering::SeqCst);
    }

    /// The first deployment; returns the response's `Data`.
    pub(crate) async fn create(&self, app: &TestApp) -> Value {
        let answer = self.ask(app, &event("Create", &app.webhook_url(), None)).await;
        assert_eq!(answer["PhysicalResourceId"], app.webhook_url());
        answer["Data"].clone()
    }

    /// A change to another URL; returns the whole response.
    pub(crate) async fn update(&self, app: &TestApp, url: &str, physical_id: &str) -> Value {
        self.ask(app, &event("Update", url, Some(physical_id))).await
    }

    /// The deletion of the resource; returns the status.
    pub(crate) async fn delete(&self, app: &TestApp, url: &str) -> Value {
        let answer = self.ask(app, &event("Delete", url, Some(url))).await;
        assert_eq!(answer["PhysicalResourceId"], url);
        answer["Data"]["Status"].clone()
    }

    /// The only response to an event, which must be a success.
    pub(crate) async fn ask(&self, app: &TestApp, event: &Value) -> Value {
        self.invoke(app, event).await.expect("the function ends well");
        let answer = self.answers().pop().expect("an answer");
        assert_eq!(self.answers().len(), 0, "one answer");
        for name in ["StackId", "RequestId", "LogicalResourceId"] {
            assert_eq!(answer[name], event[name], "{name}");
        }
        assert_eq!(answer["Status"], "SUCCESS");
        app.note_webhook_secret();
        let secret = app.secret("LOMI_WEBHOOK_SECRET_ID");
        assert!(!answer.to_string().contains(&secret), "the answer shows the secret");
        answer
    }

    pub(crate) async fn invoke(&self, app: &TestApp, event: &Value) -> Result<Value, InvokeError> {
        let mut event = event.clone();
        event["ResponseURL"] = json!(self.address);
        app.stack.invoke("webhook-endpoint", event).await
    }

    pub(crate) fn answers(&self) -> Vec<Value> {
        std::mem::take(&mut self.desk.answers.lock().unwrap())
    }
}

/// CloudFormation's event, without the response URL.
pub(crate) fn event(change: &str, url: &str, physical_id: Option<&str>) -> Value {
    let mut event = json!({
        "RequestType": change,
        "StackId": "arn:aws:cloudformation:eu-west-3:000000000000:stack/lomi-checkout-local/1",
        "RequestId": "0b8f2c1e-5b7a-4a53-9d9b-3c2a7a1e8f10",
        "ResourceType": "Custom::WebhookEndpoint",
        "LogicalResourceId": "WebhookEndpoint",
        "ResourceProperties": { "ServiceToken": "arn:aws:lambda:x", "ServiceTimeout": "120", "Url": url },
    });
    if let Some(id) = physical_id {
        event["PhysicalResourceId"] = json!(id);
    }
    event
}

async fn take(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    // The URL is signed without a content type.
    if headers.contains_key("content-type") || body.len() > 4096 {
        return StatusCode::FORBIDDEN;
    }
    tokio::time::sleep(Duration::from_millis(desk.delay_ms.load(Ordering::SeqCst))).await;
    let failing = desk.failing.load(Ordering::SeqCst);
    if failing > 0 {
        desk.failing.store(failing - 1, Ordering::SeqCst);
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    desk.answers.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
    StatusCode::OK
}
