//! One exchange between a function and a service: where processes die and the weather strikes.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::process::{self, Blow, Place};
use crate::trace::Trace;
use crate::watch::Watch;
use crate::weather::{Fate, Line, Weather};

/// How much longer a late request takes than others: up to five seconds at DynamoDB, up to two and a half minutes at lomi.
const LATER: u32 = 400;

/// What every wire of a schedule shares.
#[derive(Clone, Debug)]
pub(crate) struct Air {
    pub(crate) weather: Arc<Weather>,
    pub(crate) trace: Trace,
    pub(crate) watch: Watch,
}

/// Why there is no answer, or what stands in for it.
pub(crate) enum Broken {
    /// No connection.
    NotSent,
    /// The connection broke.
    Interrupted,
    /// The service answers something else than the effect's answer.
    Answers(Fate),
}

impl Air {
    /// Carries `effect`, named `what`, over `line`.
    pub(crate) async fn carry<A, F>(&self, line: Line, what: &str, effect: impl Fn(Fate) -> F) -> Result<A, Broken>
    where
        F: Future<Output = A> + Send + 'static,
    {
        process::step(|place, blow| self.note(place, blow, "before", what)).await;
        let (fate, there, back) = self.weather.next(line, what);
        if fate != Fate::Passes {
            self.trace.note(format_args!("{line:?} {what}: {fate:?}"));
        }
        sleep(there).await;
        match fate {
            Fate::NotSent => return Err(Broken::NotSent),
            Fate::RequestLost => return Err(Broken::Interrupted),
            Fate::Refused | Fate::FailsBefore | Fate::Conflicts | Fate::KeyRefused => {
                sleep(back).await;
                return Err(Broken::Answers(fate));
            }
            Fate::Late => {
                self.arrives_late(effect(fate), back * LATER);
                return Err(Broken::Interrupted);
            }
            Fate::Hangs(false) => pending().await,
            Fate::Doubled => {
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
            Fate::ReplyLost => Err(Broken::Interrupted),
            Fate::FailsAfter | Fate::Garbled => Err(Broken::Answers(fate)),
            Fate::Hangs(true) => pending().await,
            _ => Ok(answer),
        }
    }

    /// Lets the effect happen when its caller has long moved on: it has tried again, or somebody took its work over.
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
