//! On a schedule: asks lomi. about the orders that are due and finishes what a crash or a lost event left open.
//!
//! May: `GetItem` on `ORDER#*`, `REF#*`, `EVT#*`, `QUESTION#*`, `QUARANTINE#*`, `WATCH#*`, `PULSE#*`,
//! `ORGANISATION#*`, `NATIVE#*`; `PutItem` on
//! `ORDER#*`, `REF#*`, `EVT#*`, `QUESTION#*`, `WATCH#*`, `OUTBOX#*`, `QUARANTINE#*`, `ORGANISATION#*`; `UpdateItem` on
//! `ORDER#*`, `QUARANTINE#*`, `LINK#*`;
//! `Query` of index `due` for `DUE#*`; `GetSecretValue` of `LomiSecretKey`; call lomi.

mod run;

use edge::config;
use edge::lomi::LomiSettings;
use edge::wiring::{TableName, Wiring};
use std::process::ExitCode;

fn main() -> ExitCode {
    edge::start::run(async {
        let (wiring, table, lomi) = config::read(|env| {
            let wiring = Wiring::read(env, env!("CARGO_PKG_NAME"));
            let table = TableName::read(env);
            let lomi = LomiSettings::read(env);
            Some((wiring?, table?, lomi?))
        })?;
        let connected = wiring.connect()?;
        let app = run::App::new(&connected, table, lomi);
        edge::scheduled::serve(connected.function, run::BUDGET, async |deadline, event| app.run(deadline, event).await)
            .await
    })
}
