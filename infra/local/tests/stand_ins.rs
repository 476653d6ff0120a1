//! The local DynamoDB and Secrets Manager over their wire protocols.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod support;

use std::path::Path;

use local::{Stack, StackOptions};
use serde_json::{Value, json};
use support::{json, launch, request, send, stack};

async fn dynamodb(stack: &Stack, action: &str, body: Value) -> (u16, Value) {
    let request = request("POST", &stack.urls().dynamodb)
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", format!("DynamoDB_20120810.{action}"))
        .header("x-amz-date", "20260101T000000Z")
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-3/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
        );
    let response = send(request, body.to_string()).await;
    (response.status().as_u16(), json(&response))
}

async fn secret(stack: &Stack, id: &str) -> (u16, Value) {
    let request = request("POST", &stack.urls().secrets)
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", "secretsmanager.GetSecretValue");
    let response = send(request, json!({ "SecretId": id }).to_string()).await;
    (response.status().as_u16(), json(&response))
}

#[tokio::test]
async fn the_local_table_has_the_templates_index_stream_and_ttl() {
    let stack = stack().await;
    let table = json!({ "TableName": stack.tables()[0] });
    let (status, description) = dynamodb(&stack, "DescribeTable", table.clone()).await;
    assert_eq!(status, 200, "{description}");
    let description = &description["Table"];
    assert_eq!(description["GlobalSecondaryIndexes"][0]["IndexName"], "due");
    assert_eq!(description["StreamSpecification"]["StreamViewType"], "NEW_IMAGE");
    let (_, ttl) = dynamodb(&stack, "DescribeTimeToLive", table).await;
    assert_eq!(ttl["TimeToLiveDescription"]["AttributeName"], "ttl_s");
    stack.stop().await;
}

#[tokio::test]
async fn data_in_a_folder_outlives_the_stack() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kept");
    let _ = std::fs::remove_dir_all(&folder);
    let options = StackOptions { data_dir: Some(folder), ..StackOptions::default() };
    let stack = launch(options.clone()).await.unwrap();
    let item = json!({ "PK": { "S": "OUTBOX#1#order.paid" }, "SK": { "S": "OUTBOX" } });
    let put = json!({ "TableName": stack.tables()[0], "Item": item });
    assert_eq!(dynamodb(&stack, "PutItem", put).await.0, 200);
    let secret = stack.webhook_secret().to_owned();
    stack.stop().await;

    let stack = launch(options).await.unwrap();
    let table = stack.tables()[0];
    assert_eq!(stack.dynamodb().items_with_prefix(table, "OUTBOX#1#").unwrap(), [item]);
    assert_eq!(stack.dynamodb().items_with_prefix(table, "OUTBOX#2#").unwrap(), Vec::<Value>::new());
    assert_eq!(stack.webhook_secret(), secret);
    stack.stop().await;
}

#[tokio::test]
async fn local_secrets_match_lomi_and_can_be_rotated_or_lost() {
    let stack = stack().await;
    let key = stack.variable("LOMI_SECRET_KEY_ID").unwrap().to_owned();
    let webhook = stack.variable("LOMI_WEBHOOK_SECRET_ID").unwrap().to_owned();
    assert_eq!(secret(&stack, &key).await.1["SecretString"], "lomi_sk_test_sim_a");
    assert_eq!(secret(&stack, &webhook).await.1["SecretString"], stack.webhook_secret());
    stack.secrets().rotate(&webhook, "whsec_two");
    assert_eq!(secret(&stack, &webhook).await.1["SecretString"], "whsec_two");
    stack.secrets().remove(&key);
    let (status, body) = secret(&stack, &key).await;
    assert_eq!((status, &body["__type"]), (400, &json!("ResourceNotFoundException")));
    stack.stop().await;
}

#[tokio::test]
async fn an_unreachable_secrets_manager_breaks_every_connection() {
    let stack = stack().await;
    let address = stack.urls().secrets.trim_start_matches("http://").to_owned();
    let exchange = || async {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        let _ = stream.write_all(b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        answer
    };
    stack.secrets().set_unreachable(true);
    assert_eq!(exchange().await, b"");
    stack.secrets().set_unreachable(false);
    assert!(exchange().await.starts_with(b"HTTP/1.1 400"));
    stack.stop().await;
}

#[tokio::test]
async fn several_stacks_run_at_once_and_share_nothing() {
    let (one, two) = tokio::join!(stack(), stack());
    assert_ne!(one.urls(), two.urls());
    assert_ne!(one.admin_token(), two.admin_token());
    assert_ne!(one.webhook_secret(), two.webhook_secret());
    tokio::join!(one.stop(), two.stop());
}
