//! A process in the middle of an invocation: tests kill or freeze it there.

use std::sync::Arc;

use crate::process::Environment;

/// A process that works on an invocation, or did a moment ago.
#[derive(Debug)]
pub struct AtWork(Arc<Environment>);

impl AtWork {
    /// `None` when the process is idle.
    pub(crate) fn catch(environment: &Arc<Environment>) -> Option<Self> {
        let is_caught = environment.is_usable() && environment.invocation().is_some();
        is_caught.then(|| Self(Arc::clone(environment)))
    }

    /// SIGKILL, unless the process has become idle; returns when it is gone. `true` if an invocation was interrupted.
    pub async fn kill(self) -> bool {
        let Some(invocation) = self.0.invocation() else { return false };
        self.0.kill().await;
        self.0.invocation().as_ref() == Some(&invocation)
    }

    /// SIGSTOP, unless the process has become idle. New requests go to other processes until [`Asleep::thaw`].
    pub async fn freeze(self) -> Option<Asleep> {
        let invocation = self.0.invocation()?;
        self.0.freeze().await;
        Some(Asleep { environment: self.0, invocation })
    }
}

/// A process that was stopped during an invocation.
#[derive(Debug)]
pub struct Asleep {
    environment: Arc<Environment>,
    invocation: String,
}

impl Asleep {
    /// SIGCONT. `true` if the process is alive and has not answered its invocation yet.
    pub async fn thaw(self) -> bool {
        let is_unanswered = self.environment.invocation().as_ref() == Some(&self.invocation);
        let is_zombie = is_unanswered && self.environment.is_alive();
        self.environment.thaw().await;
        is_zombie
    }
}
