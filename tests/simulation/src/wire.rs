//! One exchange between a function and a service: the place where processes are killed and faults occur.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::faults::{Fault, Faults, Line};
use crate::process::{self, Blow, Place};
use crate::trace::Trace;
use crate::watch::Watch;

/// How much longer a late request takes than others: up to five seconds at DynamoDB, up to two and a half minutes at
/// lomi.
const LATER: u32 = 400;

/// What all connections of a schedule share.
#[derive(Clone, Debug)]
pub(crate) struct Air {
    pub(crate) faults: Arc<Faults>,
    pub(crate) trace: Trace,
    pub(crate) watch: Watch,
}

/// Why the effect's answer is missing, or what replaces it.
pub(crate) enum Broken {
    /// No connection.
    NotSent,
    /// The connection broke.
    Interrupted,
    /// The service returns something else than the effect's answer.
    Answers(Fault),
}

impl Air {
    /// Carries `effect`, named `what`, over `line`.
    pub(crate) async fn carry<A, F>(&self, line: Line, what: &str, effect: impl Fn(Fault) -> F) -> Result<A, Broken>
    where
        F: Future<Output = A> + Send + 'static,
    {
        process::step(|place, blow| self.note(place, blow, "before", what)).await;
        let (fate, there, back) = self.faults.next(line, what);
        if fate != Fault::Passes {
            self.trace.note(format_args!("{line:?} {what}: {fate:?}"));
        }
        sleep(there).await;
        match fate {
            Fault::NotSent => return Err(Broken::NotSent),
            Fault::RequestLost => return Err(Broken::Interrupted),
            Fault::Refused | Fault::FailsBefore | Fault::Conflicts | Fault::KeyRefused => {
                sleep(back).await;
                return Err(Broken::Answers(fate));
            }
            Fault::Late => {
                self.arrives_late(effect(fate), back * LATER);
                return Err(Broken::Interrupted);
            }
            Fault::Hangs(false) => pending().await,
            Fault::Doubled => {
                drop(effect(fate).await);
                self.watch.look();
            }
            _ => {}
        }
        let answer = effect(fate).await;
        self.watch.look();
        process::step(|place, blow| self.note(place, blow, "after", what)).await;
        sleep(back).await;
        match fate {
            Fault::ReplyLost => Err(Broken::Interrupted),
            Fault::FailsAfter | Fault::Garbled => Err(Broken::Answers(fate)),
            Fault::Hangs(true) => pending().await,
            _ => Ok(answer),
        }
    }

    /// Applies the effect long after its caller has moved on: the caller has retried, or another process took the
    /// work over.
    fn arrives_late<A>(&self, effect: impl Future<Output = A> + Send + 'static, wait: Duration) {
        let (trace, watch) = (self.trace.clone(), self.watch.clone());
        drop(tokio::spawn(async move {
            sleep(wait).await;
            effect.await;
            watch.look();
            trace.note(format_args!("a request arrives after {} ms", wait.as_millis()));
        }));
    }

    fn note(&self, place: Place, blow: Option<Blow>, side: &str, what: &str) {
        match blow {
            Some(blow) => self.trace.note(format_args!("{place} {side} {what}: {blow:?}")),
            None => self.trace.note(format_args!("{place} {side} {what}")),
        }
    }
}
