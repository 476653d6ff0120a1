//! The HTTP client that carries deliveries.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::StatusCode;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use rustls::{ClientConfig, RootCertStore};

use super::attempt::{Answer, Delivery};

/// Bounds what is read of an answer.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

type Carrier = dyn Fn(Delivery) -> BoxFuture<'static, Answer> + Send + Sync;

pub(crate) enum Sender {
    /// A client that follows no redirects, or the reason why it could not be built.
    Http(Result<Client, String>),
    /// The function that the embedding program set.
    Custom(Box<Carrier>),
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

impl Default for Sender {
    fn default() -> Self {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map(|builder| builder.with_root_certificates(roots).with_no_client_auth());
        let client = tls.map_err(|error| error.to_string()).and_then(|tls| {
            let builder = Client::builder().tls_backend_preconfigured(tls).redirect(Policy::none()).no_proxy();
            builder.build().map_err(|error| error.to_string())
        });
        Self::Http(client)
    }
}

impl Sender {
    pub(crate) fn custom<F>(carrier: impl Fn(Delivery) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        Self::Custom(Box::new(move |delivery| carrier(delivery).boxed()))
    }

    /// Sends a delivery, and once more to the `www` or apex twin after a redirect. Returns the answer and its duration.
    pub(crate) async fn send(&self, delivery: &Delivery) -> (Answer, u64) {
        let started = Instant::now();
        let answer = match self {
            Self::Http(Ok(client)) => within(delivery.timeout_ms, post_with_twin(client, delivery)).await,
            Self::Http(Err(cause)) => Answer::Failed(cause.clone()),
            Self::Custom(carrier) => carrier(delivery.clone()).await,
        };
        (answer, u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

async fn within(timeout_ms: u64, work: impl Future<Output = Result<Answer, reqwest::Error>>) -> Answer {
    match tokio::time::timeout(Duration::from_millis(timeout_ms), work).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => Answer::Failed(cause(&error)),
        Err(_) => Answer::TimedOut,
    }
}

/// The innermost cause: "connection refused" rather than "error sending request".
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

async fn post_with_twin(client: &Client, delivery: &Delivery) -> Result<Answer, reqwest::Error> {
    let response = post(client, &delivery.url, delivery).await?;
    match twin(&delivery.url).filter(|_| is_redirect(response.status())) {
        Some(twin) => read(post(client, &twin, delivery).await?).await,
        None => read(response).await,
    }
}

async fn post(client: &Client, url: &str, delivery: &Delivery) -> Result<Response, reqwest::Error> {
    let request = client.post(url).body(delivery.body.clone());
    let with_headers = delivery.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
    with_headers.send().await
}

const fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 307 | 308)
}

async fn read(mut response: Response) -> Result<Answer, reqwest::Error> {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while body.len() < MAX_ANSWER_BYTES
        && let Some(chunk) = response.chunk().await?
    {
        body.extend_from_slice(&chunk);
    }
    body.truncate(MAX_ANSWER_BYTES);
    Ok(Answer::Status { status, body: String::from_utf8_lossy(&body).into_owned() })
}

/// `www.shop.example` for `shop.example` and the reverse. IP addresses and single labels have no twin.
fn twin(url: &str) -> Option<String> {
    let mut url = url::Url::parse(url).ok()?;
    let host = url.domain().filter(|domain| domain.contains('.'))?;
    let twin = host.strip_prefix("www.").map_or_else(|| format!("www.{host}"), str::to_owned);
    url.set_host(Some(&twin)).ok()?;
    Some(url.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_has_a_twin_and_an_ip_address_has_none() {
        assert_eq!(twin("https://shop.example/hook?a=1").as_deref(), Some("https://www.shop.example/hook?a=1"));
        assert_eq!(twin("https://www.shop.example/hook").as_deref(), Some("https://shop.example/hook"));
        assert_eq!(twin("http://127.0.0.1:3000/hook"), None);
        assert_eq!(twin("http://localhost:3000/hook"), None);
    }
}
