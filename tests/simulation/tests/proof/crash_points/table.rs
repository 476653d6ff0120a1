//! The printed table of schedules and their results.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::flows::{Flow, Rescuer};

/// The schedules of one use case.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Row {
    pub(super) steps: u32,
    pub(super) singles: u32,
    pub(super) pairs: u32,
    pub(super) distinct: u32,
    pub(super) run: u32,
    pub(super) violations: u32,
}

#[derive(Default)]
pub(super) struct Report {
    pub(super) rows: BTreeMap<(Flow, Rescuer), Row>,
    pub(super) findings: Vec<String>,
}

impl Report {
    pub(super) fn row(&mut self, flow: Flow, rescuer: Rescuer) -> &mut Row {
        self.rows.entry((flow, rescuer)).or_default()
    }
}

const HEAD: &str = "\
flow                         | picked up by | steps | single crashes | pairs | distinct | schedules run | violations
";

pub(super) fn table(report: &Report) -> String {
    let mut table = HEAD.to_owned();
    let mut sum = Row::default();
    for ((flow, rescuer), row) in &report.rows {
        line(&mut table, flow.title(), rescuer.title(), row);
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
        "{what:<28} | {who:<12} | {steps:>5} | {singles:>14} | {pairs:>5} | {distinct:>8} | {run:>13} | {violations:>10}"
    );
}
