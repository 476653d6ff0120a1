//! The mutants: patches that each break one rule. `tests/mutants/run` shows that they are caught; this module checks
//! that each still applies.

use std::path::PathBuf;
use std::process::Command;

use super::root;

/// Guards against lost patches.
const MIN_PATCHES: usize = 162;

fn patches() -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(root().join("tests/mutants")).expect("the bench").map(|entry| entry.unwrap().path());
    let mut patches: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == "patch")).collect();
    patches.sort();
    patches
}

/// An error in the header of a patch: it needs a sentence for the rule, then the commands, at least one of which must
/// fail.
fn wrong_with(name: &str, patch: &str) -> Option<String> {
    let header: Vec<&str> = patch.lines().take_while(|line| !line.starts_with("--- ")).collect();
    let (rule, rest) = header.split_first()?;
    let Some(sentence) = rule.strip_prefix("Breaks: ") else { return Some(format!("{name} names no rule")) };
    if !sentence.ends_with('.') {
        return Some(format!("{name} names its rule in no sentence"));
    }
    let (last, commands) = rest.split_last().unwrap_or((&"", &[]));
    let is_command = |line: &&str| line.starts_with("Caught-by: cargo test -p ");
    let is_complete = last.is_empty() && !commands.is_empty() && commands.iter().all(is_command);
    (!is_complete).then(|| format!("{name} does not say which command must fail"))
}

fn applies(patch: &PathBuf) -> bool {
    Command::new("git").arg("apply").arg("--check").arg(patch).current_dir(root()).status().expect("git runs").success()
}

#[test]
fn every_mutant_applies_and_names_its_rule() {
    let patches = patches();
    assert!(patches.len() >= MIN_PATCHES, "{} patches", patches.len());
    for (index, patch) in patches.iter().enumerate() {
        let name = patch.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with(&format!("{:04}-", index + 1)), "{name} has a number of its own");
        assert_eq!(wrong_with(name, &std::fs::read_to_string(patch).unwrap()), None);
        assert!(applies(patch), "{name} does not apply any more: plant the same bug in what the code has become");
    }
}

#[test]
fn a_mutant_without_its_rule_or_command_is_found() {
    let header = |text: &str| format!("{text}\n--- a/file\n+++ b/file\n");
    assert_eq!(wrong_with("a", &header("Breaks: Money is exact.\nCaught-by: cargo test -p domain\n")), None);
    assert!(wrong_with("a", &header("Money is exact.\nCaught-by: cargo test -p domain\n")).is_some());
    assert!(wrong_with("a", &header("Breaks: money\nCaught-by: cargo test -p domain\n")).is_some());
    assert!(wrong_with("a", &header("Breaks: Money is exact.\n")).is_some());
    assert!(wrong_with("a", &header("Breaks: Money is exact.\nCaught-by: luck\n")).is_some());
}
