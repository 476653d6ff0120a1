//! DynamoDB without a socket: the embedded engine behind the HTTP connector of the AWS SDK.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_smithy_runtime::client::auth::no_auth::NO_AUTH_SCHEME_ID;
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use dynoxide::{Database, DynoxideError, ImportOptions};
use lomi_sandbox::fixtures::ORGANIZATION_A;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use store::Store;

use crate::aws::{self, base_config, response};
use crate::faults::{Fault, Line};
use crate::wire::{Air, Broken};

/// As in the store.
const DUE_SHARDS: u8 = 4;
const TABLE: &str = "lomi-checkout";

/// The table of one schedule. Clones share it.
#[derive(Clone)]
pub struct DynamoDb {
    database: Database,
    /// The last result of each shard of an index.
    shown: Arc<Mutex<BTreeMap<String, String>>>,
    /// When the first item is due; cleared by every write.
    first_due: Arc<Mutex<Option<Option<i64>>>>,
    meter: Arc<Mutex<Meter>>,
}

/// Counts the requests to the table and their cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meter {
    /// Requests that reached the table.
    pub requests: u64,
    /// Items that it read for them, returned or filtered out.
    pub items_read: u64,
}

impl std::fmt::Debug for DynamoDb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DynamoDb").finish_non_exhaustive()
    }
}

/// The body of `CreateTable`, from the deployed template. Without its stream, which has no reader here.
fn table() -> &'static Value {
    static TABLE_REQUEST: OnceLock<Value> = OnceLock::new();
    TABLE_REQUEST.get_or_init(|| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml");
        let template = local::template::Template::read(path.as_ref()).expect("the template can be read");
        let resolved = template.resolve(&BTreeMap::new()).expect("the template can be resolved");
        let mut request = resolved.tables.into_iter().next().expect("the template has a table").create;
        request["TableName"] = json!(TABLE);
        request.as_object_mut().expect("a request is an object").remove("StreamSpecification");
        request
    })
}

impl DynamoDb {
    pub(crate) fn new() -> Self {
        let database = Database::memory().expect("an engine in memory");
        let request = serde_json::from_value(table().clone()).expect("a request of the engine");
        database.create_table(request).expect("the engine makes the table");
        Self { database, shown: Arc::default(), first_due: Arc::default(), meter: Arc::default() }
    }

    /// The store adapter on this table, through the unmodified SDK.
    pub(crate) fn store(&self, air: &Air) -> Store {
        let wire = Wire { dynamodb: self.clone(), air: air.clone() };
        let config = Builder::from(base_config())
            .http_client(SharedHttpClient::new(wire))
            // The engine checks no signature, and signing takes an eighth of the time.
            .allow_no_auth()
            .auth_scheme_preference([NO_AUTH_SCHEME_ID])
            // The SDK shares its retry allowance among all clients of a process: one schedule must not use up
            // another's.
            .retry_partition(RetryPartition::custom("simulation").token_bucket(TokenBucket::default()).build())
            .build();
        Store::over(Client::from_conf(config), TABLE)
    }

    /// Every item whose partition key begins with `prefix`, as JSON; stored bytes (`raw`) as text.
    #[must_use]
    pub fn items(&self, prefix: &str) -> Vec<Value> {
        let mut scan = json!({
            "TableName": TABLE,
            "FilterExpression": "begins_with(PK, :prefix)",
            "ExpressionAttributeValues": { ":prefix": { "S": prefix } },
        });
        let mut items = Vec::new();
        loop {
            let answer = self.dispatch("Scan", &scan.to_string()).expect("the engine scans");
            let mut answer: Value = serde_json::from_str(&answer).expect("the engine answers JSON");
            items.extend(answer["Items"].as_array().into_iter().flatten().map(plain_item));
            if answer["LastEvaluatedKey"].is_null() {
                return items;
            }
            scan["ExclusiveStartKey"] = answer["LastEvaluatedKey"].take();
        }
    }

    /// Stores the organisation of the key, as the reconciler's first run does.
    pub(crate) fn learn_organisation(&self, key_fingerprint: &str) {
        let item = json!({
            "PK": { "S": "ORGANISATION#own" }, "SK": { "S": "ORGANISATION" },
            "key_fingerprint": { "S": key_fingerprint }, "organization_id": { "S": ORGANIZATION_A },
        });
        let put = json!({ "TableName": TABLE, "Item": item });
        self.dispatch("PutItem", &put.to_string()).expect("the engine writes");
    }

    /// Removes the organisation of the key, as before the reconciler's first run.
    pub fn forget_organisation(&self) {
        let key = json!({ "PK": { "S": "ORGANISATION#own" }, "SK": { "S": "ORGANISATION" } });
        let delete = json!({ "TableName": TABLE, "Key": key });
        self.dispatch("DeleteItem", &delete.to_string()).expect("the engine deletes");
    }

    /// The counts so far.
    #[must_use]
    pub fn meter(&self) -> Meter {
        *self.meter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes `count` copies of the order, in DynamoDB's own form, each changed by `edit`.
    pub fn copy_order(&self, order_id: &str, count: usize, edit: impl Fn(usize, &mut Value)) {
        let order = self.raw_order(order_id);
        let copies = (0..count).map(|number| {
            let mut copy = order.clone();
            edit(number, &mut copy);
            serde_json::from_value(copy).expect("an item")
        });
        self.database.enable_bulk_loading().expect("the engine is in memory");
        self.database.import_items(TABLE, copies.collect(), ImportOptions::default()).expect("the engine imports");
        self.database.disable_bulk_loading().expect("the engine is in memory");
    }

    /// Removes an order and returns it in DynamoDB's own form, as when a table is restored.
    #[must_use]
    pub fn take_order(&self, order_id: &str) -> Value {
        let order = self.raw_order(order_id);
        let delete = json!({ "TableName": TABLE, "Key": order_key(order_id) });
        self.dispatch("DeleteItem", &delete.to_string()).expect("the engine deletes");
        order
    }

    /// Replaces an order.
    pub fn put_order(&self, order: Value) {
        let put = json!({ "TableName": TABLE, "Item": order });
        self.dispatch("PutItem", &put.to_string()).expect("the engine writes");
        *self.first_due.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn raw_order(&self, order_id: &str) -> Value {
        let get = json!({ "TableName": TABLE, "Key": order_key(order_id) });
        let answer = self.dispatch("GetItem", &get.to_string()).expect("the engine reads");
        let mut answer: Value = serde_json::from_str(&answer).expect("the engine answers JSON");
        answer["Item"].take()
    }

    pub(crate) fn first_due_ms(&self) -> Option<i64> {
        let mut known = self.first_due.lock().unwrap_or_else(PoisonError::into_inner);
        *known.get_or_insert_with(|| (0..DUE_SHARDS).filter_map(|shard| self.first_due_of(shard)).min())
    }

    fn first_due_of(&self, shard: u8) -> Option<i64> {
        let query = json!({
            "TableName": TABLE,
            "IndexName": "due",
            "KeyConditionExpression": "due_shard = :shard",
            "ExpressionAttributeValues": { ":shard": { "S": format!("DUE#{shard}") } },
            "Limit": 1,
        });
        let answer = self.database.query(serde_json::from_value(query).expect("a query")).expect("the engine answers");
        let first = answer.items.as_ref().and_then(|items| items.first()).map(|item| &item["due_at_ms"])?;
        plain(&serde_json::to_value(first).expect("a value")).as_i64()
    }

    fn dispatch(&self, operation: &str, body: &str) -> Result<String, DynoxideError> {
        let database = &self.database;
        match operation {
            "GetItem" => Ok(text(&database.get_item(read(body)?)?)),
            "BatchGetItem" => Ok(text(&database.batch_get_item(read(body)?)?)),
            "PutItem" => Ok(text(&database.put_item(read(body)?)?)),
            "UpdateItem" => Ok(text(&database.update_item(read(body)?)?)),
            "DeleteItem" => Ok(text(&database.delete_item(read(body)?)?)),
            "Query" => Ok(text(&database.query(read(body)?)?)),
            "Scan" => Ok(text(&database.scan(read(body)?)?)),
            "TransactWriteItems" => Ok(text(&database.transact_write_items(read(body)?)?)),
            other => panic!("the store does not use {other}"),
        }
    }

    fn answer(&self, operation: &str, body: &str, is_stale: bool) -> (u16, String) {
        if !matches!(operation, "GetItem" | "BatchGetItem" | "Query") {
            *self.first_due.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        let answer = self.dispatch(operation, body);
        self.count(answer.as_deref().unwrap_or_default());
        match answer {
            Ok(answer) if operation == "Query" => (200, self.index_read(body, answer, is_stale)),
            Ok(answer) => (200, answer),
            Err(error) => (error.status_code(), error.to_json()),
        }
    }

    fn count(&self, answer: &str) {
        let answer: ItemsRead = serde_json::from_str(answer).unwrap_or_default();
        let read = answer.scanned_count.unwrap_or_else(|| u64::from(answer.item.is_some()));
        let mut meter = self.meter.lock().unwrap_or_else(PoisonError::into_inner);
        meter.requests += 1;
        meter.items_read += read;
    }

    /// An index follows its table after a while: a stale read repeats the last result, or returns nothing.
    fn index_read(&self, request: &str, fresh: String, is_stale: bool) -> String {
        let request: Value = serde_json::from_str(request).unwrap_or_default();
        let shard = request["ExpressionAttributeValues"]
            .as_object()
            .and_then(|values| values.values().find_map(|value| value["S"].as_str()));
        let shard = format!("{}/{}", request["IndexName"], shard.unwrap_or_default());
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        match shown.insert(shard, fresh.clone()) {
            Some(before) if is_stale => before,
            None if is_stale => json!({ "Items": [], "Count": 0, "ScannedCount": 0 }).to_string(),
            _ => fresh,
        }
    }
}

fn order_key(order_id: &str) -> Value {
    json!({ "PK": { "S": format!("ORDER#{order_id}") }, "SK": { "S": "ORDER" } })
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ItemsRead {
    scanned_count: Option<u64>,
    item: Option<IgnoredAny>,
}

fn read<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, DynoxideError> {
    serde_json::from_str(body).map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

fn text(answer: &impl serde::Serialize) -> String {
    serde_json::to_string(answer).expect("an answer has a JSON form")
}

#[derive(Clone, Debug)]
struct Wire {
    dynamodb: DynamoDb,
    air: Air,
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let wire = self.clone();
        HttpConnectorFuture::new(async move { wire.exchange(&request).await })
    }
}

impl Wire {
    async fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let (operation, body) = aws::read(request);
        let answer = self.air.carry(Line::DynamoDb, operation, |fate| {
            let (dynamodb, operation, body) = (self.dynamodb.clone(), operation.to_owned(), body.to_owned());
            async move { dynamodb.answer(&operation, &body, fate == Fault::Stale) }
        });
        match answer.await {
            Ok((status, body)) => response(status, body),
            Err(Broken::NotSent) => Err(ConnectorError::io("no connection".into())),
            Err(Broken::Interrupted) => Err(ConnectorError::io("the connection broke".into())),
            Err(Broken::Answers(Fault::Conflicts)) if operation == "TransactWriteItems" => {
                response(400, conflict(body))
            }
            Err(Broken::Answers(Fault::Conflicts)) => response(400, refusal("TransactionConflictException")),
            Err(Broken::Answers(Fault::Refused)) => response(400, refusal("ProvisionedThroughputExceededException")),
            Err(Broken::Answers(_)) => response(500, refusal("InternalServerError")),
        }
    }
}

fn refusal(code: &str) -> String {
    json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "simulated" }).to_string()
}

/// The cancellation that the embedded engine never returns: another transaction holds the first item.
fn conflict(request: &str) -> String {
    let request: Value = serde_json::from_str(request).unwrap_or_default();
    let count = request["TransactItems"].as_array().map_or(1, Vec::len);
    let reasons: Vec<_> =
        (0..count).map(|index| json!({ "Code": if index == 0 { "TransactionConflict" } else { "None" } })).collect();
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "message": "simulated",
        "CancellationReasons": reasons,
    })
    .to_string()
}

fn plain_item(item: &Value) -> Value {
    let members = item.as_object().into_iter().flatten();
    Value::Object(members.map(|(name, value)| (name.clone(), plain(value))).collect())
}

fn plain(value: &Value) -> Value {
    let Some((kind, value)) = value.as_object().and_then(|tagged| tagged.iter().next()) else { return Value::Null };
    match kind.as_str() {
        "N" => value.as_str().and_then(|digits| digits.parse::<i64>().ok()).into(),
        "M" => plain_item(value),
        "L" => value.as_array().into_iter().flatten().map(plain).collect(),
        "B" => {
            let bytes = value.as_str().and_then(|text| BASE64_STANDARD.decode(text).ok()).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into()
        }
        "NULL" => Value::Null,
        _ => value.clone(),
    }
}
