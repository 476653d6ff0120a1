//! Where calls are kept: a folder for each build of the functions, with an empty file for each call and each test.
//! A name can be written any number of times, at the same time, by any number of tests.

use std::collections::{BTreeSet, hash_map::DefaultHasher};
use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use local::build::Binaries;

use super::Call;

/// Longest part of a name: far longer than any of ours, so that a name that is none cannot be too long for a file.
const MAX_PART_CHARS: usize = 60;

/// What was kept of one build of the functions.
#[derive(Debug)]
pub struct Kept {
    folder: PathBuf,
}

impl Kept {
    /// What these binaries did. Any other build, even of the same sources, has a folder of its own: what an older build
    /// did proves nothing.
    ///
    /// # Errors
    /// When a binary is not there or the folder cannot be made.
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

    /// Every call that was made.
    #[must_use]
    pub fn calls(&self) -> BTreeSet<Call> {
        self.names("calls").iter().filter_map(|name| read(name)).collect()
    }

    /// Every test that came to its end: `faults::wires::a_sentence`.
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

/// As a part of a file's name. What never stands in a name of ours is an underscore.
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
