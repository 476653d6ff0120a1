//! Rules of the source tree: imports, template, routes, sources. Each rule is shown to fail where it should.

mod alarms;
mod artifacts;
mod costs;
mod events;
mod imports;
mod modules;
mod monitoring;
mod mutants;
mod promises;
mod roles;
mod routes;
mod rust_tokens;
mod sam;
mod sources;
mod template;
mod template_rules;
mod throttles;
pub(crate) mod tools;
mod webhook_endpoint;
pub(crate) mod yaml;

use std::path::PathBuf;

pub(crate) fn root() -> PathBuf {
    local::build::workspace_root().expect("the tests belong to a workspace")
}

#[track_caller]
pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// `text` with one place changed. The place must exist: a mutation that changes nothing proves nothing.
#[track_caller]
pub(crate) fn mutated(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "nothing to mutate: {from:?}");
    text.replacen(from, to, 1)
}
