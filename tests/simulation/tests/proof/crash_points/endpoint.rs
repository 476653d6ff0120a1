//! The webhook that registers itself: the preparation, one run, and its promises.
//!
//! The simulation's own check covers every moment: the stack can verify what lomi sends, from the first registration
//! to the removal, and no endpoint with undelivered events is removed.

use std::cell::RefCell;
use std::time::Duration;

use checkout::webhook_registration::Status;
use futures::future::join;
use lomi_sandbox::Profile;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::flows::Flow;
use super::play::Play;
use crate::stage::Stage;

/// Longer than lomi retries any delivery.
const LONG: Duration = Duration::from_secs(10 * 60);
/// After this time a rotated endpoint has nothing left to send, and the scheduled run has not started yet.
const SETTLED: Duration = Duration::from_secs(150);
/// The schedule in the template.
pub(super) const SCHEDULE: Duration = Duration::from_secs(5 * 60);
const HOOK: &str = "http://127.0.0.1:1/webhooks/lomi";

/// The state at the start of the play.
#[derive(Default)]
pub(super) struct Registry {
    neighbours: RefCell<Vec<Value>>,
    /// Rules that were broken after a run that reported success.
    unsound: RefCell<Vec<String>>,
}

impl Play {
    pub(super) async fn prepare_webhook(&self) {
        let stack = &self.stage.stack;
        stack.without_webhook().await;
        if self.stage.profile != Profile::June2026 {
            stack.with_neighbours().await;
        }
        if !matches!(self.flow, Flow::Register | Flow::RegisterTwice) {
            assert_eq!(stack.ensure_webhook(false).await, Some(Status::Registered));
            sleep(LONG).await;
        }
        if let Flow::Mend | Flow::Replace = self.flow {
            let (own, _) = sorted(&self.stage);
            let (method, change) = match self.flow {
                Flow::Mend => ("PATCH", json!({ "is_active": false, "authorized_events": ["PAYMENT_CREATED"] })),
                _ => ("DELETE", Value::Null),
            };
            stack.lomi.change_endpoint(method, &own[0], &change).await;
        }
        if self.flow == Flow::RotateAgain {
            assert_eq!(stack.ensure_webhook(true).await, Some(Status::Rotated));
            sleep(SETTLED).await;
        }
        *self.registry.neighbours.borrow_mut() = sorted(&self.stage).1;
        if self.flow != Flow::Remove {
            stack.watch_webhook();
        }
        if let Flow::Rotate | Flow::RotateTwice | Flow::RotateAgain = self.flow {
            self.leave_event_under_way().await;
        }
    }

    async fn leave_event_under_way(&self) {
        self.buy_and_pay().await;
        let delivery = self.stage.announced("PAYMENT_SUCCEEDED");
        self.stage.stack.lomi.settle(&delivery, &lomi_sandbox::Answer::Failed("reset".to_owned()));
    }

    pub(super) async fn attempt_webhook(&self, is_first: bool) -> bool {
        let stack = &self.stage.stack;
        if self.flow == Flow::Remove {
            return stack.remove_webhook().await == Some(Status::Removed);
        }
        let rotate = matches!(self.flow, Flow::Rotate | Flow::RotateTwice | Flow::RotateAgain);
        let ended = match self.flow {
            Flow::RegisterTwice | Flow::RotateTwice if is_first => {
                let (ended, other) = join(stack.ensure_webhook(rotate), stack.ensure_webhook(false)).await;
                self.note_end(other);
                ended
            }
            _ => stack.ensure_webhook(rotate).await,
        };
        self.note_end(ended)
    }

    /// The scheduled run, every five minutes.
    pub(super) async fn next_scheduled(&self) -> bool {
        let ended = self.stage.stack.ensure_webhook(false).await;
        self.note_end(ended)
    }

    /// Checks the webhook after a run that reported success.
    fn note_end(&self, ended: Option<Status>) -> bool {
        if ended.is_some_and(|status| !status.is_failure()) {
            self.registry.unsound.borrow_mut().extend(self.stage.stack.unsound_webhook());
        }
        ended.is_some()
    }

    /// A shopper pays, lomi sends the event, and two more scheduled runs follow.
    pub(super) async fn pay_and_look_after(&self) {
        let bought = self.stage.buy("later", false).await;
        self.stage.pay(&bought).await;
        self.stage.deliver().await;
        for _ in 0..2 {
            sleep(SCHEDULE).await;
            self.stage.deliver().await;
            self.next_scheduled().await;
        }
    }

    pub(super) fn broken_webhook(&self) -> Vec<String> {
        let (own, neighbours) = sorted(&self.stage);
        let mut broken = self.registry.unsound.borrow().clone();
        let mut holds = |what: &str, is_so: bool| {
            if !is_so {
                broken.push(format!("broken: {what}: {own:?} {neighbours:?}"));
            }
        };
        let is_made = self.flow != Flow::Remove && self.stage.profile != Profile::June2026;
        holds("one endpoint of ours", own.len() == usize::from(is_made));
        holds("nobody else's is touched", untold(&neighbours) == untold(&self.registry.neighbours.borrow()));
        let paid = self.stage.orders().iter().filter(|order| tests::audit::is_paid(order)).count();
        holds("every payment counts", paid == self.stage.at_lomi("transactions").len());
        let told = self.stage.stack.lomi.outbox();
        let told = told.as_array().into_iter().flatten().filter(|sent| sent["status"] == "delivered").count();
        holds("what was paid then was told", told > 0 || !is_made);
        broken
    }
}

/// The endpoints that send to this stack, and the others.
fn sorted(stage: &Stage) -> (Vec<Value>, Vec<Value>) {
    stage.stack.lomi.endpoints().into_iter().partition(|endpoint| endpoint["url"] == HOOK)
}

/// The endpoints without the fields that change with every delivery.
fn untold(endpoints: &[Value]) -> Vec<Value> {
    let names = ["webhook_id", "url", "secret", "description", "authorized_events", "is_active", "updated_at"];
    endpoints.iter().map(|endpoint| names.iter().map(|name| endpoint[*name].clone()).collect()).collect()
}
