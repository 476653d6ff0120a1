//! Terminal output. Unlike `eprintln!`, it does not panic when the terminal is gone.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line to stderr.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Writes a line to stdout, for programs.
pub fn print(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}
