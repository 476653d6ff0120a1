//! A Lambda function for this crate's tests: answers with its event, or fails as the event's path requests.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    if variable("PROBE_DIES").is_some() {
        eprintln!("the probe exits as requested");
        std::process::exit(3);
    }
    println!("the probe is ready");
    run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let (event, context) = event.into_parts();
    let command = event.get("rawPath").and_then(Value::as_str).unwrap_or_default().trim_start_matches("/probe/");
    println!("working on {command}");
    match command {
        "fail" => return Err("failed as requested".into()),
        "exit" => std::process::exit(7),
        "sleep" => tokio::time::sleep(Duration::from_secs(60)).await,
        "raw" => return Ok(json!({ "hello": "world" })),
        "nap" => tokio::time::sleep(Duration::from_millis(300)).await,
        _ => {}
    }
    if variable("PROBE_HANGS").is_some() {
        std::future::pending::<()>().await;
    }
    eprintln!("answering {command}");
    let body = json!({
        "event": event,
        "pid": std::process::id(),
        "request_id": context.request_id,
        "deadline_ms": context.deadline,
        "arn": context.invoked_function_arn,
        "environment": environment(),
    });
    Ok(json!({
        "statusCode": 200,
        "headers": { "content-type": "application/json", "access-control-allow-origin": "*" },
        "cookies": ["a=1"],
        "body": body.to_string(),
    }))
}

fn environment() -> Value {
    std::env::vars().map(|(name, value)| (name, Value::from(value))).collect::<serde_json::Map<_, _>>().into()
}

#[expect(clippy::disallowed_methods, reason = "the probe is configured by nothing else")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
