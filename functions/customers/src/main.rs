//! `/admin/customers`, `/admin/customers/{customer_id}` and its `/transactions` for the back office, behind AWS IAM:
//! the merchant's customers at lomi.
//!
//! Checks what lomi ignores or answers with a 500, calls lomi once, and says when the outcome of a create is unknown.
//! It stores nothing.
//!
//! May: `GetSecretValue` of `LomiSecretKey`; call lomi.

mod body;
mod http;
mod query;
mod view;

use lambda_kit::config;
use lambda_kit::http::serve;
use lambda_kit::lomi::LomiSettings;
use lambda_kit::wiring::Wiring;
use std::process::ExitCode;

fn main() -> ExitCode {
    lambda_kit::start::run(async {
        let (wiring, lomi) = config::read(|env| {
            let wiring = Wiring::read(env, env!("CARGO_PKG_NAME"));
            let lomi = LomiSettings::read(env);
            Some((wiring?, lomi?))
        })?;
        let connected = wiring.connect()?;
        let app = http::App::new(&connected, lomi);
        serve(connected.function, http::LIMITS, async |request, telemetry| app.handle(&request, telemetry).await).await
    })
}
