//! Steps that run the product.
//!
//! Cargo is told to test the whole workspace, as `cargo test` is: a package alone has other features, and everything that
//! it depends on would be compiled again.

use crate::command::{cargo, run};

/// The ignored tests of one target whose names contain `part`.
fn ignored(target: &str, part: &str) -> Result<(), String> {
    let mut arguments = vec!["test", "--workspace", "--locked", "--quiet", "--test", target, "--", "--ignored"];
    if !part.is_empty() {
        arguments.push(part);
    }
    cargo(&arguments)
}

pub(crate) fn test() -> Result<(), String> {
    cargo(&["test", "--locked"])
}

pub(crate) fn iam() -> Result<(), String> {
    ignored("verdict", "")
}

pub(crate) fn schedules() -> Result<(), String> {
    ignored("schedules", "")
}

pub(crate) fn enumerations() -> Result<(), String> {
    ignored("proof", "")
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
    kill(&["--kills", "200", "--seed", "1"])
}

pub(crate) fn new_kills() -> Result<(), String> {
    kill(&["--kills", "400"])
}

/// Kills release binaries: their speed is the one that counts.
fn kill(campaign: &[&str]) -> Result<(), String> {
    super::aws::build_release()?;
    build_for_tests()?;
    run("target/debug/examples/kills", &[campaign, &["--release-binaries", "target/release"]].concat())
}

pub(crate) fn new_schedules() -> Result<(), String> {
    build_for_tests()?;
    let first = fastrand::u64(10_000..1 << 40).to_string();
    run("target/debug/simulate", &["--from", &first, "--schedules", "100000"])
}

pub(crate) fn mutants() -> Result<(), String> {
    run("tests/bench/run", &[])
}

/// All programs, with the features that `cargo test` has compiled their dependencies with.
fn build_for_tests() -> Result<(), String> {
    cargo(&["build", "--workspace", "--locked", "--quiet", "--bins", "--examples", "--test", "suite"])
}
