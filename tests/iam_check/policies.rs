//! Reads from `template.yaml` every combination of action, resource and key that a statement grants to each function.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use tests::calls::Call;

use crate::roles::statements;

/// The only supported condition: every key that a call names matches one of these patterns.
const OPERATOR: &str = "ForAllValues:StringLike";
const LEADING_KEYS: &str = "dynamodb:LeadingKeys";

/// The grants, and the parts of the policies that cannot be compared.
pub(crate) fn granted(template: &Value) -> (BTreeSet<Call>, Vec<String>) {
    let (mut granted, mut findings) = (BTreeSet::new(), Vec::new());
    for function in functions(template) {
        let name = binary(function);
        for statement in statements(template, function) {
            match grants(name, statement) {
                Ok(grants) => granted.extend(grants),
                Err(problem) => findings.push(format!("{name}: {problem}: {statement}")),
            }
        }
    }
    (granted, findings)
}

pub(crate) fn functions(template: &Value) -> impl Iterator<Item = &Value> {
    let resources = template["Resources"].as_object().into_iter().flat_map(Map::values);
    resources.filter(|resource| resource["Type"] == "AWS::Serverless::Function")
}

pub(crate) fn binary(function: &Value) -> &str {
    function["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap_or_default()
}

pub(crate) fn grants(function: &str, statement: &Value) -> Result<Vec<Call>, &'static str> {
    if statement["Effect"] != "Allow" {
        return Err("a statement that does not allow");
    }
    let keys = keys(&statement["Condition"])?;
    let mut grants = Vec::new();
    for action in list(&statement["Action"]) {
        for resource in list(&statement["Resource"]) {
            grants.extend(keys.iter().map(|key| Call {
                function: function.to_owned(),
                action: action.as_str().unwrap_or("*").to_owned(),
                resource: resource_name(resource),
                key: key.clone(),
            }));
        }
    }
    Ok(grants)
}

/// `-` where the statement has no condition on keys.
fn keys(condition: &Value) -> Result<Vec<String>, &'static str> {
    if condition.is_null() {
        return Ok(vec!["-".to_owned()]);
    }
    let patterns = &condition[OPERATOR][LEADING_KEYS];
    let is_known = *condition == json!({ OPERATOR: { LEADING_KEYS: patterns } });
    let patterns = list(patterns).into_iter().map(|pattern| pattern.as_str().map(str::to_owned));
    match patterns.collect() {
        Some(patterns) if is_known => Ok(patterns),
        _ => Err("a condition that cannot be compared with what was heard"),
    }
}

/// As [`Call::resource`]. Any other resource is returned unchanged and matches no recorded call.
fn resource_name(resource: &Value) -> String {
    if let Some(name) = resource["Ref"].as_str() {
        return name.to_owned();
    }
    let attribute = match &resource["Fn::GetAtt"] {
        Value::String(path) => path.strip_suffix(".Arn"),
        _ => None,
    };
    let index = resource["Fn::Sub"].as_str().and_then(|text| text.strip_prefix("${")?.split_once(".Arn}"));
    match (attribute, index) {
        (Some(table), _) => table.to_owned(),
        (_, Some((table, index))) => format!("{table}{index}"),
        _ => resource.as_str().map_or_else(|| resource.to_string(), str::to_owned),
    }
}

/// The items of a list, a single value as a list of one, or nothing.
pub(crate) fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}
