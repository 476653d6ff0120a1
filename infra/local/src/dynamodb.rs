//! An embedded DynamoDB engine behind DynamoDB's wire protocol, with the template's tables.

use dynoxide::Database;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::data_folder::DataFolder;
use crate::server::Server;
use crate::template::Table;
use crate::terminal::say;

/// The embedded DynamoDB of one stack. Clones share the data.
#[derive(Clone)]
pub struct DynamoDb {
    database: Database,
}

impl std::fmt::Debug for DynamoDb {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("DynamoDb").finish_non_exhaustive()
    }
}

impl DynamoDb {
    /// Opens the database in the folder, or in memory, and creates missing tables.
    pub(crate) fn open(data: Option<&DataFolder>, tables: &[Table]) -> Result<Self, String> {
        let file = data.map(|data| data.file("dynamodb.sqlite"));
        let opened = match &file {
            Some(file) => Database::new(&file.to_string_lossy()),
            None => Database::memory(),
        };
        let with_remedy = |problem: String| match &file {
            Some(file) => {
                format!(
                    "{}: {problem}. Delete the file to start with an empty table, or choose another --data",
                    file.display()
                )
            }
            None => problem,
        };
        let database = opened.map_err(|error| with_remedy(error.to_string()))?;
        for table in tables {
            let made = create(&database, table);
            made.map_err(|problem| with_remedy(format!("table {}: {problem}", table.name)))?;
        }
        Ok(Self { database })
    }

    pub(crate) fn serve(&self, listener: TcpListener) -> Server {
        let database = self.database.clone();
        Server::run(|stopped| async move {
            if let Err(problem) = dynoxide::server::serve_with_shutdown(listener, database, stopped).await {
                say(format_args!("[dynamodb] {problem}"));
            }
        })
    }

    /// Every item whose partition key starts with `prefix`, in DynamoDB's JSON. Scans the table: for checks only.
    pub fn items_with_prefix(&self, table: &str, prefix: &str) -> Result<Vec<Value>, String> {
        let mut items = Vec::new();
        let mut start: Option<Value> = None;
        loop {
            let mut scan = json!({
                "TableName": table,
                "ConsistentRead": true,
                "FilterExpression": "begins_with(PK, :prefix)",
                "ExpressionAttributeValues": { ":prefix": { "S": prefix } },
            });
            if let (Some(start), Some(members)) = (start.take(), scan.as_object_mut()) {
                members.insert("ExclusiveStartKey".to_owned(), start);
            }
            let page = self.database.scan(request(scan)?).map_err(|error| error.to_string())?;
            let page = serde_json::to_value(page).map_err(|error| error.to_string())?;
            items.extend(page.get("Items").and_then(Value::as_array).into_iter().flatten().cloned());
            start = page.get("LastEvaluatedKey").filter(|key| !key.is_null()).cloned();
            if start.is_none() {
                return Ok(items);
            }
        }
    }
}

fn create(database: &Database, table: &Table) -> Result<(), String> {
    if let Ok(present) = database.describe_table(request(json!({ "TableName": table.name }))?) {
        let present = serde_json::to_value(present).map_err(|error| error.to_string())?;
        let is_same = present.get("Table").map(shape) == Some(shape(&table.create));
        return if is_same { Ok(()) } else { Err("it was made from another template".to_owned()) };
    }
    database.create_table(request(table.create.clone())?).map_err(|error| error.to_string())?;
    if let Some(time_to_live) = &table.time_to_live {
        database.update_time_to_live(request(time_to_live.clone())?).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The keys and indexes, which cannot be changed after creation, sorted for comparison.
fn shape(table: &Value) -> Vec<String> {
    let list = |member: &str| table.get(member).and_then(Value::as_array).into_iter().flatten();
    let attributes = list("AttributeDefinitions").map(Value::to_string);
    let keys = list("KeySchema").map(Value::to_string);
    let indexes = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"].into_iter().flat_map(list).map(|index| {
        let member = |name: &str| index.get(name).cloned().unwrap_or_default();
        json!([member("IndexName"), member("KeySchema"), index.pointer("/Projection/ProjectionType")]).to_string()
    });
    let mut shape: Vec<String> = attributes.chain(keys).chain(indexes).collect();
    shape.sort_unstable();
    shape
}

fn request<T: DeserializeOwned>(body: Value) -> Result<T, String> {
    serde_json::from_value(body).map_err(|error| error.to_string())
}
