//! DynamoDB on a laptop: an embedded engine behind DynamoDB's own wire protocol, with the template's tables in it.

use std::path::Path;

use dynoxide::Database;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::server::Server;
use crate::template::Table;

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
    /// Opens the database in `data_dir`, or in memory, and creates the tables that are missing.
    pub(crate) fn open(data_dir: Option<&Path>, tables: &[Table]) -> Result<Self, String> {
        let database = match data_dir {
            Some(folder) => Database::new(&folder.join("dynamodb.sqlite").to_string_lossy()),
            None => Database::memory(),
        };
        let database = database.map_err(|error| error.to_string())?;
        for table in tables {
            create(&database, table).map_err(|problem| format!("table {}: {problem}", table.name))?;
        }
        Ok(Self { database })
    }

    pub(crate) fn serve(&self, listener: TcpListener) -> Server {
        let database = self.database.clone();
        Server::run(|stopped| async move {
            if let Err(problem) = dynoxide::server::serve_with_shutdown(listener, database, stopped).await {
                eprintln!("[dynamodb] {problem}");
            }
        })
    }

    /// Every item whose partition key starts with `prefix`, in DynamoDB's JSON. For checks on a laptop: it scans.
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
    if database.describe_table(request(json!({ "TableName": table.name }))?).is_ok() {
        return Ok(());
    }
    database.create_table(request(table.create.clone())?).map_err(|error| error.to_string())?;
    if let Some(time_to_live) = &table.time_to_live {
        database.update_time_to_live(request(time_to_live.clone())?).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn request<T: DeserializeOwned>(body: Value) -> Result<T, String> {
    serde_json::from_value(body).map_err(|error| error.to_string())
}
