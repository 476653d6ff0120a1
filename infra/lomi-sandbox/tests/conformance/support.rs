//! A sandbox in virtual time, a client for it, and a receiver with scripted answers.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use lomi_sandbox::{ClockMode, Profile, Sandbox, Settings, Timestamp, fixtures};
use reqwest::{Client, Method};
use serde_json::{Value, json};

pub(crate) const START: &str = "2026-06-20T09:00:00.000Z";

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn error_code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap().to_owned()
    }
}

pub(crate) struct Lomi {
    pub(crate) sandbox: Sandbox,
    client: Client,
}

pub(crate) fn settings(profile: Profile) -> Settings {
    Settings {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        profile,
        rng_seed: Some(7),
        clock: ClockMode::Virtual { start: Timestamp::parse(START).unwrap() },
        ..Settings::default()
    }
}

impl Lomi {
    pub(crate) async fn start(profile: Profile) -> Self {
        Self::start_with(settings(profile)).await
    }

    pub(crate) async fn start_with(settings: Settings) -> Self {
        Self { sandbox: Sandbox::start(settings).await.unwrap(), client: client() }
    }

    /// Sends a request with the test key of organisation A.
    pub(crate) async fn call(&self, method: &str, path: &str, body: &Value) -> Reply {
        self.send(method, path, &[("x-api-key", fixtures::TEST_KEY_A)], body).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, &Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.call("POST", path, &body).await
    }

    /// Posts with an idempotency key, with the test key of organisation A.
    pub(crate) async fn post_once(&self, path: &str, key: &str, body: &Value) -> Reply {
        let headers = [("x-api-key", fixtures::TEST_KEY_A), ("idempotency-key", key)];
        self.send("POST", path, &headers, body).await.unwrap()
    }

    /// Sends what organisation B would send.
    pub(crate) async fn as_stranger(&self, method: &str, path: &str) -> Reply {
        self.send(method, path, &[("x-api-key", fixtures::TEST_KEY_B)], &Value::Null).await.unwrap()
    }

    /// A card charge of 25 000 francs.
    pub(crate) async fn charge(&self, key: &str) -> Value {
        let reply = self.post_once("/charge/card", key, &charge_body()).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.json()["data"].clone()
    }

    /// A wallet payment of 25 000 francs; gives the id of its transaction.
    pub(crate) async fn payment(&self, form: Value) -> String {
        let session = self.session().await;
        self.pay(&session, form).await["transaction_id"].as_str().unwrap().to_owned()
    }

    /// A null body is no body, a text is sent as it is.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Reply, reqwest::Error> {
        let url = format!("http://{}{path}", self.sandbox.address());
        let mut request = self.client.request(Method::from_bytes(method.as_bytes()).unwrap(), url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request = match body {
            Value::Null => request,
            Value::String(text) => request.body(text.clone()),
            other => request.body(other.to_string()),
        };
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Reply { status, headers, text: response.text().await? })
    }

    /// A session for 25 000 francs, and its id.
    pub(crate) async fn session(&self) -> String {
        self.session_by(fixtures::TEST_KEY_A).await
    }

    pub(crate) async fn session_by(&self, key: &str) -> String {
        let body = session_body();
        let reply = self.send("POST", "/checkout-sessions", &[("x-api-key", key)], &body).await.unwrap();
        let json = reply.json();
        let id = json.get("data").unwrap_or(&json)["checkout_session_id"].as_str();
        id.unwrap_or_else(|| panic!("no session: {reply:?}")).to_owned()
    }

    pub(crate) async fn pay(&self, session: &str, form: Value) -> Value {
        let reply = self.post(&format!("/_sim/sessions/{session}/pay"), form).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }

    /// Registers the receiver for this key's environment; gives id and secret.
    pub(crate) async fn register(&self, key: &str, url: &str) -> (String, String) {
        let events = ["PAYMENT_SUCCEEDED", "PAYMENT_FAILED"];
        let body = json!({"url": url, "authorized_events": events});
        let reply = self.send("POST", "/webhooks", &[("x-api-key", key)], &body).await.unwrap();
        assert_eq!(reply.status, 201, "{reply:?}");
        let json = reply.json();
        let row = json.get("data").unwrap_or(&json);
        (row["webhook_id"].as_str().unwrap().to_owned(), json["secret"].as_str().unwrap().to_owned())
    }

    /// Lets time pass, with everything that falls due on the way.
    pub(crate) async fn advance(&self, seconds: u64) {
        assert_eq!(self.post("/_sim/clock", json!({"advance_s": seconds})).await.status, 200);
    }

    pub(crate) async fn quirk(&self, name: &str) {
        assert_eq!(self.post("/_sim/profile", json!({"quirks": {name: true}})).await.status, 200);
    }

    pub(crate) async fn fault(&self, plan: Value) {
        let reply = self.post("/_sim/faults", plan).await;
        assert_eq!(reply.status, 201, "{reply:?}");
    }

    pub(crate) async fn state(&self) -> Value {
        self.get("/_sim/state").await.json()
    }

    /// The delivery logs of the only endpoint, under the path of the generation.
    pub(crate) async fn logs(&self) -> Vec<Value> {
        let webhooks = self.state().await["webhooks"].clone();
        let query = format!("webhookId={}", webhooks[0]["webhook_id"].as_str().unwrap());
        let newer = self.get(&format!("/webhooks/deliveries?{query}")).await;
        let reply =
            if newer.status == 404 { self.get(&format!("/webhook-delivery-logs?{query}")).await } else { newer };
        reply.json().as_array().unwrap().clone()
    }

    pub(crate) async fn outbox(&self) -> Vec<Value> {
        self.get("/_sim/outbox").await.json().as_array().unwrap().clone()
    }

    /// Seconds since the start at which the attempts of the only dispatch were made.
    pub(crate) async fn attempt_times(&self) -> Vec<i64> {
        let outbox = self.outbox().await;
        assert_eq!(outbox.len(), 1, "{outbox:#?}");
        let start = Timestamp::parse(START).unwrap().unix_s();
        let attempts = outbox[0]["attempts"].as_array().unwrap();
        attempts.iter().map(|one| Timestamp::parse(one["at"].as_str().unwrap()).unwrap().unix_s() - start).collect()
    }
}

pub(crate) fn session_body() -> Value {
    json!({
        "amount": 25000,
        "currency_code": "XOF",
        "title": "Order A-1007",
        "success_url": "https://shop.example/ok",
        "cancel_url": "https://shop.example/cancel",
        "metadata": {"order_id": "A-1007"},
        "allowed_providers": ["WAVE", "MTN", "STRIPE"],
    })
}

pub(crate) fn charge_body() -> Value {
    json!({
        "amount": 25000,
        "currency_code": "XOF",
        "customer_email": "ada@shop.example",
        "customer_name": "Ada Kouassi",
        "description": "Order A-1007",
        "payment_reference": "REF-77",
        "metadata": {"order_id": "A-1007", "lines": 2},
    })
}

fn client() -> Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    let builder = Client::builder().tls_backend_preconfigured(tls).redirect(reqwest::redirect::Policy::none());
    builder.no_proxy().timeout(Duration::from_secs(20)).build().unwrap()
}

/// A webhook as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn event(&self) -> String {
        self.json()["event"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

#[derive(Default)]
struct Inbox {
    received: Vec<Received>,
    /// Statuses still to be given, each after a wait in milliseconds.
    script: VecDeque<(u16, u64)>,
    otherwise: u16,
}

/// A shop's webhook endpoint.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    inbox: Arc<Mutex<Inbox>>,
}

impl Receiver {
    /// Answers 200 unless scripted.
    pub(crate) async fn start() -> Self {
        let inbox = Arc::new(Mutex::new(Inbox { otherwise: 200, ..Inbox::default() }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let router = Router::new().fallback(receive).with_state(Arc::clone(&inbox));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, inbox }
    }

    pub(crate) fn always(&self, status: u16) {
        self.inbox.lock().unwrap().otherwise = status;
    }

    pub(crate) fn next(&self, status: u16, after_ms: u64) {
        self.inbox.lock().unwrap().script.push_back((status, after_ms));
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.inbox.lock().unwrap().received.clone()
    }

    pub(crate) fn events(&self) -> Vec<String> {
        self.received().iter().map(Received::event).collect()
    }
}

async fn receive(State(inbox): State<Arc<Mutex<Inbox>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let (status, after_ms) = {
        let mut inbox = inbox.lock().unwrap();
        inbox.received.push(Received { headers, body });
        let otherwise = inbox.otherwise;
        inbox.script.pop_front().unwrap_or((otherwise, 0))
    };
    tokio::time::sleep(Duration::from_millis(after_ms)).await;
    StatusCode::from_u16(status).unwrap()
}

/// A sandbox and a receiver that listens to test events of organisation A.
pub(crate) async fn lomi_and_shop(profile: Profile) -> (Lomi, Receiver, String) {
    let lomi = Lomi::start(profile).await;
    let receiver = Receiver::start().await;
    let secret = lomi.sandbox.sim().register_webhook(fixtures::TEST_KEY_A, &receiver.url).unwrap();
    (lomi, receiver, secret)
}
