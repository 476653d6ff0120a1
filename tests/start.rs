//! Starts every function without its environment. Each function's package has this test, so that Cargo builds its
//! program with the tests.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::Command;

#[test]
fn a_function_without_its_environment_names_what_is_missing() {
    let program = env!(concat!("CARGO_BIN_EXE_", env!("CARGO_PKG_NAME")));
    let output = Command::new(program).env_clear().output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("configuration_invalid") && said.contains("is not set"), "{said}");
}
