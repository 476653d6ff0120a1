//! lomi without a socket: the router of the simulator, reached by the real client over a simulated connection.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::BodyExt as _;
use lomi_client::{Client, SecretKey, Wire, WireError};
use lomi_sandbox::fixtures::TEST_KEY_B;
use lomi_sandbox::{Answer, ClockMode, ConnectionDropped, Delivery, Settings, Sim, Timestamp};
use serde_json::{Value, json};
use tokio::sync::{Mutex, Notify, mpsc, oneshot};
use tokio::time::timeout;
use tower::ServiceExt as _;

use crate::faults::{Fault, Line};
use crate::time::Time;
use crate::wire::{Air, Broken};

const KEY: &str = "lomi_sk_test_sim_a";
const HOST: &str = "http://127.0.0.1:4010";
pub(crate) const HOOK: &str = "http://127.0.0.1:1/webhooks/lomi";
/// As in the functions.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(6);

/// lomi, in the time of the schedule. Clones share it.
#[derive(Clone, Debug)]
pub struct Lomi {
    sim: Sim,
    router: Router,
    time: Time,
    /// Notified of everything after which lomi may have events to send.
    stirred: Arc<Notify>,
    /// Deliveries that an operator starts by hand, each with the sender of its answer.
    by_hand: Arc<Mutex<mpsc::UnboundedReceiver<ByHand>>>,
}

/// A delivery and the sender of its answer.
type ByHand = (Delivery, oneshot::Sender<Answer>);

impl Lomi {
    /// An account with one webhook endpoint, and the endpoint's signing secret.
    pub(crate) fn new(seed: u64, profile: lomi_sandbox::Profile, time: Time) -> (Self, String) {
        let settings = Settings {
            public_base_url: Some(HOST.to_owned()),
            profile,
            rng_seed: Some(seed),
            clock: ClockMode::Virtual { start: instant(time) },
            ..Settings::default()
        };
        let sim = Sim::new(settings).expect("a simulator without a file");
        let secret = sim.register_webhook(KEY, HOOK).expect("a key of the fixtures");
        let by_hand = Arc::new(Mutex::new(deliveries_of(&sim)));
        (Self { router: lomi_sandbox::router(sim.clone()), sim, time, stirred: Arc::default(), by_hand }, secret)
    }

    pub(crate) fn client(&self, air: &Air, seed: u64) -> Client {
        let (lomi, air) = (self.clone(), air.clone());
        let wire = Wire::new(move |request| {
            let (lomi, air) = (lomi.clone(), air.clone());
            async move { lomi.exchange(&air, request).await }
        });
        let key = SecretKey::parse(KEY).expect("a key");
        let client = Client::builder(key).base_url(HOST).attempt_timeout(ATTEMPT_TIMEOUT).jitter_seed(seed).wire(wire);
        client.build().expect("a client")
    }

    async fn exchange(&self, air: &Air, request: Request<Bytes>) -> Result<Response<Bytes>, WireError> {
        let what = format!("{} {}", request.method(), request.uri().path());
        match air.carry(Line::Lomi, &what, |_| self.clone().served(request.clone())).await {
            Ok(Some(response)) => Ok(response),
            Ok(None) | Err(Broken::Interrupted) => Err(WireError::Interrupted),
            Err(Broken::NotSent) => Err(WireError::NotSent),
            Err(Broken::Answers(fate)) => Ok(stand_in(fate)),
        }
    }

    /// As `serve`, but owned: for a request that outlives its caller.
    async fn served(self, request: Request<Bytes>) -> Option<Response<Bytes>> {
        self.serve(request).await
    }

    /// `None` when lomi drops the connection.
    async fn serve(&self, request: Request<Bytes>) -> Option<Response<Bytes>> {
        self.sim.clock().advance_to(instant(self.time));
        let response =
            self.router.clone().oneshot(request.map(Body::from)).await.unwrap_or_else(|never| match never {});
        self.stirred.notify_one();
        if response.extensions().get::<ConnectionDropped>().is_some() {
            return None;
        }
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        Some(Response::from_parts(parts, body))
    }

    /// An action of a shopper or a wallet operator at lomi: `/_sim/...`, without faults.
    pub async fn act(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send(Request::builder().method(Method::POST), path, body).await
    }

    /// An action of the merchant at lomi, beside this stack.
    pub async fn manage(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send(self.as_merchant(Method::POST), path, body).await
    }

    /// The merchant refunds in lomi's dashboard, and confirms the preview where there is one.
    pub async fn refund_in_dashboard(&self, transaction_id: &Value, francs: i64) {
        let mut wish = json!({ "transaction_id": transaction_id, "amount": francs });
        let (status, mut answer) = self.manage("/refunds", &wish).await;
        assert_eq!(status, 201, "{answer}");
        if answer["requires_confirmation"] == true {
            // One call at a time, because the time is part of the key.
            tokio::time::sleep(Duration::from_millis(10)).await;
            wish["confirmation_token"] = answer["confirmation_token"].take();
            (_, answer) = self.manage("/refunds", &wish).await;
        }
        assert!(answer["refund_id"].is_string(), "{answer}");
    }

    /// Removes all planted faults of the simulator.
    pub async fn clear_faults(&self) {
        self.send(Request::builder().method(Method::DELETE), "/_sim/faults", &Value::Null).await;
    }

    /// The merchant changes a webhook of theirs, as `endpoints` shows it.
    pub async fn change_endpoint(&self, method: &str, endpoint: &Value, body: &Value) {
        let path = format!("/webhooks/{}", endpoint["webhook_id"].as_str().expect("an id"));
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let (status, answer) = self.send(self.as_merchant(method), &path, body).await;
        assert_eq!(status, 200, "{answer}");
    }

    fn as_merchant(&self, method: Method) -> http::request::Builder {
        let key = format!("beside-{}", self.time.elapsed_ms());
        Request::builder().method(method).header("x-api-key", KEY).header("idempotency-key", key)
    }

    /// Another merchant charges a card in an account of their own and has lomi notify our endpoints: the `metadata`
    /// of the caller selects the account.
    pub async fn charge_as_stranger(&self, francs: i64, metadata: &Value) {
        let key = format!("stranger-{}", self.time.elapsed_ms());
        let request = Request::builder().method(Method::POST).header("x-api-key", TEST_KEY_B);
        let body = json!({
            "amount": francs, "customer_email": "mallory@example.com", "customer_name": "Mallory", "metadata": metadata,
        });
        let (_, answer) = self.send(request.header("idempotency-key", key), "/charge/card", &body).await;
        let charge = &answer["data"];
        if let Some(id) = charge["id"].as_str() {
            let card = json!({ "client_secret": charge["client_secret"], "card_number": "4242424242424242" });
            self.act(&format!("/_sim/card/{id}/confirm"), &card).await;
        }
    }

    async fn send(&self, request: http::request::Builder, path: &str, body: &Value) -> (u16, Value) {
        let request = request.uri(path).header("content-type", "application/json");
        let request = request.body(Bytes::from(body.to_string())).expect("a request");
        let response = self.serve(request).await.expect("no fault is planted");
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or_default())
    }

    /// lomi's complete state.
    #[must_use]
    pub fn ledger(&self) -> Value {
        self.sim.state()
    }

    /// The webhook endpoints of all merchants at lomi, each with its secret.
    #[must_use]
    pub fn endpoints(&self) -> Vec<Value> {
        self.ledger()["webhooks"].as_array().cloned().unwrap_or_default()
    }

    /// Every event with its delivery attempts.
    #[must_use]
    pub fn outbox(&self) -> Value {
        self.sim.outbox()
    }

    /// Waits for a delivery that an operator starts by hand; the receiver answers it.
    pub(crate) async fn sent_by_hand(&self) -> ByHand {
        self.by_hand.lock().await.recv().await.expect("lomi. is there")
    }

    /// Waits until there may be something to deliver.
    pub(crate) async fn stirs(&self) {
        match self.next_due() {
            Some(wait) => drop(timeout(wait, self.stirred.notified()).await),
            None => self.stirred.notified().await,
        }
    }

    fn next_due(&self) -> Option<Duration> {
        let due_ms = self.sim.next_due()?.unix_ms();
        let wait_ms = due_ms.saturating_sub(self.time.now().as_ms()).max(1);
        Some(Duration::from_millis(wait_ms.unsigned_abs()))
    }

    /// The deliveries that are due. Pass each to [`Lomi::settle`].
    #[must_use]
    pub fn take_due(&self) -> Vec<Delivery> {
        self.sim.clock().advance_to(instant(self.time));
        self.sim.take_due(instant(self.time))
    }

    /// Reports the outcome of a delivery to lomi.
    pub fn settle(&self, delivery: &Delivery, answer: &Answer) {
        self.sim.clock().advance_to(instant(self.time));
        self.sim.record_answer(delivery, answer, 1);
        self.stirred.notify_one();
    }
}

fn deliveries_of(sim: &Sim) -> mpsc::UnboundedReceiver<ByHand> {
    let (taken, deliveries) = mpsc::unbounded_channel();
    sim.deliver_with(move |delivery| {
        let (answer, answered) = oneshot::channel();
        let patience = Duration::from_millis(delivery.timeout_ms);
        let is_sent = taken.send((delivery, answer)).is_ok();
        async move {
            match timeout(patience, answered).await {
                Ok(Ok(answer)) if is_sent => answer,
                Ok(_) => Answer::Failed("nobody is there".to_owned()),
                Err(_) => Answer::TimedOut,
            }
        }
    });
    deliveries
}

fn instant(time: Time) -> Timestamp {
    Timestamp::from_unix_ms(time.now().as_ms())
}

/// The response in place of lomi's own.
fn stand_in(fate: Fault) -> Response<Bytes> {
    let (status, body) = match fate {
        Fault::KeyRefused => (401, r#"{"error":{"message":"Invalid API key"}}"#),
        Fault::Refused => (429, r#"{"error":{"message":"Too many requests"}}"#),
        Fault::FailsBefore => (503, r#"{"error":{"message":"Unavailable"}}"#),
        Fault::Garbled => (200, r#"{"checkout_session_id":"#),
        _ => (500, r#"{"error":{"message":"Unexpected"}}"#),
    };
    let response = Response::builder().status(status).header("retry-after", "1");
    response.body(Bytes::from_static(body.as_bytes())).expect("a response")
}
