//! One whole stack for one test.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use local::build;
use local::{Project, Stack, StackOptions};
use lomi_client::SecretKey;
use lomi_sandbox::fixtures::ORGANIZATION_A;
use lomi_sandbox::{ClockMode, Settings, Timestamp};
use serde_json::{Value, json};

use crate::audit::Guard;
use crate::calls::{Kept, Recorder};
use crate::functions;
use crate::gate::Gate;
use crate::http::{Answer, Http};
use crate::lomi::Lomi;
use crate::meter::Meter;
use crate::record::Record;
use crate::shop::{EMAIL, NAME, PHONE};
use crate::table::Table;

/// The function binaries.
pub const FUNCTIONS: [&str; 10] = [
    "catalog",
    "create-checkout-session",
    "create-payment-intent",
    "customers",
    "link-generator",
    "operations",
    "orders",
    "reconciler",
    "webhook-endpoint",
    "webhook-handler",
];

const DYNAMODB: &str = "AWS_ENDPOINT_URL_DYNAMODB";
const LOMI: &str = "LOMI_BASE_URL";
/// The shop of a live stack, which allows no plain http.
const LIVE_ORIGIN: &str = "https://shop.example";

/// The differences of a stack from the default one.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Live rules. A live key is never sent to a simulator: such a stack receives events and opens no pages.
    pub live: bool,
    /// The address of lomi for the functions that open pages and card forms, instead of the simulator's.
    pub lomi_url: Option<String>,
    /// The folder of the function binaries; `None` builds them as `cargo dev` does.
    pub binaries: Option<PathBuf>,
    /// lomi's behaviour from the start.
    pub lomi: Settings,
    /// The only allowed origin for redirects, instead of the shop's.
    pub allowed_origin: &'static str,
    /// The merchant's own domain in front of the gateway, as an origin.
    pub own_domain: Option<String>,
    /// Ids of lomi's prices that the public may name, separated by commas; every price when empty.
    pub public_price_ids: String,
    /// The currency of the merchant's organisation at lomi; the template's own when empty.
    pub default_currency: &'static str,
    /// The merchant has no publishable key.
    pub keyless: bool,
    /// The reconciler has not run yet: the stack does not know the organisation of its key.
    pub not_read: bool,
    /// Measures the functions' requests to DynamoDB.
    pub meter: Option<Meter>,
}

/// The delay of lomi's clock in [`Setup::with_lomi_behind`].
const TEN_MINUTES_MS: i64 = 600_000;

impl Setup {
    /// lomi's clock is behind: whatever lomi creates is ten minutes old at once.
    #[must_use]
    pub fn with_lomi_behind() -> Self {
        let start = Timestamp::from_unix_ms(lambda_kit::system::clock().now().as_ms() - TEN_MINUTES_MS);
        let lomi = Settings { clock: ClockMode::Virtual { start }, ..Settings::default() };
        Self { lomi, ..Self::default() }
    }
}

/// A running stack with a shop, a shopper and an auditor. End every test with [`TestApp::audit`].
#[derive(Debug)]
pub struct TestApp {
    /// The functions, their local services and the gateway.
    pub stack: Stack,
    /// The client of every request.
    pub http: Http,
    /// lomi, controlled by the test.
    pub lomi: Lomi,
    /// The table, reached past the gate.
    pub table: Table,
    /// The connection between the functions and DynamoDB.
    pub dynamodb: Gate,
    /// The connection between the functions and lomi.
    pub lomi_wire: Gate,
    /// The shop's origin, which redirects may lead to.
    pub origin: String,
    pub(crate) live: bool,
    pub(crate) serial: Mutex<u32>,
    pub(crate) record: Record,
    pub(crate) guard: Guard,
    pub(crate) recorder: Recorder,
}

impl TestApp {
    /// A sandbox stack with a small catalogue, in memory, on free ports. The reconciler runs only on demand.
    pub async fn start() -> Self {
        Self::start_with(Setup::default()).await
    }

    /// The stack of `setup`.
    pub async fn start_with(setup: Setup) -> Self {
        let project = project(&setup).await;
        let recorder = Recorder::new(Kept::of(&project.binaries).expect("a place beside the binaries"));
        let (dynamodb, lomi_wire) = (Gate::bind_recorded(recorder.clone()).await, Gate::bind().await);
        let options = options(&setup, &dynamodb, &lomi_wire);
        let stack = Stack::launch(project, options).await.unwrap_or_else(|error| panic!("{error}"));
        match &setup.meter {
            Some(meter) => dynamodb.lead_to(meter.lead_to(&stack.urls().dynamodb)),
            None => dynamodb.lead_to(&stack.urls().dynamodb),
        }
        lomi_wire.lead_to(&stack.urls().lomi);
        let http = Http::default();
        let app = Self {
            lomi: Lomi::new(http.clone(), &stack.urls().lomi),
            table: Table::new(&stack.urls().dynamodb, stack.tables()[0]),
            origin: if setup.live { LIVE_ORIGIN.to_owned() } else { stack.urls().shop.clone() },
            http,
            dynamodb,
            lomi_wire,
            stack,
            live: setup.live,
            serial: Mutex::default(),
            record: Record::default(),
            guard: Guard::default(),
            recorder,
        };
        app.note_secrets();
        if !setup.not_read {
            app.own_organisation_is(ORGANIZATION_A).await;
        }
        local::seed::catalogue(&app.stack).await.expect("the catalogue takes products");
        app
    }

    /// Stores this organisation for the current key, as the reconciler's first run does.
    pub async fn own_organisation_is(&self, organization_id: &str) {
        let key = SecretKey::parse(&self.secret("LOMI_SECRET_KEY_ID")).expect("a secret key");
        let item = json!({
            "PK": "ORGANISATION#own", "SK": "ORGANISATION",
            "key_fingerprint": key.fingerprint(), "organization_id": organization_id,
        });
        self.table.put(&item).await;
    }

    /// A URL at the gateway.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.stack.urls().gateway)
    }

    /// The back office's `Authorization`.
    #[must_use]
    pub fn admin_bearer(&self) -> String {
        format!("Bearer {}", self.stack.admin_token())
    }

    /// A request of the back office; without a body when it is null.
    pub async fn admin(&self, method: &str, path: &str, body: &Value) -> Answer {
        let bearer = self.admin_bearer();
        let headers = [("authorization", bearer.as_str())];
        if body.is_null() {
            return self.http.send(method, &self.url(path), &headers, "").await;
        }
        self.http.send_json(method, &self.url(path), &headers, body).await
    }

    /// The current value of the secret whose id is in this environment variable of the functions.
    #[must_use]
    pub fn secret(&self, variable: &str) -> String {
        self.stack.secrets().get(self.secret_id(variable)).expect("a secret with a value")
    }

    /// The ARN in this environment variable of the functions.
    #[must_use]
    pub fn secret_id(&self, variable: &str) -> &str {
        self.stack.variable(variable).expect("a variable of a function")
    }

    /// The audit fails when a log line contains this text.
    pub fn keep_out_of_logs(&self, canary: &str) {
        self.record.lock().canaries.push(canary.to_owned());
    }

    fn note_secrets(&self) {
        let variables = ["LOMI_SECRET_KEY_ID", "LOMI_WEBHOOK_SECRET_ID", "CART_TOKEN_SECRET_ID"];
        variables.iter().for_each(|variable| self.keep_out_of_logs(&self.secret(variable)));
        [EMAIL, NAME, PHONE, self.stack.admin_token()].iter().for_each(|canary| self.keep_out_of_logs(canary));
    }

    /// Makes the order due for the reconciler now. `false` when it is never due again.
    pub async fn make_due(&self, order_id: &str) -> bool {
        self.table.set_number(&format!("ORDER#{order_id}"), "ORDER", "due_at_ms", 0).await
    }

    /// Ends the lease on the order, as if its time had passed.
    pub async fn end_lease(&self, order_id: &str) {
        let claims = self.table.items("IDEM#").await;
        let claim = claims.iter().find(|claim| claim["order_id"] == order_id).expect("every order has a claim");
        let key = claim["PK"].as_str().expect("a key");
        assert!(self.table.set_number(key, "IDEM", "lease_until_ms", 0).await);
    }

    /// Moves the end of the order's page to five minutes before the creation of the order, and makes the order due.
    pub async fn outlive(&self, order_id: &str) {
        let created_at_ms = self.order(order_id).await["created_at_ms"].as_i64().expect("a time");
        let end_ms = created_at_ms - 5 * 60 * 1000;
        assert!(self.table.set_number(&format!("ORDER#{order_id}"), "ORDER", "expires_at_ms", end_ms).await);
        assert!(self.make_due(order_id).await);
    }

    /// Marks the order paid by its completed page alone: lomi's list does not show the payment.
    pub async fn settle_by_page(&self, order_id: &str) {
        self.outlive(order_id).await;
        // The list is read from the order's creation on. By a clock that ran an hour ahead, that is after the payment.
        let created_at_ms = self.order(order_id).await["created_at_ms"].as_i64().expect("a time");
        let pk = format!("ORDER#{order_id}");
        assert!(self.table.set_number(&pk, "ORDER", "created_at_ms", created_at_ms + 3_600_000).await);
        self.reconcile().await;
        assert!(self.table.set_number(&pk, "ORDER", "created_at_ms", created_at_ms).await);
        assert_eq!(self.order(order_id).await["completed_unnamed"], true);
    }

    /// One successful run of the reconciler.
    pub async fn reconcile(&self) {
        if let Err(error) = self.stack.invoke_scheduled("reconciler").await {
            let said = self.stack.logs().into_iter().rfind(|entry| entry.function == "reconciler");
            panic!("reconciler: {error}: {}", said.map_or_else(String::new, |entry| entry.line));
        }
    }

    /// The order's outbox events, by type.
    pub async fn outbox(&self, order_id: &str) -> Vec<String> {
        let items = self.table.items(&format!("OUTBOX#{order_id}#")).await;
        items.iter().map(|item| item["event_type"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The reasons of all quarantined events, sorted.
    pub async fn quarantined(&self) -> Vec<String> {
        let items = self.table.items("QUARANTINE#").await;
        let mut reasons: Vec<_> =
            items.iter().map(|item| item["reason"].as_str().unwrap_or_default().to_owned()).collect();
        reasons.sort();
        reasons
    }

    /// Every order in the table.
    pub async fn orders(&self) -> Vec<Value> {
        self.table.items("ORDER#").await
    }
}

/// The template with the binaries in the folder, or with those that Cargo builds now.
async fn project(setup: &Setup) -> Project {
    let template = functions::template();
    let binaries = match &setup.binaries {
        Some(folder) => {
            let names = template.binaries().expect("the template names binaries");
            build::in_folder(folder, &names).unwrap_or_else(|error| panic!("{error}"))
        }
        None => functions::built().await,
    };
    Project { template, binaries, storefront: functions::root().join("infra/storefront") }
}

fn options(setup: &Setup, dynamodb: &Gate, lomi: &Gate) -> StackOptions {
    let mut options = StackOptions { lomi: setup.lomi.clone(), on_demand: true, ..StackOptions::default() };
    for function in FUNCTIONS {
        let variables = BTreeMap::from([(DYNAMODB.to_owned(), dynamodb.url()), (LOMI.to_owned(), lomi.url())]);
        options.environment.insert(function.to_owned(), variables);
    }
    if let Some(url) = &setup.lomi_url {
        for function in ["create-checkout-session", "create-payment-intent"] {
            let variables = options.environment.entry(function.to_owned()).or_default();
            variables.insert(LOMI.to_owned(), url.clone());
        }
    }
    if setup.live {
        let parameters = [("Environment", "live"), ("AllowedOrigins", LIVE_ORIGIN)];
        options.parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    }
    if !setup.allowed_origin.is_empty() {
        options.parameters.insert("AllowedOrigins".to_owned(), setup.allowed_origin.to_owned());
    }
    if let Some(origin) = &setup.own_domain {
        options.parameters.insert("PublicBaseUrl".to_owned(), origin.clone());
    }
    if !setup.default_currency.is_empty() {
        options.parameters.insert("DefaultCurrency".to_owned(), setup.default_currency.to_owned());
    }
    if setup.keyless {
        options.parameters.insert("LomiPublishableKey".to_owned(), String::new());
    }
    if !setup.public_price_ids.is_empty() {
        options.parameters.insert("PublicPriceIds".to_owned(), setup.public_price_ids.clone());
    }
    options
}
