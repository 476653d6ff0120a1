//! Every point at which every flow can die: alone, and followed by the death of whoever picks the work up.

mod flows;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use flows::{Flow, Play};
use tokio::time::sleep;

use crate::stage::{Strike, in_parallel, in_virtual_time};

/// A client that is not answered comes again after the lease of the try before.
const LEASE: Duration = Duration::from_secs(31);
/// Whoever tries so often in vain will never be answered.
const MAX_TRIES: u32 = 8;
/// What the reconciler has not picked up within so long, it was not left.
const SOON: Duration = Duration::from_secs(10 * 60);

/// Who picks up what a crash left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rescuer {
    /// Whoever called: the same key, the same event, the same order.
    Caller,
    /// The reconciler alone; lomi.'s events are lost, and the caller is gone.
    Reconciler,
}

impl Rescuer {
    /// Nobody but lomi., when it sends an event again, tells of a refund that was made in its dashboard.
    fn of(flow: Flow) -> &'static [Self] {
        match flow {
            Flow::RefundElsewhere => &[Self::Caller],
            _ if flow.is_of_the_reconciler() => &[Self::Reconciler],
            _ => &[Self::Caller, Self::Reconciler],
        }
    }
}

/// One schedule: where the flow dies, and where the try to pick it up does.
#[derive(Clone, Copy, Debug)]
struct Schedule {
    flow: Flow,
    rescuer: Rescuer,
    first: Option<u32>,
    /// Which of the rescuer's tries, and its step.
    second: Option<(u32, u32)>,
}

/// What came of it.
struct Outcome {
    /// Steps of the flow's first try.
    steps: u32,
    /// Steps of each of the rescuer's tries.
    rescue: Vec<u32>,
    findings: Vec<String>,
    trace: Vec<String>,
}

impl Schedule {
    fn run(self) -> Outcome {
        in_virtual_time(async || {
            let play = Play::prepare(self.flow).await;
            play.stage.plan(&self.strikes());
            let mut is_done = play.attempt().await;
            assert_eq!(is_done, self.first.is_none(), "{self:?} dies where it is to die");
            while !is_done {
                is_done = self.pick_up(&play).await;
            }
            let (steps, rescue) = self.counted(&play);
            play.stage.plan(&[]);
            play.go_on(self.rescuer == Rescuer::Caller).await;
            let mut findings = play.stage.first_ten_minutes().await;
            findings.extend(play.stage.rest().await);
            findings.extend(play.broken_promises());
            Outcome { steps, rescue, findings, trace: play.stage.stack.trace.lines() }
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

    /// The rescuer's processes, and how many of that name come before.
    fn rescue_process(self) -> (&'static str, u32) {
        match self.rescuer {
            Rescuer::Caller => (self.flow.process(), 1),
            Rescuer::Reconciler => ("reconcile", u32::from(self.flow.is_of_the_reconciler())),
        }
    }

    /// Goes on until nothing is left to pick up.
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
        }
    }

    fn counted(self, play: &Play) -> (u32, Vec<u32>) {
        let own = play.stage.steps_of(self.flow.process());
        let (name, before) = self.rescue_process();
        let rescue = play.stage.steps_of(name).into_iter().skip(before as usize).collect();
        (own[0], rescue)
    }
}

/// What was tried of one flow.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    steps: u32,
    singles: u32,
    pairs: u32,
    run: u32,
    violations: u32,
}

#[derive(Default)]
struct Report {
    rows: BTreeMap<(Flow, Rescuer), Row>,
    findings: Vec<String>,
}

/// Everything that begins with the flow dying at `first`.
fn try_all(flow: Flow, rescuer: Rescuer, first: u32, report: &Mutex<Report>) {
    let single = Schedule { flow, rescuer, first: Some(first), second: None };
    let alone = single.run();
    let points: Vec<(u32, u32)> =
        (0u32..).zip(&alone.rescue).flat_map(|(number, steps)| (1..=*steps).map(move |step| (number, step))).collect();
    note(report, single, &alone, u32::try_from(points.len()).expect("few"));
    for point in points {
        let pair = Schedule { second: Some(point), ..single };
        let outcome = pair.run();
        let (number, step) = point;
        assert_eq!(outcome.rescue.get(number as usize), Some(&step), "{pair:?} dies twice");
        note(report, pair, &outcome, 0);
    }
}

fn note(report: &Mutex<Report>, schedule: Schedule, outcome: &Outcome, pairs: u32) {
    assert_eq!(Some(outcome.steps), schedule.first, "{schedule:?} dies where it is to die");
    let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
    let row = report.rows.entry((schedule.flow, schedule.rescuer)).or_default();
    row.singles += u32::from(schedule.second.is_none());
    row.pairs += pairs;
    row.run += 1;
    row.violations += u32::from(!outcome.findings.is_empty());
    if !outcome.findings.is_empty() && report.findings.len() < 5 {
        let story = outcome.trace.join("\n");
        report.findings.push(format!("{schedule:?}\n{}\n{story}", outcome.findings.join("\n")));
    }
}

fn table(report: &Report) -> String {
    let mut table = String::from("flow                        | picked up by | steps | single crashes | pairs | schedules run | violations\n");
    let mut sum = Row::default();
    for ((flow, rescuer), row) in &report.rows {
        let Row { steps, singles, pairs, run, violations } = row;
        let who = format!("{rescuer:?}").to_lowercase();
        let _ = writeln!(
            table,
            "{:<27} | {who:<12} | {steps:>5} | {singles:>14} | {pairs:>5} | {run:>13} | {violations:>10}",
            flow.title()
        );
        sum.singles += singles;
        sum.pairs += pairs;
        sum.run += run;
        sum.violations += violations;
    }
    let Row { singles, pairs, run, violations, .. } = sum;
    let _ = writeln!(table, "{:<50} | {singles:>14} | {pairs:>5} | {run:>13} | {violations:>10}", "all");
    table
}

#[test]
fn no_crash_at_any_point_nor_a_second_one_while_it_is_picked_up_breaks_a_promise() {
    let report = Mutex::new(Report::default());
    let mut jobs = Vec::new();
    for flow in Flow::ALL {
        for &rescuer in Rescuer::of(flow) {
            let fair = Schedule { flow, rescuer, first: None, second: None }.run();
            assert!(fair.findings.is_empty(), "{flow:?} undisturbed: {}\n{}", fair.findings.join("\n"), fair.trace.join("\n"));
            report.lock().unwrap().rows.entry((flow, rescuer)).or_default().steps = fair.steps;
            jobs.extend((1..=fair.steps).map(|step| (flow, rescuer, step)));
        }
    }
    in_parallel(jobs, |(flow, rescuer, step)| try_all(flow, rescuer, step, &report));
    let report = report.into_inner().expect("no worker failed");
    println!("{}", table(&report));
    assert!(report.findings.is_empty(), "{}", report.findings.join("\n\n"));
    for (flow, row) in &report.rows {
        assert_eq!((row.singles, row.run), (row.steps, row.steps + row.pairs), "{flow:?}: points are left out");
    }
}
