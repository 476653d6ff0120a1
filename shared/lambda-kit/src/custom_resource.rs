//! CloudFormation's custom resources: the request, and the response that CloudFormation waits for.
//!
//! The response goes to a presigned S3 URL that comes with the request. A deployment blocks until it is there, so the
//! response is always `SUCCESS` and reports problems in its data. The URL is a credential: it is never logged, and
//! nothing is sent to a host that is not AWS's.

use domain::{Environment, is_loopback};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use url::Url;

/// One attempt to respond. S3 needs a fraction of it.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);
const MAX_ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(500);

/// CloudFormation accepts no larger response.
const MAX_ANSWER_BYTES: usize = 4096;

/// The host suffixes of AWS's two public partitions.
const HOSTS: [&str; 2] = [".amazonaws.com", ".amazonaws.com.cn"];

/// The type of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Create the resource.
    Create,
    /// Apply the changed properties.
    Update,
    /// Delete the resource.
    Delete,
    /// A type that CloudFormation does not use today.
    Unknown,
}

/// What invoked the function.
pub enum Event {
    /// Not CloudFormation: a schedule, or an operator.
    Other,
    /// The response URL is not on a host of AWS. Nothing is done, and nothing is sent.
    Forged,
    /// CloudFormation, which waits for a response.
    Asked(Box<CustomResourceRequest>),
}

/// A request of CloudFormation. It has no `Debug`, because it holds the presigned URL.
pub struct CustomResourceRequest {
    /// Its type.
    pub change: Change,
    /// `ResourceProperties`, unchecked.
    pub properties: Value,
    /// The `PhysicalResourceId` of an earlier response; `None` before the first.
    pub physical_id: Option<String>,
    response_url: Url,
    stack_id: String,
    request_id: String,
    logical_id: String,
}

impl Event {
    /// Classifies an event. A loopback host may be plain http, on a sandbox stack only.
    #[must_use]
    pub fn read(event: &Value, environment: Environment) -> Self {
        let Some(address) = event.get("ResponseURL") else { return Self::Other };
        let address = address.as_str().and_then(|text| Url::parse(text).ok());
        match address.filter(|url| may_be_answered(url, environment)) {
            Some(response_url) => Self::Asked(Box::new(CustomResourceRequest::read(event, response_url))),
            None => Self::Forged,
        }
    }
}

impl CustomResourceRequest {
    fn read(event: &Value, response_url: Url) -> Self {
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let change = match text("RequestType").as_str() {
            "Create" => Change::Create,
            "Update" => Change::Update,
            "Delete" => Change::Delete,
            _ => Change::Unknown,
        };
        Self {
            change,
            properties: event.get("ResourceProperties").cloned().unwrap_or_default(),
            physical_id: Some(text("PhysicalResourceId")).filter(|id| !id.is_empty()),
            response_url,
            stack_id: text("StackId"),
            request_id: text("RequestId"),
            logical_id: text("LogicalResourceId"),
        }
    }

    fn answer(&self, physical_id: &str, data: Option<&impl Serialize>) -> Vec<u8> {
        let answer = Answer {
            status: "SUCCESS",
            physical_resource_id: physical_id,
            stack_id: &self.stack_id,
            request_id: &self.request_id,
            logical_resource_id: &self.logical_id,
            data,
        };
        serde_json::to_vec(&answer).unwrap_or_default()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer<'a, D> {
    status: &'static str,
    physical_resource_id: &'a str,
    stack_id: &'a str,
    request_id: &'a str,
    logical_resource_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a D>,
}

fn may_be_answered(url: &Url, environment: Environment) -> bool {
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    let is_aws =
        || url.port().is_none() && url.host_str().is_some_and(|host| HOSTS.iter().any(|end| host.ends_with(end)));
    let may_be_local = environment == Environment::Sandbox && is_loopback(url);
    is_anonymous
        && match url.scheme() {
            "https" => is_aws(),
            "http" => may_be_local,
            _ => false,
        }
}

/// Sends responses to CloudFormation.
pub struct ResponseSender {
    https: reqwest::Client,
}

impl ResponseSender {
    pub(crate) fn new(https: reqwest::Client) -> Self {
        Self { https }
    }

    /// Reports success under `physical_id`, with `data` for `Fn::GetAtt`. Data that exceeds CloudFormation's 4 KiB is
    /// omitted. `false` when no attempt reached S3 before `deadline`.
    pub async fn succeed(
        &self,
        request: &CustomResourceRequest,
        physical_id: &str,
        data: &impl Serialize,
        deadline: Instant,
    ) -> bool {
        let mut body = request.answer(physical_id, Some(data));
        if body.len() > MAX_ANSWER_BYTES {
            body = request.answer(physical_id, None::<&()>);
        }
        for attempt in 0..MAX_ATTEMPTS {
            if self.put(request, body.clone(), deadline).await {
                return true;
            }
            if attempt + 1 < MAX_ATTEMPTS && Instant::now() + PAUSE < deadline {
                sleep(PAUSE).await;
            }
        }
        false
    }

    /// Sends no content type: the URL is signed without one.
    async fn put(&self, request: &CustomResourceRequest, body: Vec<u8>, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now()).min(ATTEMPT_TIMEOUT);
        let request = self.https.put(request.response_url.clone()).timeout(left).body(body);
        request.send().await.is_ok_and(|answer| answer.status().is_success())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn is_answered(url: &str, environment: Environment) -> bool {
        matches!(Event::read(&json!({ "ResponseURL": url }), environment), Event::Asked(_))
    }

    #[test]
    fn a_response_goes_to_aws_or_in_sandbox_to_loopback() {
        for aws in [
            "https://cloudformation-custom-resource-response-euwest3.s3.eu-west-3.amazonaws.com/arn%3Aaws?X-Amz-Signature=1",
            "https://bucket.s3.cn-north-1.amazonaws.com.cn/answer",
        ] {
            assert!(is_answered(aws, Environment::Live), "{aws}");
        }
        for foreign in [
            "http://bucket.s3.eu-west-3.amazonaws.com/",
            "https://amazonaws.com.example/",
            "https://evilamazonaws.com/",
            "https://bucket.s3.eu-west-3.amazonaws.com:8443/",
            "https://user@bucket.s3.eu-west-3.amazonaws.com/",
            "https://evil.example/?.amazonaws.com",
            "https://169.254.169.254/",
            "ftp://bucket.s3.eu-west-3.amazonaws.com/",
            "not a url",
        ] {
            assert!(!is_answered(foreign, Environment::Sandbox), "{foreign}");
        }
        assert!(is_answered("http://127.0.0.1:9/answer", Environment::Sandbox));
        assert!(!is_answered("http://127.0.0.1:9/answer", Environment::Live));
    }

    #[test]
    fn forged_cloudformation_requests_are_recognised() {
        assert!(matches!(Event::read(&json!({ "Url": "https://x" }), Environment::Live), Event::Other));
        assert!(matches!(Event::read(&json!([1]), Environment::Live), Event::Other));
        assert!(matches!(Event::read(&json!({ "ResponseURL": 7 }), Environment::Live), Event::Forged));
    }

    #[test]
    fn an_unreadable_request_still_has_a_response_url() {
        let event = json!({ "ResponseURL": "https://b.s3.amazonaws.com/", "RequestType": "Import", "StackId": 1 });
        let Event::Asked(request) = Event::read(&event, Environment::Live) else { panic!("it has an address") };
        assert_eq!((request.change, request.physical_id.as_deref()), (Change::Unknown, None));
        let answer: Value = serde_json::from_slice(&request.answer("none", Some(&json!({ "A": "b" })))).unwrap();
        assert_eq!(answer["Status"], "SUCCESS");
        assert_eq!((&answer["PhysicalResourceId"], &answer["Data"]["A"]), (&json!("none"), &json!("b")));
    }
}
