//! The lomi. stand-in of one stack, which knows the stack's webhook from its first moment.

use lomi_sandbox::{EndpointSetting, Sandbox, Settings, Sim, fixtures};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::sync::broadcast::error::RecvError;

use crate::data_folder::{DataError, DataFolder};
use crate::logs::Logs;
use crate::seams;

/// Where lomi. delivers its events at the gateway.
const WEBHOOK_PATH: &str = "/webhooks/lomi";

/// What a stack and lomi. have agreed on.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// The secret key of the functions; its environment is that of the stack.
    pub(crate) secret_key: &'static str,
    /// The signing secret of the webhook.
    pub(crate) webhook_secret: String,
    /// The key that signs cart tokens, which a shop's own server would hold.
    pub(crate) cart_token_key: String,
}

impl Account {
    /// `environment` is the template's parameter. With a folder, both secrets stay the same between runs.
    pub(crate) fn open(environment: Option<&str>, data: Option<&DataFolder>) -> Result<Self, DataError> {
        let secret_key = if environment == Some("live") { fixtures::LIVE_KEY_A } else { fixtures::TEST_KEY_A };
        let secret = |file, fresh: fn() -> String| data.map_or_else(|| Ok(fresh()), |data| data.secret(file, fresh));
        Ok(Self {
            secret_key,
            webhook_secret: secret("webhook-secret", || format!("whsec_{}", seams::random_hex(24)))?,
            cart_token_key: secret("cart-token-key", || seams::random_hex(32))?,
        })
    }
}

/// Starts lomi. on `port` (0 takes a free one) with the gateway's webhook as an endpoint.
pub(crate) async fn start(
    mut settings: Settings,
    account: &Account,
    port: u16,
    gateway: &str,
    data: Option<&DataFolder>,
) -> std::io::Result<Sandbox> {
    settings.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    settings.data_file = data.map(|folder| folder.file("lomi.json")).or(settings.data_file);
    settings.endpoints.push(EndpointSetting {
        api_key: account.secret_key.to_owned(),
        url: format!("{gateway}{WEBHOOK_PATH}"),
        secret: account.webhook_secret.clone(),
    });
    Sandbox::start(settings).await
}

/// Writes down every webhook that lomi. gives up, for as long as lomi. runs.
pub(crate) async fn note_dead_letters(sim: Sim, logs: Logs) {
    let mut given_up = sim.given_up();
    loop {
        match given_up.recv().await {
            Ok(line) => logs.push("lomi.", line.as_bytes()),
            Err(RecvError::Lagged(missed)) => logs.push("lomi.", format!("{missed} more were given up").as_bytes()),
            Err(RecvError::Closed) => return,
        }
    }
}
