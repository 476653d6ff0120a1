//! `GET /card-form` and `POST /payment-intents` for storefronts, `POST /admin/payment-intents` for the merchant's own backend, and
//! `POST /admin/payment-intents/{payment_intent_id}/cancel`.
//!
//! Prices the cart, writes the order, makes an intent at lomi. and answers with the secret that a card form on the shop's
//! own page confirms it with: one order and one secret per `Idempotency-Key`, whatever is retried. The public route takes
//! no price; the admin routes are closed at the gateway.
//!
//! May: `GetItem` on `IDEM#*`, `ORDER#*`, `REF#*`, `CART#*`, `ORGANISATION#*`; `PutItem` on `IDEM#*`, `ORDER#*`, `REF#*`, `CART#*`,
//! `EVT#*`, `OUTBOX#*`, `QUARANTINE#*`; `UpdateItem` on `IDEM#*`, `ORDER#*`; `BatchGetItem` on `PRODUCT#*`; `GetSecretValue` of
//! `LomiSecretKey`, `CartTokenSecret`; call lomi.

mod appearance;
mod body;
mod http;

use lambda_kit::config;
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
        lambda_kit::http::serve(connected.function, http::LIMITS, async |request, event| {
            app.handle(&request, event).await
        })
        .await
    })
}
