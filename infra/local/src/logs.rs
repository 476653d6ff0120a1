//! The functions' output, line by line.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use crate::system::lock;
use crate::terminal::say;

/// The number of lines kept; older ones are dropped.
const MAX_LINES: usize = 20_000;
/// Longer lines are split at this size.
const MAX_LINE_BYTES: usize = 256 * 1024;

/// One line that a function printed to stdout or stderr.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// The binary that printed it, or `lomi.` for a webhook that `lomi-sandbox` gave up.
    pub function: String,
    /// The line without its end; invalid UTF-8 is replaced.
    pub line: String,
}

/// The newest lines of all functions, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Logs {
    lines: Arc<Mutex<VecDeque<LogLine>>>,
    echo: bool,
}

impl Logs {
    /// `echo` also writes every line to stderr, after the function's name.
    #[must_use]
    pub(crate) fn new(echo: bool) -> Self {
        Self { lines: Arc::default(), echo }
    }

    #[must_use]
    pub(crate) fn snapshot(&self) -> Vec<LogLine> {
        lock(&self.lines).iter().cloned().collect()
    }

    /// The last `count` lines of one function, as one text.
    #[must_use]
    pub(crate) fn tail(&self, function: &str, count: usize) -> String {
        let lines = lock(&self.lines);
        let of_function = lines.iter().rev().filter(|line| line.function == function);
        let mut newest: Vec<&str> = of_function.take(count).map(|line| line.line.as_str()).collect();
        newest.reverse();
        newest.join("\n")
    }

    /// Stores a line without its end, with invalid UTF-8 replaced.
    pub(crate) fn push(&self, function: &str, bytes: &[u8]) {
        let line = String::from_utf8_lossy(bytes).trim_end_matches(['\r', '\n']).to_owned();
        if self.echo {
            say(format_args!("[{function}] {line}"));
        }
        let mut lines = lock(&self.lines);
        if lines.len() >= MAX_LINES {
            lines.pop_front();
        }
        lines.push_back(LogLine { function: function.to_owned(), line });
    }

    /// Reads a pipe to its end.
    pub(crate) async fn follow(self, function: String, pipe: impl AsyncRead + Unpin) {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        while let Ok(available) = reader.fill_buf().await {
            if available.is_empty() {
                break;
            }
            let end = available.iter().position(|byte| *byte == b'\n').map(|position| position + 1);
            let used = end.unwrap_or(available.len());
            line.extend(available.iter().take(used));
            reader.consume(used);
            if end.is_some() || line.len() >= MAX_LINE_BYTES {
                self.push(&function, &line);
                line.clear();
            }
        }
        if !line.is_empty() {
            self.push(&function, &line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_last_line_without_an_end_is_kept() {
        let logs = Logs::default();
        logs.clone().follow("orders".to_owned(), &b"one\ntwo\r\nthree"[..]).await;
        assert_eq!(logs.tail("orders", 2), "two\nthree");
        assert_eq!(logs.tail("catalog", 2), "");
    }

    #[tokio::test]
    async fn the_oldest_lines_are_forgotten() {
        let logs = Logs::default();
        let text = "x\n".repeat(MAX_LINES + 5);
        logs.clone().follow("orders".to_owned(), text.as_bytes()).await;
        assert_eq!(logs.snapshot().len(), MAX_LINES);
    }
}
