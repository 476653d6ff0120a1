//! `POST /webhooks/lomi`: lomi's signed events.
//!
//! Promise: a 2xx means that the event is stored; an authentic event of up to 256 KiB is never answered with a 4xx,
//! because lomi would drop it; an answer comes within 3 s, because lomi's time-out is 4 s.
//!
//! May: `GetItem` on `ORDER#*`, `REF#*`, `EVT#*`, `ATTRIBUTION#*`, `ORGANISATION#*`; `UpdateItem` on `ORDER#*`,
//! `LINK#*`, `HEARTBEAT#*`; `PutItem` on `EVT#*`, `ATTRIBUTION#*`, `OUTBOX#*`, `QUARANTINE#*`; `GetSecretValue` of
//! `LomiWebhookSecret`.
//!
//! It has no lomi key, so an attacker who controlled this function could not call lomi.

mod http;

use lambda_kit::config;
use lambda_kit::http::serve;
use lambda_kit::wiring::{TableName, Wiring};
use std::process::ExitCode;

fn main() -> ExitCode {
    lambda_kit::start::run(async {
        let (wiring, table, secret) = config::read(|env| {
            let wiring = Wiring::read(env, env!("CARGO_PKG_NAME"));
            let table = TableName::read(env);
            let secret = env.secret_id("LOMI_WEBHOOK_SECRET_ID");
            Some((wiring?, table?, secret?))
        })?;
        let connected = wiring.connect()?;
        let app = http::App::new(&connected, table, secret);
        serve(connected.function, http::LIMITS, async |request, telemetry| app.handle(&request, telemetry).await).await
    })
}
