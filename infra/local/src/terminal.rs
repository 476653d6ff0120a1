//! Lines for the person in front of the terminal. A terminal that has gone away stops nobody: unlike `eprintln!`, these
//! do not panic.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line to stderr.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Writes a line to stdout, which programs read.
pub fn print(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}
