//! Steps that read the sources.

use crate::command::{cargo, command, finish, succeeds};

pub(crate) fn format() -> Result<(), String> {
    cargo(&["fmt", "--all", "--check"])
}

pub(crate) fn lints() -> Result<(), String> {
    cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"])
}

/// An advisory fails the step. Where the advisory database cannot be reached, the step prints that instead.
pub(crate) fn dependencies() -> Result<(), String> {
    cargo(&["deny", "--locked", "check", "bans", "licenses", "sources"])?;
    if succeeds("cargo", &["deny", "--locked", "fetch", "db"]) {
        cargo(&["deny", "--locked", "check", "advisories"])?;
    } else {
        println!("advisories NOT CHECKED: their database cannot be reached from here");
    }
    Ok(())
}

pub(crate) fn docs() -> Result<(), String> {
    let mut doc = command("cargo", &["doc", "--workspace", "--no-deps", "--locked", "--quiet"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    finish(doc)
}
