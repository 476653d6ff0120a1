//! `/admin/payment-links` for the back office, behind AWS IAM; `GET /pay/{code}` for a shopper who follows a managed
//! link; `GET /payment-links/{id}/qr.svg` and `.png`. This stack runs managed links: they are counted, limited and can
//! be ended. Native links are lomi's.
//!
//! May: `GetItem` on `IDEM#*`, `ORDER#*`, `LINK#*`, `NATIVE#*`; `UpdateItem` on `IDEM#*`, `ORDER#*`, `LINK#*`;
//! `PutItem` on `IDEM#*`, `ORDER#*`, `LINK#*`, `NATIVE#*`, `REF#*`, `CURSOR#*`; `BatchGetItem` on `PRODUCT#*`,
//! `NATIVE#*`; `Query` of index `listing` for `LINK`; `GetSecretValue` of `LomiSecretKey`; call lomi.

mod amount;
mod back_office;
mod body;
mod http;
mod list;
mod page;
mod pay;
mod qr;
mod view;
mod visitor;

use lambda_kit::config;
use lambda_kit::http::serve;
use lambda_kit::lomi::LomiSettings;
use lambda_kit::wiring::{TableName, Wiring};
use std::process::ExitCode;

fn main() -> ExitCode {
    lambda_kit::start::run(async {
        let (wiring, table, lomi, redirects, public_origin) = config::read(|env| {
            let wiring = Wiring::read(env, env!("CARGO_PKG_NAME"));
            let table = TableName::read(env);
            let lomi = LomiSettings::read(env);
            let redirects = env.redirect_policy("ALLOWED_ORIGINS");
            let public_origin = env.optional_origin("PUBLIC_BASE_URL");
            Some((wiring?, table?, lomi?, redirects?, public_origin))
        })?;
        let connected = wiring.connect()?;
        let app = http::App::new(&connected, table, lomi, redirects, public_origin);
        serve(connected.function, http::LIMITS, async |request, telemetry| app.handle(&request, telemetry).await).await
    })
}
