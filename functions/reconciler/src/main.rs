//! On a schedule: polls lomi for the orders that are due, and finishes what a crash or a lost event left open.
//!
//! May: `GetItem` on `ORDER#*`, `REF#*`, `EVT#*`, `ATTRIBUTION#*`, `QUARANTINE#*`, `CURSOR#*`, `HEARTBEAT#*`,
//! `ORGANISATION#*`, `NATIVE#*`; `PutItem` on `ORDER#*`, `REF#*`, `EVT#*`, `ATTRIBUTION#*`, `CURSOR#*`, `OUTBOX#*`,
//! `QUARANTINE#*`, `ORGANISATION#*`; `UpdateItem` on `ORDER#*`, `QUARANTINE#*`, `LINK#*`; `Query` of index `due` for
//! `DUE#*`; `GetSecretValue` of `LomiSecretKey`; call lomi.

mod run;

use lambda_kit::config;
use lambda_kit::lomi::LomiSettings;
use lambda_kit::wiring::{TableName, Wiring};
use std::process::ExitCode;

fn main() -> ExitCode {
    lambda_kit::start::run(async {
        let (wiring, table, lomi) = config::read(|env| {
            let wiring = Wiring::read(env, env!("CARGO_PKG_NAME"));
            let table = TableName::read(env);
            let lomi = LomiSettings::read(env);
            Some((wiring?, table?, lomi?))
        })?;
        let connected = wiring.connect()?;
        let app = run::App::new(&connected, table, lomi);
        lambda_kit::scheduled::serve(connected.function, run::BUDGET, async |deadline, telemetry| {
            app.run(deadline, telemetry).await
        })
        .await
    })
}
