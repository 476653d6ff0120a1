//! The table, read and edited through the AWS SDK.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{Builder, Credentials};
use aws_sdk_dynamodb::operation::scan::builders::ScanFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_kit::aws::{AwsEnvironment, sdk_config};
use serde_json::Value;

/// A busy machine must not fail a test, so a test waits longer than a function may.
const PATIENCE: Duration = Duration::from_secs(30);

/// The stack's table. Items are shown as JSON; stored bytes (`raw`) as text.
#[derive(Clone, Debug)]
pub struct Table {
    client: Client,
    name: String,
}

impl Table {
    /// The table called `name` of the DynamoDB at `url`.
    #[must_use]
    pub fn new(url: &str, name: &str) -> Self {
        let environment = AwsEnvironment {
            region: "eu-west-1".to_owned(),
            dynamodb_endpoint: Some(url.parse().expect("an address")),
            secrets_manager_endpoint: None,
        };
        let https = lambda_kit::https::client().expect("an HTTP client");
        let time_outs = TimeoutConfig::builder().operation_attempt_timeout(PATIENCE).operation_timeout(PATIENCE);
        let config = Builder::from(&sdk_config(&environment, &https))
            .timeout_config(time_outs.build())
            .credentials_provider(Credentials::new("local", "local", None, None, "tests"))
            .build();
        Self { client: Client::from_conf(config), name: name.to_owned() }
    }

    /// Every item whose partition key begins with `prefix`.
    pub async fn items(&self, prefix: &str) -> Vec<Value> {
        let items = self.scan().filter_expression("begins_with(PK, :prefix)");
        collect(items.expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))).await
    }

    /// Every item whose partition key begins with `prefix` and whose `attribute` is this text.
    pub async fn items_with(&self, prefix: &str, attribute: &str, text: &str) -> Vec<Value> {
        let items = self.scan().filter_expression("begins_with(PK, :prefix) AND #name = :text");
        let items = items.expression_attribute_names("#name", attribute);
        let items = items.expression_attribute_values(":text", AttributeValue::S(text.to_owned()));
        collect(items.expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))).await
    }

    /// One item.
    pub async fn item(&self, pk: &str, sk: &str) -> Option<Value> {
        let call = self.client.get_item().table_name(&self.name).consistent_read(true);
        let call = call.key("PK", AttributeValue::S(pk.to_owned())).key("SK", AttributeValue::S(sk.to_owned()));
        call.send().await.expect("DynamoDB answers a read").item.map(shown)
    }

    /// Removes and returns an item, which must exist.
    pub async fn take(&self, pk: &str, sk: &str) -> Value {
        let call = self
            .client
            .delete_item()
            .table_name(&self.name)
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllOld);
        let call = call.key("PK", AttributeValue::S(pk.to_owned())).key("SK", AttributeValue::S(sk.to_owned()));
        let taken = call.send().await.expect("DynamoDB takes a deletion").attributes;
        serde_dynamo::aws_sdk_dynamodb_1::from_item(taken.expect("an item")).expect("an item has a JSON form")
    }

    /// Writes a whole item.
    pub async fn put(&self, item: &Value) {
        let item = serde_dynamo::aws_sdk_dynamodb_1::to_item(item).expect("an item is a JSON object");
        let call = self.client.put_item().table_name(&self.name).set_item(Some(item));
        call.send().await.expect("DynamoDB takes an item");
    }

    fn scan(&self) -> ScanFluentBuilder {
        self.client.scan().table_name(&self.name).consistent_read(true)
    }

    /// Sets one number of an item that exists and has this attribute. `false` when it has none.
    pub async fn set_number(&self, pk: &str, sk: &str, attribute: &str, value: i64) -> bool {
        self.set_number_at(pk, sk, &[attribute], value).await
    }

    /// The same inside maps: `path` leads from the item's attribute to the number.
    pub async fn set_number_at(&self, pk: &str, sk: &str, path: &[&str], value: i64) -> bool {
        let names: Vec<_> = (0..path.len()).map(|depth| format!("#name{depth}")).collect();
        let place = names.join(".");
        let call = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("PK", AttributeValue::S(pk.to_owned()))
            .key("SK", AttributeValue::S(sk.to_owned()))
            .update_expression(format!("SET {place} = :value"))
            .condition_expression(format!("attribute_exists({place})"))
            .set_expression_attribute_names(Some(names.into_iter().zip(path.iter().map(|&name| name.into())).collect()))
            .expression_attribute_values(":value", AttributeValue::N(value.to_string()));
        match call.send().await {
            Ok(_) => true,
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => false,
            Err(error) => panic!("DynamoDB refuses an update: {error:?}"),
        }
    }
}

async fn collect(scan: ScanFluentBuilder) -> Vec<Value> {
    let items = scan.into_paginator().items().send().try_collect().await;
    items.expect("DynamoDB answers a scan").into_iter().map(shown).collect()
}

fn shown(mut item: std::collections::HashMap<String, AttributeValue>) -> Value {
    if let Some(AttributeValue::B(raw)) = item.remove("raw") {
        let text = String::from_utf8_lossy(raw.as_ref()).into_owned();
        item.insert("raw".to_owned(), AttributeValue::S(text));
    }
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).expect("an item has a JSON form")
}
