//! Steps that check the deployed artifacts.

use crate::command::{cargo, command, finish, functions, run};

/// Overrides Cargo's settings of the release profile.
const UNOPTIMISED: [(&str, &str); 3] = [
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
];

pub(crate) fn template() -> Result<(), String> {
    cargo(&["test", "--workspace", "--locked", "--quiet", "--test", "suite", "--", "--ignored", "infrastructure::"])
}

pub(crate) fn guard() -> Result<(), String> {
    run(".ci/policy", &[])
}

/// Builds the functions as they are deployed, but for the processor of this machine.
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

/// Builds the deployed artifacts from unoptimised code: optimising takes most of a quarter of an hour.
pub(crate) fn artifacts() -> Result<(), String> {
    let mut build = command("sam", &["build"]);
    for (name, value) in UNOPTIMISED {
        build.env(name, value);
    }
    finish(build)?;
    look_at_artifacts()
}

pub(crate) fn release_artifacts() -> Result<(), String> {
    run("sam", &["build"])?;
    look_at_artifacts()
}

fn look_at_artifacts() -> Result<(), String> {
    run(".venv/bin/python", &[".ci/artifacts.py", ".aws-sam/build"])
}
