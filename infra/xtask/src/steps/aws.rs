//! Steps about what is deployed.

use crate::command::{cargo, functions, run};

pub(crate) fn template() -> Result<(), String> {
    cargo(&["test", "--workspace", "--locked", "--quiet", "--test", "suite", "--", "--ignored", "infrastructure::"])
}

pub(crate) fn guard() -> Result<(), String> {
    run(".ci/policy", &[])
}

/// The functions as they are deployed, but for this machine's processor.
///
/// # Errors
/// When they do not build.
pub(crate) fn build_release() -> Result<(), String> {
    let packages: Vec<_> = functions()?.into_iter().map(|name| format!("--package={name}")).collect();
    let packages: Vec<_> = packages.iter().map(String::as_str).collect();
    cargo(&[&["build", "--release", "--locked", "--quiet"], packages.as_slice()].concat())
}

pub(crate) fn release() -> Result<(), String> {
    build_release()?;
    let functions = functions()?;
    let names: Vec<_> = functions.iter().map(String::as_str).collect();
    run("python3", &[&[".ci/startup.py", "target/release"], names.as_slice()].concat())
}

pub(crate) fn emulator() -> Result<(), String> {
    super::proofs::build_for_tests()?;
    run(".ci/emulator/run", &["target/debug"])
}

pub(crate) fn artifacts() -> Result<(), String> {
    run("sam", &["build"])?;
    run(".venv/bin/python", &[".ci/artifacts.py", ".aws-sam/build"])
}
