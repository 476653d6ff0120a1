//! The command line of `dev`.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::prelude::{Long, Short, ValueExt};
use local::once::Flow;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
cargo dev: the whole checkout stack on this machine

Usage: cargo dev [OPTIONS]

  --port <n>    port of the API (default 3000, with --once any free one); the shop uses n+1, lomi n+2,
                DynamoDB n+3; 0 uses free ports for all
  --data <dir>  keep orders and lomi's state in this folder between runs (default: in memory)
  --once        make one purchase over HTTP, print the order's timeline, and exit; fails unless lomi's webhook
                marks the order paid and exactly one order.paid event is in the outbox
  --flow <name> with --once: buy by session (lomi's page, the default), intent (a card form) or link
  --lomi <url>  use another lomi server: https://sandbox.api.lomi.africa, or a program on this machine
                (http://127.0.0.1:<port>). It sends no webhooks here: payments are found by polling
  --lomi-key-file <file>  with --lomi: the file with the secret test key, lomi_sk_test_...
  --json        print one JSON line with all URLs and tokens on stdout when everything is ready
  --release     build the functions with the release profile
  --binaries <dir>  run the function binaries in this folder instead of building them
  --help        print this";

const ONCE_ELSEWHERE: &str = "--once does not work with --lomi: it cannot press the pay button of another server's page; run without --once and pay in a browser";

/// The API's default port without --once.
const DEFAULT_PORT: u16 = 3000;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Flags {
    pub(crate) port: u16,
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) once: bool,
    pub(crate) flow: Flow,
    pub(crate) json: bool,
    pub(crate) release: bool,
    pub(crate) binaries: Option<PathBuf>,
    /// The address of another lomi server, and the file with its key.
    pub(crate) lomi: Option<(String, PathBuf)>,
}

impl Flags {
    /// Reads the program's arguments; `None` with --help.
    pub(crate) fn read() -> Result<Option<Self>, String> {
        Self::parse(std::env::args_os().skip(1))
    }

    /// Whether to print the functions' log lines at once: --once prints them only after a failure.
    pub(crate) fn echoes_logs(&self) -> bool {
        !self.once
    }

    /// The result after a signal: a failure with --once, otherwise a normal end.
    pub(crate) fn interrupted(&self) -> Result<(), String> {
        if self.once { Err("interrupted before the purchase was done".to_owned()) } else { Ok(()) }
    }

    fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Option<Self>, String> {
        let mut flags = Self {
            port: 0,
            data_dir: None,
            once: false,
            flow: Flow::Session,
            json: false,
            release: false,
            binaries: None,
            lomi: None,
        };
        let (mut port, mut flow, mut lomi, mut key_file) = (None, None, None, None);
        // `cargo dev -- --once` reaches this program with the dashes, `cargo dev --once` without.
        let mut arguments = arguments.into_iter().peekable();
        arguments.next_if(|argument| argument == "--");
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next().map_err(text)? {
            match argument {
                Long("port") => port = Some(parser.value().and_then(|value| value.parse()).map_err(text)?),
                Long("data") => flags.data_dir = Some(parser.value().map_err(text)?.into()),
                Long("once") => flags.once = true,
                Long("flow") => flow = Some(parser.value().and_then(|value| value.string()).map_err(text)?),
                Long("lomi") => lomi = Some(parser.value().and_then(|value| value.string()).map_err(text)?),
                Long("lomi-key-file") => key_file = Some(parser.value().map_err(text)?.into()),
                Long("json") => flags.json = true,
                Long("release") => flags.release = true,
                Long("binaries") => flags.binaries = Some(parser.value().map_err(text)?.into()),
                Long("help") | Short('h') => return Ok(None),
                other => return Err(text(other.unexpected())),
            }
        }
        if let Some(name) = flow {
            let known = Flow::from_name(&name).filter(|_| flags.once);
            flags.flow = known.ok_or_else(|| format!("--flow {name}: session, intent or link, with --once"))?;
        }
        flags.lomi = match (lomi, key_file) {
            (Some(_), Some(_)) if flags.once => return Err(ONCE_ELSEWHERE.to_owned()),
            (Some(url), Some(key_file)) => Some((url, key_file)),
            (None, None) => None,
            _ => return Err("--lomi <url> and --lomi-key-file <file> go together".to_owned()),
        };
        flags.port = port.unwrap_or(if flags.once { 0 } else { DEFAULT_PORT });
        if flags.port > u16::MAX - 3 {
            return Err(format!("--port {}: the three ports after it are needed, too", flags.port));
        }
        Ok(Some(flags))
    }
}

fn text(error: lexopt::Error) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Flags>, String> {
        Flags::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn flags_may_come_in_any_order_and_have_defaults() {
        let defaults = Flags {
            port: 3000,
            data_dir: None,
            once: false,
            flow: Flow::Session,
            json: false,
            release: false,
            binaries: None,
            lomi: None,
        };
        assert_eq!(parse(""), Ok(Some(defaults)));
        let all = Flags {
            port: 4000,
            data_dir: Some("d".into()),
            once: true,
            flow: Flow::Link,
            json: true,
            release: true,
            binaries: Some("b".into()),
            lomi: None,
        };
        assert_eq!(parse("--release --json --data d --port=4000 --once --flow link --binaries b"), Ok(Some(all)));
        assert_eq!(parse("--once --help"), Ok(None));
        assert_eq!(parse("-- --json"), parse("--json"));
        assert_eq!(parse("--once").map(|flags| flags.map(|flags| flags.port)), Ok(Some(0)));
    }

    #[test]
    fn a_flag_that_means_nothing_is_refused() {
        assert!(parse("--prot 1").unwrap_err().contains("--prot"));
        assert!(parse("--port abc").unwrap_err().contains("abc"));
        assert!(parse("--port 65533").unwrap_err().contains("three ports"));
        assert!(parse("--port").is_err());
        assert!(parse("--once --flow boat").unwrap_err().contains("boat"));
        assert!(parse("--flow link").unwrap_err().contains("--once"));
    }

    #[test]
    fn another_lomi_needs_its_key_and_a_payer() {
        let both = "--lomi http://127.0.0.1:1 --lomi-key-file k";
        let lomi = parse(both).unwrap().unwrap().lomi;
        assert_eq!(lomi, Some(("http://127.0.0.1:1".to_owned(), "k".into())));
        for one in ["--lomi http://127.0.0.1:1", "--lomi-key-file k"] {
            assert!(parse(one).unwrap_err().contains("go together"), "{one}");
        }
        assert!(parse(&format!("--once {both}")).unwrap_err().contains("pay button"));
    }
}
