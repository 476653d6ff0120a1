//! `template.yaml` keeps every rule, and every rule can be broken.

use super::template_rules::findings;
use super::{mutated, read, yaml};

/// A rule's finding, and the change to the template that must produce it.
type Mutation = (&'static str, &'static str, &'static str);

#[test]
fn the_template_keeps_every_rule() {
    assert_eq!(findings(&yaml::parse(&read("template.yaml"))), Vec::<String>::new());
}

#[test]
fn a_function_that_cannot_be_built_or_is_forgotten_is_found() {
    assert_each_is_found(&[
        ("OrdersFunction: no package at functions/order", "CodeUri: functions/orders", "CodeUri: functions/order"),
        ("OrdersFunction: builds catalog from functions/orders", "Binary: orders", "Binary: catalog"),
        ("functions/catalog is not in the template", "functions/catalog", "functions/orders"),
        ("CatalogFunction: is not built by rust-cargolambda", CATALOG_BUILD, "Binary: catalog"),
        ("ReconcilerFunction: is not arm64 on provided.al2023", "[arm64]", "[x86_64]"),
        ("ReconcilerFunction: is not arm64 on provided.al2023", "provided.al2023", "provided.al2"),
        ("OrdersFunction: has no log group with a retention", "!Ref OrdersLogs", "!Ref OrderLogs"),
        (
            "OperationsFunction: runs with {\"Environment\", \"PublicBaseUrl\"}, and a new version comes with {\"Environment\"}",
            "VersionDescription: !Join [\" \", [!Ref Environment, !Ref PublicBaseUrl]]",
            "VersionDescription: !Ref Environment",
        ),
    ]);
}

const CATALOG_BUILD: &str = "BuildMethod: rust-cargolambda
      BuildProperties:
        Binary: catalog";

#[test]
fn an_open_admin_route_or_a_closed_webhook_is_found() {
    assert_each_is_found(&[
        (
            "GET /admin/orders is not closed by AWS_IAM",
            "Path: /admin/orders\n            Auth:\n              Authorizer: AWS_IAM",
            "Path: /admin/orders",
        ),
        (
            "GET /admin/orders is not closed by AWS_IAM",
            "Path: /admin/orders\n            Auth:\n              Authorizer: AWS_IAM",
            "Path: /admin/orders\n            Auth:\n              Authorizer: NONE",
        ),
        (
            "POST /webhooks/lomi has an authorizer",
            "Path: /webhooks/lomi",
            "Path: /webhooks/lomi\n            Auth:\n              Authorizer: AWS_IAM",
        ),
        (
            "POST /webhooks/lomi has an authorizer",
            "EnableIamAuthorizer: true",
            "EnableIamAuthorizer: true\n        DefaultAuthorizer: AWS_IAM",
        ),
        ("the API has no IAM authorizer", "EnableIamAuthorizer: true", "EnableIamAuthorizer: false"),
        (
            "POST /checkout-sessions and its like may be asked for more than 100 times a minute",
            "GET /pay/{code}:",
            "GET /pay/{id}:",
        ),
        (
            "POST /payment-intents and its like may be asked for more than 100 times a minute",
            "ThrottlingRateLimit: 0.6",
            "ThrottlingRateLimit: 1.1",
        ),
        ("the webhook has no throttle of its own", "POST /webhooks/lomi:", "POST /webhooks/other:"),
        ("GET /products is throttled no more than the webhook", "ThrottlingRateLimit: 500", "ThrottlingRateLimit: 50"),
        (
            "all routes together take more a second",
            "ThrottlingBurstLimit: 10\n        ThrottlingRateLimit: 10",
            "ThrottlingBurstLimit: 10\n        ThrottlingRateLimit: 100",
        ),
        ("all routes together take more at once", "ThrottlingBurstLimit: 500", "ThrottlingBurstLimit: 1000"),
        ("ReconcilerFunction: its runs may pile up", "MaximumEventAgeInSeconds: 60", "MaximumEventAgeInSeconds: 21600"),
        (
            "GET /products does not use payload format 2.0",
            "Path: /products",
            "Path: /products\n            PayloadFormatVersion: '1.0'",
        ),
        ("CatalogFunction: Products is an event of type Api", "Products:\n          Type: HttpApi", API_EVENT),
        ("CORS allows *", "AllowOrigins: !Ref AllowedOrigins", "AllowOrigins: ['*']"),
        ("CORS allows *", "Default: https://shop.example", "Default: '*'"),
    ]);
}

const API_EVENT: &str = "Products:\n          Type: Api";

#[test]
fn a_policy_that_allows_more_than_it_says_is_found() {
    assert_each_is_found(&[
        (
            r#"CatalogFunction: allows "dynamodb:*""#,
            "Action: [dynamodb:GetItem, dynamodb:PutItem, dynamodb:DeleteItem]",
            "Action: dynamodb:*",
        ),
        (
            r#"CreateCheckoutSessionFunction: allows "dynamodb:Scan""#,
            "Action: dynamodb:GetItem\n",
            "Action: [dynamodb:GetItem, dynamodb:Scan]\n",
        ),
        (r#"CreateCheckoutSessionFunction: allows something on "*""#, "Resource: !GetAtt Table.Arn", "Resource: '*'"),
        (
            "OrdersFunction: allows something on",
            "Resource: !Sub ${Table.Arn}/index/listing",
            "Resource: !Sub ${Table.Arn}/index/*",
        ),
        (
            "CatalogFunction: its role takes a policy of somebody else",
            "      Policies:\n        - PolicyName: catalog",
            "      ManagedPolicyArns: [arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess]\n      Policies:\n        - PolicyName: catalog",
        ),
        ("OrdersFunction: has no role of its own", "Role: !GetAtt OrdersRole.Arn", "Role: !GetAtt CatalogRole.Arn"),
        ("CreateCheckoutSessionFunction: its role trusts somebody else", "lambda.amazonaws.com", "ec2.amazonaws.com"),
        ("CatalogFunction: may not write its own log", "!GetAtt CatalogLogs.Arn", "!GetAtt OrdersLogs.Arn"),
        (
            "WebhookHandlerFunction: may read [LomiSecretKey] and is told of [LomiWebhookSecret]",
            "Resource: !Ref LomiWebhookSecret",
            "Resource: !Ref LomiSecretKey",
        ),
    ]);
}

#[test]
fn a_secret_in_the_open_is_found() {
    assert_each_is_found(&[
        (
            "LOMI_SECRET_KEY is a secret in the environment",
            "LOMI_SECRET_KEY_ID: !Ref LomiSecretKey",
            "LOMI_SECRET_KEY: lomi_sk_test_1",
        ),
        (
            "LOMI_WEBHOOK_SECRET_ID does not name a secret of this stack",
            "LOMI_WEBHOOK_SECRET_ID: !Ref LomiWebhookSecret",
            "LOMI_WEBHOOK_SECRET_ID: whsec_0123456789abcdef",
        ),
        (
            "a secret's value is resolved into the template",
            "Value: !Ref Table\n",
            "Value: '{{resolve:secretsmanager:LomiSecretKey}}'\n",
        ),
        ("LomiSecretKey: its value stands in the template", "GenerateSecretString:", "SecretString: abc #"),
    ]);
}

#[test]
fn a_table_that_can_be_lost_is_found() {
    assert_each_is_found(&[
        ("Table: is not kept by DeletionPolicy", "DeletionPolicy: Retain\n", "DeletionPolicy: Delete\n"),
        ("Table: is not kept by UpdateReplacePolicy", "UpdateReplacePolicy: Retain", "UpdateReplacePolicy: Delete"),
        ("Table: no point-in-time recovery", "PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false"),
        ("Table: no deletion protection", "DeletionProtectionEnabled: true", "DeletionProtectionEnabled: false"),
        ("Table: no encryption", "SSEEnabled: true", "SSEEnabled: false"),
        ("Table: no stream of new images", "StreamViewType: NEW_IMAGE", "StreamViewType: KEYS_ONLY"),
        ("Table: nothing expires", "AttributeName: ttl_s", "AttributeName: due_at_ms"),
    ]);
}

#[track_caller]
fn assert_each_is_found(mutations: &[Mutation]) {
    let template = read("template.yaml");
    for (sentence, from, to) in mutations {
        let found = findings(&yaml::parse(&mutated(&template, from, to)));
        assert!(found.iter().any(|finding| finding.contains(sentence)), "{sentence:?} is not in {found:#?}");
    }
}
