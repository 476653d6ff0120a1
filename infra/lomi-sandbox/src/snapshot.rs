//! The data file.

use std::fs;
use std::io;
use std::path::Path;

use crate::context::Context;

/// The saved state, or `None` when there is no file yet.
pub(crate) fn load(path: &Path) -> io::Result<Option<Context>> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| unusable(path, &error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unusable(path, &error)),
    }
}

fn unusable(path: &Path, problem: &dyn std::error::Error) -> io::Error {
    let remedy = "it is damaged or another version wrote it: move it away or delete it to start anew";
    io::Error::other(format!("{}: {problem}; {remedy}", path.display()))
}

/// Replaces the file in one step, so that a crash leaves either the old or the new state.
pub(crate) fn save(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("tmp");
    fs::write(&draft, bytes)?;
    fs::rename(draft, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_version_is_read_and_a_damaged_one_named() {
        let folder = std::env::temp_dir().join(format!("lomi-sandbox-snapshot-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("state.json");
        assert!(load(&file).unwrap().is_none());
        fs::write(&file, r#"{"profile": "forgotten", "quirks": {"unheard_of": true}, "sessions": []}"#).unwrap();
        assert_eq!(load(&file).unwrap().map(|context| context.outbox.len()), Some(0));
        fs::write(&file, "[").unwrap();
        let problem = load(&file).unwrap_err().to_string();
        assert!(problem.contains("state.json") && problem.contains("delete it"), "{problem}");
        fs::remove_dir_all(&folder).unwrap();
    }
}
