//! Every point at which every use case can be killed: alone, and followed by a second kill during the recovery.

mod endpoint;
mod flows;
mod operations;
mod play;
mod promises;
mod storms;
mod table;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use endpoint::SCHEDULE;
use flows::{Flow, Rescuer};
use lomi_sandbox::Profile;
use play::Play;
use table::{Report, Row, table};
use tokio::time::sleep;

use crate::stage::Strike;
use simulation::{in_virtual_time, runs::in_parallel};

/// A client without an answer retries after the lease of its last attempt.
const LEASE: Duration = Duration::from_secs(31);
/// More attempts than any recovery needs.
const MAX_TRIES: u32 = 8;
/// The reconciler must recover everything within this time.
const SOON: Duration = Duration::from_secs(10 * 60);
/// How soon after a crash the webhook's scheduled run may start.
const SOON_AFTER: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pairs {
    None,
    /// One point of each stretch between two writes: a killed process leaves only what it has written, so all points
    /// of a stretch are equivalent.
    Distinct,
    /// Every point.
    All,
}

/// One schedule: the points at which the use case and its recovery are killed.
#[derive(Clone, Copy, Debug)]
struct Schedule {
    flow: Flow,
    profile: Profile,
    rescuer: Rescuer,
    first: Option<u32>,
    /// The attempt of the recovery, and its step.
    second: Option<(u32, u32)>,
}

struct Outcome {
    /// The first attempt of the use case.
    own: Try,
    /// The attempts of the recovery.
    rescue: Vec<Try>,
    findings: Vec<String>,
    trace: Vec<String>,
}

/// The steps of one process.
struct Try {
    steps: u32,
    /// The steps at which it had just written.
    writes: Vec<u32>,
}

impl Try {
    /// Whether a kill at this step leaves another state than a kill at the step before.
    fn is_distinct(&self, step: u32) -> bool {
        step == 1 || self.writes.contains(&step)
    }
}

impl Schedule {
    fn run(self) -> Outcome {
        in_virtual_time(async || {
            let play = Play::prepare(self.flow, self.profile).await;
            play.stage.plan(&self.strikes());
            let mut is_done = play.attempt().await;
            assert_eq!(is_done, self.first.is_none(), "{self:?} dies where it is to die");
            while !is_done {
                is_done = self.pick_up(&play).await;
            }
            let (own, rescue) = self.counted(&play);
            play.stage.plan(&[]);
            play.go_on(self.rescuer != Rescuer::Reconciler).await;
            let mut findings = play.stage.first_ten_minutes().await;
            findings.extend(play.stage.rest().await);
            findings.extend(promises::broken(&play));
            findings.extend(play.stage.stack.seen());
            Outcome { own, rescue, findings, trace: play.stage.stack.trace.lines() }
        })
    }

    fn strikes(self) -> Vec<Strike> {
        let own = self.first.map(|step| Strike::crash(self.flow.process(), 0, step));
        let later = self.second.map(|(number, step)| {
            let (name, before) = self.rescue_process();
            Strike::crash(name, before + number, step)
        });
        own.into_iter().chain(later).collect()
    }

    /// The name of the recovering processes, and how many of that name came before.
    fn rescue_process(self) -> (&'static str, u32) {
        match self.rescuer {
            Rescuer::Caller => (self.flow.process(), 1),
            Rescuer::Reconciler => ("reconcile", u32::from(self.flow.is_of_the_reconciler())),
            Rescuer::Schedule => ("endpoint", 1),
        }
    }

    async fn pick_up(self, play: &Play) -> bool {
        match self.rescuer {
            Rescuer::Caller => {
                for _ in 0..MAX_TRIES {
                    sleep(Duration::from_secs(1)).await;
                    if play.attempt().await {
                        return true;
                    }
                    sleep(LEASE).await;
                }
                panic!("{self:?} is never answered")
            }
            Rescuer::Reconciler => {
                let is_struck = self.second.is_some();
                for _ in 0..1 + u32::from(is_struck) {
                    let Some(wait) = play.stage.stack.due_in().filter(|wait| *wait < SOON) else { break };
                    // The schedule's next minute.
                    sleep(wait.max(Duration::from_secs(1))).await;
                    play.stage.stack.reconcile().await;
                }
                true
            }
            Rescuer::Schedule => {
                // The first run comes soon, so that the crash's leftovers are young.
                let mut wait = SOON_AFTER;
                for _ in 0..MAX_TRIES {
                    sleep(wait).await;
                    play.stage.deliver().await;
                    if play.next_scheduled().await {
                        return true;
                    }
                    wait = SCHEDULE;
                }
                panic!("{self:?} is never mended")
            }
        }
    }

    /// The first attempt of the use case, and those of the recovery.
    fn counted(self, play: &Play) -> (Try, Vec<Try>) {
        let tries = |name: &str| {
            let tries = play.stage.steps_of(name).into_iter().zip(play.stage.writes_of(name));
            tries.map(|(steps, writes)| Try { steps, writes })
        };
        let (name, before) = self.rescue_process();
        let own = tries(self.flow.process()).next().expect("the flow was tried");
        (own, tries(name).skip(before as usize).collect())
    }
}

/// A use case that is killed once.
#[derive(Clone, Copy, Debug)]
struct Death {
    alone: Schedule,
    is_distinct: bool,
}

fn try_all(death: Death, pairs: Pairs, report: &Mutex<Report>) {
    let alone = death.alone.run();
    note(report, death.alone, &alone);
    if pairs == Pairs::None {
        return;
    }
    for (number, rescue) in (0u32..).zip(&alone.rescue) {
        for step in 1..=rescue.steps {
            let is_distinct = death.is_distinct && rescue.is_distinct(step);
            count_pair(report, death.alone, is_distinct);
            if is_distinct || pairs == Pairs::All {
                let pair = Schedule { second: Some((number, step)), ..death.alone };
                let outcome = pair.run();
                let died_at = outcome.rescue.get(number as usize).map(|rescue| rescue.steps);
                assert_eq!(died_at, Some(step), "{pair:?} dies twice");
                note(report, pair, &outcome);
            }
        }
    }
}

fn count_pair(report: &Mutex<Report>, schedule: Schedule, is_distinct: bool) {
    let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
    let row = report.row(schedule.flow, schedule.rescuer);
    row.pairs += 1;
    row.distinct += u32::from(is_distinct);
}

fn note(report: &Mutex<Report>, schedule: Schedule, outcome: &Outcome) {
    assert_eq!(Some(outcome.own.steps), schedule.first, "{schedule:?} dies where it is to die");
    let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
    let row = report.transition(schedule, outcome);
    row.singles += u32::from(schedule.second.is_none());
    row.run += 1;
}

impl Report {
    /// Records broken promises in the schedule's row.
    fn transition(&mut self, schedule: Schedule, outcome: &Outcome) -> &mut Row {
        let is_broken = !outcome.findings.is_empty();
        if is_broken && self.findings.len() < 5 {
            let story = outcome.trace.join("\n");
            self.findings.push(format!("{schedule:?}\n{}\n{story}", outcome.findings.join("\n")));
        }
        let row = self.row(schedule.flow, schedule.rescuer);
        row.violations += u32::from(is_broken);
        row
    }
}

/// Every single crash and these pairs of crashes, with this generation of lomi.
pub(crate) fn prove(profile: Profile, pairs: Pairs) {
    let report = Mutex::new(Report::default());
    let flows = Flow::ALL.into_iter().filter(|flow| flow.is_possible_in(profile));
    let fair = flows.flat_map(|flow| {
        let rescuers = flow.rescuers().iter();
        rescuers.map(move |rescuer| Schedule { flow, profile, rescuer: *rescuer, first: None, second: None })
    });
    let deaths = Mutex::new(Vec::new());
    in_parallel(fair, |fair| {
        let undisturbed = fair.run();
        let steps = undisturbed.own.steps;
        report.lock().expect("no worker failed").transition(fair, &undisturbed).steps = steps;
        let points = (1..=steps).map(|step| Death {
            alone: Schedule { first: Some(step), ..fair },
            is_distinct: undisturbed.own.is_distinct(step),
        });
        deaths.lock().expect("no worker failed").extend(points);
    });
    in_parallel(deaths.into_inner().expect("no worker failed"), |death| try_all(death, pairs, &report));
    let report = report.into_inner().expect("no worker failed");
    println!("{profile:?}\n{}", table(&report));
    assert!(report.findings.is_empty(), "{}", report.findings.join("\n\n"));
    for (flow, row) in &report.rows {
        let wanted = if pairs == Pairs::All { row.pairs } else { row.distinct };
        assert_eq!((row.singles, row.run), (row.steps, row.steps + wanted), "{flow:?}: points are left out");
        assert!(row.distinct > 0 || row.pairs == 0, "{flow:?}: no pair is tried");
    }
}

#[test]
#[ignore = "takes a minute: cargo xtask proofs"]
fn no_crash_during_recovery_breaks_a_promise() {
    prove(Profile::Current, Pairs::Distinct);
}

#[test]
fn no_crash_at_any_point_breaks_a_promise() {
    prove(Profile::Current, Pairs::None);
}

#[test]
#[ignore = "takes half a minute: cargo xtask proofs"]
fn no_crash_breaks_a_promise_in_an_older_generation() {
    prove(Profile::June2026, Pairs::None);
    prove(Profile::Seeds, Pairs::None);
}
