//! The lomi server of one stack: `lomi-sandbox`, started with the stack's webhook, or another server without a webhook.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};

use lomi_sandbox::{EndpointSetting, Sandbox, Sim, fixtures};
use tokio::sync::broadcast::error::RecvError;

use crate::data_folder::{DataError, DataFolder};
use crate::logs::Logs;
use crate::other_lomi::{OtherLomi, SecretKey};
use crate::ports::following;
use crate::stack::{StackOptions, StartError};
use crate::system;

/// The webhook's path at the gateway.
const WEBHOOK_PATH: &str = "/webhooks/lomi";

/// The secrets of a stack.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// The functions' secret key, of the stack's environment.
    pub(crate) secret_key: SecretKey,
    /// The signing secret of the webhook.
    pub(crate) webhook_secret: String,
    /// The key that signs cart tokens, for the shop's own server.
    pub(crate) cart_token_key: String,
}

impl Account {
    /// `environment` is the template's parameter. A data folder keeps both secrets between runs.
    pub(crate) fn open(
        environment: Option<&str>,
        other: Option<&OtherLomi>,
        data: Option<&DataFolder>,
    ) -> Result<Self, DataError> {
        let of_stand_in = if environment == Some("live") { fixtures::LIVE_KEY_A } else { fixtures::TEST_KEY_A };
        let secret_key = other.map_or_else(|| SecretKey::of_stand_in(of_stand_in), |other| other.secret_key().clone());
        let secret = |file, fresh: fn() -> String| data.map_or_else(|| Ok(fresh()), |data| data.secret(file, fresh));
        Ok(Self {
            secret_key,
            webhook_secret: secret("webhook-secret", || format!("whsec_{}", system::random_hex(24)))?,
            cart_token_key: secret("cart-token-key", || system::random_hex(32))?,
        })
    }
}

#[derive(Debug)]
pub(crate) enum Lomi {
    StandIn(Sandbox),
    Other(OtherLomi),
}

impl Lomi {
    /// Starts `lomi-sandbox` with the gateway's webhook as an endpoint, unless the options name another server.
    pub(crate) async fn start(
        options: &StackOptions,
        account: &Account,
        gateway: &str,
        data: Option<&DataFolder>,
    ) -> Result<Self, StartError> {
        if let Some(other) = &options.other_lomi {
            return Ok(Self::Other(other.clone()));
        }
        let (port, mut settings) = (following(options.port, 2), options.lomi.clone());
        settings.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        settings.data_file = data.map(|folder| folder.file("lomi.json")).or(settings.data_file);
        settings.endpoints.push(EndpointSetting {
            api_key: account.secret_key.expose().to_owned(),
            url: format!("{gateway}{WEBHOOK_PATH}"),
            secret: account.webhook_secret.clone(),
        });
        Sandbox::start(settings).await.map(Self::StandIn).map_err(|problem| match problem.kind() {
            ErrorKind::AddrInUse | ErrorKind::PermissionDenied => StartError::Port { port, part: "lomi.", problem },
            _ => StartError::Lomi(problem),
        })
    }

    pub(crate) fn url(&self) -> &str {
        match self {
            Self::StandIn(sandbox) => sandbox.base_url(),
            Self::Other(other) => other.url(),
        }
    }

    pub(crate) const fn stand_in(&self) -> Option<&Sandbox> {
        match self {
            Self::StandIn(sandbox) => Some(sandbox),
            Self::Other(_) => None,
        }
    }

    /// Saves `lomi-sandbox`'s state.
    pub(crate) async fn stop(self) -> std::io::Result<()> {
        match self {
            Self::StandIn(sandbox) => sandbox.shutdown().await,
            Self::Other(_) => Ok(()),
        }
    }
}

/// Logs every webhook that `lomi-sandbox` gives up.
pub(crate) async fn note_dead_letters(sim: Sim, logs: Logs) {
    let mut dead_letters = sim.dead_letters();
    loop {
        match dead_letters.recv().await {
            Ok(line) => logs.push("lomi.", line.as_bytes()),
            Err(RecvError::Lagged(missed)) => logs.push("lomi.", format!("{missed} more were given up").as_bytes()),
            Err(RecvError::Closed) => return,
        }
    }
}
