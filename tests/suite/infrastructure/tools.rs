//! Programs that not every machine has.

use std::env;
use std::io::Write;
use std::path::PathBuf;

/// An environment variable; `None` also when it is empty.
#[expect(clippy::disallowed_methods, reason = "the one place where the suite looks at the machine it runs on")]
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The first of `names` on the PATH or in the project's `.venv`. Where there is none, the test says so and is over;
/// in CI, which has everything, it fails.
#[track_caller]
pub(crate) fn find_or_skip(names: &[&str]) -> Option<PathBuf> {
    let found = names.iter().find_map(|name| find(name));
    if found.is_none() {
        assert!(variable("CI").is_none(), "CI has no {}", names[0]);
        // Not `println!`: of a test that passes, Cargo shows nothing that goes through it.
        let _ = writeln!(std::io::stderr(), "skipped: {} not found", names[0]);
    }
    found
}

fn find(name: &str) -> Option<PathBuf> {
    let path = variable("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain([super::root().join(".venv/bin")]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}
