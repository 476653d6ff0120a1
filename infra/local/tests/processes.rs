//! Functions as processes: environment, reuse, concurrency, time-outs, signals, crashes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod support;

use std::time::Duration;

use futures::future::join_all;
use local::{InvokeError, Stack, StackOptions, StartError, once};
use serde_json::{Value, json};
use support::{get, is_running, json, launch, probe_url, stack, until};
use tokio::time::{sleep, timeout};

async fn ask(stack: &Stack, path: &str) -> Value {
    let response = get(probe_url(stack, path)).await;
    assert_eq!(response.status(), 200, "{response:?}");
    json(&response)
}

async fn until_logged(stack: &Stack, line: &str) {
    until(line, || stack.logs().iter().any(|entry| entry.line == line)).await;
}

#[tokio::test]
async fn a_process_sees_lambdas_environment_and_nothing_else() {
    let extra = [("probe".to_owned(), [("EXTRA".to_owned(), "1".to_owned())].into())].into();
    let stack = launch(StackOptions { environment: extra, ..StackOptions::default() }).await.unwrap();
    let answer = ask(&stack, "/probe/x").await;
    let environment = &answer["environment"];
    assert_eq!(environment["LOMI_BASE_URL"], stack.urls().lomi);
    assert_eq!(environment["AWS_ENDPOINT_URL_DYNAMODB"], stack.urls().dynamodb);
    assert_eq!(environment["AWS_ENDPOINT_URL_SECRETS_MANAGER"], stack.urls().secrets);
    assert_eq!(environment["TABLE_NAME"], "lomi-checkout-local-Table");
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_NAME"], "lomi-checkout-local-ProbeFunction");
    assert_eq!(environment["EXTRA"], "1");
    for inherited in ["PATH", "HOME", "CARGO", "CARGO_MANIFEST_DIR"] {
        assert!(environment.get(inherited).is_none(), "{inherited}");
    }
    assert_eq!(answer["arn"], "arn:aws:lambda:eu-west-3:000000000000:function:lomi-checkout-local-ProbeFunction");
    assert!(answer["deadline_ms"].as_u64().unwrap() > 1_700_000_000_000);
    stack.stop().await;
}

#[tokio::test]
async fn a_purchase_stops_at_its_deadline() {
    let hangs = [("probe".to_owned(), [("PROBE_HANGS".to_owned(), "1".to_owned())].into())].into();
    let stack = launch(StackOptions { environment: hangs, ..StackOptions::default() }).await.unwrap();
    let problem = once::purchase(&stack, once::Flow::Session, Duration::from_secs(1), |_| ()).await.unwrap_err();
    assert_eq!(problem, "not paid within 1 s");
    stack.stop().await;
}

#[tokio::test]
async fn only_concurrent_requests_start_another_process() {
    let stack = stack().await;
    let (first, second) = (ask(&stack, "/probe/x").await, ask(&stack, "/probe/x").await);
    assert_eq!(first["pid"], second["pid"]);
    assert_ne!(first["request_id"], second["request_id"]);
    let answers = join_all((0..4).map(|_| ask(&stack, "/probe/nap"))).await;
    let mut pids: Vec<u64> = answers.iter().filter_map(|answer| answer["pid"].as_u64()).collect();
    pids.sort_unstable();
    pids.dedup();
    assert_eq!(pids.len(), 4);
    assert_eq!(stack.process_ids("probe").unwrap().len(), 4);
    stack.stop().await;
}

#[tokio::test]
async fn a_failing_function_is_a_500_and_keeps_its_process() {
    let stack = stack().await;
    let before = stack.process_ids("probe").unwrap();
    let response = get(probe_url(&stack, "/probe/fail")).await;
    assert_eq!((response.status().as_u16(), json(&response)), (500, json!({ "message": "Internal Server Error" })));
    assert_eq!(stack.process_ids("probe").unwrap(), before);
    let error = stack.invoke("probe", json!({ "rawPath": "/probe/fail" })).await.unwrap_err();
    assert!(matches!(&error, InvokeError::Failed { message, .. } if message == "failed as requested"), "{error}");
    stack.stop().await;
}

#[tokio::test]
async fn a_process_that_exits_mid_request_is_a_500_and_replaced() {
    let stack = stack().await;
    assert_eq!(get(probe_url(&stack, "/probe/exit")).await.status(), 500);
    let error = stack.invoke("probe", json!({ "rawPath": "/probe/exit" })).await.unwrap_err();
    assert!(matches!(&error, InvokeError::Exited { status, .. } if status.contains('7')), "{error}");
    ask(&stack, "/probe/x").await;
    stack.stop().await;
}

#[tokio::test]
async fn a_function_out_of_time_is_killed() {
    let stack = stack().await;
    let [pid] = stack.process_ids("hasty").unwrap()[..] else { panic!("one process expected") };
    let error = stack.invoke("hasty", json!({ "rawPath": "/probe/sleep" })).await.unwrap_err();
    assert_eq!(error, InvokeError::TimedOut(Duration::from_secs(1)));
    assert!(!is_running(pid));
    stack.invoke("hasty", json!({})).await.unwrap();
    stack.stop().await;
}

#[tokio::test]
async fn a_time_out_is_a_503_at_the_gateway() {
    let template = support::TEMPLATE.replace("/hasty/{command}", "/probe/{proxy+}").replace("/probe/{command}", "/x");
    let template = local::template::Template::parse(&template).unwrap();
    let project = local::Project { template, ..support::project() };
    let stack = Stack::launch(project, StackOptions::default()).await.unwrap();
    assert_eq!(get(probe_url(&stack, "/probe/sleep")).await.status(), 503);
    stack.stop().await;
}

#[tokio::test]
async fn a_killed_process_fails_one_request_and_is_replaced() {
    let stack = stack().await;
    let [pid] = stack.process_ids("probe").unwrap()[..] else { panic!("one process expected") };
    let running = get(probe_url(&stack, "/probe/sleep"));
    let killing = async {
        until_logged(&stack, "working on sleep").await;
        stack.kill("probe").await.unwrap();
    };
    let (response, ()) = tokio::join!(running, killing);
    assert_eq!(response.status(), 500);
    assert!(!is_running(pid));
    let answer = ask(&stack, "/probe/x").await;
    assert_ne!(answer["pid"], pid);
    stack.stop().await;
}

#[tokio::test]
async fn a_killed_process_is_distinguished_from_a_frozen_one() {
    let stack = stack().await;
    assert!(stack.at_work("probe").unwrap().is_empty(), "no invocation was requested");
    let (_, ()) = tokio::join!(get(probe_url(&stack, "/probe/sleep")), async {
        until("work", || !stack.at_work("probe").unwrap().is_empty()).await;
        assert!(stack.at_work("probe").unwrap().pop().unwrap().kill().await);
        assert!(stack.at_work("probe").unwrap().is_empty(), "it is dead");
    });
    let (answer, ()) = tokio::join!(get(probe_url(&stack, "/probe/nap")), async {
        until("work", || !stack.at_work("probe").unwrap().is_empty()).await;
        let asleep = stack.at_work("probe").unwrap().pop().unwrap().freeze().await.unwrap();
        assert!(stack.at_work("probe").unwrap().is_empty(), "it sleeps");
        assert!(asleep.thaw().await);
    });
    assert_eq!(answer.status(), 200);
    stack.stop().await;
}

#[tokio::test]
async fn a_frozen_process_gets_no_requests_until_it_thaws() {
    let stack = stack().await;
    let [pid] = stack.process_ids("probe").unwrap()[..] else { panic!("one process expected") };
    stack.freeze("probe").await.unwrap();
    assert_ne!(ask(&stack, "/probe/x").await["pid"], pid);
    stack.thaw("probe").await.unwrap();
    assert!(stack.process_ids("probe").unwrap().contains(&pid));
    stack.stop().await;
}

#[tokio::test]
async fn a_process_frozen_past_its_timeout_exits_when_it_thaws() {
    let stack = stack().await;
    let [pid] = stack.process_ids("hasty").unwrap()[..] else { panic!("one process expected") };
    let invoked = stack.invoke("hasty", json!({ "rawPath": "/probe/nap" }));
    let freezing = async {
        until_logged(&stack, "working on nap").await;
        stack.freeze("hasty").await.unwrap();
    };
    let (answer, ()) = tokio::join!(invoked, freezing);
    assert_eq!(answer.unwrap_err(), InvokeError::TimedOut(Duration::from_secs(1)));
    assert!(is_running(pid));
    stack.thaw("hasty").await.unwrap();
    until("the end of the zombie", || !is_running(pid)).await;
    until_logged(&stack, "answering nap").await;
    stack.stop().await;
}

#[tokio::test]
async fn a_function_that_dies_at_start_is_named_with_its_stderr() {
    let extra = [("hasty".to_owned(), [("PROBE_DIES".to_owned(), "1".to_owned())].into())].into();
    let error = launch(StackOptions { environment: extra, ..StackOptions::default() }).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, StartError::Function(InvokeError::DidNotStart { .. })), "{text}");
    for part in ["hasty does not start", "exit status: 3", "the probe exits as requested"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[tokio::test]
async fn a_missing_binary_is_named() {
    let mut project = support::project();
    project.binaries.insert("probe".to_owned(), "/nowhere/probe".into());
    let error = Stack::launch(project, StackOptions::default()).await.unwrap_err();
    assert!(error.to_string().contains("/nowhere/probe"), "{error}");
}

#[tokio::test]
async fn a_busy_port_is_a_clear_message() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = launch(StackOptions { port, ..StackOptions::default() }).await.unwrap_err().to_string();
    assert!(error.contains(&format!("port {port} (gateway)")) && error.contains("--port"), "{error}");
}

#[tokio::test]
async fn function_output_is_kept_line_by_line() {
    let stack = stack().await;
    ask(&stack, "/probe/x").await;
    until_logged(&stack, "the probe is ready").await;
    until_logged(&stack, "answering x").await;
    stack.stop().await;
}

#[tokio::test]
async fn a_stopped_or_dropped_stack_leaves_no_process() {
    for stops in [true, false] {
        let stack = stack().await;
        let pids = [stack.process_ids("probe").unwrap(), stack.process_ids("hasty").unwrap()].concat();
        assert_eq!(pids.len(), 2);
        if stops {
            timeout(Duration::from_secs(5), stack.stop()).await.unwrap();
            assert!(!pids.iter().any(|pid| is_running(*pid)));
        } else {
            drop(stack);
            until("the end of the children", || !pids.iter().any(|pid| is_running(*pid))).await;
        }
    }
}

/// Not a test itself: the next test starts it as a parent process and kills it.
#[tokio::test]
#[ignore = "run by the test below, as a process of its own"]
async fn a_stack_that_waits_to_be_killed() {
    let stack = stack().await;
    let pids = [stack.process_ids("probe").unwrap(), stack.process_ids("hasty").unwrap()].concat();
    println!("\nchildren {}", pids.iter().map(u32::to_string).collect::<Vec<_>>().join(" "));
    sleep(Duration::from_secs(30)).await;
}

#[tokio::test]
async fn children_exit_when_their_parent_is_killed() {
    use tokio::io::{AsyncBufReadExt, BufReader};
    let mut parent = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "a_stack_that_waits_to_be_killed", "--nocapture"])
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let pids = loop {
        let line = lines.next_line().await.unwrap().expect("the parent names its children");
        if let Some(pids) = line.strip_prefix("children ") {
            break pids.split(' ').map(|pid| pid.parse().unwrap()).collect::<Vec<u32>>();
        }
    };
    assert_eq!(pids.len(), 2);
    parent.kill().await.unwrap();
    until("the end of the children", || !pids.iter().any(|pid| is_running(*pid))).await;
}

#[tokio::test]
async fn a_schedule_can_be_run_by_hand() {
    let stack = stack().await;
    let answer = stack.invoke_scheduled("probe").await.unwrap();
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["event"]["detail-type"], "Scheduled Event");
    assert!(stack.invoke_scheduled("hasty").await.is_err());
    assert!(matches!(stack.invoke("nobody", json!({})).await, Err(InvokeError::Unknown(_))));
    stack.stop().await;
}
