//! The operator's routes, behind AWS IAM: `GET /admin/quarantine` and `/admin/quarantine/{quarantine_id}`,
//! `POST /admin/quarantine/{quarantine_id}/replay`, `POST /admin/orders/{order_id}/sync`,
//! `POST /admin/webhook-deliveries/replay`, `POST /admin/orders/{order_id}/events/replay`, `GET /admin/health`.
//!
//! Promise: every request may be repeated. No order's status is set by hand: events and answers of lomi go through `apply`.
//!
//! May: `GetItem` on `ORDER#*`, `QUARANTINE#*`, `REF#*`, `EVT#*`, `ATTRIBUTION#*`, `OUTBOX#*`, `HEARTBEAT#*`,
//! `ORGANISATION#*`, `NATIVE#*`; `PutItem` on `ORDER#*`, `QUARANTINE#*`, `REF#*`, `EVT#*`, `ATTRIBUTION#*`, `OUTBOX#*`;
//! `UpdateItem` on `ORDER#*`, `QUARANTINE#*`, `LINK#*`; `Query` of index `listing` for `QUARANTINE#*`, `QUARANTINE`;
//! `Query` of index `due` for `DUE#*`; `GetSecretValue` of `LomiSecretKey`, `LomiWebhookSecret`, `CartTokenSecret`;
//! call lomi.

mod deliveries;
mod events;
mod health;
mod http;
mod quarantine;

use lambda_kit::config;
use lambda_kit::http::serve;
use lambda_kit::lomi::LomiSettings;
use lambda_kit::wiring::{TableName, Wiring};
use std::process::ExitCode;

fn main() -> ExitCode {
    lambda_kit::start::run(async {
        let (wiring, table, lomi, secrets, public_origin) = config::read(|env| {
            let wiring = Wiring::read(env, env!("CARGO_PKG_NAME"));
            let table = TableName::read(env);
            let lomi = LomiSettings::read(env);
            let webhook_secret = env.secret_id("LOMI_WEBHOOK_SECRET_ID");
            let cart_token_key = env.secret_id("CART_TOKEN_SECRET_ID");
            let public_origin = env.optional_origin("PUBLIC_BASE_URL");
            Some((wiring?, table?, lomi?, (webhook_secret?, cart_token_key?), public_origin))
        })?;
        let connected = wiring.connect()?;
        let app = http::App::new(&connected, table, lomi, secrets, public_origin);
        serve(connected.function, http::LIMITS, async |request, telemetry| app.handle(&request, telemetry).await).await
    })
}
