//! Shows that the comparison can fail: each change to the real template must produce its finding. The recorded calls
//! are taken here from the template itself, so these tests need no run of the suite.

use std::collections::BTreeSet;

use local::template::STACK_NAME;
use tests::calls::{Call, Kept, Recorder, Requests};

use crate::{compare, policies, read, template, yaml};

/// A part of the finding, and the change inside one role that must produce it.
type Mutation = (&'static str, &'static str, &'static str, &'static str);

const CATALOG: &str = "  CatalogRole:";
const HANDLER: &str = "  WebhookHandlerRole:";

const MUTATIONS: [Mutation; 11] = [
    (
        "catalog calls dynamodb:DeleteItem on Table for PRODUCT#*, which the template does not allow it",
        CATALOG,
        ", dynamodb:DeleteItem",
        "",
    ),
    (
        "catalog may call dynamodb:UpdateItem on Table for PRODUCT#*, which no test ever made it do",
        CATALOG,
        "dynamodb:DeleteItem",
        "dynamodb:DeleteItem, dynamodb:UpdateItem",
    ),
    ("catalog may call dynamodb:PutItem on Table for *, which", CATALOG, "\"PRODUCT#*\"", "\"*\""),
    ("catalog may call dynamodb:PutItem on Table for P*, which", CATALOG, "\"PRODUCT#*\"", "\"P*\""),
    (
        "catalog may call dynamodb:PutItem on Table for ORDER#*, which",
        CATALOG,
        "\"PRODUCT#*\"",
        "\"PRODUCT#*\", \"ORDER#*\"",
    ),
    ("catalog calls dynamodb:GetItem on Table for PRODUCT#*, which", CATALOG, "\"PRODUCT#*\"", "\"PRODUCTS#*\""),
    ("catalog may call dynamodb:Query on Table/index/due for PRODUCT, which", CATALOG, "index/listing", "index/due"),
    ("catalog may call dynamodb:Query on Table/index/* for PRODUCT, which", CATALOG, "index/listing", "index/*"),
    ("catalog may call dynamodb:GetItem on * for PRODUCT#*, which", CATALOG, "!GetAtt Table.Arn", "'*'"),
    (
        "webhook-handler may call secretsmanager:GetSecretValue on LomiSecretKey, which",
        HANDLER,
        "Resource: !Ref LomiWebhookSecret",
        "Resource: [!Ref LomiWebhookSecret, !Ref LomiSecretKey]",
    ),
    ("catalog: a condition that cannot be compared", CATALOG, "ForAllValues:StringLike", "ForAnyValue:StringLike"),
];

#[test]
fn a_policy_with_more_or_less_than_is_used_is_found() {
    let (heard, problems) = policies::granted(&template());
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(compare::findings(&heard, &heard), Vec::<String>::new());
    for (sentence, function, from, to) in MUTATIONS {
        let (granted, mut findings) = policies::granted(&yaml::parse(&mutated(function, from, to)));
        findings.extend(compare::findings(&granted, &heard));
        assert!(findings.iter().any(|finding| finding.contains(sentence)), "{sentence:?} is not in {findings:#?}");
    }
}

#[track_caller]
fn mutated(function: &str, from: &str, to: &str) -> String {
    let template = read("template.yaml");
    let (before, after) = template.split_once(function).expect("a function of the template");
    assert!(after.contains(from), "nothing to mutate: {from:?}");
    format!("{before}{function}{}", after.replacen(from, to, 1))
}

#[test]
fn a_statement_without_its_condition_is_found() {
    let (heard, _) = policies::granted(&template());
    let text = read("template.yaml");
    let (before, catalog) = text.split_once(CATALOG).expect("a function of the template");
    let (statement, condition) = catalog.split_once("                Condition:").expect("a condition");
    let (_, after) = condition.split_once('\n').expect("a line");
    let bare = format!("{before}{CATALOG}{statement}{after}");
    let (granted, _) = policies::granted(&yaml::parse(&bare));
    let findings = compare::findings(&granted, &heard);
    let sentence = "catalog may call dynamodb:GetItem on Table, which no test ever made it do";
    assert!(findings.iter().any(|finding| finding == sentence), "{findings:#?}");
}

/// How one request is recorded: `action on resource for key`.
fn heard(target: &str, body: &str) -> Vec<String> {
    let folder = std::env::temp_dir().join(format!("calls-{}-{}", std::process::id(), fastrand::u64(..)));
    std::fs::create_dir_all(&folder).expect("a folder");
    let binary = folder.join("orders");
    std::fs::write(&binary, "").expect("a file");
    let kept = || Kept::of(&[("orders".to_owned(), binary.clone())].into()).expect("a place");
    let recorder = Recorder::new(kept());
    let head =
        "authorization: AWS4-HMAC-SHA256 Credential=orders/20260101/eu-west-3/dynamodb/aws4_request, Signature=0";
    let request =
        format!("POST / HTTP/1.1\r\n{head}\r\nX-Amz-Target: {target}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let mut requests = Requests::default();
    // Two requests on one connection, one byte at a time.
    for byte in request.repeat(2).bytes() {
        requests.push(&[byte]).iter().for_each(|request| recorder.note(request));
    }
    let calls: BTreeSet<Call> = kept().calls();
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
    assert!(calls.iter().all(|call| call.function == "orders"), "{calls:?}");
    calls.iter().map(Call::to_string).collect()
}

#[test]
fn every_request_maps_to_its_iam_action() {
    let table = format!(r#""TableName":"{STACK_NAME}-Table""#);
    let get = format!(r#"{{{table},"Key":{{"PK":{{"S":"ORDER#1#2"}}}}}}"#);
    assert_eq!(heard("DynamoDB_20120810.GetItem", &get), ["dynamodb:GetItem on Table for ORDER#*"]);
    let query = format!(
        r#"{{{table},"IndexName":"listing","KeyConditionExpression":"listing_pk = :p AND listing_sk < :b","ExpressionAttributeValues":{{":p":{{"S":"PRODUCT"}},":b":{{"S":"x"}}}}}}"#
    );
    assert_eq!(heard("DynamoDB_20120810.Query", &query), ["dynamodb:Query on Table/index/listing for PRODUCT"]);
    let parts = format!(
        r#"{{"TransactItems":[{{"Put":{{{table},"Item":{{"PK":{{"S":"IDEM#1"}}}}}}}},{{"ConditionCheck":{{{table},"Key":{{"PK":{{"S":"LINK#1"}}}}}}}}]}}"#
    );
    assert_eq!(
        heard("DynamoDB_20120810.TransactWriteItems", &parts),
        ["dynamodb:ConditionCheckItem on Table for LINK#*", "dynamodb:PutItem on Table for IDEM#*"]
    );
    let batch = format!(r#"{{"RequestItems":{{"{STACK_NAME}-Table":{{"Keys":[{{"PK":{{"S":"PRODUCT#A"}}}}]}}}}}}"#);
    assert_eq!(heard("DynamoDB_20120810.BatchGetItem", &batch), ["dynamodb:BatchGetItem on Table for PRODUCT#*"]);
    let secret =
        format!(r#"{{"SecretId":"arn:aws:secretsmanager:eu-west-3:0:secret:{STACK_NAME}-LomiSecretKey-local1"}}"#);
    assert_eq!(heard("secretsmanager.PutSecretValue", &secret), ["secretsmanager:PutSecretValue on LomiSecretKey"]);
}

#[test]
fn an_unknown_request_maps_to_an_action_no_policy_allows() {
    let table = format!(r#"{{"TableName":"{STACK_NAME}-Table"}}"#);
    assert_eq!(heard("DynamoDB_20120810.Scan", &table), ["unknown:dynamodb:Scan on Table"]);
    assert_eq!(heard("DynamoDB_20120810.GetItem", "no JSON"), ["dynamodb:GetItem on unknown for unknown"]);
    assert_eq!(heard("", ""), ["unknown: on -"]);
    let other = r#"{"TableName":"another","Key":{"PK":{"S":"ORDER#1"}}}"#;
    assert_eq!(heard("DynamoDB_20120810.GetItem", other), ["dynamodb:GetItem on another for ORDER#*"]);
}
