//! A process in the middle of an invocation, for those who want to know what its death or its sleep costs.

use std::sync::Arc;

use crate::process::Environment;

/// A process that works on an invocation, or did so a moment ago.
#[derive(Debug)]
pub struct AtWork(Arc<Environment>);

impl AtWork {
    /// `None` when the process has nothing to do.
    pub(crate) fn catch(environment: &Arc<Environment>) -> Option<Self> {
        let is_caught = environment.is_usable() && environment.invocation().is_some();
        is_caught.then(|| Self(Arc::clone(environment)))
    }

    /// SIGKILL, unless the process has nothing to do any more; returns when it is gone. Whether an invocation died with
    /// it.
    pub async fn kill(self) -> bool {
        let Some(invocation) = self.0.invocation() else { return false };
        self.0.kill().await;
        self.0.invocation().as_ref() == Some(&invocation)
    }

    /// SIGSTOP, unless the process has nothing to do any more; new requests go to others until it wakes.
    pub async fn freeze(self) -> Option<Asleep> {
        let invocation = self.0.invocation()?;
        self.0.freeze().await;
        Some(Asleep { environment: self.0, invocation })
    }
}

/// A process that was stopped at its work.
#[derive(Debug)]
pub struct Asleep {
    environment: Arc<Environment>,
    invocation: String,
}

impl Asleep {
    /// SIGCONT. Whether the process wakes in the middle of its invocation, not with its answer given and not dead.
    pub async fn thaw(self) -> bool {
        let is_unanswered = self.environment.invocation().as_ref() == Some(&self.invocation);
        let is_zombie = is_unanswered && self.environment.is_alive();
        self.environment.thaw().await;
        is_zombie
    }
}
