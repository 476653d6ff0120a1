//! A stand-in for lomi that answers each request as scripted, failures included.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lomi_client::{
    Amount, Client, ClientBuilder, CreateCheckoutSession, CurrencyCode, ErrorKind, IdempotencyKey, Outcome, SecretKey,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

pub(crate) const SESSION_ID: &str = "a465993b-98fb-49c3-9943-5b8eac17004c";
pub(crate) const CREATED: &str = r#"{"checkout_session_id":"a465993b-98fb-49c3-9943-5b8eac17004c","checkout_url":"https://checkout.lomi.africa/checkout/a465993b-98fb-49c3-9943-5b8eac17004c","status":"open"}"#;

/// What to do with one connection.
pub(crate) enum Reply {
    /// These bytes, then close.
    Bytes(Vec<u8>),
    /// Read the request, close without an answer.
    Drop,
    /// Close before reading anything.
    DropUnread,
    /// The head of a 200, then one byte of body every few milliseconds until the client closes.
    Drip,
    /// Read the request and never answer.
    Hang,
}

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

pub(crate) struct Lomi {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Lomi {
    /// One connection per reply; after the last one the port is closed.
    pub(crate) async fn start(script: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(serve(listener, script, received.clone()));
        Self { url, received }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.received().len()
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        builder(&self.url)
    }
}

pub(crate) fn builder(url: &str) -> ClientBuilder {
    let key = SecretKey::parse("lomi_sk_test_canary").unwrap();
    Client::builder(key).base_url(url).jitter_seed(1)
}

async fn serve(listener: TcpListener, script: Vec<Reply>, received: Arc<Mutex<Vec<Received>>>) {
    let address = listener.local_addr().unwrap();
    let mut listener = Some(listener);
    let mut closed = None;
    let last = script.len();
    for (position, reply) in (1..).zip(script) {
        let (stream, _) = listener.as_ref().unwrap().accept().await.unwrap();
        if position == last {
            listener = None;
            closed = Some(reserve(address));
        }
        if !matches!(reply, Reply::DropUnread) {
            tokio::spawn(converse(stream, reply, received.clone()));
        }
    }
    // Reserves the closed port until the test ends, or another test could open it.
    std::future::pending::<()>().await;
    drop(closed);
}

/// A reserved port that refuses every connection.
pub(crate) fn reserve(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    socket
}

async fn converse(mut stream: TcpStream, reply: Reply, received: Arc<Mutex<Vec<Received>>>) {
    let request = read_request(&mut stream).await;
    received.lock().unwrap().push(request);
    match reply {
        Reply::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Reply::Drop | Reply::DropUnread => {}
        Reply::Drip => drip(stream).await,
        Reply::Hang => {
            let _ = stream.read(&mut [0; 1]).await;
        }
    }
}

async fn drip(mut stream: TcpStream) {
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    let mut open = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n").await;
    while open.is_ok() {
        ticks.tick().await;
        open = stream.write_all(b" ").await;
    }
}

async fn read_request(stream: &mut TcpStream) -> Received {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.unwrap();
        assert_ne!(read, 0, "the client left in the middle of a request");
        bytes.extend_from_slice(&buffer[..read]);
        if let Some(request) = parse_request(&bytes) {
            return request;
        }
    }
}

fn parse_request(bytes: &[u8]) -> Option<Received> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let line = lines.next()?.to_owned();
    let headers: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    (body.len() == length).then(|| Received { line, headers, body: body.to_owned() })
}

/// A complete answer with a JSON body.
pub(crate) fn json(status: &str, body: &str) -> Reply {
    with_headers(status, "content-type: application/json\r\n", body)
}

/// A complete answer; each header line ends with CR LF.
pub(crate) fn with_headers(status: &str, headers: &str, body: &str) -> Reply {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}");
    Reply::Bytes(format!("{head}content-length: {length}\r\n\r\n{body}").into_bytes())
}

/// An answer that promises more bytes than it sends.
pub(crate) fn cut_short(status: &str, body: &str) -> Reply {
    let length = body.len() + 10;
    Reply::Bytes(format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes())
}

/// An order of 25 000 francs.
pub(crate) fn order() -> CreateCheckoutSession {
    CreateCheckoutSession {
        amount: Amount::from_scaled(25_000, 0),
        currency_code: Some(CurrencyCode::XOF),
        ..CreateCheckoutSession::new("https://shop.example/thanks", "https://shop.example/cart")
    }
}

pub(crate) fn key() -> IdempotencyKey {
    IdempotencyKey::parse("order-A-1007").unwrap()
}

/// The id of some object.
pub(crate) const OBJECT_ID: &str = "0d6f5f5e-7f0b-4c59-8c1b-8c7c0e1f2a33";

/// The one request of a successful call.
pub(crate) async fn received(reply: Reply, call: impl AsyncFnOnce(Client)) -> Received {
    let lomi = Lomi::start(vec![reply]).await;
    call(lomi.client()).await;
    let mut received = lomi.received();
    assert_eq!(received.len(), 1);
    received.remove(0)
}

/// The field that makes a request invalid.
pub(crate) fn unsent(error: &lomi_client::Error) -> String {
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidRequest, Outcome::NotSent));
    error.to_string().rsplit(' ').next().unwrap_or_default().to_owned()
}
