//! Recognises a repeated request.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// SHA-256 over a request's canonical JSON: fields sorted at every level, arrays in order, no white space.
///
/// lomi compares the bodies behind one `Idempotency-Key` in the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint of `body` sent to `operation`; the same body in two operations is two requests.
    #[must_use]
    pub fn of(operation: &str, body: &Value) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(operation.as_bytes());
        hasher.update([0]);
        // `Value` keeps its fields in a sorted map, so its text is canonical.
        hasher.update(body.to_string().as_bytes());
        Self(hex::encode(hasher.finalize()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn field_order_does_not_matter_and_element_order_does() {
        let read = |text: &str| Fingerprint::of("create", &serde_json::from_str(text).unwrap());
        assert_eq!(read(r#"{"a":1,"b":{"c":2,"d":3}}"#), read(r#"{ "b":{"d":3,"c":2}, "a":1}"#));
        assert_ne!(read("[1,2]"), read("[2,1]"));
    }

    #[test]
    fn the_same_body_for_two_operations_is_two_requests() {
        assert_ne!(Fingerprint::of("public", &json!({})), Fingerprint::of("admin", &json!({})));
    }
}
