//! Republishes an order's events to the merchant's own systems.

use crate::http::{App, refusal};
use checkout::admin::republish;
use domain::OrderId;
use lambda_kit::http::{Request, Response};
use lambda_kit::problem::{Code, Problem};
use lambda_kit::telemetry::{Field, Telemetry};
use serde::Serialize;
use store::Republished;

pub(crate) const ROUTE: &str = "POST /admin/orders/{order_id}/events/replay";

#[derive(Serialize)]
struct Answer<'a> {
    replayed: Vec<EventView<'a>>,
}

#[derive(Serialize)]
struct EventView<'a> {
    event_id: &'a str,
    event_type: &'a str,
    replays: u64,
}

impl<'a> EventView<'a> {
    fn of(republished: &'a Republished) -> Self {
        Self { event_id: &republished.event_id, event_type: &republished.event_type, replays: republished.replays }
    }
}

pub(crate) async fn replay(app: &App, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
    let id = OrderId::parse(request.path("order_id")).ok_or(Problem::new(Code::NotFound))?;
    telemetry.id(Field::OrderId, id.as_str());
    let republished = republish(&app.context, &id).await.map_err(|error| refusal(error, telemetry))?;
    telemetry.number(Field::EventsReplayed, republished.len());
    Response::json(200, &Answer { replayed: republished.iter().map(EventView::of).collect() })
}
