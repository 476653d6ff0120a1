//! YAML as JSON. CloudFormation's short functions become long ones: `!Ref X` is `{"Ref": "X"}`.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// Reads one document.
#[track_caller]
pub(crate) fn parse(text: &str) -> Value {
    let documents = Yaml::load_from_str(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(documents.len(), 1, "one document");
    convert(&documents[0])
}

fn convert(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::String(value)) => json!(value),
        Yaml::Value(Scalar::FloatingPoint(value)) => json!(value.to_string()),
        Yaml::Sequence(items) => items.iter().map(convert).collect(),
        Yaml::Mapping(members) => {
            Value::Object(members.iter().map(|(key, value)| (name(key), convert(value))).collect::<Map<_, _>>())
        }
        Yaml::Tagged(tag, inner) => match tag.suffix.as_str() {
            "Ref" => json!({ "Ref": convert(inner) }),
            function => json!({ format!("Fn::{function}"): convert(inner) }),
        },
        Yaml::Alias(_) | Yaml::BadValue | Yaml::Representation(..) => panic!("a node that cannot be read: {node:?}"),
    }
}

fn name(key: &Yaml<'_>) -> String {
    match convert(key) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
