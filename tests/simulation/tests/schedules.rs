//! Seeded schedules: whatever fails, in whatever order, nothing is lost and nothing is doubled. Apart from the other proofs,
//! so that it has both cores to itself.

use simulation::{runs, schedule};

/// A part of every `cargo test`. `cargo simulate --schedules 1000000` runs more.
const SCHEDULES: u64 = 10_000;

#[test]
fn ten_thousand_schedules_of_trouble_lose_no_payment_and_count_none_twice() {
    let runs = runs::run_all(0..SCHEDULES);
    println!("{runs}");
    assert_eq!(runs.failed, 0, "{runs}");
    // They met what they are there for.
    let met = runs.tally;
    assert!(met.paid > 5_000 && met.refunds > 1_000, "{runs}");
    assert!(met.blows > 2_000 && met.struck > 20_000, "{runs}");
}

#[test]
fn the_same_seed_gives_the_same_trace_and_another_seed_another() {
    for seed in 0..20 {
        let (one, two) = (schedule::run(seed), schedule::run(seed));
        assert_eq!(one.trace.lines(), two.trace.lines(), "seed {seed}");
    }
    assert_ne!(schedule::run(1).trace.hash(), schedule::run(2).trace.hash());
}
