//! `GET /products` and `GET /amounts` for the shop; `/admin/products` and `/admin/products/{sku}` for the merchant,
//! behind AWS IAM.
//!
//! The prices of the merchant's own catalogue are set only here.
//!
//! May: `GetItem`, `PutItem`, `DeleteItem` on `PRODUCT#*`; `Query` of index `listing` for `PRODUCT`.

mod amounts;
mod http;
mod view;

use lambda_kit::config;
use lambda_kit::http::serve;
use lambda_kit::wiring::{TableName, Wiring};
use std::process::ExitCode;

fn main() -> ExitCode {
    lambda_kit::start::run(async {
        let (wiring, table) = config::read(|env| {
            let wiring = Wiring::read(env, env!("CARGO_PKG_NAME"));
            let table = TableName::read(env);
            Some((wiring?, table?))
        })?;
        let connected = wiring.connect()?;
        let app = http::App::new(&connected, table);
        serve(connected.function, http::LIMITS, async |request, telemetry| app.handle(&request, telemetry).await).await
    })
}
