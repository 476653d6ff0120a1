//! Calls that a server of an older generation has under another path.

use crate::error::Error;

/// Where a call is on an older server.
#[derive(Debug, Clone)]
pub(crate) struct Older {
    path: String,
    is_behind_an_id: bool,
}

impl Older {
    pub(crate) fn new(path: String) -> Self {
        Self { path, is_behind_an_id: false }
    }

    /// For a newer path that an older server takes for an object and its id: it says nothing of an unknown route.
    pub(crate) fn behind_an_id(path: String) -> Self {
        Self { path, is_behind_an_id: true }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Whether the newer path may have been refused for nothing but being unknown. A database that is asked for an id of
    /// the wrong form is an internal error in some generations.
    pub(crate) fn may_explain(&self, error: &Error) -> bool {
        self.is_behind_an_id && matches!(error.status(), Some(400 | 404 | 500))
    }
}
