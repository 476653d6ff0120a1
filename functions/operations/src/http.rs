//! The routes, and their mapping to the use cases.

use crate::{deliveries, events, health, quarantine};
use checkout::Context;
use checkout::admin::{OperationError, sync};
use checkout::reconcile::Report;
use checkout::webhook_registration::marker;
use domain::OrderId;
use lambda_kit::config::SecretId;
use lambda_kit::http::{Limits, Queries, Request, Response};
use lambda_kit::lomi::{Lomi, LomiSettings};
use lambda_kit::order_view::{OrderDetail, TimelineView};
use lambda_kit::problem::{Code, Problem};
use lambda_kit::secrets::{Kind, Secret, Stages};
use lambda_kit::telemetry::{Field, Telemetry};
use lambda_kit::wiring::{Connected, TableName};
use serde::Serialize;
use std::time::Duration;
use url::Url;

pub(crate) const LIMITS: Limits = Limits { body_bytes: 8 * 1024, budget: Duration::from_secs(22), queries: QUERIES };

const QUERIES: Queries = &[("GET /admin/quarantine", &["status", "limit", "cursor"])];

pub(crate) struct App {
    pub(crate) context: Context,
    pub(crate) lomi: Lomi,
    pub(crate) webhook_secret: Secret,
    pub(crate) cart_token_key: Secret,
    pub(crate) public_origin: Option<Url>,
    /// The description of this stack's webhook at lomi.
    pub(crate) marker: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    order: OrderDetail<'a>,
    changes: Vec<TimelineView<'a>>,
}

impl App {
    pub(crate) fn new(
        connected: &Connected,
        table: TableName,
        lomi: LomiSettings,
        (webhook_secret, cart_token_key): (SecretId, SecretId),
        public_origin: Option<Url>,
    ) -> Self {
        Self {
            context: connected.context(table),
            lomi: connected.lomi(lomi),
            webhook_secret: connected.secret(webhook_secret, Kind::WebhookSecret, Stages::Current),
            cart_token_key: connected.secret(cart_token_key, Kind::CartTokenKey, Stages::Current),
            public_origin,
            marker: marker(connected.function.stack.as_str()),
        }
    }

    pub(crate) async fn handle(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        match request.route.as_str() {
            events::ROUTE => events::replay(self, request, telemetry).await,
            health::ROUTE => health::look(self, request).await,
            "GET /admin/quarantine" => quarantine::list(self, request).await,
            "GET /admin/quarantine/{quarantine_id}" => quarantine::read(self, request, telemetry).await,
            "POST /admin/quarantine/{quarantine_id}/replay" => quarantine::replay_one(self, request, telemetry).await,
            "POST /admin/orders/{order_id}/sync" => self.sync(request, telemetry).await,
            "POST /admin/webhook-deliveries/replay" => deliveries::replay(self, request, telemetry).await,
            _ => Err(Problem::new(Code::NotFound)),
        }
    }

    async fn sync(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        let id = OrderId::parse(request.path("order_id")).ok_or(Problem::new(Code::NotFound))?;
        telemetry.id(Field::OrderId, id.as_str());
        let lomi = async || self.lomi.client(request.deadline, telemetry).await;
        let mut report = Report::default();
        let synced = sync(&self.context, &id, lomi, request.deadline, &mut report).await;
        // What has been applied is counted, whatever failed after it.
        telemetry.found(report);
        let synced = synced.map_err(|error| refusal(error, telemetry))?;
        telemetry.word(Field::OrderStatus, synced.order.status().as_str());
        let answer = Answer {
            order: OrderDetail::of(&synced.order, self.context.clock.now()),
            changes: synced.changes().iter().map(TimelineView::of).collect(),
        };
        Response::json(200, &answer)
    }
}

pub(crate) fn refusal(error: OperationError, telemetry: &mut Telemetry) -> Problem {
    if let OperationError::Lomi(error) = &error {
        lambda_kit::lomi::report(error, telemetry);
    }
    error.into()
}
