//! The routes, and their mapping to the use cases.

use crate::refunds;
use checkout::Context;
use checkout::sessions::order_status::{cancel, status};
use domain::{Order, OrderId, OrderStatus};
use lambda_kit::http::{DEFAULT_LIMIT, FOREIGN_CURSOR, Limits, Queries, Request, Response};
use lambda_kit::language::Text;
use lambda_kit::lomi::{Lomi, LomiSettings};
use lambda_kit::order_view::{OrderDetail, OrderList, OrderView};
use lambda_kit::problem::{Code, Problem};
use lambda_kit::telemetry::{Field, Telemetry};
use lambda_kit::wiring::{Connected, TableName};
use std::time::Duration;
use store::{ListCursor, OrderFilter};

pub(crate) const LIMITS: Limits = Limits { body_bytes: 8 * 1024, budget: Duration::from_secs(12), queries: QUERIES };

const QUERIES: Queries = &[("GET /admin/orders", &["status", "refunds", "limit", "cursor"])];

pub(crate) struct App {
    context: Context,
    lomi: Lomi,
}

impl App {
    pub(crate) fn new(connected: &Connected, table: TableName, lomi: LomiSettings) -> Self {
        Self { context: connected.context(table), lomi: connected.lomi(lomi) }
    }

    pub(crate) async fn handle(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        match request.route.as_str() {
            "GET /orders/{order_id}" => self.status(request, telemetry).await,
            "POST /orders/{order_id}/cancel" => self.cancel(request, telemetry).await,
            "GET /admin/orders" => self.list(request).await,
            "GET /admin/orders/{order_id}" => self.detail(request, telemetry).await,
            refunds::CREATE => refunds::create(&self.context, &self.lomi, request, telemetry).await,
            refunds::RELEASE => refunds::call_off(&self.context, &self.lomi, request, telemetry).await,
            _ => Err(Problem::new(Code::NotFound)),
        }
    }

    async fn status(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        let lomi = async || self.lomi.client(request.deadline, telemetry).await;
        let shown = status(&self.context, request.path("order_id"), token(request), lomi, request.deadline).await?;
        for settled in &shown.changes {
            telemetry.settled(settled);
        }
        self.shown(&shown.order, telemetry)
    }

    async fn cancel(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        let order = cancel(&self.context, request.path("order_id"), token(request)).await?;
        self.shown(&order, telemetry)
    }

    async fn detail(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        let id = OrderId::parse(request.path("order_id")).ok_or(Problem::new(Code::NotFound))?;
        let order = self.context.order(&id).await?.ok_or(Problem::new(Code::NotFound))?;
        telemetry.id(Field::OrderId, order.id().as_str());
        Response::json(200, &OrderDetail::of(&order, self.context.clock.now()))
    }

    async fn list(&self, request: &Request) -> Result<Response, Problem> {
        let (filter, limit, cursor) = list_query(request)?;
        let listed = self.context.store.list_orders(filter, limit, cursor.as_ref()).await?;
        Response::json(200, &OrderList::of(&listed, self.context.clock.now()))
    }

    fn shown(&self, order: &Order, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        telemetry.id(Field::OrderId, order.id().as_str());
        telemetry.word(Field::OrderStatus, order.status().as_str());
        Response::json(200, &OrderView::of(order, self.context.clock.now()))
    }
}

/// An absent token is answered like a wrong one.
fn token(request: &Request) -> &str {
    request.bearer_token().unwrap_or_default()
}

fn list_query(request: &Request) -> Result<(OrderFilter, usize, Option<ListCursor>), Problem> {
    let unknown = Text { en: "Not a status of an order.", fr: "Ce n'est pas un statut de commande." };
    let status = request.query_as("status", OrderStatus::from_name, unknown)?;
    let only = Text { en: "Only in_doubt.", fr: "Seulement in_doubt." };
    let refund_in_doubt = request.query_as("refunds", |word| (word == "in_doubt").then_some(()), only)?.is_some();
    let limit = request.limit()?.unwrap_or(DEFAULT_LIMIT);
    let cursor = request.query_as("cursor", ListCursor::of_orders, FOREIGN_CURSOR)?;
    Ok((OrderFilter { status, refund_in_doubt }, limit.into(), cursor))
}
