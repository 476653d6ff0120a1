//! A stand-in for AWS Secrets Manager: `GetSecretValue` over loopback, with values that tests can change.

mod gate;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use self::gate::GatedListener;
use crate::seams::{self, lock};
use crate::server::Server;

/// The secrets of one stack. Clones share their values. Every `id` is an ARN or a name.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// By ARN.
    versions: Arc<Mutex<BTreeMap<String, Versions>>>,
    closed: Arc<AtomicBool>,
    asked: Arc<Mutex<BTreeSet<Asked>>>,
}

/// One call, as it came; the same call again is no other one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// `Authorization` up to the name of who asked: `AWS4-HMAC-SHA256 Credential=orders`.
    pub authorization: String,
    /// `X-Amz-Target`: `secretsmanager.GetSecretValue`.
    pub target: String,
    /// JSON.
    pub body: String,
}

/// Calls that are kept. A stack makes some dozen different ones.
const MAX_ASKED: usize = 1000;

#[derive(Debug, Clone)]
struct Versions {
    current: Version,
    previous: Option<Version>,
}

#[derive(Debug, Clone)]
struct Version {
    id: String,
    value: String,
}

impl Secrets {
    /// Sets the current value and forgets the earlier ones. An unknown `id` becomes a new secret with that ARN.
    pub fn set(&self, id: &str, value: &str) {
        let mut all = lock(&self.versions);
        let arn = find(&all, id).map_or_else(|| id.to_owned(), |(arn, _)| arn.clone());
        all.insert(arn, Versions { current: Version::new(value), previous: None });
    }

    /// Makes `value` current and keeps the value before it as `AWSPREVIOUS`, as a rotation does.
    pub fn rotate(&self, id: &str, value: &str) {
        let mut all = lock(&self.versions);
        let (arn, previous) = match find(&all, id) {
            Some((arn, versions)) => (arn.clone(), Some(versions.current.clone())),
            None => (id.to_owned(), None),
        };
        all.insert(arn, Versions { current: Version::new(value), previous });
    }

    /// The current value.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<String> {
        find(&lock(&self.versions), id).map(|(_, versions)| versions.current.value.clone())
    }

    /// Deletes a secret: callers get `ResourceNotFoundException`.
    pub fn remove(&self, id: &str) {
        let mut all = lock(&self.versions);
        if let Some(arn) = find(&all, id).map(|(arn, _)| arn.clone()) {
            all.remove(&arn);
        }
    }

    /// While `true`, every connection breaks, new and old ones.
    pub fn set_unreachable(&self, unreachable: bool) {
        self.closed.store(unreachable, Ordering::SeqCst);
    }

    /// Every call that came, whatever was answered.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.asked).iter().cloned().collect()
    }

    fn note(&self, headers: &HeaderMap, body: &[u8]) {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        // Of the authorization only what does not change from call to call: who asks.
        let authorization = text("authorization").split('/').next().unwrap_or_default().to_owned();
        let body = String::from_utf8_lossy(body).into_owned();
        let mut asked = lock(&self.asked);
        if asked.len() < MAX_ASKED {
            asked.insert(Asked { authorization, target: text("x-amz-target"), body });
        }
    }

    pub(crate) fn serve(&self, listener: TcpListener) -> Server {
        let listener = GatedListener::new(listener, Arc::clone(&self.closed));
        let router = Router::new().route("/", post(handle)).with_state(self.clone());
        Server::run(|stopped| async move {
            // `serve` itself never fails; it waits and tries again when it cannot accept.
            let _ = axum::serve(listener, router).with_graceful_shutdown(stopped).await;
        })
    }

    fn answer(&self, request: &Value) -> Response {
        let id = request.get("SecretId").and_then(Value::as_str).unwrap_or_default();
        let stage = request.get("VersionStage").and_then(Value::as_str).unwrap_or("AWSCURRENT");
        let all = lock(&self.versions);
        let found = find(&all, id).and_then(|(arn, versions)| {
            let version = match stage {
                "AWSCURRENT" => Some(&versions.current),
                "AWSPREVIOUS" => versions.previous.as_ref(),
                _ => None,
            };
            Some((arn, version?))
        });
        match found {
            Some((arn, version)) => amz_json(
                StatusCode::OK,
                json!({
                    "ARN": arn,
                    "Name": name_of(arn),
                    "VersionId": version.id,
                    "VersionStages": [stage],
                    "SecretString": version.value,
                    "CreatedDate": seams::since_epoch().as_secs(),
                }),
            ),
            None => refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
        }
    }
}

impl Version {
    fn new(value: &str) -> Self {
        Self { id: seams::request_id(), value: value.to_owned() }
    }
}

/// The last part of an ARN without the six characters that Secrets Manager appends.
fn name_of(arn: &str) -> &str {
    let resource = arn.rsplit(':').next().unwrap_or(arn);
    resource.rsplit_once('-').map_or(resource, |(name, _)| name)
}

fn find<'a>(all: &'a BTreeMap<String, Versions>, id: &str) -> Option<(&'a String, &'a Versions)> {
    all.iter().find(|(arn, _)| *arn == id || name_of(arn) == id)
}

async fn handle(State(secrets): State<Secrets>, headers: HeaderMap, body: Bytes) -> Response {
    secrets.note(&headers, &body);
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if target != "secretsmanager.GetSecretValue" {
        return refusal("UnknownOperationException", "only GetSecretValue is served locally");
    }
    match serde_json::from_slice(&body) {
        Ok(request) => secrets.answer(&request),
        Err(_) => refusal("SerializationException", "the body is not JSON"),
    }
}

fn refusal(kind: &str, message: &str) -> Response {
    amz_json(StatusCode::BAD_REQUEST, json!({ "__type": kind, "Message": message }))
}

fn amz_json(status: StatusCode, body: Value) -> Response {
    let mut response = (status, Json(body)).into_response();
    let media_type = header::HeaderValue::from_static("application/x-amz-json-1.1");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:secretsmanager:eu-west-3:000000000000:secret:stack-LomiSecretKey-local1";

    async fn read(secrets: &Secrets, request: Value) -> (StatusCode, Value) {
        let response = secrets.answer(&request);
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_secret_is_found_by_its_arn_and_by_its_name() {
        let secrets = Secrets::default();
        secrets.set(ARN, "one");
        for id in [ARN, "stack-LomiSecretKey"] {
            let (status, body) = read(&secrets, json!({ "SecretId": id })).await;
            assert_eq!(status, 200);
            assert_eq!(body["SecretString"], "one");
            assert_eq!(body["Name"], "stack-LomiSecretKey");
        }
    }

    #[tokio::test]
    async fn a_rotation_keeps_the_value_before_it() {
        let secrets = Secrets::default();
        secrets.set(ARN, "one");
        let previous = json!({ "SecretId": ARN, "VersionStage": "AWSPREVIOUS" });
        assert_eq!(read(&secrets, previous.clone()).await.1["__type"], "ResourceNotFoundException");
        secrets.rotate(ARN, "two");
        assert_eq!(read(&secrets, previous).await.1["SecretString"], "one");
        assert_eq!(read(&secrets, json!({ "SecretId": ARN })).await.1["SecretString"], "two");
    }

    #[tokio::test]
    async fn what_was_asked_is_told_once_with_who_asked_even_when_it_was_refused() {
        let secrets = Secrets::default();
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-target", "secretsmanager.DeleteSecret".parse().unwrap());
        for day in ["20260101", "20260102"] {
            let signed = format!("AWS4-HMAC-SHA256 Credential=orders/{day}/eu-west-3/secretsmanager/aws4_request");
            headers.insert("authorization", signed.parse().unwrap());
            assert_eq!(handle(State(secrets.clone()), headers.clone(), Bytes::from("{}")).await.status(), 400);
        }
        let asked = Asked {
            authorization: "AWS4-HMAC-SHA256 Credential=orders".to_owned(),
            target: "secretsmanager.DeleteSecret".to_owned(),
            body: "{}".to_owned(),
        };
        assert_eq!(secrets.asked(), [asked]);
    }

    #[tokio::test]
    async fn an_absent_secret_is_not_found() {
        let secrets = Secrets::default();
        secrets.set(ARN, "one");
        secrets.remove(ARN);
        let (status, body) = read(&secrets, json!({ "SecretId": ARN })).await;
        assert_eq!((status.as_u16(), body["__type"].as_str()), (400, Some("ResourceNotFoundException")));
    }
}
