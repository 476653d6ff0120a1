//! The Lambda Runtime API (2018-06-01) for one function process.
//!
//! As on Lambda, every execution environment has its own endpoint and works on one invocation at a time.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::system::lock;

/// Lambda's limit for a synchronous payload, in both directions.
pub(crate) const MAX_PAYLOAD_BYTES: usize = 6 * 1024 * 1024;

#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) request_id: String,
    pub(crate) function_arn: String,
    /// When the process is killed, in milliseconds since 1970.
    pub(crate) deadline_ms: u64,
    pub(crate) payload: Bytes,
}

#[derive(Debug)]
pub(crate) enum Answer {
    Response(Bytes),
    /// `errorType` and `errorMessage` of a handler that failed.
    Error {
        kind: String,
        message: String,
    },
}

/// The state of a process before its first invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Init {
    Starting,
    /// The process has requested an invocation.
    Ready,
    /// The process reported `init/error` with this text.
    Failed(String),
}

#[derive(Debug)]
struct Job {
    invocation: Invocation,
    reply: oneshot::Sender<Answer>,
}

#[derive(Debug)]
struct Desk {
    jobs: tokio::sync::Mutex<mpsc::Receiver<Job>>,
    running: Mutex<Option<(String, oneshot::Sender<Answer>)>>,
    init: watch::Sender<Init>,
    retired: AtomicBool,
}

/// The endpoint of one process. Dropping it answers `410 Gone` to a process that waits for work, which ends it.
#[derive(Debug)]
pub(crate) struct Endpoint {
    address: SocketAddr,
    jobs: mpsc::Sender<Job>,
    desk: Arc<Desk>,
    server: JoinHandle<()>,
}

impl Endpoint {
    pub(crate) async fn open() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (jobs, receiver) = mpsc::channel(1);
        let desk = Arc::new(Desk {
            jobs: tokio::sync::Mutex::new(receiver),
            running: Mutex::default(),
            init: watch::Sender::new(Init::Starting),
            retired: AtomicBool::new(false),
        });
        let router = router(Arc::clone(&desk));
        let server = tokio::spawn(async move {
            // If the endpoint cannot accept connections, its process ends.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, jobs, desk, server })
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the process requests an invocation or reports an error.
    pub(crate) async fn initialised(&self) -> Init {
        let mut init = self.desk.init.subscribe();
        let outcome = init.wait_for(|init| *init != Init::Starting).await.map(|init| init.clone());
        outcome.unwrap_or_else(|_| Init::Failed("the Runtime API endpoint is gone".to_owned()))
    }

    /// Hands an invocation over; the receiver fails when the endpoint goes away first.
    pub(crate) async fn hand_over(&self, invocation: Invocation) -> oneshot::Receiver<Answer> {
        let (reply, answer) = oneshot::channel();
        // If the endpoint is closed, the job is dropped, and the caller's `answer` fails.
        let _ = self.jobs.send(Job { invocation, reply }).await;
        answer
    }

    /// The request id of the invocation that the process has taken and not answered.
    pub(crate) fn running(&self) -> Option<String> {
        lock(&self.desk.running).as_ref().map(|(request_id, _)| request_id.clone())
    }

    /// The process gets no further invocation: its next request is answered with 410, which ends it.
    pub(crate) fn retire(&self) {
        self.desk.retired.store(true, Ordering::SeqCst);
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{request_id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{request_id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .layer(DefaultBodyLimit::max(MAX_PAYLOAD_BYTES))
        .with_state(desk)
}

async fn next(State(desk): State<Arc<Desk>>) -> Response {
    desk.init.send_replace(Init::Ready);
    if let Some((_, reply)) = lock(&desk.running).take() {
        let message = "the function requested an invocation before it had answered the last one".to_owned();
        let _ = reply.send(Answer::Error { kind: "Runtime.NoAnswer".to_owned(), message });
    }
    if desk.retired.load(Ordering::SeqCst) {
        return StatusCode::GONE.into_response();
    }
    let Some(Job { invocation, reply }) = desk.jobs.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let headers = invocation_headers(&invocation);
    *lock(&desk.running) = Some((invocation.request_id, reply));
    (headers, invocation.payload).into_response()
}

fn invocation_headers(invocation: &Invocation) -> axum::http::HeaderMap {
    let trace_id = format!("Root=1-{:08x}-{:024x};Sampled=0", invocation.deadline_ms / 1000, fastrand::u64(..));
    let pairs = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", invocation.request_id.clone()),
        ("lambda-runtime-deadline-ms", invocation.deadline_ms.to_string()),
        ("lambda-runtime-invoked-function-arn", invocation.function_arn.clone()),
        ("lambda-runtime-trace-id", trace_id),
    ];
    let header = |(name, value): (&'static str, String)| {
        HeaderValue::from_str(&value).ok().map(|value| (HeaderName::from_static(name), value))
    };
    pairs.into_iter().filter_map(header).collect()
}

async fn response(State(desk): State<Arc<Desk>>, Path(request_id): Path<String>, body: Bytes) -> Response {
    settle(&desk, &request_id, Answer::Response(body))
}

async fn error(State(desk): State<Arc<Desk>>, Path(request_id): Path<String>, body: Bytes) -> Response {
    let (kind, message) = diagnostic(&body);
    settle(&desk, &request_id, Answer::Error { kind, message })
}

async fn init_error(State(desk): State<Arc<Desk>>, body: Bytes) -> StatusCode {
    let (kind, message) = diagnostic(&body);
    desk.init.send_replace(Init::Failed(format!("{kind}: {message}")));
    StatusCode::ACCEPTED
}

fn settle(desk: &Desk, request_id: &str, answer: Answer) -> Response {
    let mut running = lock(&desk.running);
    match running.take() {
        Some((id, reply)) if id == request_id => {
            // After the deadline the receiver is gone; the process may continue.
            let _ = reply.send(answer);
            StatusCode::ACCEPTED.into_response()
        }
        other => {
            *running = other;
            let body = json!({ "errorType": "InvalidRequestID", "errorMessage": "not the running invocation" });
            (StatusCode::BAD_REQUEST, Json(body)).into_response()
        }
    }
}

fn diagnostic(body: &[u8]) -> (String, String) {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |member: &str| value.get(member).and_then(Value::as_str).unwrap_or("unknown").to_owned();
    (text("errorType"), text("errorMessage"))
}
