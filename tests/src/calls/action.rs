//! What IAM is asked about a request: one question per item, named as the permissions are named.

use local::template::STACK_NAME;
use serde_json::Value;

use super::{Call, Request};

/// What is not known here is kept under this, so that no policy can fit it.
const UNKNOWN: &str = "unknown";

/// The permissions that the request needs.
pub(super) fn calls(request: &Request) -> Vec<Call> {
    let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let needs = match request.target.split_once('.') {
        Some(("DynamoDB_20120810", operation)) => table_needs(operation, &body),
        Some(("secretsmanager", operation)) => {
            vec![Need::new(format!("secretsmanager:{operation}"), secret(&body["SecretId"]), "-".to_owned())]
        }
        _ => vec![Need::new(format!("{UNKNOWN}:{}", request.target), "-".to_owned(), "-".to_owned())],
    };
    needs.into_iter().map(|need| need.of(&request.caller)).collect()
}

struct Need {
    action: String,
    resource: String,
    key: String,
}

impl Need {
    fn new(action: String, resource: String, key: String) -> Self {
        Self { action, resource, key }
    }

    fn of(self, function: &str) -> Call {
        Call { function: function.to_owned(), action: self.action, resource: self.resource, key: self.key }
    }
}

fn table_needs(operation: &str, body: &Value) -> Vec<Need> {
    match operation {
        "GetItem" | "UpdateItem" | "DeleteItem" => vec![at_item(operation, &body["TableName"], &body["Key"])],
        "PutItem" => vec![at_item(operation, &body["TableName"], &body["Item"])],
        "Query" => vec![query(body)],
        "BatchGetItem" => {
            let keys = |request: &Value| request["Keys"].as_array().cloned().unwrap_or_default();
            let tables = body["RequestItems"].as_object().into_iter().flatten();
            let items = tables.flat_map(|(table, request)| keys(request).into_iter().map(|key| (table.clone(), key)));
            items.map(|(table, key)| at_item(operation, &Value::String(table), &key)).collect()
        }
        "TransactWriteItems" | "TransactGetItems" => {
            let items = body["TransactItems"].as_array().into_iter().flatten();
            items
                .flat_map(|item| item.as_object().into_iter().flatten())
                .map(|(part, of)| transacted(part, of))
                .collect()
        }
        // Not in use: whoever uses one says here what IAM is asked about it.
        _ => vec![Need::new(format!("{UNKNOWN}:dynamodb:{operation}"), table(&body["TableName"]), "-".to_owned())],
    }
}

/// In a transaction IAM is asked about the parts, not about the whole.
fn transacted(part: &str, of: &Value) -> Need {
    match part {
        "Put" => at_item("PutItem", &of["TableName"], &of["Item"]),
        "Get" | "Update" | "Delete" => at_item(&format!("{part}Item"), &of["TableName"], &of["Key"]),
        "ConditionCheck" => at_item("ConditionCheckItem", &of["TableName"], &of["Key"]),
        _ => Need::new(format!("{UNKNOWN}:dynamodb:{part}"), table(&of["TableName"]), "-".to_owned()),
    }
}

fn at_item(operation: &str, name: &Value, item: &Value) -> Need {
    Need::new(format!("dynamodb:{operation}"), table(name), pattern(&item["PK"]["S"]))
}

fn query(body: &Value) -> Need {
    let table = table(&body["TableName"]);
    let resource = match body["IndexName"].as_str() {
        Some(index) => format!("{table}/index/{index}"),
        None => table,
    };
    let condition = body["KeyConditionExpression"].as_str().unwrap_or_default();
    Need::new("dynamodb:Query".to_owned(), resource, pattern(partition(condition, &body["ExpressionAttributeValues"])))
}

/// The value in the condition's first part, which is where this project writes `<partition key> = :value`.
fn partition<'a>(condition: &str, values: &'a Value) -> &'a Value {
    let first = condition.split(" AND ").next().unwrap_or_default();
    match first.split_once(" = ") {
        Some((_, placeholder)) => &values[placeholder.trim()]["S"],
        None => &Value::Null,
    }
}

/// `ORDER#0198` is `ORDER#*`; what cannot be read is named so that no policy can fit it.
fn pattern(key: &Value) -> String {
    match key.as_str() {
        Some(key) => key.split_once('#').map_or_else(|| key.to_owned(), |(kind, _)| format!("{kind}#*")),
        None => UNKNOWN.to_owned(),
    }
}

/// A table's name in the template.
fn table(name: &Value) -> String {
    logical(name.as_str().unwrap_or(UNKNOWN))
}

/// A secret's name in the template. Secrets Manager ends an ARN with six characters of its own.
fn secret(id: &Value) -> String {
    let id = id.as_str().unwrap_or(UNKNOWN);
    match id.rsplit_once(":secret:") {
        Some((_, name)) => logical(name.rsplit_once('-').map_or(name, |(name, _)| name)),
        None => logical(id),
    }
}

/// What CloudFormation names by itself has the stack's name in front.
fn logical(name: &str) -> String {
    let name = name.strip_prefix(STACK_NAME).and_then(|name| name.strip_prefix('-')).unwrap_or(name);
    name.to_owned()
}
