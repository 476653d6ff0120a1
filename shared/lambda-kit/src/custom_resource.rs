//! CloudFormation's custom resources: what it asks, and the answer that it waits for.
//!
//! The answer goes to a signed address in S3 that comes with the question. A deployment stands still until it is there,
//! so it is always an answer of success: what is wrong stands in its data. The address is a credential: it is in no
//! log, and only AWS is ever written to.

use domain::{Environment, is_loopback};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use url::Url;

/// One try to answer. S3 takes a fraction of it.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);
const MAX_ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(500);

/// CloudFormation reads no longer answer.
const MAX_ANSWER_BYTES: usize = 4096;

/// The hosts of AWS, in its two partitions that serve the public.
const HOSTS: [&str; 2] = [".amazonaws.com", ".amazonaws.com.cn"];

/// What is to become of the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is to be made.
    Create,
    /// It is to be as the properties now say.
    Update,
    /// It is to go.
    Delete,
    /// A word that CloudFormation does not use today.
    Unknown,
}

/// What an event is.
pub enum Event {
    /// Not from CloudFormation: a schedule's, or somebody's by hand.
    Other,
    /// It wants an answer at an address that is none of AWS's. Nothing is done for it and nobody is told.
    Forged,
    /// CloudFormation waits for an answer.
    Asked(Box<CustomResourceRequest>),
}

/// A question of CloudFormation's. It has no `Debug`: it holds the signed address.
pub struct CustomResourceRequest {
    /// What is to become of the resource.
    pub change: Change,
    /// The resource's `Properties`, whatever their shape.
    pub properties: Value,
    /// The name that an earlier answer gave the resource; `None` before the first.
    pub physical_id: Option<String>,
    response_url: Url,
    stack_id: String,
    request_id: String,
    logical_id: String,
}

impl Event {
    /// Tells the two kinds of events apart. Plain http to this very machine is for a sandbox stack on a laptop.
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

/// Answers CloudFormation.
pub struct ResponseSender {
    https: reqwest::Client,
}

impl ResponseSender {
    pub(crate) fn new(https: reqwest::Client) -> Self {
        Self { https }
    }

    /// Says that the resource is as it was asked for, under the name `physical_id`, with `data` for `Fn::GetAtt`. Data that
    /// does not fit into CloudFormation's 4 KiB is left out. `false` when no try reached S3 before `deadline`.
    pub async fn succeed(
        &self,
        question: &CustomResourceRequest,
        physical_id: &str,
        data: &impl Serialize,
        deadline: Instant,
    ) -> bool {
        let mut body = question.answer(physical_id, Some(data));
        if body.len() > MAX_ANSWER_BYTES {
            body = question.answer(physical_id, None::<&()>);
        }
        for attempt in 0..MAX_ATTEMPTS {
            if self.put(question, body.clone(), deadline).await {
                return true;
            }
            if attempt + 1 < MAX_ATTEMPTS && Instant::now() + PAUSE < deadline {
                sleep(PAUSE).await;
            }
        }
        false
    }

    /// Without a content type: the address is signed for none.
    async fn put(&self, question: &CustomResourceRequest, body: Vec<u8>, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now()).min(ATTEMPT_TIMEOUT);
        let request = self.https.put(question.response_url.clone()).timeout(left).body(body);
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
    fn only_aws_is_answered_and_a_laptop_in_the_sandbox() {
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
    fn what_is_not_from_cloudformation_is_told_apart_from_what_pretends_to_be() {
        assert!(matches!(Event::read(&json!({ "Url": "https://x" }), Environment::Live), Event::Other));
        assert!(matches!(Event::read(&json!([1]), Environment::Live), Event::Other));
        assert!(matches!(Event::read(&json!({ "ResponseURL": 7 }), Environment::Live), Event::Forged));
    }

    #[test]
    fn a_question_of_an_unknown_shape_still_has_an_address_and_an_answer() {
        let event = json!({ "ResponseURL": "https://b.s3.amazonaws.com/", "RequestType": "Import", "StackId": 1 });
        let Event::Asked(question) = Event::read(&event, Environment::Live) else { panic!("it has an address") };
        assert_eq!((question.change, question.physical_id.as_deref()), (Change::Unknown, None));
        let answer: Value = serde_json::from_slice(&question.answer("none", Some(&json!({ "A": "b" })))).unwrap();
        assert_eq!(answer["Status"], "SUCCESS");
        assert_eq!((&answer["PhysicalResourceId"], &answer["Data"]["A"]), (&json!("none"), &json!("b")));
    }
}
