//! Every point at which every flow can die: alone, and followed by the death of whoever picks the work up.

mod flows;
mod promises;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use flows::{Flow, Play};
use tokio::time::sleep;

use crate::stage::Strike;
use simulation::{in_virtual_time, runs::in_parallel};

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

/// Which pairs of crashes are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pairs {
    /// A process that dies leaves nothing but what it has written: dying before a read, after it, or before whatever comes
    /// next is one and the same. One point of each such stretch.
    Distinct,
    /// Every point all the same.
    All,
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
    /// The flow's first try.
    own: Try,
    /// The rescuer's.
    rescue: Vec<Try>,
    findings: Vec<String>,
    trace: Vec<String>,
}

/// How far one process came.
struct Try {
    steps: u32,
    /// Those of them at which it had just written something.
    writes: Vec<u32>,
}

impl Try {
    /// Whether dying at this step leaves something else than dying at the step before.
    fn is_distinct(&self, step: u32) -> bool {
        step == 1 || self.writes.contains(&step)
    }
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
            let (own, rescue) = self.counted(&play);
            play.stage.plan(&[]);
            play.go_on(self.rescuer == Rescuer::Caller).await;
            let mut findings = play.stage.first_ten_minutes().await;
            findings.extend(play.stage.rest().await);
            findings.extend(promises::broken(&play));
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

    /// The flow's first try, and the rescuer's.
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

/// What was tried of one flow.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    steps: u32,
    singles: u32,
    pairs: u32,
    distinct: u32,
    run: u32,
    violations: u32,
}

#[derive(Default)]
struct Report {
    rows: BTreeMap<(Flow, Rescuer), Row>,
    findings: Vec<String>,
}

/// A flow that dies at this step.
#[derive(Clone, Copy, Debug)]
struct Death {
    flow: Flow,
    rescuer: Rescuer,
    step: u32,
    is_distinct: bool,
}

/// Everything that begins with this death.
fn try_all(death: Death, pairs: Pairs, report: &Mutex<Report>) {
    let Death { flow, rescuer, step, .. } = death;
    let single = Schedule { flow, rescuer, first: Some(step), second: None };
    let alone = single.run();
    note(report, single, &alone);
    for (number, rescue) in (0u32..).zip(&alone.rescue) {
        for step in 1..=rescue.steps {
            let is_distinct = death.is_distinct && rescue.is_distinct(step);
            count_pair(report, (flow, rescuer), is_distinct);
            if is_distinct || pairs == Pairs::All {
                let pair = Schedule { second: Some((number, step)), ..single };
                let outcome = pair.run();
                let died_at = outcome.rescue.get(number as usize).map(|rescue| rescue.steps);
                assert_eq!(died_at, Some(step), "{pair:?} dies twice");
                note(report, pair, &outcome);
            }
        }
    }
}

fn count_pair(report: &Mutex<Report>, row: (Flow, Rescuer), is_distinct: bool) {
    let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
    let row = report.rows.entry(row).or_default();
    row.pairs += 1;
    row.distinct += u32::from(is_distinct);
}

fn note(report: &Mutex<Report>, schedule: Schedule, outcome: &Outcome) {
    assert_eq!(Some(outcome.own.steps), schedule.first, "{schedule:?} dies where it is to die");
    let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
    let row = report.rows.entry((schedule.flow, schedule.rescuer)).or_default();
    row.singles += u32::from(schedule.second.is_none());
    row.run += 1;
    row.violations += u32::from(!outcome.findings.is_empty());
    if !outcome.findings.is_empty() && report.findings.len() < 5 {
        let story = outcome.trace.join("\n");
        report.findings.push(format!("{schedule:?}\n{}\n{story}", outcome.findings.join("\n")));
    }
}

const HEAD: &str = "\
flow                        | picked up by | steps | single crashes | pairs | distinct | schedules run | violations
";

fn table(report: &Report) -> String {
    let mut table = HEAD.to_owned();
    let mut sum = Row::default();
    for ((flow, rescuer), row) in &report.rows {
        line(&mut table, flow.title(), &format!("{rescuer:?}").to_lowercase(), row);
        sum.steps += row.steps;
        sum.singles += row.singles;
        sum.pairs += row.pairs;
        sum.distinct += row.distinct;
        sum.run += row.run;
        sum.violations += row.violations;
    }
    line(&mut table, "all", "", &sum);
    table
}

fn line(table: &mut String, what: &str, who: &str, row: &Row) {
    let Row { steps, singles, pairs, distinct, run, violations } = row;
    let _ = writeln!(
        table,
        "{what:<27} | {who:<12} | {steps:>5} | {singles:>14} | {pairs:>5} | {distinct:>8} | {run:>13} | {violations:>10}"
    );
}

/// Every crash alone, and these pairs of crashes.
fn prove(pairs: Pairs) {
    let report = Mutex::new(Report::default());
    let kinds = Flow::ALL.into_iter().flat_map(|flow| Rescuer::of(flow).iter().map(move |rescuer| (flow, *rescuer)));
    let deaths = Mutex::new(Vec::new());
    in_parallel(kinds, |(flow, rescuer)| {
        let fair = Schedule { flow, rescuer, first: None, second: None }.run();
        let story = || format!("{}\n{}", fair.findings.join("\n"), fair.trace.join("\n"));
        assert!(fair.findings.is_empty(), "{flow:?} undisturbed: {}", story());
        report.lock().expect("no worker failed").rows.entry((flow, rescuer)).or_default().steps = fair.own.steps;
        let points = 1..=fair.own.steps;
        let points = points.map(|step| Death { flow, rescuer, step, is_distinct: fair.own.is_distinct(step) });
        deaths.lock().expect("no worker failed").extend(points);
    });
    in_parallel(deaths.into_inner().expect("no worker failed"), |death| try_all(death, pairs, &report));
    let report = report.into_inner().expect("no worker failed");
    println!("{}", table(&report));
    assert!(report.findings.is_empty(), "{}", report.findings.join("\n\n"));
    for (flow, row) in &report.rows {
        let wanted = if pairs == Pairs::All { row.pairs } else { row.distinct };
        assert_eq!((row.singles, row.run), (row.steps, row.steps + wanted), "{flow:?}: points are left out");
        assert!(row.distinct > 0 || row.pairs == 0, "{flow:?}: no pair is tried");
    }
}

#[test]
fn no_crash_at_any_point_nor_a_second_one_while_it_is_picked_up_breaks_a_promise() {
    prove(Pairs::Distinct);
}

/// Five thousand schedules. `cargo test -p simulation --test proof -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes; the pairs that differ are tried every time"]
fn no_pair_of_crashes_at_all_breaks_a_promise() {
    prove(Pairs::All);
}
