//! The data folder between runs, and its error messages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod support;

use std::path::{Path, PathBuf};

use local::template::Template;
use local::{Project, Stack, StackOptions};
use serde_json::{Value, json};
use support::{TEMPLATE, json, launch, project, request, send, until};

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn kept_in(folder: &Path) -> StackOptions {
    StackOptions { data_dir: Some(folder.to_owned()), ..StackOptions::default() }
}

/// The error of a stack that does not start on this folder.
async fn refusal(folder: &Path) -> String {
    launch(kept_in(folder)).await.unwrap_err().to_string()
}

async fn endpoints(stack: &Stack) -> Vec<String> {
    let url = format!("{}/webhooks", stack.urls().lomi);
    let answer = json(&send(request("GET", url).header("x-api-key", "lomi_sk_test_sim_a"), "").await);
    answer.as_array().unwrap().iter().map(|endpoint| endpoint["url"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_folder_belongs_to_one_stack_at_a_time() {
    let folder = folder("locked");
    let stack = launch(kept_in(&folder)).await.unwrap();
    let problem = refusal(&folder).await;
    assert!(problem.contains("in use by another cargo dev") && problem.contains("locked"), "{problem}");
    stack.stop().await;
    launch(kept_in(&folder)).await.unwrap().stop().await;
}

#[tokio::test]
async fn a_stack_on_another_port_leaves_no_webhook_behind() {
    let folder = folder("moved");
    let stack = launch(kept_in(&folder)).await.unwrap();
    stack.lomi().unwrap().sim().register_webhook("lomi_sk_test_sim_a", "http://127.0.0.1:9/somebodys-own").unwrap();
    let first = format!("{}/webhooks/lomi", stack.urls().gateway);
    stack.stop().await;
    let stack = launch(kept_in(&folder)).await.unwrap();
    let found = endpoints(&stack).await;
    assert!(!found.contains(&first), "{found:?}");
    assert!(found.contains(&format!("{}/webhooks/lomi", stack.urls().gateway)), "{found:?}");
    assert!(found.contains(&"http://127.0.0.1:9/somebodys-own".to_owned()), "{found:?}");
    stack.stop().await;
}

#[tokio::test]
async fn secrets_stay_and_an_empty_file_holds_none() {
    let folder = folder("secrets");
    std::fs::write(folder.join("webhook-secret"), "").unwrap();
    let stack = launch(kept_in(&folder)).await.unwrap();
    let kept = (stack.webhook_secret().to_owned(), stack.cart_token_key().to_owned());
    assert!(kept.0.starts_with("whsec_") && kept.1.len() == 64, "{kept:?}");
    stack.stop().await;
    let stack = launch(kept_in(&folder)).await.unwrap();
    assert_eq!((stack.webhook_secret(), stack.cart_token_key()), (kept.0.as_str(), kept.1.as_str()));
    stack.stop().await;
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named_with_a_remedy() {
    for file in ["lomi.json", "webhook-secret", "dynamodb.sqlite"] {
        let folder = folder(&format!("damaged-{file}"));
        std::fs::write(folder.join(file), b"\xff not what it was".repeat(100)).unwrap();
        let problem = refusal(&folder).await;
        assert!(problem.contains(file) && (problem.contains("--data") || problem.contains("delete")), "{problem}");
    }
}

#[tokio::test]
async fn a_table_of_another_template_is_refused_with_a_remedy() {
    let folder = folder("another-template");
    launch(kept_in(&folder)).await.unwrap().stop().await;
    let other = TEMPLATE.replace("{ ProjectionType: KEYS_ONLY }", "{ ProjectionType: ALL }");
    let project = Project { template: Template::parse(&other).unwrap(), ..project() };
    let problem = Stack::launch(project, kept_in(&folder)).await.unwrap_err().to_string();
    assert!(problem.contains("another template") && problem.contains("another-template"), "{problem}");
    assert!(problem.contains("--data"), "{problem}");
}

#[tokio::test]
async fn a_webhook_that_lomi_stops_retrying_is_recorded() {
    let stack = support::stack().await;
    let event = json!({ "event": "PAYMENT_SUCCEEDED", "data": {}, "environment": "test" });
    // The test template has no route for the webhook, so the gateway answers 404.
    let sent = send(request("POST", format!("{}/_sim/events", stack.urls().lomi)), event.to_string()).await;
    assert_eq!(sent.status(), 201, "{:?}", json(&sent) as Value);
    let is_noted = || stack.logs().iter().any(|entry| entry.function == "lomi." && entry.line.ends_with(": 404"));
    until("the dead letter's line", is_noted).await;
    stack.stop().await;
}
