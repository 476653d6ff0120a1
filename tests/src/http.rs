//! The client side of every request that a test makes.

use std::time::Duration;

use ::http::HeaderMap;
use bytes::Bytes;
use serde_json::Value;

/// Longer than the gateway waits for a function.
const TIMEOUT: Duration = Duration::from_secs(40);

/// An HTTP client without cookies, proxies or redirects.
#[derive(Clone, Debug)]
pub struct Http(reqwest::Client);

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: HeaderMap,
    /// The body, byte for byte.
    pub body: Bytes,
}

impl Default for Http {
    fn default() -> Self {
        Self(lambda_kit::https::client().expect("an HTTP client"))
    }
}

impl Http {
    /// Sends one request. A header named twice is sent twice.
    pub async fn send(&self, method: &str, url: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
        let answer = self.try_send(method, url, headers, body).await;
        answer.unwrap_or_else(|error| panic!("{method} {url}: {error:?}"))
    }

    /// As [`Http::send`], for a server that may break the connection.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub async fn try_send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Answer, reqwest::Error> {
        let method = method.parse().expect("a method");
        let mut request = self.0.request(method, url).timeout(TIMEOUT).body(body.into());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, body: response.bytes().await? })
    }

    /// Sends JSON.
    pub async fn send_json(&self, method: &str, url: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let mut headers = headers.to_vec();
        headers.push(("content-type", "application/json"));
        self.send(method, url, &headers, body.to_string()).await
    }

    /// A plain `GET`.
    pub async fn get(&self, url: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", url, headers, Bytes::new()).await
    }
}

impl Answer {
    /// Checks the status and returns the answer.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// The body as JSON.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.text()))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's first value; empty when there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The status and the stable code of a problem.
    #[track_caller]
    #[must_use]
    pub fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{} {}", self.status, self.text());
        (self.status, self.json()["code"].as_str().unwrap_or_default().to_owned())
    }

    /// The JSON pointers that a problem names.
    #[track_caller]
    #[must_use]
    pub fn pointers(&self) -> Vec<String> {
        let json = self.json();
        let errors = json["errors"].as_array().into_iter().flatten();
        errors.map(|error| error["pointer"].as_str().unwrap_or_default().to_owned()).collect()
    }
}
