//! Steps that run the product.
//!
//! Each step tests the whole workspace, as `cargo test` does: a single package has other features, and Cargo would
//! compile all of its dependencies again.

use crate::command::{cargo, output, run};

/// Tests that leave no case out and take minutes.
const EXHAUSTIVE: &str = "exhaustive::";

/// The ignored tests of one target whose names begin with `part`.
fn ignored(target: &str, part: &str) -> Result<(), String> {
    ignored_with(target, &[part])
}

/// As [`ignored`], with flags of the test program. It fails when no test matches.
fn ignored_with(target: &str, flags: &[&str]) -> Result<(), String> {
    let arguments = ["test", "--workspace", "--locked", "--quiet", "--test", target, "--", "--ignored"];
    let arguments = [&arguments[..], flags].concat();
    let listed = output("cargo", &[&arguments[..], &["--list"]].concat())?;
    if !listed.contains(": test") {
        return Err(format!("no ignored test of {target} fits {flags:?}"));
    }
    cargo(&arguments)
}

pub(crate) fn test() -> Result<(), String> {
    cargo(&["test", "--locked"])
}

pub(crate) fn iam() -> Result<(), String> {
    ignored("iam_check", "")
}

pub(crate) fn schedules() -> Result<(), String> {
    ignored("schedules", "")
}

pub(crate) fn distinct_proofs() -> Result<(), String> {
    ignored_with("proof", &["--skip", EXHAUSTIVE])
}

pub(crate) fn all_proofs() -> Result<(), String> {
    ignored("proof", EXHAUSTIVE)
}

pub(crate) fn browsers() -> Result<(), String> {
    ignored("suite", "browser::")
}

pub(crate) fn purchases() -> Result<(), String> {
    build_for_tests()?;
    ["session", "intent", "link"]
        .into_iter()
        .try_for_each(|flow| run("target/debug/dev", &["--once", "--flow", flow, "--binaries", "target/debug"]))
}

pub(crate) fn dev() -> Result<(), String> {
    cargo(&["dev", "--", "--once"])
}

pub(crate) fn fuzz() -> Result<(), String> {
    run(".ci/fuzz", &["8", "1"])
}

pub(crate) fn long_fuzz() -> Result<(), String> {
    run(".ci/fuzz", &["120"])
}

pub(crate) fn kills() -> Result<(), String> {
    build_for_tests()?;
    kill("target/debug", &["--kills", "200", "--seed", "1"])
}

/// Kills release binaries, because the chaos test must run at production speed.
pub(crate) fn new_kills() -> Result<(), String> {
    super::aws::build_release()?;
    build_for_tests()?;
    kill("target/release", &["--kills", "400"])
}

fn kill(binaries: &str, campaign: &[&str]) -> Result<(), String> {
    run("target/debug/examples/kills", &[campaign, &["--binaries", binaries]].concat())
}

pub(crate) fn new_schedules() -> Result<(), String> {
    build_for_tests()?;
    let first = fastrand::u64(10_000..1 << 40).to_string();
    run("target/debug/simulate", &["--from", &first, "--schedules", "100000"])
}

pub(crate) fn mutants() -> Result<(), String> {
    run("tests/mutants/run", &[])
}

/// Builds all programs with the features that `cargo test` has compiled their dependencies with.
pub(super) fn build_for_tests() -> Result<(), String> {
    cargo(&["build", "--workspace", "--locked", "--quiet", "--bins", "--examples", "--test", "suite"])
}
