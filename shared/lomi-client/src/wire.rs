//! What carries a request to lomi and its answer back.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use reqwest::Response;

/// The future of one exchange.
type Exchange = Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, WireError>> + Send>>;

/// A wire of the caller's own in place of the network, so that a simulation carries every request itself, faults and
/// all, and needs no socket. Hand it to [`ClientBuilder::wire`](crate::ClientBuilder::wire).
#[derive(Clone)]
pub struct Wire(Arc<dyn Fn(http::Request<Bytes>) -> Exchange + Send + Sync>);

/// How an exchange on a [`Wire`] of one's own broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// No connection was made: nothing of the request left.
    #[error("no connection")]
    NotSent,
    /// The connection broke after the request may have been written.
    #[error("the connection broke")]
    Interrupted,
}

impl Wire {
    /// A wire on which `carry` brings every request to its answer. The client's own time-outs apply to it.
    pub fn new<F, E>(carry: F) -> Self
    where
        F: Fn(http::Request<Bytes>) -> E + Send + Sync + 'static,
        E: Future<Output = Result<http::Response<Bytes>, WireError>> + Send + 'static,
    {
        Self(Arc::new(move |request| Box::pin(carry(request))))
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}

/// What a client sends its requests over.
#[derive(Clone)]
pub(crate) enum Carrier {
    Network(reqwest::Client),
    Wire(Wire),
}

/// Why there is no answer.
pub(crate) enum SendError {
    Network(reqwest::Error),
    Wire(WireError),
}

impl Carrier {
    pub(crate) async fn exchange(&self, request: http::Request<Bytes>) -> Result<Response, SendError> {
        match self {
            Self::Network(client) => {
                let request = reqwest::Request::try_from(request).map_err(SendError::Network)?;
                client.execute(request).await.map_err(SendError::Network)
            }
            Self::Wire(wire) => (wire.0)(request).await.map(Response::from).map_err(SendError::Wire),
        }
    }
}
