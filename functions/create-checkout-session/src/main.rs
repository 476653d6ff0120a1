//! `POST /checkout-sessions` for storefronts, `POST /admin/checkout-sessions` for the merchant's own backend, and
//! `GET /admin/checkout-sessions` and `GET /admin/checkout-sessions/{checkout_session_id}` to read lomi's sessions.
//!
//! Prices the cart, writes the order, opens a hosted page at lomi and answers with its address: one order and one page
//! per `Idempotency-Key`, however often it is retried. The public route takes no price; the admin route, behind AWS
//! IAM, may name an amount.
//!
//! May: `GetItem` on `IDEM#*`, `ORDER#*`, `CART#*`; `UpdateItem` on `IDEM#*`, `ORDER#*`; `PutItem` on `IDEM#*`,
//! `ORDER#*`, `REF#*`, `CART#*`; `BatchGetItem` on `PRODUCT#*`, `ORDER#*`; `GetSecretValue` of `LomiSecretKey`,
//! `CartTokenSecret`; call lomi.

mod body;
mod echo;
mod http;
mod sessions;
mod view;

use lambda_kit::config;
use lambda_kit::http::serve;
use lambda_kit::lomi::LomiSettings;
use lambda_kit::wiring::{TableName, Wiring};
use std::process::ExitCode;

fn main() -> ExitCode {
    lambda_kit::start::run(async {
        let (wiring, table, lomi, selling, cart_token_key) = config::read(|env| {
            let wiring = Wiring::read(env, env!("CARGO_PKG_NAME"));
            let table = TableName::read(env);
            let lomi = LomiSettings::read(env);
            let redirects = env.redirect_policy("ALLOWED_ORIGINS");
            let prices = env.public_prices("PUBLIC_PRICE_IDS");
            let currency = env.currency("DEFAULT_CURRENCY");
            let cart_token_key = env.secret_id("CART_TOKEN_SECRET_ID");
            Some((wiring?, table?, lomi?, (redirects?, prices?, currency?), cart_token_key?))
        })?;
        let connected = wiring.connect()?;
        let app = http::App::new(&connected, table, lomi, selling, cart_token_key);
        serve(connected.function, http::LIMITS, async |request, telemetry| app.handle(&request, telemetry).await).await
    })
}
