//! Order events, from the table's stream through the template's pipe to the published schemas.

use std::collections::BTreeSet;

use boon::{Compiler, Schemas};
use serde_json::{Value, json};
use tests::cart_token::{in_s, sign};
use tests::pipe::{Pipe, stream_record};
use tests::{Created, TestApp};

use super::{mutated, read, yaml};

const KINDS: [&str; 4] = ["order.paid", "order.refunded", "order.refund_failed", "order.disputed"];

/// The table after an order was paid, refunded, the refund failed and the payment was disputed, and after an order
/// with an awkward reference was paid.
async fn table_of_a_shop(app: &TestApp) -> Vec<Value> {
    let (order, transaction) = app.paid_order("card").await;
    let made = app.refund(&order.order_id, &json!({ "amount": 5_000 }), "k").await.expect(201).json();
    app.lomi.run_outbox().await;
    app.lomi.fail_refund(made["refund"]["refund_id"].as_str().expect("an id")).await;
    app.lomi.dispute(&transaction, &json!({ "turn": "created" })).await;
    app.lomi.run_outbox().await;
    // A reference that would break out of any text it were pasted into.
    let claims = json!({ "amount": 700, "currency_code": "XOF", "reference": r#"N° "7"\ <$.x>"#, "exp": in_s(600) });
    let token = sign(&claims, &app.secret("CART_TOKEN_SECRET_ID"));
    app.keep_out_of_logs(&token);
    let odd = Created::of(&app.create(&app.body(json!({ "cart_token": token })), "odd").await.expect(201));
    app.pay(&odd, "wave").await;
    app.wait_for(&odd.order_id, "paid").await;
    app.table.items("").await
}

/// Differences between the table and the schemas, with this template.
fn findings(template: &str, items: &[Value]) -> Vec<String> {
    let pipe = match Pipe::of(&yaml::parse(template)["Resources"]["EventPipe"]) {
        Ok(pipe) => pipe,
        Err(error) => return vec![error],
    };
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for item in items {
        let key = item["PK"].as_str().expect("a key");
        for kind in ["INSERT", "MODIFY", "REMOVE"] {
            let record = stream_record(kind, item);
            let is_told = key.starts_with("OUTBOX#") && kind != "REMOVE";
            match pipe.takes(&record) {
                Err(error) => found.push(error),
                Ok(takes) if takes != is_told => found.push(format!("{kind} of {key}: told {takes}")),
                Ok(false) => {}
                Ok(true) => match pipe.event(&record) {
                    Err(error) => found.push(error),
                    Ok(event) => {
                        found.extend(misfit(&event, item));
                        seen.insert(event["detail-type"].as_str().unwrap_or_default().to_owned());
                    }
                },
            }
        }
    }
    if seen != KINDS.map(str::to_owned).into() {
        found.push(format!("told of {seen:?}"));
    }
    found.dedup();
    found
}

/// Why an event does not match its schema and its item.
fn misfit(event: &Value, item: &Value) -> Option<String> {
    let kind = event["detail-type"].as_str().unwrap_or_default();
    if !KINDS.contains(&kind) || event["source"] != "lomi-checkout" || item["event_type"] != kind {
        return Some(format!("an event {kind} of {}", event["source"]));
    }
    let schema: Value = serde_json::from_str(&read(&format!("infra/events/{kind}.schema.json"))).expect("a schema");
    let Some(detail) = event["detail"].as_object() else { return Some(format!("{kind}: the detail is no object")) };
    let unknown = detail.keys().find(|name| schema["properties"].get(name.as_str()).is_none());
    let as_stored = |name: &str| match &item[name] {
        Value::Number(number) => json!(number.to_string()),
        stored => stored.clone(),
    };
    let changed = detail.iter().find(|(name, value)| **value != as_stored(name));
    validate(&schema, &event["detail"])
        .err()
        .or(unknown.map(|name| format!("{kind} has {name}, of which its schema says nothing")))
        .or(changed.map(|(name, value)| format!("{kind}: {name} is {value}, which is not what was written")))
}

fn validate(schema: &Value, instance: &Value) -> Result<(), String> {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("event.json", schema.clone()).expect("a resource");
    let index = compiler.compile("event.json", &mut schemas).unwrap_or_else(|error| panic!("{error:#}"));
    schemas.validate(instance, index).map_err(|error| error.to_string())
}

#[tokio::test]
async fn only_order_events_that_fit_the_schema_reach_the_bus() {
    let app = TestApp::start().await;
    let items = table_of_a_shop(&app).await;
    let template = read("template.yaml");
    assert_eq!(findings(&template, &items), Vec::<String>::new());
    for (sentence, from, to) in [
        ("told true", r#"[{"prefix":"OUTBOX#"}]"#, r#"[{"prefix":""}]"#),
        ("not understood in a filter", r#"[{"prefix":"OUTBOX#"}]"#, r#"[{"exists":true}]"#),
        ("told true", r#"{"eventName":["INSERT","MODIFY"],"#, "{"),
        ("told false", r#"["INSERT","MODIFY"]"#, r#"["INSERT"]"#),
        ("leads nowhere", "NewImage.overpaid.BOOL", "NewImage.over_paid.BOOL"),
        ("leads nowhere", "NewImage.amount.N>", "NewImage.amount.S>"),
        ("missing properties 'order_id'", "\"order_id\": <$.dynamodb.NewImage.order_id.S>,\n", "\n"),
        ("of which its schema says nothing", "\"replays\":", "\"key\": <$.dynamodb.NewImage.PK.S>, \"replays\":"),
        ("which is not what was written", "image.reference.S", "image.event_id.S"),
        ("no JSON", "<$.dynamodb.NewImage.reference.S>", "\"<$.dynamodb.NewImage.reference.S>\""),
        ("leads nowhere", "DetailType: $.dynamodb.NewImage.event_type.S", "DetailType: $.dynamodb.NewImage.type.S"),
        ("an event order of", "DetailType: $.dynamodb.NewImage.event_type.S", "DetailType: order"),
        ("an event order.paid of \"shop\"", "Source: lomi-checkout", "Source: shop"),
    ] {
        let (from, to) = (from.replace("image.", "NewImage."), to.replace("image.", "NewImage."));
        let found = findings(&mutated(&template, &from, &to), &items);
        assert!(found.iter().any(|finding| finding.contains(sentence)), "{sentence:?} is not in {found:#?}");
    }
    app.audit().await;
}

#[test]
fn every_example_of_an_event_fits_its_schema() {
    let readme = read("infra/events/README.md");
    let examples: Vec<Value> = readme
        .split("```json\n")
        .skip(1)
        .map(|part| serde_json::from_str(part.split("```").next().unwrap_or_default()).expect("an example is JSON"))
        .collect();
    let kinds: Vec<_> = examples.iter().map(|example| example["detail-type"].as_str().unwrap_or_default()).collect();
    assert_eq!(kinds, KINDS);
    for example in &examples {
        assert_eq!(misfit(example, &example["detail"]), None);
    }
}

/// Missing bounds, queues and permissions of the pipe.
fn looseness(template: &str) -> Vec<&'static str> {
    let template = yaml::parse(template);
    let resource = |name: &str| &template["Resources"][name]["Properties"];
    let (pipe, queue, role) = (resource("EventPipe"), resource("EventDeadLetters"), resource("EventPipeRole"));
    let stream = &pipe["SourceParameters"]["DynamoDBStreamParameters"];
    let arn = |name: &str| json!({ "Fn::GetAtt": name });
    let allowed: Vec<_> = role["Policies"][0]["PolicyDocument"]["Statement"].as_array().into_iter().flatten().collect();
    let rights = [
        (
            json!([
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
                "dynamodb:ListStreams"
            ]),
            arn("Table.StreamArn"),
        ),
        (json!("events:PutEvents"), arn("EventBus.Arn")),
        (json!("sqs:SendMessage"), arn("EventDeadLetters.Arn")),
    ];
    let is_exact = allowed.len() == rights.len()
        && allowed.iter().zip(&rights).all(|(one, (action, on))| one["Action"] == *action && one["Resource"] == *on);
    let age_s = stream["MaximumRecordAgeInSeconds"].as_i64().unwrap_or(-1);
    let checks = [
        (is_exact, "the pipe may do more or less than it does"),
        ((1..=3_600).contains(&age_s), "one record may hold up the others for more than an hour"),
        (stream["OnPartialBatchItemFailure"] == "AUTOMATIC_BISECT", "one bad record holds up its batch"),
        (stream["StartingPosition"] == "TRIM_HORIZON", "what is told while the pipe is made is lost"),
        (stream["DeadLetterConfig"]["Arn"] == arn("EventDeadLetters.Arn"), "what cannot be told is lost"),
        (pipe["LogConfiguration"].get("IncludeExecutionData").is_none(), "the log holds what is for shoppers"),
        (queue["MessageRetentionPeriod"] == 1_209_600, "the queue forgets before 14 days"),
        (queue["SqsManagedSseEnabled"] == true, "the queue is not encrypted"),
        (resource("EventArchive")["RetentionDays"] == 30, "the archive keeps no 30 days"),
    ];
    checks.into_iter().filter(|(holds, _)| !holds).map(|(_, wrong)| wrong).collect()
}

#[test]
fn the_pipe_loses_nothing_and_has_no_other_permission() {
    let template = read("template.yaml");
    assert_eq!(looseness(&template), Vec::<&str>::new());
    for (sentence, from, to) in [
        ("the pipe may do more or less than it does", "Action: events:PutEvents", "Action: events:*"),
        ("the pipe may do more or less than it does", "Resource: !GetAtt EventBus.Arn", "Resource: '*'"),
        (
            "one record may hold up the others for more than an hour",
            "MaximumRecordAgeInSeconds: 3600",
            "MaximumRecordAgeInSeconds: 82800",
        ),
        ("one record may hold up the others for more than an hour", "MaximumRecordAgeInSeconds: 3600", "X: 1"),
        ("one bad record holds up its batch", "OnPartialBatchItemFailure: AUTOMATIC_BISECT", "X: 1"),
        ("what is told while the pipe is made is lost", "StartingPosition: TRIM_HORIZON", "StartingPosition: LATEST"),
        ("what cannot be told is lost", "Arn: !GetAtt EventDeadLetters.Arn\n        Filter", "Arn: x\n        Filter"),
        ("the log holds what is for shoppers", "Level: ERROR", "Level: ERROR\n        IncludeExecutionData: [ALL]"),
        ("the queue forgets before 14 days", "MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 345600"),
        ("the queue is not encrypted", "SqsManagedSseEnabled: true", "SqsManagedSseEnabled: false"),
        ("the archive keeps no 30 days", "RetentionDays: 30", "RetentionDays: 0"),
    ] {
        let found = looseness(&mutated(&template, from, to));
        assert!(found.contains(&sentence), "{sentence:?} is not in {found:#?}");
    }
}

/// Errors in the example consumer.
fn consumer_findings(template: &str) -> Vec<&'static str> {
    let template = yaml::parse(template);
    let resource = |name: &str| &template["Resources"][name]["Properties"];
    let (queue, rule) = (resource("PaidOrders"), resource("PaidOrdersRule"));
    let (pattern, target) = (&rule["EventPattern"], &rule["Targets"][0]);
    let grant = &resource("PaidOrdersPolicy")["PolicyDocument"]["Statement"];
    let arn = |name: &str| json!({ "Fn::GetAtt": format!("{name}.Arn") });
    let checks = [
        (rule["EventBusName"] == json!({ "Ref": "EventBusArn" }), "the rule is on another bus"),
        (
            *pattern == json!({ "source": ["lomi-checkout"], "detail-type": ["order.paid", "order.disputed"] }),
            "the rule matches other events",
        ),
        (target["Arn"] == arn("PaidOrders"), "the rule has another target"),
        (target["DeadLetterConfig"]["Arn"] == arn("PaidOrdersFailed"), "what the rule cannot deliver is lost"),
        (queue["RedrivePolicy"]["deadLetterTargetArn"] == arn("PaidOrdersFailed"), "what the code gives up on is lost"),
        (
            grant[0]["Condition"]["ArnEquals"]["aws:SourceArn"] == arn("PaidOrdersRule"),
            "others may write into the queue",
        ),
        (grant.as_array().is_some_and(|grants| grants.len() == 1), "others may do something to the queue"),
    ];
    checks.into_iter().filter(|(holds, _)| !holds).map(|(_, wrong)| wrong).collect()
}

#[test]
fn the_example_consumer_gets_paid_orders_from_one_rule() {
    let template = read("infra/events/example-consumer.yaml");
    assert_eq!(consumer_findings(&template), Vec::<&str>::new());
    for (sentence, from, to) in [
        ("the rule is on another bus", "EventBusName: !Ref EventBusArn", "EventBusName: default"),
        ("the rule matches other events", "source: [lomi-checkout]", "source: [shop]"),
        ("the rule matches other events", "detail-type: [order.paid,", "detail-type: [order.payed,"),
        ("the rule has another target", "Arn: !GetAtt PaidOrders.Arn", "Arn: x"),
        ("what the rule cannot deliver is lost", "DeadLetterConfig", "Config"),
        ("what the code gives up on is lost", "deadLetterTargetArn", "target"),
        ("others may write into the queue", "!GetAtt PaidOrdersRule.Arn }", "'*' }"),
    ] {
        let found = consumer_findings(&mutated(&template, from, to));
        assert!(found.contains(&sentence), "{sentence:?} is not in {found:#?}");
    }
}
