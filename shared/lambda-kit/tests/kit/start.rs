//! How a function starts, and how it says that it cannot.

use crate::runtime::{Function, command, environment};
use serde_json::{Value, json};

/// The exit code, and the only line printed.
async fn start(overrides: &[(&str, &str)]) -> (Option<i32>, Value, String) {
    let output = command("function", &environment(overrides)).output().await.unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.lines().count(), 1, "{printed}");
    (output.status.code(), serde_json::from_str(&printed).unwrap(), printed)
}

#[tokio::test]
async fn every_invalid_variable_is_named_without_its_value() {
    let (code, line, printed) = start(&[
        ("AWS_LAMBDA_FUNCTION_VERSION", ""),
        ("ENVIRONMENT", "canary-production"),
        ("STACK_NAME", "a canary"),
        ("TABLE_NAME", "  "),
        ("AWS_SECRET_ACCESS_KEY", ""),
        ("AWS_ENDPOINT_URL_DYNAMODB", "http://canary:canary@db.example"),
        ("CART_TOKEN_SECRET_ID", "a canary with blanks"),
        ("ALLOWED_ORIGINS", "https://shop.example,https://canary.example/path"),
    ])
    .await;
    assert_eq!(code, Some(1));
    assert_eq!((&line["level"], &line["event"]), (&json!("ERROR"), &json!("configuration_invalid")));
    let names: Vec<&str> = line["details"]["variables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|variable| variable["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "AWS_LAMBDA_FUNCTION_VERSION",
            "ENVIRONMENT",
            "STACK_NAME",
            "TABLE_NAME",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_ENDPOINT_URL_DYNAMODB",
            "CART_TOKEN_SECRET_ID",
            "ALLOWED_ORIGINS"
        ]
    );
    assert!(!printed.contains("canary"), "{printed}");
}

#[tokio::test]
async fn a_laptop_origin_is_refused_on_a_live_stack() {
    let (code, line, _) = start(&[("ENVIRONMENT", "live"), ("ALLOWED_ORIGINS", "http://localhost:5173")]).await;
    assert_eq!(code, Some(1));
    assert_eq!(line["details"]["variables"][0]["name"], "ALLOWED_ORIGINS");
}

#[tokio::test]
async fn an_unreachable_runtime_api_ends_the_function() {
    let (code, line, _) = start(&[]).await;
    assert_eq!((code, &line["event"]), (Some(1), &json!("runtime_api_failed")));
}

#[tokio::test]
async fn a_scheduled_function_answers_whatever_the_schedule_sends() {
    let mut function = Function::start("scheduled", &[("TABLE_NAME", "works")]).await;
    let (kind, _) = function.run(&json!({"source": "aws.scheduler", "detail": {"any": [1]}})).await;
    assert_eq!(kind, "response");
    let events = function.events().await;
    assert_eq!((&events[0]["outcome"], &events[0]["Function"]), (&json!("ok"), &json!("scheduled")));
    let time_given_ms = events[0]["reconcile.due"].as_i64().unwrap();
    assert!((1..=500).contains(&time_given_ms), "{time_given_ms}");
}

#[tokio::test]
async fn a_failed_scheduled_run_is_reported_to_lambda() {
    for (behaviour, outcome) in [("fails", "failed"), ("hangs", "timed_out"), ("panics", "panicked")] {
        let mut function = Function::start("scheduled", &[("TABLE_NAME", behaviour)]).await;
        let (kind, error) = function.run(&json!({})).await;
        assert_eq!(kind, "error", "{error}");
        assert_eq!(error["errorMessage"], "see the log");
        let events = function.events().await;
        assert_eq!(events.last().unwrap()["outcome"], outcome);
    }
}
