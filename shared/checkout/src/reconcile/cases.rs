//! Resolves attribution cases, and polls for payments by lomi's own links.

use crate::attribution::LinkPages;
use crate::run::{Run, RunError};
use store::Due;

impl Run<'_> {
    /// Resolves the cases that are due. `false` when the run should end.
    pub(super) async fn resolve_cases(&mut self, due: &[Due]) -> bool {
        let mut pages = LinkPages::default();
        for due in due {
            let Due::Attribution(name) = due else { continue };
            if self.is_spent() {
                self.record(&RunError::NoCallsLeft);
                continue;
            }
            let resolved = self.resolve_case(name, &mut pages).await;
            if !self.should_continue(resolved) {
                return false;
            }
        }
        if !due.contains(&Due::NativeLinks) {
            return true;
        }
        if self.is_spent() {
            self.record(&RunError::NoCallsLeft);
            return true;
        }
        // Polling may take long, so it comes last.
        let polled = self.poll_native_links().await;
        self.should_continue(polled)
    }

    fn is_spent(&self) -> bool {
        self.is_over() || !self.has_calls()
    }

    fn should_continue(&mut self, result: Result<(), RunError>) -> bool {
        match &result {
            Ok(()) => self.report.due += 1,
            Err(error) => self.record(error),
        }
        !matches!(result, Err(RunError::Lomi))
    }

    async fn resolve_case(&mut self, name: &str, pages: &mut LinkPages) -> Result<(), RunError> {
        let context = self.context;
        // The index is eventually consistent: the case itself says whether it is due.
        let case = context.store.case(name).await?;
        let Some(case) = case.filter(|case| case.is_due(context.clock.now())) else { return Ok(()) };
        let Err(error) = self.resolve(&case, pages).await else { return Ok(()) };
        // It moves to the end of the queue, or it would come first in every run. If this write fails, it stays first.
        let _ = context.store.save_case(&case.deferred(context.clock.now())).await;
        Err(error.into())
    }

    async fn poll_native_links(&mut self) -> Result<(), RunError> {
        let polled = match self.context.poll_native_links(self.lomi, self.deadline).await {
            Ok(polled) => polled,
            Err(error) => {
                self.charge(error.calls());
                return Err(error.into());
            }
        };
        self.charge(polled.calls);
        if polled.is_cut_short { Err(RunError::Order) } else { Ok(()) }
    }
}
