//! Kills real processes for as long as you like: `--kills 200 --seed 7 --binaries target/release`.
//!
//! Without a seed it draws one and prints it. Without binaries it builds those that `cargo dev` runs.
#![allow(clippy::expect_used, clippy::panic, reason = "it fails as a test does")]

use std::ffi::OsString;

use tests::chaos::ChaosTest;

const USAGE: &str = "usage: kills [--kills <n>] [--seed <n>] [--binaries <folder>]";

#[tokio::main]
async fn main() {
    let chaos = read(std::env::args_os().skip(1));
    println!("{chaos}");
    let tally = chaos.run().await;
    print!("{tally}");
    assert!(tally.kills() >= chaos.kills, "{chaos}");
}

fn read(mut arguments: impl Iterator<Item = OsString>) -> ChaosTest {
    let mut chaos = ChaosTest { seed: fastrand::u64(..), kills: 200, binaries: None };
    while let Some(flag) = arguments.next() {
        let value = arguments.next().expect(USAGE);
        let number = || value.to_str().and_then(|text| text.parse::<u64>().ok()).expect(USAGE);
        match flag.to_str() {
            Some("--kills") => chaos.kills = u32::try_from(number()).expect(USAGE),
            Some("--seed") => chaos.seed = number(),
            Some("--binaries") => chaos.binaries = Some(value.into()),
            _ => panic!("{USAGE}"),
        }
    }
    chaos
}
