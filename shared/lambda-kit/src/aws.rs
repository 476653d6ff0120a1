//! The AWS SDK on the one HTTPS client: credentials from the environment, no profile files, every wait bounded.

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_sdk_secretsmanager::config::{
    BehaviorVersion, Region, SharedCredentialsProvider, StalledStreamProtectionConfig,
};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use bytes::{Bytes, BytesMut};
use std::time::Duration;
use url::Url;

/// One attempt, from the first byte sent to the last byte read. DynamoDB answers in some 10 ms; a cold TLS connection
/// on a small function takes some 100 ms.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1200);

/// All attempts of one operation and the waits between them: inside the 3 s that a webhook delivery has.
const OPERATION_TIMEOUT: Duration = Duration::from_millis(2500);

/// The first attempt and two retries.
const MAX_ATTEMPTS: u32 = 3;

/// Mean wait before the first retry, doubled for the next.
const INITIAL_BACKOFF: Duration = Duration::from_millis(50);

/// Largest response that is read. DynamoDB's largest page is 1 MB before its JSON.
const MAX_RESPONSE_BYTES: usize = 4 * 1024 * 1024;

/// The region, and endpoints that stand in for AWS on a laptop. Credentials stay in the environment.
#[derive(Clone, Debug)]
pub struct AwsEnvironment {
    /// E.g. `eu-west-1`.
    pub region: String,
    /// `AWS_ENDPOINT_URL_DYNAMODB`.
    pub dynamodb_endpoint: Option<Url>,
    /// `AWS_ENDPOINT_URL_SECRETS_MANAGER`.
    pub secrets_manager_endpoint: Option<Url>,
}

/// The configuration that every AWS client is built from: `aws_sdk_dynamodb::Client::new(&sdk_config(..))`. Reads only
/// the credential variables, on first use.
#[must_use]
pub fn sdk_config(environment: &AwsEnvironment, https: &reqwest::Client) -> SdkConfig {
    let time_outs = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        // The connection's own time-out is a property of the HTTPS client.
        .build();
    let retries = RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS).with_initial_backoff(INITIAL_BACKOFF);
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(environment.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
        .http_client(SharedHttpClient::new(Https(https.clone())))
        .timeout_config(time_outs)
        .retry_config(retries)
        // Bodies are read whole within the attempt's time: there is no stream that could stall.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .service_config(Endpoints(environment.clone()))
        .build()
}

/// Serves `AWS_ENDPOINT_URL_<SERVICE>` to the SDK.
#[derive(Debug)]
struct Endpoints(AwsEnvironment);

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let endpoint = match (key.env(), key.service_id()) {
            ("AWS_ENDPOINT_URL", "DynamoDB") => &self.0.dynamodb_endpoint,
            ("AWS_ENDPOINT_URL", "Secrets Manager") => &self.0.secrets_manager_endpoint,
            _ => &None,
        };
        endpoint.as_ref().map(Url::to_string)
    }
}

/// Adapts the HTTPS client to the SDK.
#[derive(Clone, Debug)]
struct Https(reqwest::Client);

impl HttpClient for Https {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Https {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move { exchange(&client, request).await })
    }
}

async fn exchange(client: &reqwest::Client, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?.map(in_memory);
    let request = reqwest::Request::try_from(request).map_err(connector_error)?;
    let mut answer = client.execute(request).await.map_err(connector_error)?;
    let mut response = http::Response::new(SdkBody::empty());
    *response.status_mut() = answer.status();
    std::mem::swap(response.headers_mut(), answer.headers_mut());
    *response.body_mut() = SdkBody::from(read_bounded(answer).await?);
    HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
}

/// Both services send JSON from memory, never a stream.
fn in_memory(body: SdkBody) -> Bytes {
    body.bytes().map(Bytes::copy_from_slice).unwrap_or_default()
}

async fn read_bounded(mut answer: reqwest::Response) -> Result<Bytes, ConnectorError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(connector_error)? {
        if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
            return Err(ConnectorError::other("the answer of AWS is larger than 4 MiB".into(), None));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Classifies an error for the SDK's retry strategy, which retries a broken or slow connection only.
fn connector_error(error: reqwest::Error) -> ConnectorError {
    let (timed_out, unusable) = (error.is_timeout(), error.is_builder());
    let source = error.without_url().into();
    match (timed_out, unusable) {
        (true, _) => ConnectorError::timeout(source),
        (_, true) => ConnectorError::user(source),
        _ => ConnectorError::io(source),
    }
}
