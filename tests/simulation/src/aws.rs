//! AWS without a socket: what the services' protocols share.

use std::sync::OnceLock;

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use lambda_kit::aws::{AwsEnvironment, sdk_config};

const TARGET: &str = "x-amz-target";

/// The functions' own settings, with their time-outs and retries.
pub(crate) fn base_config() -> &'static SdkConfig {
    static CONFIG: OnceLock<SdkConfig> = OnceLock::new();
    CONFIG.get_or_init(|| {
        let nowhere = || Some("http://127.0.0.1:1".parse().expect("an address"));
        let environment = AwsEnvironment {
            region: "eu-west-1".to_owned(),
            dynamodb_endpoint: nowhere(),
            secrets_manager_endpoint: nowhere(),
        };
        sdk_config(&environment, &lambda_kit::https::client().expect("an HTTP client"))
    })
}

/// The operation and the body of a request.
pub(crate) fn read(request: &HttpRequest) -> (&str, &str) {
    let target = request.headers().get(TARGET).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default();
    let body = request.body().bytes().and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
    (operation, body)
}

pub(crate) fn response(status: u16, body: String) -> Result<HttpResponse, ConnectorError> {
    let response = http::Response::builder().status(status).header("content-type", "application/x-amz-json-1.0");
    let response = response.body(SdkBody::from(body)).map_err(|error| ConnectorError::other(error.into(), None))?;
    HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
}
