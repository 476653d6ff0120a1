//! `GET /card-form` and `POST /payment-intents` for storefronts; `POST /admin/payment-intents` and
//! `POST /admin/payment-intents/{payment_intent_id}/cancel` for the merchant's backend, behind AWS IAM.
//!
//! Prices the cart, writes the order, creates an intent at lomi and answers with the client secret for a card form on
//! the shop's own page: one order and one secret per `Idempotency-Key`, however often it is retried. The public route
//! takes no price.
//!
//! May: `GetItem` on `IDEM#*`, `ORDER#*`, `REF#*`, `CART#*`, `ORGANISATION#*`; `PutItem` on `IDEM#*`, `ORDER#*`,
//! `REF#*`, `CART#*`, `EVT#*`, `OUTBOX#*`, `QUARANTINE#*`; `UpdateItem` on `IDEM#*`, `ORDER#*`; `BatchGetItem` on
//! `PRODUCT#*`; `GetSecretValue` of `LomiSecretKey`, `CartTokenSecret`; call lomi.

mod appearance;
mod body;
mod http;

use lambda_kit::config;
use lambda_kit::http::serve;
use lambda_kit::lomi::LomiSettings;
use lambda_kit::wiring::{TableName, Wiring};
use std::process::ExitCode;

fn main() -> ExitCode {
    lambda_kit::start::run(async {
        let (wiring, table, lomi, currency, cart_token_key, publishable_key) = config::read(|env| {
            let wiring = Wiring::read(env, env!("CARGO_PKG_NAME"));
            let table = TableName::read(env);
            let lomi = LomiSettings::read(env);
            let currency = env.currency("DEFAULT_CURRENCY");
            let cart_token_key = env.secret_id("CART_TOKEN_SECRET_ID");
            let publishable_key = env.publishable_key("LOMI_PUBLISHABLE_KEY");
            Some((wiring?, table?, lomi?, currency?, cart_token_key?, publishable_key))
        })?;
        let connected = wiring.connect()?;
        let app = http::App::new(&connected, table, lomi, (currency, publishable_key), cart_token_key);
        serve(connected.function, http::LIMITS, async |request, telemetry| app.handle(&request, telemetry).await).await
    })
}
