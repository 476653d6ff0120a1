//! Runs other programs from the root of the workspace.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// The program, to be run in the root of the workspace with the project's `.venv` on its PATH.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root()).stdin(Stdio::null()).env("PATH", path());
    // Variables that Cargo sets for `xtask` would mislead another Cargo.
    for (name, _) in env::vars_os().filter(|(name, _)| is_of_this_package(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    command
}

fn is_of_this_package(name: &str) -> bool {
    ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_"].iter().any(|prefix| name.starts_with(prefix))
}

pub(crate) fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    finish(command(program, arguments))
}

pub(crate) fn cargo(arguments: &[&str]) -> Result<(), String> {
    run("cargo", arguments)
}

pub(crate) fn finish(mut command: Command) -> Result<(), String> {
    let shown = format!("{command:?}");
    let status = command.status().map_err(|error| format!("{shown}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{shown}: {status}")) }
}

/// Returns what the program prints.
pub(crate) fn output(program: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = command(program, arguments);
    let shown = format!("{command:?}");
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| format!("{shown}: {error}"))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() { Ok(printed) } else { Err(format!("{shown}: {}", output.status)) }
}

/// Whether the program succeeds; its output is discarded.
pub(crate) fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let status = command(program, arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The folders of `PATH`, the project's own tools first.
#[expect(clippy::disallowed_methods, reason = "the one place where xtask reads its environment")]
fn path() -> OsString {
    let before = env::var_os("PATH").unwrap_or_default();
    let folders = [root().join(".venv/bin")].into_iter().chain(env::split_paths(&before));
    env::join_paths(folders).unwrap_or(before)
}

/// The names of the functions: their folders and binaries have the same names.
pub(crate) fn functions() -> Result<Vec<String>, String> {
    let folder = root().join("functions");
    let entries = folder.read_dir().map_err(|error| format!("{}: {error}", folder.display()))?;
    let entries = entries.flatten().filter(|entry| entry.path().is_dir());
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}
