//! Wire <-> use case.

use crate::body::{Body, Caller};
use domain::{Fingerprint, IdempotencyKey, Order, RedirectPolicy};
use edge::config::SecretId;
use edge::http::{Limits, Request, Response, json};
use edge::lomi::{Lomi, LomiSettings};
use edge::problem::{Code, Problem};
use edge::secrets::{Secret, Stages};
use edge::telemetry::{Counter, Field, Telemetry};
use edge::wiring::Connected;
use flows::World;
use flows::create_checkout::{CreateCheckout, CreateError, Created, create_checkout};
use std::time::Duration;
use store::Operation;

/// A cart of fifty lines with every optional member stays well below.
pub(crate) const LIMITS: Limits = Limits { body_bytes: 32 * 1024, budget: Duration::from_secs(22) };

pub(crate) struct App {
    world: World,
    lomi: Lomi,
    redirects: RedirectPolicy,
    cart_token_key: Secret,
}

impl App {
    pub(crate) fn new(connected: &Connected, lomi: LomiSettings, redirects: RedirectPolicy, key: SecretId) -> Self {
        Self {
            world: connected.world.clone(),
            lomi: connected.lomi(lomi),
            redirects,
            cart_token_key: connected.secret(key, Stages::Current),
        }
    }

    pub(crate) async fn handle(&self, request: &Request, event: &mut Telemetry) -> Result<Response, Problem> {
        let create = self.read(request).await?;
        let lomi = async || self.lomi.client(request.deadline, event).await;
        let created = create_checkout(&self.world, &create, lomi, request.deadline).await;
        let created = created.inspect_err(|error| report_error(error, event))?;
        report_created(&created, event);
        let response = Response::new(created.answer.status, "application/json", created.answer.body);
        Ok(if created.replayed { response.header("idempotency-replayed", "true") } else { response })
    }

    async fn read(&self, request: &Request) -> Result<CreateCheckout, Problem> {
        let caller = caller(request)?;
        let key = request.header("idempotency-key").and_then(IdempotencyKey::parse);
        let idempotency_key = key.ok_or(Problem::new(Code::IdempotencyKeyRequired))?;
        let fingerprint = Fingerprint::of(&request.route, &json(request)?);
        let (page, asked) = json::<Body>(request)?.check(caller, &self.redirects)?;
        let pricing = asked.into_pricing(&self.cart_token_key, request.deadline).await?;
        Ok(CreateCheckout { operation: caller.operation(), idempotency_key, fingerprint, pricing, page })
    }
}

/// The gateway's own word on the route that matched; it lets nobody unknown through to `/admin`.
fn caller(request: &Request) -> Result<Caller, Problem> {
    match request.route.as_str() {
        "POST /checkout-sessions" => Ok(Caller::Storefront),
        "POST /admin/checkout-sessions" => Ok(Caller::Merchant),
        _ => Err(Problem::new(Code::NotFound)),
    }
}

impl Caller {
    const fn operation(self) -> Operation {
        match self {
            Self::Storefront => Operation::CreateCheckoutSession,
            Self::Merchant => Operation::CreateCheckoutSessionAsAdmin,
        }
    }
}

fn report_created(created: &Created, event: &mut Telemetry) {
    event.flag(Field::IdempotencyReplayed, created.replayed);
    if let Some(order) = &created.order {
        report_order(order, event);
    }
}

fn report_order(order: &Order, event: &mut Telemetry) {
    event.id(Field::OrderId, order.id().as_str());
    event.word(Field::OrderStatus, order.status().as_str());
    if let Some(money) = order.expected() {
        event.number(Field::OrderAmountMinor, money.amount_minor());
        event.word(Field::OrderCurrency, money.currency().code());
    }
}

fn report_error(error: &CreateError, event: &mut Telemetry) {
    match error {
        CreateError::ProviderUnavailable { error, .. } | CreateError::ProviderRejected(error) => {
            if error.outcome() == lomi_client::Outcome::Unknown {
                event.count(Counter::InDoubt);
            }
            event.number(Field::LomiStatus, error.status().unwrap_or_default());
            event.number(Field::LomiCalls, error.attempts());
            if let Some(id) = error.request_id() {
                event.id(Field::LomiRequestId, id);
            }
        }
        CreateError::WrongPage => event.count(Counter::WrongPage),
        _ => {}
    }
}
