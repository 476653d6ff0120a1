//! The process around a function.

use crate::config::{BadConfig, BadVariable};
use crate::https::ClientError;
use serde::Serialize;
use std::io::Write;
use std::panic::PanicHookInfo;
use std::process::ExitCode;

/// Why a function could not start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The environment is invalid.
    #[error(transparent)]
    Config(#[from] BadConfig),
    /// See [`ClientError`].
    #[error(transparent)]
    Https(#[from] ClientError),
    /// The Lambda Runtime API cannot be reached.
    #[error("the Lambda Runtime API cannot be reached")]
    Runtime,
}

/// Runs a function's `main` on one thread, because a Lambda function has one. When the function cannot start, prints
/// one JSON line with the reason and exits with a failure.
pub fn run(main: impl Future<Output = Result<(), StartError>>) -> ExitCode {
    std::panic::set_hook(Box::new(report_panic));
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        report("start_failed", &());
        return ExitCode::FAILURE;
    };
    match runtime.block_on(main) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report_start_error(&error);
            ExitCode::FAILURE
        }
    }
}

fn report_start_error(error: &StartError) {
    #[derive(Serialize)]
    struct Variables<'a> {
        variables: &'a [BadVariable],
    }
    match error {
        StartError::Config(bad) => report("configuration_invalid", &Variables { variables: &bad.variables }),
        StartError::Https(_) => report("https_client_failed", &()),
        StartError::Runtime => report("runtime_api_failed", &()),
    }
}

/// Logs where, never what: the message of a panic may repeat a part of the request.
fn report_panic(panic: &PanicHookInfo<'_>) {
    #[derive(Serialize)]
    struct Place<'a> {
        file: &'a str,
        line: u32,
    }
    let place = panic.location().map(|location| Place { file: location.file(), line: location.line() });
    report("panic", &place);
}

/// Prints a log line about the process, outside any invocation.
pub(crate) fn report(event: &'static str, details: &impl Serialize) {
    #[derive(Serialize)]
    struct Report<'a, D> {
        timestamp: String,
        level: &'static str,
        event: &'static str,
        details: &'a D,
    }
    let timestamp = crate::system::now().to_rfc3339();
    print_line(&Report { timestamp, level: "ERROR", event, details });
}

/// Prints one line in one write, so that two lines never mix. A closed stdout is ignored: it must not lose a payment.
pub(crate) fn print_line(line: &impl Serialize) {
    if let Ok(mut text) = serde_json::to_vec(line) {
        text.push(b'\n');
        let mut stdout = std::io::stdout().lock();
        let _ = stdout.write_all(&text).and_then(|()| stdout.flush());
    }
}
