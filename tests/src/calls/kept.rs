//! Stores recorded calls: one folder per build of the functions, with an empty file per call and per test. Any number
//! of tests can write the same name concurrently.

use std::collections::{BTreeSet, hash_map::DefaultHasher};
use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use local::build::Binaries;

use super::Call;

/// Longest part of a file name. All real names are far shorter; the bound keeps a garbage name from becoming too long.
const MAX_PART_CHARS: usize = 60;

/// The records of one build of the functions.
#[derive(Debug)]
pub struct Kept {
    folder: PathBuf,
}

impl Kept {
    /// The records of these binaries. Every other build, even of the same sources, has its own folder: the calls of
    /// an older build prove nothing.
    ///
    /// # Errors
    /// When a binary is missing or the folder cannot be created.
    pub fn of(binaries: &Binaries) -> io::Result<Self> {
        let mut hasher = DefaultHasher::new();
        for (name, path) in binaries {
            let file = fs::metadata(path)?;
            let built = file.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
            (name, file.len(), built).hash(&mut hasher);
        }
        let beside = binaries.values().next().and_then(|path| path.parent()).unwrap_or(Path::new("."));
        let folder = beside.join("calls").join(format!("{:016x}", hasher.finish()));
        for part in ["calls", "tests"] {
            fs::create_dir_all(folder.join(part))?;
        }
        Ok(Self { folder })
    }

    /// Every recorded call.
    #[must_use]
    pub fn calls(&self) -> BTreeSet<Call> {
        self.names("calls").iter().filter_map(|name| read(name)).collect()
    }

    /// Every finished test: `faults::wires::a_sentence`.
    #[must_use]
    pub fn tests(&self) -> BTreeSet<String> {
        self.names("tests")
    }

    pub(super) fn call(&self, call: &Call) {
        let parts = [&call.function, &call.action, &call.resource, &call.key].map(|part| written(part));
        self.touch("calls", &parts.join(" "));
    }

    pub(super) fn test(&self, name: &str) {
        self.touch("tests", name);
    }

    fn touch(&self, part: &str, name: &str) {
        let path = self.folder.join(part).join(name);
        fs::write(&path, "").unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    fn names(&self, part: &str) -> BTreeSet<String> {
        let entries = fs::read_dir(self.folder.join(part)).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }
}

/// A part of a file name; characters that no real name has become underscores.
fn written(part: &str) -> String {
    let plain = |char: char| match char {
        '/' => '|',
        char if char.is_ascii_alphanumeric() || ":#*-._".contains(char) => char,
        _ => '_',
    };
    part.chars().take(MAX_PART_CHARS).map(plain).collect()
}

fn read(name: &str) -> Option<Call> {
    let parts: Vec<_> = name.split(' ').map(|part| part.replace('|', "/")).collect();
    let [function, action, resource, key] = parts.try_into().ok()?;
    Some(Call { function, action, resource, key })
}
