//! The `dev` program itself, with the real functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod support;

use std::path::PathBuf;
use std::process::{Output, Stdio};

use local::build::{self, Profile, TEMPLATE};
use local::template::Template;
use local::{Stack, StackOptions, once};
use lomi_sandbox::fixtures::TEST_KEY_B;
use lomi_sandbox::{Sandbox, Settings};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use support::{get, is_running, json, request, send, until};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{Duration, Instant, sleep, timeout};

/// Long, because the first run in a clean checkout builds every function.
const BUILD_TIMEOUT: Duration = Duration::from_secs(1200);

fn dev(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dev"));
    command.args(flags).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// The folder of the function binaries, built from the artifacts of `cargo test`.
async fn binaries() -> PathBuf {
    let root = build::workspace_root().unwrap();
    let names = Template::read(&root.join(TEMPLATE)).unwrap().binaries().unwrap();
    let built = build::functions(&root, &names, Profile::Test).await.unwrap();
    built.values().next().unwrap().parent().unwrap().to_path_buf()
}

async fn finished(mut command: Command) -> Output {
    timeout(BUILD_TIMEOUT, command.output()).await.expect("it ends").unwrap()
}

/// Like [`finished`], with the command's own pipes.
async fn finished_status(mut command: Command) -> Option<i32> {
    timeout(BUILD_TIMEOUT, command.status()).await.expect("it ends").unwrap().code()
}

/// Starts `dev` and waits for its line of URLs.
async fn ready(flags: &[&str]) -> (Child, Value) {
    let mut child = dev(flags).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(BUILD_TIMEOUT, lines.next_line()).await.expect("it gets ready").unwrap();
    (child, serde_json::from_str(&line.expect("a line of JSON")).unwrap())
}

#[tokio::test]
async fn each_purchase_path_ends_paid_with_one_outbox_event() {
    let binaries = binaries().await;
    for flags in [&["--", "--once"][..], &["--once", "--flow", "intent"], &["--once", "--flow=link"]] {
        let mut command = dev(flags);
        command.arg("--binaries").arg(&binaries);
        let output = finished(command).await;
        let report = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{flags:?}: {report}");
        assert!(report.contains(" is paid after "), "{flags:?}: {report}");
        assert_eq!(output.stdout, b"");
    }
}

#[tokio::test]
async fn a_purchase_fails_if_only_its_webhook_is_broken() {
    let elsewhere = [("LOMI_WEBHOOK_SECRET_ID".to_owned(), "nowhere".to_owned())].into();
    let environment = [("webhook-handler".to_owned(), elsewhere)].into();
    let options = StackOptions { environment, binaries: Some(binaries().await), ..StackOptions::default() };
    let stack = Stack::start(options).await.unwrap();
    let problem = once::purchase(&stack, once::Flow::Session, once::TIMEOUT, |_| ()).await.unwrap_err();
    assert!(problem.contains("webhook is ") && problem.contains("answers 5"), "{problem}");
    stack.stop().await;
}

#[tokio::test]
async fn an_interrupted_purchase_is_a_failure() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut dev = dev(&["--once"]).spawn().unwrap();
        let mut lines = BufReader::new(dev.stderr.take().unwrap()).lines();
        assert!(lines.next_line().await.unwrap().unwrap().contains("building"));
        kill_process(Pid::from_raw(i32::try_from(dev.id().unwrap()).unwrap()).unwrap(), signal).unwrap();
        let status = timeout(Duration::from_secs(30), dev.wait()).await.expect("it ends").unwrap();
        assert_eq!(status.code(), Some(1));
    }
}

#[tokio::test]
async fn a_terminal_that_has_gone_away_changes_no_exit_status() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = dev(&["--prot", "1"]);
    command.stderr(writer);
    assert_eq!(finished_status(command).await, Some(1));
}

#[tokio::test]
async fn a_busy_port_ends_it_with_a_message() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = finished(dev(&["--port", &port])).await;
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(message.contains(&format!("port {port} (gateway)")) && message.contains("--port <n>"), "{message}");
}

#[tokio::test]
async fn a_template_in_the_current_folder_is_not_picked_up() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("elsewhere");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("template.yaml"), "[").unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = dev(&["--port", &taken.local_addr().unwrap().port().to_string()]);
    command.current_dir(folder);
    let output = finished(command).await;
    // If this template were read, its error would come before the port's.
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("(gateway) cannot be used"), "{message}");
}

#[tokio::test]
async fn an_unknown_flag_ends_it_with_the_help() {
    let output = finished(dev(&["--prot", "1"])).await;
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("Usage: cargo dev"));
    let help = finished(dev(&["--help"])).await;
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("--once"));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn ctrl_c_and_termination_end_it_with_every_child() {
    let binaries = binaries().await.display().to_string();
    for signal in [Signal::INT, Signal::TERM] {
        let (mut dev, urls) = ready(&["--json", "--port", "0", "--binaries", &binaries]).await;
        assert!(get(format!("{}/products", urls["gateway"].as_str().unwrap())).await.status().is_success());
        for member in ["shop", "lomi", "dynamodb", "admin_token", "webhook_secret"] {
            assert!(urls[member].is_string(), "{member} in {urls}");
        }
        let pid = dev.id().unwrap();
        let children = children_of(pid);
        assert!(children.len() >= 5, "{children:?}");
        kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).unwrap();
        let status = timeout(Duration::from_secs(15), dev.wait()).await.expect("it ends").unwrap();
        assert!(status.success(), "{status}");
        until("the end of the children", || !children.iter().any(|pid| is_running(*pid))).await;
    }
}

#[cfg(target_os = "linux")]
fn children_of(parent: u32) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_child = |pid: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let after_name = stat.rsplit(") ").next().unwrap_or_default();
        after_name.split(' ').nth(1) == Some(parent.to_string().as_str())
    };
    pids.filter(is_child).collect()
}

/// A file with this text, for one test.
fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

async fn post(url: &str, key: &str, body: &Value) -> Value {
    let request = request("POST", url).header("content-type", "application/json").header("idempotency-key", key);
    json(&send(request, body.to_string()).await)
}

/// The order once it is paid.
async fn paid(url: String, token: &str) -> Value {
    let started = Instant::now();
    loop {
        let request = request("GET", &url).header("authorization", format!("Bearer {token}"));
        let order = json(&send(request, "").await);
        if order["status"] == "paid" {
            return order;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "{order}");
        sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn an_order_at_another_lomi_is_paid_without_a_webhook() {
    let listen = ([127, 0, 0, 1], 0).into();
    let lomi = Sandbox::start(Settings { listen, ..Settings::default() }).await.unwrap();
    let key_file = file("other-lomi-key", &format!("{TEST_KEY_B}\n")).display().to_string();
    let data = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("at-another-lomi");
    let _ = std::fs::remove_dir_all(&data);
    let (binaries, folder) = (binaries().await.display().to_string(), data.display().to_string());
    let flags = ["--json", "--port", "0", "--binaries", &binaries, "--data", &folder];
    let flags = [&flags[..], &["--lomi", lomi.base_url(), "--lomi-key-file", &key_file]].concat();
    let mut child = dev(&flags).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(BUILD_TIMEOUT, lines.next_line()).await.expect("it gets ready").unwrap().expect("a line");
    let urls: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(urls["lomi"], lomi.base_url());

    let (api, shop) = (urls["gateway"].as_str().unwrap(), urls["shop"].as_str().unwrap());
    let cart = serde_json::json!({
        "items": [{ "sku": "CAFE-MAN-250", "quantity": 1 }],
        "success_url": format!("{shop}/return.html"),
        "cancel_url": format!("{shop}/cancel.html"),
    });
    let order = post(&format!("{api}/checkout-sessions"), "3f6f1c9e-5a0b-4d7e-9c39-6f0e4c1a2b7d", &cart).await;
    let session = order["checkout_url"].as_str().unwrap().rsplit('/').next().unwrap();
    post(&format!("{}/_sim/sessions/{session}/pay", lomi.base_url()), "", &serde_json::json!({ "method": "wave" }))
        .await;
    let order_id = order["order_id"].as_str().unwrap();
    paid(format!("{api}/orders/{order_id}"), order["order_token"].as_str().unwrap()).await;
    let webhooks = request("GET", format!("{}/webhooks", lomi.base_url())).header("x-api-key", TEST_KEY_B);
    assert_eq!(json(&send(webhooks, "").await), serde_json::json!([]), "no webhook is registered");
    let config = get(format!("{shop}/config.js")).await;
    assert!(!String::from_utf8_lossy(config.body()).contains("card.js"), "no card form without its script");

    kill_process(Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap(), Signal::TERM).unwrap();
    let output = timeout(Duration::from_secs(15), child.wait_with_output()).await.expect("it ends").unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("no webhooks"), "{said}");
    assert!(!said.contains(TEST_KEY_B) && !line.contains(TEST_KEY_B), "{said}");
    for kept in std::fs::read_dir(&data).unwrap() {
        let kept = kept.unwrap().path();
        assert!(!String::from_utf8_lossy(&std::fs::read(&kept).unwrap()).contains(TEST_KEY_B), "{}", kept.display());
    }
    lomi.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_live_key_is_refused_and_not_repeated() {
    let key_file = file("live-lomi-key", "lomi_sk_live_canary0123456789").display().to_string();
    let output = finished(dev(&["--lomi", "https://sandbox.api.lomi.africa", "--lomi-key-file", &key_file])).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("not for production"), "{said}");
    assert!(!said.contains("canary") && !said.contains("building"), "{said}");
}
