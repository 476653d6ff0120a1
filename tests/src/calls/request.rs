//! Parses the requests to AWS from the bytes of a connection: HTTP/1.1, each with its length, one after the other.

use local::secrets::Asked;

/// The assumed length of a body with an unreadable length: more than any request has, so that the rest of the
/// connection is not parsed as requests.
const UNREADABLE_LENGTH: usize = 32 * 1024 * 1024;

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The access key id in `Credential=...`; empty when there is none. The local stack gives each function its own.
    pub caller: String,
    /// `X-Amz-Target`: `DynamoDB_20120810.GetItem`.
    pub target: String,
    /// JSON.
    pub body: Vec<u8>,
}

impl Request {
    pub(crate) fn of(asked: &Asked) -> Self {
        let caller = caller(&asked.authorization).to_owned();
        Self { caller, target: asked.target.clone(), body: asked.body.clone().into_bytes() }
    }
}

/// The requests of one connection, in pieces of any size.
#[derive(Debug, Default)]
pub struct Requests {
    unread: Vec<u8>,
}

impl Requests {
    /// Takes received bytes and returns the requests that are complete now.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Request> {
        self.unread.extend_from_slice(bytes);
        let mut whole = Vec::new();
        while let Some((request, length)) = first(&self.unread) {
            self.unread.drain(..length);
            whole.push(request);
        }
        whole
    }
}

/// The first request with its length in bytes; `None` while it is incomplete.
fn first(bytes: &[u8]) -> Option<(Request, usize)> {
    let head_length = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..head_length]);
    let header = |name: &str| {
        let fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    };
    let body_length = header("content-length").map_or(0, |length| length.parse().unwrap_or(UNREADABLE_LENGTH));
    let length = head_length.checked_add(body_length)?;
    let body = bytes.get(head_length..length)?.to_vec();
    let request = Request {
        caller: caller(header("authorization").unwrap_or_default()).to_owned(),
        target: header("x-amz-target").unwrap_or_default().to_owned(),
        body,
    };
    Some((request, length))
}

/// `AWS4-HMAC-SHA256 Credential=orders/20260101/eu-west-3/dynamodb/aws4_request, ...` -> `orders`.
pub(crate) fn caller(authorization: &str) -> &str {
    let credential = authorization.split("Credential=").nth(1).unwrap_or_default();
    credential.split('/').next().unwrap_or_default()
}
