//! One exchange between a function and a service: where processes die and the weather strikes.

use std::future::pending;
use std::sync::Arc;

use tokio::time::sleep;

use crate::process::{self, Blow, Place};
use crate::trace::Trace;
use crate::weather::{Fate, Line, Weather};

/// What every wire of a schedule shares.
#[derive(Clone, Debug)]
pub(crate) struct Air {
    pub(crate) weather: Arc<Weather>,
    pub(crate) trace: Trace,
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
        F: Future<Output = A>,
    {
        process::step(|place, blow| self.note(place, blow, "before", what)).await;
        let (fate, there, back) = self.weather.next(line);
        let fate = if can_befall(what, fate) { fate } else { Fate::Passes };
        if fate != Fate::Passes {
            self.trace.note(format_args!("{line:?} {what}: {fate:?}"));
        }
        sleep(there).await;
        match fate {
            Fate::NotSent => return Err(Broken::NotSent),
            Fate::RequestLost => return Err(Broken::Interrupted),
            Fate::Refused | Fate::FailsBefore | Fate::Conflicts => {
                sleep(back).await;
                return Err(Broken::Answers(fate));
            }
            Fate::Hangs(false) => pending().await,
            Fate::Doubled => drop(effect(fate).await),
            _ => {}
        }
        let answer = effect(fate).await;
        process::step(|place, blow| self.note(place, blow, "after", what)).await;
        sleep(back).await;
        match fate {
            Fate::ReplyLost => Err(Broken::Interrupted),
            Fate::FailsAfter | Fate::Garbled => Err(Broken::Answers(fate)),
            Fate::Hangs(true) => pending().await,
            _ => Ok(answer),
        }
    }

    fn note(&self, place: Place, blow: Option<Blow>, side: &str, what: &str) {
        match blow {
            Some(blow) => self.trace.note(format_args!("{place} {side} {what}: {blow:?}")),
            None => self.trace.note(format_args!("{place} {side} {what}")),
        }
    }
}

/// Whether a fate can befall this exchange at all.
fn can_befall(what: &str, fate: Fate) -> bool {
    match fate {
        Fate::Stale => what == "Query",
        Fate::Conflicts => !matches!(what, "GetItem" | "BatchGetItem" | "Query"),
        // Some generations ignore the key of this call: who sends it twice refunds twice, and nobody here does.
        Fate::Doubled => what != "POST /refunds",
        _ => true,
    }
}
