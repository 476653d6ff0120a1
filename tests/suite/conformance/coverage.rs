//! That no operation of the client is forgotten here: its source is read, and so is this suite's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// An operation, as a call on a client is written: `.customers().update(`.
type Operation = String;

#[test]
fn every_operation_of_the_client_has_a_conformance_test() {
    let operations = operations();
    assert!(operations.len() >= 30, "the scan of the client's source misses most of it: {operations:#?}");
    let forgotten = missing(operations.iter(), &suite());
    assert!(forgotten.is_empty(), "no conformance test calls {forgotten:#?}");
}

#[test]
fn every_list_of_the_client_is_read_as_a_stream() {
    let statements: Vec<_> = suite().split(';').map(str::to_owned).collect();
    let lists: Vec<_> = operations().into_iter().filter(|operation| operation.ends_with(".list(")).collect();
    assert!(lists.len() >= 6, "{lists:?}");
    for list in lists {
        let is_streamed = |statement: &String| statement.contains(&list) && statement.contains(".stream()");
        assert!(statements.iter().any(is_streamed), "no conformance test streams {list}");
    }
}

#[test]
fn every_option_of_a_call_is_used() {
    let mut options: BTreeSet<String> = BTreeSet::new();
    for (owner, name, _) in methods() {
        if owner.starts_with("Call<") {
            options.insert(format!(".{name}("));
        }
    }
    assert!(options.len() >= 12, "{options:?}");
    let unused = missing(options.iter(), &suite());
    assert!(unused.is_empty(), "no conformance test uses {unused:#?}");
}

#[test]
fn an_operation_without_a_test_is_noticed() {
    let operations = [".customers().merge(".to_owned(), ".customers().update(".to_owned()];
    assert_eq!(missing(operations.iter(), "client.customers().update(&id)"), [".customers().merge("]);
}

fn missing<'a>(wanted: impl Iterator<Item = &'a Operation>, text: &str) -> Vec<&'a str> {
    wanted.map(String::as_str).filter(|call| !text.contains(call)).collect()
}

/// Every public method that gives a `Call`, by the way that leads to it from a client.
fn operations() -> BTreeSet<Operation> {
    let methods = methods();
    let resources: BTreeMap<_, _> = methods
        .iter()
        .filter(|(owner, _, _)| owner == "Client")
        .map(|(_, name, result)| (result.as_str(), name.as_str()))
        .collect();
    let calls = methods.iter().filter(|(_, _, result)| result.starts_with("Call<"));
    calls
        .filter_map(|(owner, name, _)| match (owner.as_str(), resources.get(owner.as_str())) {
            ("Client", _) => Some(format!(".{name}(")),
            (_, Some(resource)) => Some(format!(".{resource}().{name}(")),
            _ => None,
        })
        .collect()
}

/// Owner, name and result of every public method in the client's source. A scan of lines is enough for source that
/// is formatted.
fn methods() -> Vec<(String, String, String)> {
    let mut methods = Vec::new();
    for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/lomi-client/src")) {
        let text = fs::read_to_string(path).unwrap();
        let mut owner = String::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("impl ") {
                owner = rest.trim_end_matches(" {").to_owned();
            }
            let signature = line.strip_prefix("    pub fn ").or_else(|| line.strip_prefix("    pub async fn "));
            let Some((name, rest)) = signature.and_then(|rest| rest.split_once('(')) else { continue };
            let Some((_, result)) = rest.split_once("-> ") else { continue };
            methods.push((owner.clone(), name.to_owned(), result.trim_end_matches(" {").to_owned()));
        }
    }
    methods
}

/// What this suite says, without this file and without white space.
fn suite() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("suite/conformance");
    let files = sources(&folder).into_iter().filter(|path| !path.ends_with("coverage.rs"));
    let code = files.map(|path| fs::read_to_string(path).unwrap());
    let lines = code.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
    lines
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.chars().filter(|character| !character.is_whitespace()).collect::<Vec<_>>())
        .collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found = Vec::new();
    for path in entries {
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
