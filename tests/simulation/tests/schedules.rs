//! Seeded schedules: whatever fails, in whatever order, no payment is lost or doubled. A test target of its own, so
//! that it has both cores to itself.

use simulation::{runs, schedule};

/// Runs the schedules of the seeds up to `count` and checks that they met enough faults: per 100 schedules at least
/// 50 payments, 10 refunds, 20 killed or frozen processes and 200 failed exchanges.
fn prove(count: u64) {
    let runs = runs::run_all(0..count);
    println!("{runs}");
    assert_eq!(runs.failed, 0, "{runs}");
    let (met, hundreds) = (runs.tally, usize::try_from(count / 100).unwrap_or(usize::MAX));
    assert!(met.paid > 50 * hundreds && met.refunds > 10 * hundreds, "{runs}");
    assert!(met.blows > 20 * hundreds && met.struck > 200 * hundreds, "{runs}");
}

#[test]
fn no_schedule_loses_a_payment_or_counts_it_twice() {
    prove(300);
}

#[test]
#[ignore = "takes minutes: cargo xtask schedules"]
fn no_schedule_of_faults_loses_or_doubles_a_payment() {
    prove(10_000);
}

#[test]
fn the_same_seed_gives_the_same_trace_and_another_seed_another() {
    for seed in 0..20 {
        let (one, two) = (schedule::run(seed), schedule::run(seed));
        assert_eq!(one.trace.lines(), two.trace.lines(), "seed {seed}");
    }
    assert_ne!(schedule::run(1).trace.hash(), schedule::run(2).trace.hash());
}
