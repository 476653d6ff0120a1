//! The permissions of a function: the statements of its own role.

use serde_json::{Value, json};

pub(crate) fn role_id(function: &Value) -> Option<&str> {
    function["Properties"]["Role"]["Fn::GetAtt"].as_str()?.strip_suffix(".Arn")
}

/// The function's role; `Null` when it has none in this template.
pub(crate) fn role<'a>(template: &'a Value, function: &Value) -> &'a Value {
    role_id(function).map_or(&Value::Null, |id| &template["Resources"][id])
}

/// The statement that lets the function write its own log and no other; the platform writes it under the function's
/// role.
pub(crate) fn own_log(function: &Value) -> Value {
    let group = function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"].as_str().unwrap_or_default();
    json!({
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": { "Fn::GetAtt": format!("{group}.Arn") },
    })
}

/// Every statement of the function's role except that of its own log.
pub(crate) fn statements<'a>(template: &'a Value, function: &Value) -> Vec<&'a Value> {
    let own_log = own_log(function);
    all_statements(role(template, function)).filter(|statement| **statement != own_log).collect()
}

pub(crate) fn all_statements(role: &Value) -> impl Iterator<Item = &Value> {
    let policies = role["Properties"]["Policies"].as_array().into_iter().flatten();
    policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().into_iter().flatten())
}
