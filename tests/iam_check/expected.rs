//! Checks that the whole suite ran with these binaries. The list of expected tests is read from the tests' sources,
//! so none can be forgotten.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::root;

/// The modules whose tests start a stack. Those of `browser` need a browser and make no other AWS calls.
const MODULES: [&str; 5] = ["acceptance", "audit", "contract", "faults", "security"];
/// The length to which a long list is cut.
const SHOWN: usize = 20;

/// The tests that end with an audit and did not finish with these binaries.
pub(crate) fn not_run(run: &BTreeSet<String>) -> Vec<String> {
    let suite = root().join("tests/suite");
    let mut tests = Vec::new();
    for module in MODULES {
        let path = suite.join(module);
        collect(&path, module, &mut tests);
        collect_file(&path.with_extension("rs"), module, &mut tests);
    }
    assert!(tests.len() > 200, "the suite is found");
    tests.retain(|test| !run.contains(test));
    tests
}

pub(crate) fn incomplete(silent: &[String], findings: &[String]) -> String {
    let shown = |list: &[String]| list.iter().take(SHOWN).map(|line| format!("\n- {line}")).collect::<String>();
    let so_far = if findings.is_empty() { " no difference was found".to_owned() } else { shown(findings) };
    format!(
        "only a part of the suite ran with these binaries, so nothing is proven. Run all of it: cargo test -p tests\n\
         {} tests did not run:{}\nSo far:{}",
        silent.len(),
        shown(silent),
        so_far
    )
}

fn collect(folder: &Path, module: &str, tests: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        match name.strip_suffix(".rs") {
            Some("mod") => collect_file(&path, module, tests),
            Some(file) => collect_file(&path, &format!("{module}::{file}"), tests),
            None => collect(&path, &format!("{module}::{name}"), tests),
        }
    }
}

fn collect_file(path: &Path, module: &str, tests: &mut Vec<String>) {
    let text = fs::read_to_string(path).unwrap_or_default();
    tests.extend(audited(&text).into_iter().map(|name| format!("{module}::{name}")));
}

fn audited(text: &str) -> Vec<&str> {
    let tests = text.split("#[tokio::test").skip(1);
    let whole = tests.filter(|test| {
        test.contains("audit().await") && !test.contains("#[ignore") && !test.contains("#[should_panic")
    });
    whole.filter_map(|test| test.split_once("async fn ")?.1.split('(').next()).collect()
}

#[test]
fn a_test_that_did_not_run_is_named() {
    let everything = not_run(&BTreeSet::new());
    let one = "acceptance::purchase::".to_owned();
    assert!(everything.iter().any(|test| test.starts_with(&one)), "{everything:?}");
    let all_but_one: BTreeSet<_> = everything.iter().skip(1).cloned().collect();
    let silent = not_run(&all_but_one);
    assert_eq!(silent, everything[..1]);
    let said = incomplete(&silent, &["catalog may call something".to_owned()]);
    assert!(
        said.contains(&everything[0]) && said.contains("1 tests did not run") && said.contains("catalog"),
        "{said}"
    );
}

#[test]
fn only_tests_that_end_with_an_audit_are_expected() {
    let text = "#[tokio::test]\nasync fn one() { app.audit().await }\n#[tokio::test(x)]\nasync fn two() {}\n\
        #[tokio::test]\n#[ignore]\nasync fn three() { app.audit().await }";
    assert_eq!(audited(text), ["one"]);
}
