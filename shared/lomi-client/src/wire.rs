//! How requests reach lomi: the network, or a [`Wire`] of the caller.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use reqwest::Response;

/// The future of one exchange.
type Exchange = Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, WireError>> + Send>>;

/// Replaces the network, so that a simulation handles every request, and injects faults, without a socket. Pass it to
/// [`ClientBuilder::wire`](crate::ClientBuilder::wire).
#[derive(Clone)]
pub struct Wire(Arc<dyn Fn(http::Request<Bytes>) -> Exchange + Send + Sync>);

/// How an exchange on a [`Wire`] failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// No connection: nothing of the request was sent.
    #[error("no connection")]
    NotSent,
    /// The connection broke after the request may have been written.
    #[error("the connection broke")]
    Interrupted,
}

impl Wire {
    /// A wire that answers every request with `carry`. The client's time-outs apply.
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

#[derive(Clone)]
pub(crate) enum Carrier {
    Network(reqwest::Client),
    Wire(Wire),
}

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
