//! `GET /products` for the shop; `/admin/products` and `/admin/products/{sku}` for the merchant, closed at the gateway.
//!
//! The only place where prices of the merchant's own catalogue are set.
//!
//! May: `dynamodb:GetItem`, `PutItem`, `DeleteItem` on the table, `Query` on its index `listing`.

mod http;
mod view;

use edge::config;
use edge::wiring::Wiring;
use std::process::ExitCode;

fn main() -> ExitCode {
    edge::start::run(async {
        let wiring = config::read(|env| Wiring::read(env, env!("CARGO_PKG_NAME")))?;
        let connected = wiring.connect()?;
        let app = http::App::new(&connected);
        edge::http::serve(connected.function, http::LIMITS, async |request, event| app.handle(&request, event).await)
            .await
    })
}
