//! Builds the function binaries with the same Cargo that runs `dev`.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::system;

/// The file that marks the root of the workspace.
pub const TEMPLATE: &str = "template.yaml";

/// How the functions are built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Profile {
    /// The development profile.
    #[default]
    Dev,
    /// The release profile, for this machine's processor.
    Release,
    /// With the dependencies' features of the workspace's tests, so that nothing is compiled twice after `cargo test`.
    Test,
}

/// Why there are no binaries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// No parent folder holds a `template.yaml`.
    #[error("no {TEMPLATE} in {0} or above it: run this inside the project")]
    NoTemplate(String),
    /// Cargo itself could not be started.
    #[error("cannot run {cargo}: {problem}. Rust and Cargo come from https://rustup.rs")]
    NoCargo {
        /// The program that was tried.
        cargo: String,
        /// The system's error.
        problem: String,
    },
    /// Cargo ran and failed; its output follows.
    #[error("the functions do not build:\n{0}")]
    Failed(String),
    /// A package has no binary of the name that the template gives.
    #[error("the build made no binary called {0}")]
    NoBinary(String),
    /// The given folder has no such file.
    #[error("no file called {name} in {folder}")]
    NotInFolder {
        /// The binary's name.
        name: String,
        /// The folder as given.
        folder: String,
    },
}

/// Executables by binary name.
pub type Binaries = BTreeMap<String, PathBuf>;

/// The folder of `template.yaml` above this crate; if this crate's sources are gone, above the current folder.
pub fn workspace_root() -> Result<PathBuf, BuildError> {
    let current = std::env::current_dir().unwrap_or_default();
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let candidates = crate_folder.ancestors().chain(current.ancestors());
    let root = candidates.into_iter().find(|folder| folder.join(TEMPLATE).is_file());
    root.map(Path::to_path_buf).ok_or_else(|| BuildError::NoTemplate(current.display().to_string()))
}

/// Builds the packages that `names` lists, each with a binary of the same name. Built once per process and profile.
pub async fn functions(root: &Path, names: &[String], profile: Profile) -> Result<&'static Binaries, BuildError> {
    static DEV: OnceCell<Binaries> = OnceCell::const_new();
    static RELEASE: OnceCell<Binaries> = OnceCell::const_new();
    static TEST: OnceCell<Binaries> = OnceCell::const_new();
    let built = match profile {
        Profile::Dev => &DEV,
        Profile::Release => &RELEASE,
        Profile::Test => &TEST,
    };
    built.get_or_try_init(|| build(root, names, profile)).await
}

/// The binaries that `names` lists, from `folder`; builds nothing.
pub fn in_folder(folder: &Path, names: &[String]) -> Result<Binaries, BuildError> {
    let find = |name: &String| {
        let path = folder.join(name);
        let missing = || BuildError::NotInFolder { name: name.clone(), folder: folder.display().to_string() };
        path.is_file().then(|| (name.clone(), path)).ok_or_else(missing)
    };
    names.iter().map(find).collect()
}

async fn build(root: &Path, names: &[String], profile: Profile) -> Result<Binaries, BuildError> {
    let output = run_cargo(root, names, profile).await?;
    if !output.status.success() {
        return Err(BuildError::Failed(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let made = executables(&output.stdout);
    let find = |name: &String| {
        let path = made.get(name).ok_or_else(|| BuildError::NoBinary(name.clone()))?;
        Ok((name.clone(), path.clone()))
    };
    names.iter().map(find).collect()
}

async fn run_cargo(root: &Path, names: &[String], profile: Profile) -> Result<Output, BuildError> {
    let cargo = system::variable("CARGO").unwrap_or_else(|| "cargo".to_owned());
    let mut command = Command::new(&cargo);
    command.current_dir(root).args(["build", "--message-format=json-render-diagnostics", "--bins"]);
    command.args(selection(names, profile));
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_set_by_cargo(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    // On a terminal Cargo shows its own progress; otherwise its output is kept for the error.
    let is_watched = std::io::stderr().is_terminal();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    command.stderr(if is_watched { Stdio::inherit() } else { Stdio::piped() });
    let child = command.spawn().map_err(|error| BuildError::NoCargo { cargo, problem: error.to_string() })?;
    child.wait_with_output().await.map_err(|error| BuildError::Failed(error.to_string()))
}

/// Cargo unifies the features of all packages of one command, and those of `[dev-dependencies]` if it builds a test.
fn selection(names: &[String], profile: Profile) -> Vec<&str> {
    let packages = names.iter().flat_map(|name| ["--package", name]);
    match profile {
        Profile::Dev => packages.collect(),
        Profile::Release => packages.chain(["--release"]).collect(),
        Profile::Test => vec!["--workspace", "--test", "suite"],
    }
}

/// Whether Cargo sets this variable for the programs that it runs, such as `dev` and the tests. An inner Cargo that
/// inherits them rebuilds the crates whose build scripts read them.
fn is_set_by_cargo(name: &str) -> bool {
    let prefixes = ["CARGO_BIN_", "CARGO_MANIFEST_", "CARGO_PKG_"];
    let names = ["CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "CARGO_TARGET_TMPDIR", "OUT_DIR"];
    prefixes.iter().any(|prefix| name.starts_with(prefix)) || names.contains(&name)
}

/// Reads the binaries' paths from Cargo's messages, because the target folder is configurable.
fn executables(messages: &[u8]) -> Binaries {
    let lines = messages.split(|byte| *byte == b'\n');
    let executable = |line: &[u8]| {
        let message: Value = serde_json::from_slice(line).ok()?;
        let name = message.pointer("/target/name")?.as_str()?.to_owned();
        let path = PathBuf::from(message.get("executable")?.as_str()?);
        Some((name, path))
    };
    lines.filter_map(executable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_messages_with_an_executable_name_a_binary() {
        let messages = br#"{"reason":"compiler-artifact","target":{"name":"serde"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"orders"},"executable":"/t/debug/orders"}
not json
{"reason":"build-finished","success":true}"#;
        let expected = Binaries::from([("orders".to_owned(), PathBuf::from("/t/debug/orders"))]);
        assert_eq!(executables(messages), expected);
    }
}
