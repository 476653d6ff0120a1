//! lomi and its client in one process.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::net::{Ipv4Addr, SocketAddr};

use lomi_client::{
    Amount, CardRoutes, Client, ClientBuilder, CreateCheckoutSession, CreatedCheckoutSession, CurrencyCode, Error,
    IdempotencyKey, Listing, NewCheckoutSession, Outcome, SecretKey, Transaction,
};
use lomi_sandbox::{Profile, Sandbox, Settings, fixtures};
use serde_json::json;
use tests::{Http, Lomi};

use super::contract;

/// A well-formed id of nothing.
pub(crate) const NOBODY: &str = "7c0dd2f4-52a1-4f0e-9a53-0f6f2a1b9c11";

/// A lomi of one generation, its control API, and a client with the test key of organisation A.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) lomi: Lomi,
    pub(crate) profile: Profile,
    sandbox: Sandbox,
}

impl Context {
    pub(crate) async fn start(profile: Profile) -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let sandbox = Sandbox::start(Settings { listen, profile, ..Settings::default() }).await.unwrap();
        let lomi = Lomi::new(Http::default(), sandbox.base_url());
        let client = builder(&sandbox, profile, fixtures::TEST_KEY_A).build().unwrap();
        Self { client, lomi, profile, sandbox }
    }

    pub(crate) fn client_of(&self, key: &str) -> Client {
        builder(&self.sandbox, self.profile, key).build().unwrap()
    }

    /// A client without the contract check, for a simulator that follows another reading of the contract.
    pub(crate) fn unchecked_client(&self) -> Client {
        builder(&self.sandbox, Profile::June2026, fixtures::TEST_KEY_A).build().unwrap()
    }

    /// A client that never retries.
    pub(crate) fn impatient_client(&self) -> Client {
        builder(&self.sandbox, self.profile, fixtures::TEST_KEY_A).max_attempts(1).build().unwrap()
    }

    pub(crate) fn is_current(&self) -> bool {
        self.profile == Profile::Current
    }

    /// How many idempotency keys lomi knows.
    pub(crate) fn keys_held(&self) -> u64 {
        self.sandbox.sim().state()["idempotency_keys"].as_u64().unwrap()
    }

    /// A fresh session for order A-1007.
    pub(crate) async fn session(&self) -> NewCheckoutSession {
        opened(self.client.checkout_sessions().create(&order()).send().await)
    }

    pub(crate) async fn paid(&self, method: &str) -> Transaction {
        let session = self.session().await.session.checkout_session_id;
        let step = self.lomi.pay(session.as_str(), method).await;
        let id = step["transaction_id"].as_str().unwrap().parse().unwrap();
        self.client.transactions().get(&id).send().await.unwrap()
    }

    pub(crate) async fn fault_once(&self, route: &str, kind: &str) {
        self.lomi.fault(json!({ "target": route, "kind": kind })).await;
    }
}

/// In the newest generation every exchange is checked against the contract.
fn builder(sandbox: &Sandbox, profile: Profile, key: &str) -> ClientBuilder {
    let routes = match profile {
        Profile::Seeds => CardRoutes::PaymentIntents,
        Profile::Current | Profile::June2026 => CardRoutes::ChargeCard,
    };
    let builder = Client::builder(SecretKey::parse(key).unwrap()).base_url(sandbox.base_url());
    let builder = builder.card_routes(routes).jitter_seed(1);
    if profile == Profile::Current { builder.wire(contract::wire(sandbox.sim())) } else { builder }
}

/// 25 000 francs for order A-1007.
pub(crate) fn order() -> CreateCheckoutSession {
    CreateCheckoutSession {
        amount: Some(francs(25_000)),
        currency_code: Some(CurrencyCode::XOF),
        title: Some("Order A-1007".to_owned()),
        public_description: Some("Two baskets".to_owned()),
        metadata: [("order_id".to_owned(), "A-1007".to_owned())].into(),
        // The generation of the guides requires them; the newest one ignores them.
        allowed_providers: ["WAVE", "MTN", "STRIPE"].map(str::to_owned).to_vec(),
        ..CreateCheckoutSession::new("https://shop.example/ok", "https://shop.example/cart")
    }
}

pub(crate) fn francs(francs: i64) -> Amount {
    Amount::from_scaled(francs, 0).unwrap()
}

pub(crate) fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

/// The created session; an invoice in its place fails the test.
#[track_caller]
pub(crate) fn opened(created: Result<CreatedCheckoutSession, Error>) -> NewCheckoutSession {
    match created.unwrap() {
        CreatedCheckoutSession::Session(new) => *new,
        CreatedCheckoutSession::InvoicePaymentRequired(invoice) => panic!("{invoice:?}"),
    }
}

pub(crate) async fn all<T: Send + 'static>(mut listing: Listing<T>) -> Vec<T> {
    let mut rows = Vec::new();
    while let Some(row) = listing.next().await {
        rows.push(row.unwrap());
    }
    rows
}

#[track_caller]
pub(crate) fn assert_listed<T: Ord + Debug>(listed: Vec<T>, made: Vec<T>) {
    assert_eq!(listed.len(), made.len(), "{listed:?}");
    assert_eq!(BTreeSet::from_iter(listed), BTreeSet::from_iter(made));
}

/// Checks the status of the failed call and its outcome as the client reports it.
#[track_caller]
pub(crate) fn assert_refused<T: Debug>(answer: Result<T, Error>, status: u16, outcome: Outcome) -> Error {
    let error = answer.unwrap_err();
    assert_eq!((error.status(), error.outcome()), (Some(status), outcome), "{error:?}");
    error
}
