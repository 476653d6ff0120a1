//! A local AWS Secrets Manager: `GetSecretValue` and `PutSecretValue` over loopback, with values that tests can change.

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
use crate::server::Server;
use crate::system::{self, lock};

/// The secrets of one stack. Clones share their values. Every `id` is an ARN or a name.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// By ARN.
    versions: Arc<Mutex<BTreeMap<String, Versions>>>,
    closed: Arc<AtomicBool>,
    read_only: Arc<AtomicBool>,
    asked: Arc<Mutex<BTreeSet<Asked>>>,
}

/// A recorded call. Equal calls are recorded once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// `Authorization` up to the caller's name: `AWS4-HMAC-SHA256 Credential=orders`.
    pub authorization: String,
    /// `X-Amz-Target`: `secretsmanager.GetSecretValue`.
    pub target: String,
    /// The JSON body.
    pub body: String,
}

/// The most recorded calls. A stack makes a few dozen different ones.
const MAX_ATTEMPTS: usize = 1000;

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
    /// Sets the current value and deletes earlier ones. An unknown `id` creates a secret with that ARN.
    pub fn set(&self, id: &str, value: &str) {
        let mut all = lock(&self.versions);
        let arn = find(&all, id).map_or_else(|| id.to_owned(), |(arn, _)| arn.clone());
        all.insert(arn, Versions { current: Version::new(value), previous: None });
    }

    /// Makes `value` current and the old value `AWSPREVIOUS`, as a rotation does.
    pub fn rotate(&self, id: &str, value: &str) {
        let mut all = lock(&self.versions);
        let (arn, previous) = match find(&all, id) {
            Some((arn, versions)) => (arn.clone(), Some(versions.current.clone())),
            None => (id.to_owned(), None),
        };
        all.insert(arn, Versions { current: Version::new(value), previous });
    }

    /// While `true`, every `PutSecretValue` fails with AWS's internal error.
    pub fn set_read_only(&self, read_only: bool) {
        self.read_only.store(read_only, Ordering::SeqCst);
    }

    /// The value before the last rotation.
    #[must_use]
    pub fn previous(&self, id: &str) -> Option<String> {
        find(&lock(&self.versions), id).and_then(|(_, versions)| Some(versions.previous.as_ref()?.value.clone()))
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

    /// While `true`, new and existing connections are reset.
    pub fn set_unreachable(&self, unreachable: bool) {
        self.closed.store(unreachable, Ordering::SeqCst);
    }

    /// Every recorded call, refused ones included.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.asked).iter().cloned().collect()
    }

    fn note(&self, headers: &HeaderMap, body: &[u8]) {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        // Only the caller's name: the rest of the signature changes from call to call.
        let authorization = text("authorization").split('/').next().unwrap_or_default().to_owned();
        let body = String::from_utf8_lossy(body).into_owned();
        let mut asked = lock(&self.asked);
        if asked.len() < MAX_ATTEMPTS {
            asked.insert(Asked { authorization, target: text("x-amz-target"), body });
        }
    }

    pub(crate) fn serve(&self, listener: TcpListener) -> Server {
        let listener = GatedListener::new(listener, Arc::clone(&self.closed));
        let router = Router::new().route("/", post(handle)).with_state(self.clone());
        Server::run(|stopped| async move {
            // `serve` never fails; it retries when it cannot accept.
            let _ = axum::serve(listener, router).with_graceful_shutdown(stopped).await;
        })
    }

    fn put(&self, request: &Value) -> Response {
        let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
        if self.read_only.load(Ordering::SeqCst) {
            return amz_json(StatusCode::INTERNAL_SERVER_ERROR, json!({ "__type": "InternalServiceError" }));
        }
        let mut all = lock(&self.versions);
        let Some((arn, known)) = find(&all, text("SecretId")).map(|(arn, known)| (arn.clone(), known.clone())) else {
            return refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
        };
        let new = Version { id: text("ClientRequestToken").to_owned(), value: text("SecretString").to_owned() };
        if !(32..=64).contains(&new.id.len()) || new.value.is_empty() {
            return refusal("InvalidParameterException", "a token of 32 to 64 characters and a text are needed");
        }
        let taken = [Some(&known.current), known.previous.as_ref()].into_iter().flatten().find(|old| old.id == new.id);
        if taken.is_some_and(|old| old.value != new.value) {
            return refusal("ResourceExistsException", "a version with this token has another value");
        }
        let answer = json!({ "ARN": arn, "Name": name_of(&arn), "VersionId": new.id, "VersionStages": ["AWSCURRENT"] });
        if taken.is_none() {
            all.insert(arn, Versions { current: new, previous: Some(known.current) });
        }
        amz_json(StatusCode::OK, answer)
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
                    "CreatedDate": system::since_epoch().as_secs(),
                }),
            ),
            None => refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
        }
    }
}

impl Version {
    fn new(value: &str) -> Self {
        Self { id: system::request_id(), value: value.to_owned() }
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
    let Ok(request) = serde_json::from_slice(&body) else {
        return refusal("SerializationException", "the body is not JSON");
    };
    match target {
        "secretsmanager.GetSecretValue" => secrets.answer(&request),
        "secretsmanager.PutSecretValue" => secrets.put(&request),
        _ => refusal("UnknownOperationException", "only GetSecretValue and PutSecretValue are served locally"),
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
    async fn repeating_a_secret_write_with_its_token_changes_nothing() {
        let secrets = Secrets::default();
        secrets.set(ARN, "one");
        let put = |token: &str, text: &str| {
            secrets
                .put(&json!({ "SecretId": ARN, "ClientRequestToken": token, "SecretString": text }))
                .status()
                .as_u16()
        };
        let token = "a465993b-98fb-49c3-9943-5b8eac17004c";
        assert_eq!(
            [put(token, "two"), put(token, "two"), put(token, "three"), put("short", "four")],
            [200, 200, 400, 400]
        );
        let (_, current) = read(&secrets, json!({ "SecretId": ARN })).await;
        assert_eq!((&current["SecretString"], &current["VersionId"]), (&json!("two"), &json!(token)));
        assert_eq!(secrets.previous(ARN).as_deref(), Some("one"));
        secrets.set_read_only(true);
        assert_eq!(put("b465993b-98fb-49c3-9943-5b8eac17004c", "three"), 500);
        assert_eq!(secrets.get(ARN).as_deref(), Some("two"));
    }

    #[tokio::test]
    async fn every_secret_read_is_recorded_once_with_its_caller() {
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
