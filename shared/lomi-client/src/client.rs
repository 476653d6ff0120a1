//! The client and how it is built.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use reqwest::header::HeaderValue;

use crate::call::Call;
use crate::card_charges::{CardCharges, CardRoutes};
use crate::checkout_sessions::CheckoutSessions;
use crate::customers::Customers;
use crate::delivery_logs::DeliveryLogs;
use crate::host;
use crate::https::{self, HttpsError};
use crate::key::{Environment, SecretKey};
use crate::me::Me;
use crate::payment_links::PaymentLinks;
use crate::providers::{self, Provider};
use crate::refunds::Refunds;
use crate::retry::RetryPolicy;
use crate::row;
use crate::transactions::Transactions;
use crate::transport::Transport;
use crate::webhook_endpoints::WebhookEndpoints;
use crate::wire::{Carrier, Wire};

const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const DEFAULT_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(8);
const DEFAULT_MAX_ATTEMPTS: u32 = 3;
/// More attempts would only add load to a failing server.
const MOST_ATTEMPTS: u32 = 10;

/// A client of one lomi account and environment. Build it once; clones share its connections.
#[derive(Clone)]
pub struct Client {
    pub(crate) transport: Arc<Transport>,
    pub(crate) retry: Arc<RetryPolicy>,
    /// Whether the older path succeeded last, of calls that have two.
    pub(crate) prefers_older_paths: Arc<AtomicBool>,
    card_routes: CardRoutes,
    environment: Option<Environment>,
    key_fingerprint: Arc<str>,
}

impl Client {
    /// Starts a client for this key. Without a base URL it calls the host of the key's environment.
    pub fn builder(key: SecretKey) -> ClientBuilder {
        ClientBuilder {
            key,
            base_url: None,
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            attempt_timeout: DEFAULT_ATTEMPT_TIMEOUT,
            max_attempts: DEFAULT_MAX_ATTEMPTS,
            card_routes: CardRoutes::ChargeCard,
            jitter_seed: None,
            wire: None,
        }
    }

    /// The environment in the key's prefix; `None` for an older key without one.
    pub fn environment(&self) -> Option<Environment> {
        self.environment
    }

    /// [`SecretKey::fingerprint`] of the key that this client sends.
    pub fn key_fingerprint(&self) -> &str {
        &self.key_fingerprint
    }

    /// Hosted checkout sessions.
    pub fn checkout_sessions(&self) -> CheckoutSessions {
        CheckoutSessions::new(self.clone())
    }

    /// Card charges for a card form on the merchant's own page.
    pub fn card_charges(&self) -> CardCharges {
        CardCharges::new(self.clone(), self.card_routes)
    }

    /// Payment links: pages on which many shoppers can pay.
    pub fn payment_links(&self) -> PaymentLinks {
        PaymentLinks::new(self.clone())
    }

    /// The merchant's customers.
    pub fn customers(&self) -> Customers {
        Customers::new(self.clone())
    }

    /// Transactions: attempts of shoppers to pay.
    pub fn transactions(&self) -> Transactions {
        Transactions::new(self.clone())
    }

    /// Refunds of completed transactions.
    pub fn refunds(&self) -> Refunds {
        Refunds::new(self.clone())
    }

    /// Webhook endpoints.
    pub fn webhook_endpoints(&self) -> WebhookEndpoints {
        WebhookEndpoints::new(self.clone())
    }

    /// lomi's log of webhook deliveries.
    pub fn delivery_logs(&self) -> DeliveryLogs {
        DeliveryLogs::new(self.clone())
    }

    /// `GET /providers`: the payment providers and whether the merchant has connected them.
    pub fn providers(&self) -> Call<Vec<Provider>> {
        providers::list(self.clone())
    }

    /// `GET /me`: the owner of the key. The cheapest check that a key works.
    pub fn me(&self) -> Call<Me> {
        Call::get(self.clone(), "/me".to_owned(), row::decode)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.transport.base_url().as_str())
            .field("environment", &self.environment)
            .finish_non_exhaustive()
    }
}

/// Settings of a [`Client`]; every one has a default.
#[derive(Debug, Clone)]
pub struct ClientBuilder {
    key: SecretKey,
    base_url: Option<String>,
    connect_timeout: Duration,
    attempt_timeout: Duration,
    max_attempts: u32,
    card_routes: CardRoutes,
    jitter_seed: Option<u64>,
    wire: Option<Wire>,
}

impl ClientBuilder {
    /// Scheme, host and port. Only lomi's two hosts over https, each with a key of its own environment, or
    /// http on loopback with a test key. Required for an older key without an environment.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = Some(base_url.into());
        self
    }

    /// Longest time to connect, TLS included. Two seconds unless set; above zero.
    pub fn connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.connect_timeout = connect_timeout;
        self
    }

    /// Longest time of one attempt, from connecting to the last byte of the answer. Eight seconds unless set;
    /// above zero.
    pub fn attempt_timeout(mut self, attempt_timeout: Duration) -> Self {
        self.attempt_timeout = attempt_timeout;
        self
    }

    /// How many requests one call may make, 1 to 10. Three unless set.
    pub fn max_attempts(mut self, max_attempts: u32) -> Self {
        self.max_attempts = max_attempts;
        self
    }

    /// The path of card charges. [`CardRoutes::ChargeCard`] unless set, which every generation since 20 May 2026
    /// serves.
    pub fn card_routes(mut self, card_routes: CardRoutes) -> Self {
        self.card_routes = card_routes;
        self
    }

    /// Makes the pauses between attempts deterministic.
    pub fn jitter_seed(mut self, jitter_seed: u64) -> Self {
        self.jitter_seed = Some(jitter_seed);
        self
    }

    /// Sends every request over `wire` instead of the network. The rules for the base URL stay the same.
    pub fn wire(mut self, wire: Wire) -> Self {
        self.wire = Some(wire);
        self
    }

    /// Checks the settings and builds the client. Makes no connection.
    pub fn build(self) -> Result<Client, BuildError> {
        let environment = self.key.environment();
        let base_url = host::base_url(environment, self.base_url.as_deref())?;
        if !(1..=MOST_ATTEMPTS).contains(&self.max_attempts) {
            return Err(BuildError::MaxAttempts);
        }
        if self.connect_timeout.is_zero() || self.attempt_timeout.is_zero() {
            return Err(BuildError::ZeroTimeout);
        }
        let mut key = HeaderValue::from_str(self.key.expose()).map_err(|_| BuildError::Key)?;
        key.set_sensitive(true);
        let carrier = match self.wire {
            Some(wire) => Carrier::Wire(wire),
            None => Carrier::Network(https::client(self.connect_timeout)?),
        };
        Ok(Client {
            transport: Arc::new(Transport::new(carrier, base_url, key, self.attempt_timeout)),
            retry: Arc::new(RetryPolicy::new(self.max_attempts, self.jitter_seed)),
            prefers_older_paths: Arc::default(),
            card_routes: self.card_routes,
            environment,
            key_fingerprint: self.key.fingerprint().into(),
        })
    }
}

/// Why a client could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The key has no environment in its prefix, and no base URL was given.
    #[error("this key does not name its environment: set the base URL")]
    BaseUrlRequired,
    /// Not a URL, or more than scheme, host and port.
    #[error("the base URL is scheme, host and port, nothing else")]
    BaseUrlMalformed,
    /// Neither one of lomi's hosts over https nor http on loopback.
    #[error("the base URL is not a host of lomi")]
    HostRefused,
    /// A test key with the live host, the reverse, or a key on loopback that is not a test key.
    #[error("the key and the host belong to different environments")]
    EnvironmentMismatch,
    /// Outside 1 to 10.
    #[error("a call makes 1 to 10 attempts")]
    MaxAttempts,
    /// A time-out of zero.
    #[error("a time-out is above zero")]
    ZeroTimeout,
    /// The key cannot be a header value.
    #[error("the key cannot be sent as a header")]
    Key,
    /// The HTTPS stack could not be built.
    #[error("the HTTPS stack could not be built")]
    Https(#[from] HttpsError),
}
