//! One running function: an invocation that can be killed or frozen at any of its steps.
//!
//! A step is on either side of every effect: before a request takes effect, and after it, before the answer is known.
//! Between two steps a use case only computes, so a kill at a step stands for a kill anywhere between it and the next.

use std::fmt;
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::{Sleep, sleep};

tokio::task_local! {
    static RUNNING: Arc<Process>;
}

/// What happens to a process at one of its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// The process is killed and loses everything it held in memory.
    Crash,
    /// The process is frozen and continues later, unaware that time has passed.
    Freeze(Duration),
}

/// One invocation of a function, as the simulated connections see it.
#[derive(Debug)]
pub(crate) struct Process {
    name: &'static str,
    number: u32,
    /// The offset of its machine's clock.
    skew_ms: i64,
    blows: Vec<(u32, Blow)>,
    steps: AtomicU32,
    hits: AtomicU32,
    struck: Mutex<Option<Blow>>,
}

/// A point in a schedule: the name, number and step of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The use case.
    pub name: &'static str,
    /// Counted over the whole schedule.
    pub process: u32,
    /// Counted from 1.
    pub step: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}.{}", self.name, self.process, self.step)
    }
}

impl Process {
    /// A process that is killed or frozen at each of the given steps, counted from 1.
    #[must_use]
    pub(crate) fn new(name: &'static str, number: u32, skew_ms: i64, blows: Vec<(u32, Blow)>) -> Arc<Self> {
        Arc::new(Self {
            name,
            number,
            skew_ms,
            blows,
            steps: AtomicU32::new(0),
            hits: AtomicU32::new(0),
            struck: Mutex::default(),
        })
    }

    #[must_use]
    pub(crate) fn steps(&self) -> u32 {
        self.steps.load(Ordering::Relaxed)
    }

    pub(crate) fn hits(&self) -> u32 {
        self.hits.load(Ordering::Relaxed)
    }

    /// Runs `work` as this process until it ends, `limit` has passed, or a kill ends it. `None` means that it did not
    /// finish and its caller got no answer.
    pub(crate) async fn run<T>(self: Arc<Self>, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(RUNNING.scope(Arc::clone(&self), work));
        let mut limit = pin!(sleep(limit));
        let mut thaw: Option<Pin<Box<Sleep>>> = None;
        poll_fn(|context| {
            loop {
                if thaw.as_mut().is_some_and(|thaw| thaw.as_mut().poll(context).is_pending()) {
                    return Poll::Pending;
                }
                thaw = None;
                if let Poll::Ready(done) = work.as_mut().poll(context) {
                    return Poll::Ready(Some(done));
                }
                match self.take_blow() {
                    Some(Blow::Crash) => return Poll::Ready(None),
                    // A frozen process does not hit its time limit: this is how a process outlives its lease.
                    Some(Blow::Freeze(time)) => {
                        let later = limit.deadline() + time;
                        limit.as_mut().reset(later);
                        thaw = Some(Box::pin(sleep(time)));
                    }
                    None => return over(limit.as_mut(), context),
                }
            }
        })
        .await
    }

    fn take_blow(&self) -> Option<Blow> {
        self.struck.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn next_step(&self) -> (u32, Option<Blow>) {
        let step = self.steps.fetch_add(1, Ordering::Relaxed) + 1;
        let blow = self.blows.iter().find(|(at, _)| *at == step).map(|(_, blow)| *blow);
        self.hits.fetch_add(u32::from(blow.is_some()), Ordering::Relaxed);
        *self.struck.lock().unwrap_or_else(PoisonError::into_inner) = blow;
        (step, blow)
    }
}

fn over<T>(limit: Pin<&mut Sleep>, context: &mut Context<'_>) -> Poll<Option<T>> {
    limit.poll(context).map(|()| None)
}

/// Takes a step of the current process. It never returns when the process is killed at it. `None` outside any process.
pub(crate) async fn step(seen: impl FnOnce(Place, Option<Blow>)) {
    let Some(process) = RUNNING.try_with(Arc::clone).ok() else { return };
    let (step, blow) = process.next_step();
    seen(Place { name: process.name, process: process.number, step }, blow);
    match blow {
        Some(Blow::Crash) => pending().await,
        Some(Blow::Freeze(_)) => yield_now().await,
        None => {}
    }
}

/// The clock offset of the machine that runs this code.
pub(crate) fn skew_ms() -> i64 {
    RUNNING.try_with(|process| process.skew_ms).unwrap_or_default()
}
