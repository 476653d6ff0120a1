//! A shop's webhook endpoint.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use lomi_client::webhook::{self, Secrets, SignatureError, Signatures, VerifiedBody, WebhookEvent};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

/// Far longer than a delivery takes, so that only a missing one fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// Receives lomi's deliveries. Ends with its owner.
pub(crate) struct Receiver {
    pub(crate) url: String,
    status: Arc<AtomicU16>,
    deliveries: UnboundedReceiver<Delivery>,
    _server: JoinSet<()>,
}

#[derive(Debug)]
pub(crate) struct Delivery {
    headers: HeaderMap,
    pub(crate) body: Bytes,
}

#[derive(Clone)]
struct Door {
    status: Arc<AtomicU16>,
    inbox: UnboundedSender<Delivery>,
}

impl Receiver {
    /// Answers 200 by default.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (inbox, deliveries) = unbounded_channel();
        let status = Arc::new(AtomicU16::new(200));
        let router = Router::new().fallback(receive).with_state(Door { status: Arc::clone(&status), inbox });
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, status, deliveries, _server: server }
    }

    /// The status of every answer from now on.
    pub(crate) fn answer_with(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    pub(crate) async fn next(&mut self) -> Delivery {
        tokio::time::timeout(PATIENCE, self.deliveries.recv()).await.expect("a delivery").unwrap()
    }
}

async fn receive(State(door): State<Door>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let status = StatusCode::from_u16(door.status.load(Ordering::SeqCst)).unwrap();
    // A test that has seen enough no longer listens.
    let _ = door.inbox.send(Delivery { headers, body });
    status
}

impl Delivery {
    /// The body, if one of the secrets signed it.
    pub(crate) fn verify(&self, secrets: &Secrets) -> Result<VerifiedBody<'_>, SignatureError> {
        webhook::verify(self.signatures(), &self.body, secrets)
    }

    pub(crate) fn event(&self, secrets: &Secrets) -> WebhookEvent {
        WebhookEvent::parse(self.verify(secrets).unwrap()).unwrap()
    }

    pub(crate) fn signatures(&self) -> Signatures<'_> {
        let header = |name| self.headers.get(name).map(|value| value.to_str().unwrap());
        Signatures { legacy: header(webhook::LEGACY_HEADER), v1: header(webhook::V1_HEADER) }
    }
}
