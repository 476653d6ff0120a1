//! Keeps this stack's webhook registered at lomi, and its signing secret in Secrets Manager. CloudFormation invokes it
//! when the stack changes, a schedule every five minutes, an operator to rotate the secret.
//!
//! Promise: a deployment never waits for lomi and never fails because of it; no event is lost while a secret changes.
//!
//! May: `GetSecretValue` of `LomiSecretKey`, `LomiWebhookSecret`; `PutSecretValue` of `LomiWebhookSecret`; call lomi;
//! respond to CloudFormation.

mod next_step;
mod run;
mod task;

use lambda_kit::config;
use lambda_kit::lomi::LomiSettings;
use lambda_kit::wiring::Wiring;
use std::process::ExitCode;

fn main() -> ExitCode {
    lambda_kit::start::run(async {
        let (wiring, lomi, webhook_secret, public_origin) = config::read(|env| {
            let wiring = Wiring::read(env, env!("CARGO_PKG_NAME"));
            let lomi = LomiSettings::read(env);
            let webhook_secret = env.secret_id("LOMI_WEBHOOK_SECRET_ID");
            let public_origin = env.optional_origin("PUBLIC_BASE_URL");
            Some((wiring?, lomi?, webhook_secret?, public_origin))
        })?;
        let connected = wiring.connect()?;
        let app = run::App::new(&connected, lomi, webhook_secret, public_origin);
        lambda_kit::event_function::serve(connected.function, run::BUDGET, async |event, deadline, telemetry| {
            app.run(&event, deadline, telemetry).await
        })
        .await
    })
}
