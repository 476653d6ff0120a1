//! Calls that a server of an older generation serves under another path.

use crate::error::Error;

/// The path of a call on an older server.
#[derive(Debug, Clone)]
pub(crate) struct OlderPath {
    path: String,
    is_newer_mistaken_for_id: bool,
}

impl OlderPath {
    pub(crate) fn new(path: String) -> Self {
        Self { path, is_newer_mistaken_for_id: false }
    }

    /// For a newer path that an older server reads as an object and its id, so that it reports no unknown route.
    pub(crate) fn newer_mistaken_for_id(path: String) -> Self {
        Self { path, is_newer_mistaken_for_id: true }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Whether this error of the newer path may only mean that the server does not know it. Some generations answer an
    /// id of the wrong form with 500.
    pub(crate) fn may_explain(&self, error: &Error) -> bool {
        self.is_newer_mistaken_for_id && matches!(error.status(), Some(400 | 404 | 500))
    }
}
