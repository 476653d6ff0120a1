//! Checks that this suite covers the whole client: the sources of both are read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A public method in its source.
struct Method {
    /// Its type: `Customers`, `Call<CustomerPage>`.
    owner: String,
    name: String,
    /// `Call<Customer>`, `Self`; empty when there is none.
    result: String,
}

#[test]
fn every_operation_of_the_client_has_a_conformance_test() {
    let operations = operations(&client());
    assert!(operations.len() >= 30, "the scan of the client's source misses most of it: {operations:#?}");
    let forgotten = missing(operations.keys(), &suite());
    assert!(forgotten.is_empty(), "no conformance test calls {forgotten:#?}");
}

#[test]
fn every_list_of_the_client_is_read_as_a_stream() {
    let (client, suite) = (client(), suite());
    let is_list = |result: &str| {
        let inner = result.strip_prefix("Call<").and_then(|inner| inner.strip_suffix('>'));
        let row = inner.and_then(|inner| inner.strip_prefix("Vec<")?.strip_suffix('>'));
        inner.is_some_and(|inner| client.contains(&format!("impl Listed for {inner} ")))
            || row.is_some_and(|row| client.contains(&format!("impl ListRow for {row} ")))
    };
    let operations = operations(&client);
    let lists: Vec<_> = operations.iter().filter(|(_, result)| is_list(result)).map(|(call, _)| call).collect();
    assert!(lists.len() >= 9, "{lists:#?}");
    for list in lists {
        let is_streamed = |statement: &str| statement.contains(list) && statement.contains(".stream()");
        assert!(suite.split(';').any(is_streamed), "no conformance test streams {list}");
    }
}

#[test]
fn every_option_of_a_call_is_used() {
    let methods = methods(&client());
    let of_calls = methods.iter().filter(|method| method.owner.starts_with("Call<"));
    let options: BTreeSet<_> = of_calls.map(|method| format!(".{}(", method.name)).collect();
    assert!(options.len() >= 15, "{options:#?}");
    let unused = missing(options.iter(), &suite());
    assert!(unused.is_empty(), "no conformance test uses {unused:#?}");
}

#[test]
fn an_operation_without_a_test_is_found() {
    let client = "
impl Client {
    pub fn customers(&self) -> Customers {
    }
}

impl Customers {
    /// Makes one of two.
    pub fn merge(
        &self,
        one: &CustomerId,
    ) -> Call<Customer> {
    }

    pub fn update(&self, id: &CustomerId) -> Call<Customer> {
    }
}
";
    let operations = operations(client);
    assert_eq!(missing(operations.keys(), "client.customers().update(&id)"), [".customers().merge("]);
}

fn missing<'a>(wanted: impl Iterator<Item = &'a String>, text: &str) -> Vec<&'a str> {
    wanted.map(String::as_str).filter(|call| !text.contains(call)).collect()
}

/// Every public method that returns a `Call`, as it is called on a client (`.customers().update(`), with its return
/// type.
fn operations(client: &str) -> BTreeMap<String, String> {
    let methods = methods(client);
    let of_client = methods.iter().filter(|method| method.owner == "Client");
    let resources: BTreeMap<_, _> = of_client.map(|method| (method.result.as_str(), method.name.as_str())).collect();
    let calls = methods.iter().filter(|method| method.result.starts_with("Call<"));
    let written = |method: &Method| match resources.get(method.owner.as_str()) {
        _ if method.owner == "Client" => format!(".{}(", method.name),
        Some(resource) => format!(".{resource}().{}(", method.name),
        None => panic!("no way leads from a client to {}::{}", method.owner, method.name),
    };
    calls.map(|method| (written(method), method.result.clone())).collect()
}

/// Every public method. Splitting at line starts is enough for formatted source.
fn methods(source: &str) -> Vec<Method> {
    let mut methods = Vec::new();
    for block in source.split("\nimpl").skip(1) {
        let header = block.lines().next().unwrap().trim_end_matches(" {");
        // Before the owner are the generics of the block, if any.
        let owner = header.split_once(' ').map_or(header, |(_, owner)| owner);
        for method in block.split("\n    pub ").skip(1) {
            let Some((_, method)) = method.split_once("fn ") else { continue };
            let signature = method.split(" {\n").next().unwrap();
            let Some((name, rest)) = signature.split_once('(') else { continue };
            let result = rest.rsplit_once(") -> ").map_or("", |(_, result)| result);
            methods.push(Method { owner: owner.to_owned(), name: name.to_owned(), result: result.to_owned() });
        }
    }
    methods
}

fn client() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/lomi-client/src");
    sources(&folder).into_iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// This suite's source without this file, comments and white space.
fn suite() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("suite/conformance");
    let files = sources(&folder).into_iter().filter(|path| !path.ends_with("coverage.rs"));
    let text: String = files.map(|path| fs::read_to_string(path).unwrap()).collect();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(str::split_whitespace).collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
