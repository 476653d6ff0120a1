//! Rules that hold after every single effect, and not only at the end.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Checks the rules once and returns those that are broken.
type Eye = Box<dyn FnMut() -> Vec<String> + Send>;

/// The check that runs after each effect. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Watch(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    eye: Option<Eye>,
    findings: Vec<String>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

impl Watch {
    /// From now on runs `eye`.
    pub(crate) fn set(&self, eye: impl FnMut() -> Vec<String> + Send + 'static) {
        self.lock().eye = Some(Box::new(eye));
    }

    pub(crate) fn look(&self) {
        let mut seen = self.lock();
        if let Some(eye) = &mut seen.eye {
            let findings = eye();
            seen.findings.extend(findings);
        }
    }

    pub(crate) fn findings(&self) -> Vec<String> {
        self.lock().findings.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
