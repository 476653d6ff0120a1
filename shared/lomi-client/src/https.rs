//! The one HTTPS stack: rustls on ring, with the roots of the Mozilla programme compiled in.
//!
//! It reads nothing from the machine (no certificate store, no proxy variable), so a cold start costs the same
//! everywhere, and a certificate added to the host is not trusted.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect;
use rustls::{ClientConfig, RootCertStore};

/// A frozen Lambda environment thaws with connections that lomi has closed. A short idle time reuses connections within
/// a burst and drops them before they fail a request.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Why the HTTPS client could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpsError {
    /// The TLS configuration was refused.
    #[error("TLS configuration")]
    Tls(#[from] rustls::Error),
    /// The HTTP client was refused.
    #[error("HTTP client")]
    Http(#[from] reqwest::Error),
}

/// An HTTP/1.1 client that follows no redirect, uses no proxy, sends no referrer and never retries.
///
/// It limits only the time to connect (TLS included): give every request its own total time-out.
pub fn client(connect_timeout: Duration) -> Result<reqwest::Client, HttpsError> {
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls_config()?)
        .http1_only()
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .tcp_nodelay(true)
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .build()?;
    Ok(client)
}

fn tls_config() -> Result<ClientConfig, rustls::Error> {
    let roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
