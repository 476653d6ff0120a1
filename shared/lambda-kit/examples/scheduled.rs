//! A function that a schedule starts. `TABLE_NAME` selects how a run ends.

use lambda_kit::scheduled::{Failed, serve};
use lambda_kit::telemetry::{Field, Telemetry};
use std::process::ExitCode;
use std::time::Duration;
use tokio::time::Instant;

#[expect(clippy::panic, reason = "one kind of run shows that a panic is contained")]
fn main() -> ExitCode {
    lambda_kit::start::run(async {
        let (function, table) = lambda_kit::config::read(|env| {
            let function = env.function("scheduled");
            let table = env.text("TABLE_NAME");
            Some((function?, table?))
        })?;
        serve(function, Duration::from_millis(500), async |deadline: Instant, telemetry: &mut Telemetry| {
            telemetry.number(Field::ReconcileDue, (deadline - Instant::now()).as_millis());
            match table.as_str() {
                "works" => Ok(()),
                "hangs" => std::future::pending().await,
                "panics" => panic!("contained"),
                _ => Err(Failed),
            }
        })
        .await
    })
}
