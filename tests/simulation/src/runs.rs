//! Many schedules on all cores, and the report of a failed one.

use std::fmt;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::schedule::{Outcome, Tally, run};

const MAX_FAILURES: usize = 5;

/// The result of many schedules.
#[derive(Debug, Default)]
pub struct Runs {
    /// Schedules that ran.
    pub schedules: u64,
    /// The sum of their counts.
    pub tally: Tally,
    /// Schedules that failed.
    pub failed: u64,
    /// The first failures.
    pub failures: Vec<Outcome>,
}

/// Runs the schedule of every seed in `seeds`.
#[must_use]
pub fn run_all(seeds: Range<u64>) -> Runs {
    let runs = Mutex::new(Runs::default());
    in_parallel(seeds, |seed| {
        let outcome = run(seed);
        runs.lock().unwrap_or_else(PoisonError::into_inner).add(outcome);
    });
    runs.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Runs all jobs on every core.
pub fn in_parallel<J>(jobs: impl IntoIterator<Item = J, IntoIter: Send>, work: impl Fn(J) + Sync) {
    let jobs = Mutex::new(jobs.into_iter());
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(job) = job else { return };
                    work(job);
                }
            });
        }
    });
}

impl Runs {
    fn add(&mut self, outcome: Outcome) {
        self.schedules += 1;
        self.tally.add(&outcome.tally);
        if !outcome.findings.is_empty() {
            self.failed += 1;
            self.failures.push(outcome);
            self.failures.sort_by_key(|failure| failure.seed);
            self.failures.truncate(MAX_FAILURES);
        }
    }
}

impl fmt::Display for Runs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { orders, paid, refunds, blows, struck } = self.tally;
        writeln!(
            f,
            "{} schedules: {orders} orders, {paid} paid, {refunds} refunds; {blows} processes killed or frozen, \
             {struck} exchanges struck; {} failed",
            self.schedules, self.failed
        )?;
        for failure in &self.failures {
            writeln!(f, "\nseed {}: cargo simulate --seed {}", failure.seed, failure.seed)?;
            failure.findings.iter().try_for_each(|finding| writeln!(f, "- {finding}"))?;
        }
        Ok(())
    }
}
