//! The table, read and edited through the AWS SDK.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Builder, Credentials};
use aws_sdk_dynamodb::types::AttributeValue;
use edge::aws::{AwsEnvironment, sdk_config};
use serde_json::Value;

/// The stack's table. Items are shown as JSON; kept bytes (`raw`) as text.
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
        let https = edge::https::client().expect("an HTTP client");
        let config = Builder::from(&sdk_config(&environment, &https))
            .credentials_provider(Credentials::new("local", "local", None, None, "tests"))
            .build();
        Self { client: Client::from_conf(config), name: name.to_owned() }
    }

    /// Every item whose partition key begins with `prefix`.
    pub async fn items(&self, prefix: &str) -> Vec<Value> {
        let pages = self
            .client
            .scan()
            .table_name(&self.name)
            .consistent_read(true)
            .filter_expression("begins_with(PK, :prefix)")
            .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))
            .into_paginator()
            .items();
        pages.send().try_collect().await.expect("DynamoDB answers a scan").into_iter().map(shown).collect()
    }

    /// One item.
    pub async fn item(&self, pk: &str, sk: &str) -> Option<Value> {
        let call = self.client.get_item().table_name(&self.name).consistent_read(true);
        let call = call.key("PK", AttributeValue::S(pk.to_owned())).key("SK", AttributeValue::S(sk.to_owned()));
        call.send().await.expect("DynamoDB answers a read").item.map(shown)
    }

    /// Takes an item out; it must be there.
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

    /// Sets one number of an item that exists and has this attribute. `false` when it has none.
    pub async fn set_number(&self, pk: &str, sk: &str, attribute: &str, value: i64) -> bool {
        let call = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("PK", AttributeValue::S(pk.to_owned()))
            .key("SK", AttributeValue::S(sk.to_owned()))
            .update_expression("SET #name = :value")
            .condition_expression("attribute_exists(#name)")
            .expression_attribute_names("#name", attribute)
            .expression_attribute_values(":value", AttributeValue::N(value.to_string()));
        match call.send().await {
            Ok(_) => true,
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => false,
            Err(error) => panic!("DynamoDB refuses an update: {error:?}"),
        }
    }
}

fn shown(mut item: std::collections::HashMap<String, AttributeValue>) -> Value {
    if let Some(AttributeValue::B(raw)) = item.remove("raw") {
        let text = String::from_utf8_lossy(raw.as_ref()).into_owned();
        item.insert("raw".to_owned(), AttributeValue::S(text));
    }
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).expect("an item has a JSON form")
}
