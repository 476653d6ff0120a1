//! Checks that the `May:` paragraph in each function's `main.rs` matches the template.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::policies::{binary, functions, grants};
use crate::roles::statements;
use crate::{read, template};

/// One statement: the names in backticks between two semicolons, which are actions and keys.
type Clause<'a> = BTreeSet<&'a str>;

/// The clauses of the paragraph that begins with `May:`.
fn said(main: &str) -> BTreeSet<Clause<'_>> {
    let lines = main.lines().skip_while(|line| !line.starts_with("//! May:")).take_while(|line| line.len() > 4);
    let mut clauses = vec![Clause::new()];
    for (position, piece) in lines.flat_map(|line| line.split('`').enumerate()) {
        // Every second piece is in backticks: no name is broken over two lines.
        if position % 2 == 1 {
            clauses.last_mut().expect("never empty").insert(piece);
        } else if piece.contains(';') || piece.contains(". ") {
            clauses.push(Clause::new());
        }
    }
    clauses.into_iter().filter(|clause| !clause.is_empty()).collect()
}

/// The expected clauses: actions without their service, then keys, an index or secrets.
fn meant(template: &Value, function: &Value) -> Vec<BTreeSet<String>> {
    let of = |statement| {
        let mut names = BTreeSet::new();
        for call in grants(binary(function), statement).unwrap_or_default() {
            names.extend(call.action.split(':').next_back().map(str::to_owned));
            match call.resource.split_once("/index/") {
                Some((_, index)) => drop(names.insert(index.to_owned())),
                None if call.action.starts_with("secretsmanager:") => drop(names.insert(call.resource)),
                None => {}
            }
            names.extend(Some(call.key).filter(|key| key != "-"));
        }
        names
    };
    statements(template, function).into_iter().map(of).collect()
}

fn findings(template: &Value, function: &Value, main: &str) -> Vec<String> {
    let (said, meant) = (said(main), meant(template, function));
    let meant: BTreeSet<Clause<'_>> = meant.iter().map(|names| names.iter().map(String::as_str).collect()).collect();
    let name = binary(function);
    let unsaid = meant.difference(&said).map(|clause| format!("{name}: main.rs does not say {clause:?}"));
    let untrue =
        said.difference(&meant).map(|clause| format!("{name}: main.rs says {clause:?}, the template does not"));
    unsaid.chain(untrue).collect()
}

fn main_of(function: &Value) -> String {
    read(&format!("{}/src/main.rs", function["Properties"]["CodeUri"].as_str().expect("a folder")))
}

#[test]
fn every_main_lists_its_functions_permissions() {
    let template = template();
    let found: Vec<_> =
        functions(&template).flat_map(|function| findings(&template, function, &main_of(function))).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_wrong_permission_comment_in_a_main_is_found() {
    let template = template();
    let catalog = functions(&template).find(|function| binary(function) == "catalog").expect("a function");
    let main = main_of(catalog);
    let less = main.replacen(", `DeleteItem`", "", 1);
    assert_ne!(less, main);
    assert!(
        findings(&template, catalog, &less)[0].contains("main.rs does not say"),
        "{:?}",
        findings(&template, catalog, &less)
    );
    let more = main.replacen("`PRODUCT#*`", "`PRODUCT#*`, `ORDER#*`", 1);
    assert_ne!(more, main);
    assert_eq!(findings(&template, catalog, &more).len(), 2);
}
