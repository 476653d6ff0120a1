//! `GET /orders/{order_id}` and `POST /orders/{order_id}/cancel` for the shopper who holds the order's token;
//! `GET /admin/orders`, `GET /admin/orders/{order_id}`, `POST /admin/orders/{order_id}/refunds` and
//! `.../refunds/{refund_id}/release` for the back office, behind AWS IAM.
//!
//! While an order is open, its status route polls lomi at intervals, so that the return page shows a payment even when
//! no event comes.
//!
//! May: `GetItem` on `ORDER#*`, `ORGANISATION#*`; `UpdateItem` on `ORDER#*`, `LINK#*`; `PutItem` on `EVT#*`,
//! `OUTBOX#*`, `QUARANTINE#*`; `Query` of index `listing` for `ORDER#*`; `GetSecretValue` of `LomiSecretKey`; call
//! lomi.

mod http;
mod refunds;

use lambda_kit::config;
use lambda_kit::http::serve;
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
        let app = http::App::new(&connected, table, lomi);
        serve(connected.function, http::LIMITS, async |request, telemetry| app.handle(&request, telemetry).await).await
    })
}
