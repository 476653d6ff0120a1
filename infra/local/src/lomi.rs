//! The lomi. stand-in of one stack, which knows the stack's webhook from its first moment.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use lomi_sandbox::{EndpointSetting, Sandbox, Settings, fixtures};

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
}

impl Account {
    /// `environment` is the template's parameter. With a `data_dir` the webhook keeps its secret between runs.
    pub(crate) fn open(environment: Option<&str>, data_dir: Option<&Path>) -> std::io::Result<Self> {
        let secret_key = if environment == Some("live") { fixtures::LIVE_KEY_A } else { fixtures::TEST_KEY_A };
        let fresh = || format!("whsec_{}", seams::random_hex(24));
        let webhook_secret = match data_dir.map(|folder| folder.join("webhook-secret")) {
            Some(file) if file.exists() => std::fs::read_to_string(file)?.trim().to_owned(),
            Some(file) => {
                let secret = fresh();
                std::fs::write(file, &secret)?;
                secret
            }
            None => fresh(),
        };
        Ok(Self { secret_key, webhook_secret })
    }
}

/// Starts lomi. on `port` (0 takes a free one) with the gateway's webhook as an endpoint.
pub(crate) async fn start(
    mut settings: Settings,
    account: &Account,
    port: u16,
    gateway: &str,
    data_dir: Option<&Path>,
) -> std::io::Result<Sandbox> {
    settings.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    settings.data_file = data_dir.map(|folder| folder.join("lomi.json")).or(settings.data_file);
    settings.endpoints.push(EndpointSetting {
        api_key: account.secret_key.to_owned(),
        url: format!("{gateway}{WEBHOOK_PATH}"),
        secret: account.webhook_secret.clone(),
    });
    Sandbox::start(settings).await
}
