//! The functions that the tests run: built once per test run, with the dependencies that `cargo test` has compiled.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use local::build::{self, Binaries, Profile, TEMPLATE};
use local::template::Template;

/// The folder of `template.yaml`.
#[must_use]
pub fn root() -> PathBuf {
    build::workspace_root().expect("the tests belong to a workspace")
}

/// `template.yaml` as it was written.
#[must_use]
pub fn template() -> Template {
    Template::read(&root().join(TEMPLATE)).unwrap_or_else(|error| panic!("{error}"))
}

/// The executable of every function.
///
/// `cargo test` runs a suite in one process, which builds them once. `cargo nextest run` gives each test a process
/// and all of them one `NEXTEST_RUN_ID`: the first process builds, and the others read the paths that it stored.
pub async fn built() -> Binaries {
    match run_id() {
        Some(run) => built_for(&run).await,
        None => build_now().await,
    }
}

async fn build_now() -> Binaries {
    let names = template().binaries().expect("the template names binaries");
    let built = build::functions(&root(), &names, Profile::Test).await;
    built.unwrap_or_else(|error| panic!("{error}")).clone()
}

/// The process that holds the lock of the run's file builds and writes it; the file is empty until then.
async fn built_for(run: &str) -> Binaries {
    let program = std::env::current_exe().expect("a running program");
    let beside = program.parent().unwrap_or(Path::new("."));
    let path = beside.join(format!("functions-of-{run}.json"));
    let mut file = File::options().read(true).write(true).create(true).truncate(false).open(path).expect("a file");
    file.lock().expect("the lock of the file");
    let mut written = String::new();
    file.read_to_string(&mut written).expect("text");
    if let Ok(binaries) = serde_json::from_str(&written) {
        return binaries;
    }
    let binaries = build_now().await;
    file.write_all(&serde_json::to_vec(&binaries).expect("paths in UTF-8")).expect("the file can be written");
    binaries
}

#[expect(clippy::disallowed_methods, reason = "the one place where the harness looks at who runs it")]
fn run_id() -> Option<String> {
    std::env::var("NEXTEST_RUN_ID").ok()
}
