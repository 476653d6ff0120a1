//! The routes, and their mapping to the use cases.

use crate::body::Body;
use crate::echo::Beside;
use checkout::Context;
use checkout::sessions::CreateCheckout;
use domain::{Currency, RedirectPolicy};
use lambda_kit::config::SecretId;
use lambda_kit::fields::{Caller, PublicPrices};
use lambda_kit::http::{Limits, Queries, Request, Response, json};
use lambda_kit::lomi::{Lomi, LomiSettings};
use lambda_kit::problem::Problem;
use lambda_kit::secrets::{Kind, Secret, Stages};
use lambda_kit::telemetry::Telemetry;
use lambda_kit::wiring::{Connected, TableName};
use std::time::Duration;
use store::Operation;

/// A cart of 50 lines with every optional field is well below.
pub(crate) const LIMITS: Limits = Limits { body_bytes: 32 * 1024, budget: Duration::from_secs(22), queries: QUERIES };

const QUERIES: Queries = &[("GET /admin/checkout-sessions", &["limit", "page", "status", "cursor"])];

pub(crate) struct App {
    pub(crate) context: Context,
    pub(crate) lomi: Lomi,
    redirects: RedirectPolicy,
    prices: PublicPrices,
    default_currency: Currency,
    cart_token_key: Secret,
}

impl App {
    pub(crate) fn new(
        connected: &Connected,
        table: TableName,
        lomi: LomiSettings,
        (redirects, prices, default_currency): (RedirectPolicy, PublicPrices, Currency),
        key: SecretId,
    ) -> Self {
        Self {
            context: connected.context(table),
            lomi: connected.lomi(lomi),
            redirects,
            prices,
            default_currency,
            cart_token_key: connected.secret(key, Kind::CartTokenKey, Stages::Current),
        }
    }

    pub(crate) async fn handle(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        match request.route.as_str() {
            "GET /admin/checkout-sessions" => return self.list_sessions(request, telemetry).await,
            "GET /admin/checkout-sessions/{checkout_session_id}" => return self.session(request, telemetry).await,
            _ => {}
        }
        let create = self.read(request).await?;
        let beside = |kept| Beside::of(&create, kept);
        lambda_kit::create::run(&self.context, &create, &self.lomi, (request, telemetry), beside).await
    }

    async fn read(&self, request: &Request) -> Result<CreateCheckout, Problem> {
        let caller = lambda_kit::create::caller(request, "POST /checkout-sessions", "POST /admin/checkout-sessions")?;
        let (idempotency_key, fingerprint) =
            lambda_kit::create::idempotency_or_fresh(request, caller, &self.context.entropy)?;
        let (mode, details, asked) =
            json::<Body>(request)?.check(caller, &self.redirects, (&self.prices, self.default_currency))?;
        let pricing = asked.into_pricing(&self.cart_token_key, request.deadline).await?;
        let operation = match caller {
            Caller::Storefront => Operation::CreateCheckoutSession,
            Caller::Merchant => Operation::CreateCheckoutSessionAsAdmin,
        };
        Ok(CreateCheckout { operation, idempotency_key, fingerprint, pricing, details, mode })
    }
}
