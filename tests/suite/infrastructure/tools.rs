//! Programs that not every machine has.

use std::env;
use std::path::PathBuf;

/// An environment variable; `None` also when it is empty.
#[expect(clippy::disallowed_methods, reason = "the one place where the suite looks at the machine it runs on")]
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The first of `names` on the PATH or in the project's `.venv`. Only ignored tests, whose reason names the command
/// that runs them, may need one; without it they fail with a message.
#[track_caller]
pub(crate) fn find(names: &[&str]) -> PathBuf {
    names.iter().find_map(|name| find_one(name)).unwrap_or_else(|| panic!("{} is not on the PATH", names[0]))
}

fn find_one(name: &str) -> Option<PathBuf> {
    let path = variable("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain([super::root().join(".venv/bin")]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}
