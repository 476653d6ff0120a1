//! `infra/docs/PROMISES.md` names the tests that prove each promise: they exist.

use std::collections::BTreeSet;
use std::process::Command;

use super::{read, root};

const PROMISES: &str = "infra/docs/PROMISES.md";

/// The names in backticks in the promises' third column.
fn named(document: &str) -> Vec<&str> {
    let rows = document.lines().skip_while(|line| *line != "## What is promised").skip(1);
    let rows = rows.take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with('|')).skip(2);
    let proofs = rows.filter_map(|row| row.split('|').nth(3));
    proofs.flat_map(|proofs| proofs.split('`').skip(1).step_by(2)).collect()
}

/// Every function under `#[test]` or `#[tokio::test...]`, with or without other attributes.
fn tests() -> BTreeSet<String> {
    let output = Command::new("git").args(["ls-files", "-z", "*.rs"]).current_dir(root()).output().expect("git runs");
    let files = String::from_utf8(output.stdout).expect("names in UTF-8");
    let mut tests = BTreeSet::new();
    for file in files.split('\0').filter(|file| root().join(file).is_file()) {
        let text = read(file);
        let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.starts_with("#[ignore")).collect();
        for pair in
            lines.windows(2).filter(|pair| pair[0].starts_with("#[test") || pair[0].starts_with("#[tokio::test"))
        {
            let name = pair[1].trim_start_matches("async ").trim_start_matches("fn ").split('(').next();
            tests.extend(name.map(str::to_owned));
        }
    }
    tests
}

#[test]
fn every_promise_names_tests_that_exist() {
    let (promises, tests) = (read(PROMISES), tests());
    let named = named(&promises);
    assert!(named.len() >= 20, "{named:?}");
    let missing: Vec<_> = named.into_iter().filter(|name| !tests.contains(*name)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn a_promise_with_a_missing_test_is_found() {
    let promises =
        "## What is promised\n| a | b | c | d |\n|---|---|---|---|\n| x | y | `no_such_test` | z |\n## Next\n";
    assert_eq!(named(promises), ["no_such_test"]);
    assert!(!tests().contains("no_such_test"));
}
