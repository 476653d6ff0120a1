//! The HTTPS client for AWS, on the one TLS stack of the binary, which `lomi_client` owns.

use std::time::Duration;

/// Longest wait for TCP and TLS together. AWS needs a fraction of it.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1000);

/// The client could not be built. Everything it needs is in the binary, so this is a defect of the build.
#[derive(Debug, thiserror::Error)]
#[error("the HTTPS client could not be built")]
pub struct ClientError;

/// rustls on ring with compiled-in roots, no redirects, no proxies. Only connecting has a time-out.
pub fn client() -> Result<reqwest::Client, ClientError> {
    lomi_client::https::client(CONNECT_TIMEOUT).map_err(|_| ClientError)
}
