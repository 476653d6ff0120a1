//! The routes, and their mapping to the use cases.

use crate::body::Body;
use checkout::Context;
use checkout::sessions::CreateCheckout;
use checkout::sessions::card_intent::{CancelledIntent, cancel_intent};
use domain::Currency;
use lambda_kit::config::SecretId;
use lambda_kit::create::Kept;
use lambda_kit::fields::Caller;
use lambda_kit::http::{Limits, Request, Response, json};
use lambda_kit::lomi::{Lomi, LomiSettings};
use lambda_kit::problem::Problem;
use lambda_kit::secrets::{Kind, Secret, Stages};
use lambda_kit::telemetry::{Field, Telemetry};
use lambda_kit::wiring::{Connected, TableName};
use serde::Serialize;
use std::time::Duration;
use store::Operation;

/// A cart of 50 lines with every optional field is well below.
pub(crate) const LIMITS: Limits = Limits { body_bytes: 32 * 1024, budget: Duration::from_secs(22), queries: &[] };

pub(crate) struct App {
    context: Context,
    lomi: Lomi,
    default_currency: Currency,
    cart_token_key: Secret,
    publishable_key: Option<String>,
}

/// How long `GET /card-form` may be cached.
const CACHE: &str = "public, max-age=60";

#[derive(Serialize)]
struct CardForm<'a> {
    publishable_key: Option<&'a str>,
}

/// Fields of the answer repeated under the names of lomi's documents, for the merchant. The amount is the order's
/// price, so the currency is that of the price, not that in which the card is charged.
#[derive(Serialize)]
struct Beside {
    id: Option<String>,
    currency: Option<String>,
    original_amount: Option<i64>,
    original_currency: Option<String>,
}

impl Beside {
    fn of(kept: Kept) -> Self {
        let Kept { amount, currency_code, payment_intent_id, .. } = kept;
        Self {
            id: payment_intent_id,
            currency: currency_code.clone(),
            original_amount: amount,
            original_currency: currency_code,
        }
    }
}

#[derive(Serialize)]
struct Cancelled<'a> {
    payment_intent_id: &'a str,
    status: &'a str,
    order_id: &'a str,
    order_status: &'a str,
}

impl App {
    pub(crate) fn new(
        connected: &Connected,
        table: TableName,
        lomi: LomiSettings,
        (default_currency, publishable_key): (Currency, Option<String>),
        key: SecretId,
    ) -> Self {
        Self {
            context: connected.context(table),
            lomi: connected.lomi(lomi),
            default_currency,
            cart_token_key: connected.secret(key, Kind::CartTokenKey, Stages::Current),
            publishable_key,
        }
    }

    pub(crate) async fn handle(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        match request.route.as_str() {
            "GET /card-form" => return self.card_form(),
            "POST /admin/payment-intents/{payment_intent_id}/cancel" => return self.cancel(request, telemetry).await,
            _ => {}
        }
        let create = self.read(request).await?;
        let is_merchants = create.operation == Operation::CreatePaymentIntentAsAdmin;
        let beside = |kept| is_merchants.then_some(Beside::of(kept));
        lambda_kit::create::run(&self.context, &create, &self.lomi, (request, telemetry), beside).await
    }

    async fn read(&self, request: &Request) -> Result<CreateCheckout, Problem> {
        let caller = lambda_kit::create::caller(request, "POST /payment-intents", "POST /admin/payment-intents")?;
        let (idempotency_key, fingerprint) =
            lambda_kit::create::idempotency_or_fresh(request, caller, &self.context.entropy)?;
        let (mode, details, asked) =
            json::<Body>(request)?.check(caller, self.default_currency, self.publishable_key.clone())?;
        let pricing = asked.into_pricing(&self.cart_token_key, request.deadline).await?;
        let operation = match caller {
            Caller::Storefront => Operation::CreatePaymentIntent,
            Caller::Merchant => Operation::CreatePaymentIntentAsAdmin,
        };
        Ok(CreateCheckout { operation, idempotency_key, fingerprint, pricing, details, mode })
    }

    fn card_form(&self) -> Result<Response, Problem> {
        let form = CardForm { publishable_key: self.publishable_key.as_deref() };
        Ok(Response::json(200, &form)?.header("cache-control", CACHE))
    }

    async fn cancel(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        let lomi = async || self.lomi.client(request.deadline, telemetry).await;
        let id = request.path("payment_intent_id");
        let CancelledIntent { payment_intent_id, status, order, changes } =
            cancel_intent(&self.context, id, lomi, request.deadline).await?;
        for settled in &changes {
            telemetry.settled(settled);
        }
        telemetry.id(Field::OrderId, order.id().as_str());
        telemetry.word(Field::OrderStatus, order.status().as_str());
        let (payment_intent_id, status) = (payment_intent_id.as_str(), status.as_str());
        let (order_id, order_status) = (order.id().as_str(), order.status().as_str());
        Response::json(200, &Cancelled { payment_intent_id, status, order_id, order_status })
    }
}
