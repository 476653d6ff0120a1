//! Every property is fuzzed.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

#[test]
fn every_property_has_a_fuzz_target_of_its_name() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    let seeds = fs::read_dir(fuzz.join("../properties/seeds")).expect("seeds");
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).expect("a manifest");
    for entry in seeds {
        let name = entry.expect("a folder").file_name().into_string().expect("a name");
        let file = format!("fuzz_targets/{name}.rs");
        assert!(manifest.contains(&format!("path = \"{file}\"")), "no target has {file}");
        let source = fs::read_to_string(fuzz.join(&file)).expect("a fuzz target");
        assert!(source.contains(&format!("properties::{name}(")), "{name} fuzzes something else");
    }
}
