//! The folder that keeps a stack's state and secrets between runs. One stack at a time may use it.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Why a folder cannot be used, with the file and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Another stack uses it.
    #[error("{0} is in use by another cargo dev: end that one, or choose another folder with --data")]
    InUse(String),
    /// A file or the folder itself cannot be read or written.
    #[error("{path}: {problem}. Repair it, move it away, or choose another folder with --data")]
    File {
        /// The file or folder.
        path: String,
        /// The system's error.
        problem: io::Error,
    },
}

impl DataError {
    fn of(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        |problem| Self::File { path, problem }
    }
}

/// A data folder, locked until this is dropped.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    /// The system releases the lock when the process ends, however it ends.
    lock: File,
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        // Closing the file is not enough: a child process between fork and exec shares it.
        let _ = self.lock.unlock();
    }
}

impl DataFolder {
    /// Creates the folder if necessary, and locks it.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        fs::create_dir_all(path).map_err(DataError::of(path))?;
        let file = path.join("lock");
        let lock = File::create(&file).map_err(DataError::of(&file))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), lock }),
            Err(TryLockError::WouldBlock) => Err(DataError::InUse(path.display().to_string())),
            Err(TryLockError::Error(problem)) => Err(DataError::of(&file)(problem)),
        }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The secret in this file. A `fresh` one is written atomically if the file is absent or empty.
    pub(crate) fn secret(&self, name: &str, fresh: impl FnOnce() -> String) -> Result<String, DataError> {
        let file = self.file(name);
        let kept = match fs::read_to_string(&file) {
            Ok(text) => text.trim().to_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(DataError::of(&file)(error)),
        };
        if !kept.is_empty() {
            return Ok(kept);
        }
        let secret = fresh();
        let draft = file.with_extension("tmp");
        fs::write(&draft, &secret).and_then(|()| fs::rename(&draft, &file)).map_err(DataError::of(&file))?;
        Ok(secret)
    }
}
