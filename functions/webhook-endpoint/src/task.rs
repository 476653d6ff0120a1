//! What an invocation should do.

use lambda_kit::custom_resource::{Change, CustomResourceRequest};
use serde_json::Value;

/// Longer than any address of API Gateway or of a merchant.
const MAX_URL_BYTES: usize = 512;

/// The task, for the webhook with this URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Registers it, or repairs its registration.
    Ensure {
        url: String,
        rotate: bool,
    },
    Remove {
        url: String,
    },
    Unreadable,
}

impl Task {
    /// From `{"Url": "https://...", "Rotate": true}`, which the schedule and operators send.
    pub(crate) fn by_hand(event: &Value) -> Self {
        let rotate = event.get("Rotate").and_then(Value::as_bool).unwrap_or_default();
        url_of(event).map_or(Self::Unreadable, |url| Self::Ensure { url, rotate })
    }

    /// From CloudFormation. The physical id of the resource is its URL, so that it can be removed even when its
    /// properties cannot be read.
    pub(crate) fn of(request: &CustomResourceRequest) -> Self {
        let url = url_of(&request.properties);
        let task = match request.change {
            Change::Create | Change::Update => url.map(|url| Self::Ensure { url, rotate: false }),
            Change::Delete => request.physical_id.clone().or(url).map(|url| Self::Remove { url }),
            Change::Unknown => None,
        };
        task.unwrap_or(Self::Unreadable)
    }

    /// The physical id of the resource. A new id makes CloudFormation delete the resource with the old one, so a
    /// request that cannot be read keeps the id.
    pub(crate) fn physical_id<'a>(&'a self, request: &'a CustomResourceRequest) -> &'a str {
        match self {
            Self::Ensure { url, .. } => url,
            Self::Remove { .. } | Self::Unreadable => request.physical_id.as_deref().unwrap_or("unreadable"),
        }
    }
}

fn url_of(properties: &Value) -> Option<String> {
    let url = properties.get("Url").and_then(Value::as_str)?;
    ((1..=MAX_URL_BYTES).contains(&url.len())).then(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Environment;
    use lambda_kit::custom_resource::Event;
    use serde_json::json;

    const URL: &str = "https://api.example/webhooks/lomi";
    const OLD: &str = "https://old.example/webhooks/lomi";

    fn request(fields: &Value) -> CustomResourceRequest {
        let mut event = fields.clone();
        event["ResponseURL"] = json!("https://bucket.s3.amazonaws.com/");
        match Event::read(&event, Environment::Live) {
            Event::Asked(request) => *request,
            Event::Other | Event::Forged => panic!("CloudFormation asks"),
        }
    }

    #[test]
    fn a_resource_id_comes_from_the_url_and_deletes_by_it() {
        let change =
            json!({ "RequestType": "Update", "PhysicalResourceId": OLD, "ResourceProperties": { "Url": URL } });
        let update = request(&change);
        assert_eq!(Task::of(&update), Task::Ensure { url: URL.to_owned(), rotate: false });
        assert_eq!(Task::of(&update).physical_id(&update), URL);
        let delete =
            json!({ "RequestType": "Delete", "PhysicalResourceId": OLD, "ResourceProperties": { "Url": URL } });
        let delete = request(&delete);
        assert_eq!(Task::of(&delete), Task::Remove { url: OLD.to_owned() });
        assert_eq!(Task::of(&delete).physical_id(&delete), OLD);
    }

    #[test]
    fn an_unreadable_request_replaces_no_resource() {
        for properties in
            [json!({}), json!({ "Url": 7 }), json!({ "Url": "" }), json!({ "Url": "x".repeat(513) }), json!(1)]
        {
            let update =
                json!({ "RequestType": "Update", "PhysicalResourceId": OLD, "ResourceProperties": properties });
            let update = request(&update);
            assert_eq!(Task::of(&update), Task::Unreadable, "{properties}");
            assert_eq!(Task::of(&update).physical_id(&update), OLD);
        }
        let import = request(&json!({ "RequestType": "Import", "ResourceProperties": { "Url": URL } }));
        assert_eq!(Task::of(&import).physical_id(&import), "unreadable");
    }

    #[test]
    fn only_true_rotates() {
        let ensure = |rotate| Task::Ensure { url: URL.to_owned(), rotate };
        assert_eq!(Task::by_hand(&json!({ "Url": URL, "Rotate": true })), ensure(true));
        for no in
            [json!({ "Url": URL }), json!({ "Url": URL, "Rotate": "true" }), json!({ "Url": URL, "Rotate": null })]
        {
            assert_eq!(Task::by_hand(&no), ensure(false), "{no}");
        }
        assert_eq!(Task::by_hand(&json!({ "detail": {} })), Task::Unreadable);
    }
}
