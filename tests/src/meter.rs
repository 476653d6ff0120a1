//! A meter in front of DynamoDB: passes requests on, and records their caller and cost. It refuses the actions that a
//! role lacks, as IAM does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::calls::caller;
use crate::http::Http;

const REQUEST_HEADERS: [&str; 4] = ["authorization", "content-type", "x-amz-date", "x-amz-target"];

/// DynamoDB's answer without the permission.
const DENIED: &str = r#"{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"not authorized"}"#;

/// A running meter. Clones share its counts.
#[derive(Clone, Debug)]
pub struct Meter {
    url: String,
    shared: Arc<Shared>,
    _server: Arc<JoinSet<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    http: Http,
    upstream: OnceLock<String>,
    dial: Mutex<BTreeMap<String, Consumed>>,
    /// A function, and the action that its role lacks.
    denied: Mutex<Option<(String, &'static str)>>,
}

/// What one function consumed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consumed {
    /// DynamoDB's read request units, in halves: an eventually consistent read of 4 KB costs one half.
    pub read_halves: u64,
    /// DynamoDB's write request units, in halves.
    pub write_halves: u64,
}

impl Meter {
    /// A meter on a free port without a destination yet.
    pub async fn bind() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("a bound listener"));
        let shared = Arc::new(Shared::default());
        let router = Router::new().route("/", post(pass)).with_state(Arc::clone(&shared));
        let mut server = JoinSet::new();
        server.spawn(async { axum::serve(listener, router).await.expect("it serves until it is dropped") });
        Self { url, shared, _server: Arc::new(server) }
    }

    /// Sets the destination, once; returns the meter's address.
    #[must_use]
    pub fn lead_to(&self, dynamodb: &str) -> &str {
        self.shared.upstream.set(dynamodb.to_owned()).expect("a meter leads to one place");
        &self.url
    }

    /// From now on the role of `function` lacks `action`, by DynamoDB's name: `GetItem`.
    pub fn deny(&self, function: &str, action: &'static str) {
        *self.shared.denied.lock().expect("nobody panics with it") = Some((function.to_owned(), action));
    }

    /// The consumption by function since the last read.
    #[must_use]
    pub fn read(&self) -> BTreeMap<String, Consumed> {
        std::mem::take(&mut self.shared.dial())
    }
}

impl Shared {
    fn dial(&self) -> MutexGuard<'_, BTreeMap<String, Consumed>> {
        self.dial.lock().expect("nobody panics with it")
    }

    fn denies(&self, caller: &str, target: &str) -> bool {
        let denied = self.denied.lock().expect("nobody panics with it");
        denied
            .as_ref()
            .is_some_and(|(function, action)| function == caller && target.rsplit('.').next() == Some(action))
    }
}

async fn pass(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (caller, target) = (caller(text("authorization")).to_owned(), text("x-amz-target"));
    if shared.denies(&caller, target) {
        return (StatusCode::BAD_REQUEST, DENIED).into_response();
    }
    let Some(url) = shared.upstream.get() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let passed = REQUEST_HEADERS.map(|name| (name, text(name)));
    let Ok(answer) = shared.http.try_send("POST", url, &passed, asking_for_the_price(&body)).await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let halves = consumed_halves(&answer.json());
    let mut dial = shared.dial();
    let consumed = dial.entry(caller).or_default();
    match target.rsplit('.').next() {
        Some("GetItem" | "BatchGetItem" | "Query" | "TransactGetItems") => consumed.read_halves += halves,
        _ => consumed.write_halves += halves,
    }
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let content_type = answer.header("content-type").to_owned();
    (status, [(HeaderName::from_static("content-type"), content_type)], answer.body).into_response()
}

fn asking_for_the_price(body: &Bytes) -> Bytes {
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(mut members)) => {
            members.insert("ReturnConsumedCapacity".to_owned(), "TOTAL".into());
            Value::Object(members).to_string().into()
        }
        _ => body.clone(),
    }
}

/// `ConsumedCapacity` is one object, or a list of one per table.
fn consumed_halves(answer: &Value) -> u64 {
    let consumed = &answer["ConsumedCapacity"];
    let one = std::slice::from_ref(consumed);
    let all = consumed.as_array().map_or(one, Vec::as_slice);
    all.iter().map(|table| halves(&table["CapacityUnits"])).sum()
}

/// `1.5` is 3. There are no smaller parts than halves.
fn halves(units: &Value) -> u64 {
    let text = units.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, "0"));
    whole.parse::<u64>().unwrap_or_default() * 2 + u64::from(part.starts_with('5'))
}
