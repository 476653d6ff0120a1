//! The optional file that lets the state survive a restart.

use std::fs;
use std::io;
use std::path::Path;

use crate::world::World;

/// The saved world, or `None` when there is no file yet.
pub(crate) fn load(path: &Path) -> io::Result<Option<World>> {
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
