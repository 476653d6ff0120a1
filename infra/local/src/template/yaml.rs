//! YAML with CloudFormation's short tags -> JSON with the long function names (`!Ref X` -> `{"Ref": "X"}`).

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// Protects the stack against a hostile file; no real template is nested so deeply.
const MAX_DEPTH: usize = 64;

/// Reads one YAML document. The error names the problem and its place.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    let documents = Yaml::load_from_str(text).map_err(|error| error.to_string())?;
    match documents.as_slice() {
        [document] => convert(document, 0),
        other => Err(format!("one YAML document expected, {} found", other.len())),
    }
}

fn convert(node: &Yaml<'_>, depth: usize) -> Result<Value, String> {
    if depth > MAX_DEPTH {
        return Err(format!("nested deeper than {MAX_DEPTH} levels"));
    }
    match node {
        Yaml::Value(scalar) => scalar_value(scalar),
        Yaml::Sequence(items) => items.iter().map(|item| convert(item, depth + 1)).collect(),
        Yaml::Mapping(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                object.insert(key_text(key)?, convert(value, depth + 1)?);
            }
            Ok(Value::Object(object))
        }
        Yaml::Tagged(tag, inner) => Ok(long_form(&tag.suffix, convert(inner, depth + 1)?)),
        Yaml::Alias(_) | Yaml::BadValue | Yaml::Representation(..) => Err("a YAML node that cannot be read".to_owned()),
    }
}

fn scalar_value(scalar: &Scalar<'_>) -> Result<Value, String> {
    match scalar {
        Scalar::Null => Ok(Value::Null),
        Scalar::Boolean(value) => Ok(json!(value)),
        Scalar::Integer(value) => Ok(json!(value)),
        Scalar::String(value) => Ok(json!(value)),
        // No value that is read here has a fraction.
        Scalar::FloatingPoint(value) => Ok(json!(value.to_string())),
    }
}

fn key_text(key: &Yaml<'_>) -> Result<String, String> {
    match key {
        Yaml::Value(Scalar::String(text)) => Ok(text.to_string()),
        Yaml::Value(Scalar::Integer(number)) => Ok(number.to_string()),
        other => Err(format!("a mapping key that is not text: {other:?}")),
    }
}

fn long_form(tag: &str, argument: Value) -> Value {
    match tag {
        "Ref" | "Condition" => json!({ tag: argument }),
        "GetAtt" => {
            let path = match argument.as_str().and_then(|text| text.split_once('.')) {
                Some((resource, attribute)) => json!([resource, attribute]),
                None => argument,
            };
            json!({ "Fn::GetAtt": path })
        }
        name => json!({ format!("Fn::{name}"): argument }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_tags_become_long_functions() {
        let parsed = parse("A: !Sub 'x-${B}'\nB: !If [C, !Ref D, 5]\nC: !GetAtt A.B.C\nD: 2010-09-09").unwrap();
        assert_eq!(
            parsed,
            json!({
                "A": {"Fn::Sub": "x-${B}"},
                "B": {"Fn::If": ["C", {"Ref": "D"}, 5]},
                "C": {"Fn::GetAtt": ["A", "B.C"]},
                "D": "2010-09-09",
            })
        );
    }

    #[test]
    fn broken_yaml_is_an_error_with_its_place() {
        let error = parse("A: [1, 2").unwrap_err();
        assert!(error.contains("line"), "{error}");
    }
}
