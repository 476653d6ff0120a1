//! Compares the template's policies with the AWS calls that the whole suite recorded: each function may do exactly
//! what it does.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod compare;
mod expected;
mod may;
mod mutations;
mod policies;
#[path = "../suite/infrastructure/roles.rs"]
mod roles;
#[path = "../suite/infrastructure/yaml.rs"]
mod yaml;

use local::build::TEMPLATE;
use serde_json::Value;
use tests::calls::Kept;
use tests::functions::{self, root};

#[track_caller]
fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn template() -> Value {
    yaml::parse(&read(TEMPLATE))
}

async fn kept() -> Kept {
    Kept::of(&functions::built().await).expect("a place beside the binaries")
}

#[tokio::test]
#[ignore = "compares with what the whole suite asked AWS for: cargo xtask iam, after cargo test"]
async fn every_role_allows_exactly_what_the_suite_observed() {
    let kept = kept().await;
    let (granted, mut findings) = policies::granted(&template());
    findings.extend(compare::findings(&granted, &kept.calls()));
    let silent = expected::not_run(&kept.tests());
    assert!(silent.is_empty(), "{}", expected::incomplete(&silent, &findings));
    assert!(findings.is_empty(), "{} and the suite disagree:\n- {}", TEMPLATE, findings.join("\n- "));
}
