//! The table of steps.

use crate::steps::{aws, proofs, sources};

pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// What the step checks, and what it needs beside Cargo.
    pub(crate) about: &'static str,
    pub(crate) run: fn() -> Result<(), String>,
}

const fn step(name: &'static str, about: &'static str, run: fn() -> Result<(), String>) -> Step {
    Step { name, about, run }
}

/// In the order of `--help`.
pub(crate) const STEPS: [Step; 24] = [
    step("format", "the sources are formatted", sources::format),
    step("lints", "clippy finds nothing", sources::lints),
    step("dependencies", "licences, sources, advisories and lock files (cargo-deny)", sources::dependencies),
    step("docs", "rustdoc finds nothing", sources::docs),
    step("test", "cargo test", proofs::test),
    step("iam", "the template allows what the last whole cargo test recorded, and no more", proofs::iam),
    step("schedules", "10 000 simulated schedules", proofs::schedules),
    step("proofs", "every distinct pair of crashes, every order of events, blackouts", proofs::distinct_proofs),
    step("browsers", "the shop and the back office in Chromium (chromium, chromedriver)", proofs::browsers),
    step("purchases", "one purchase by each payment path with cargo dev's program", proofs::purchases),
    step("fuzz", "8 seconds of fuzzing per target, with a fixed seed (a C++ compiler)", proofs::fuzz),
    step("template", "SAM finds nothing in the template (sam)", aws::template),
    step("guard", "policy rules for the templates, and mutants for each rule (cfn-guard, sam)", aws::guard),
    step("release", "release binaries: size and time to the first poll (python3)", aws::release),
    step("emulator", "the stack deployed to an emulator of AWS, orders bought through it (sam)", aws::emulator),
    step("kills", "200 kills", proofs::kills),
    step("artifacts", "sam build for arm64 of unoptimised code, and a check of it (sam, cargo-lambda)", aws::artifacts),
    step("release-artifacts", "the same as it is deployed", aws::release_artifacts),
    step("dev", "cargo dev builds and sells", proofs::dev),
    step("all-proofs", "all pairs of crashes, every order of events received in every way", proofs::all_proofs),
    step("new-schedules", "100 000 schedules from a random seed", proofs::new_schedules),
    step("new-kills", "400 kills of release binaries from a random seed", proofs::new_kills),
    step("long-fuzz", "2 minutes of fuzzing per target, from a random seed (a C++ compiler)", proofs::long_fuzz),
    step("mutants", "every mutant is caught by a test", proofs::mutants),
];

/// What CI runs after `cargo test`, two at a time. The longest come first, so that both lanes end together. `iam`
/// needs the recordings of `cargo test`.
pub(crate) const CI: [&str; 15] = [
    "schedules",
    "artifacts",
    "browsers",
    "docs",
    "lints",
    "guard",
    "proofs",
    "fuzz",
    "emulator",
    "kills",
    "purchases",
    "template",
    "iam",
    "dependencies",
    "format",
];

/// Steps that take too long for CI, or that try new random input each time.
pub(crate) const NIGHTLY: [&str; 8] =
    ["dev", "release", "release-artifacts", "all-proofs", "new-schedules", "new-kills", "long-fuzz", "mutants"];
