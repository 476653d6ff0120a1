//! Events for the merchant's own systems, told again.

use crate::http::{App, refusal};
use domain::OrderId;
use edge::http::{Request, Response};
use edge::problem::{Code, Problem};
use edge::telemetry::{Field, Telemetry};
use flows::operations::retell;
use serde::Serialize;
use store::Retold;

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
    fn of(retold: &'a Retold) -> Self {
        Self { event_id: &retold.event_id, event_type: &retold.event_type, replays: retold.replays }
    }
}

pub(crate) async fn replay(app: &App, request: &Request, event: &mut Telemetry) -> Result<Response, Problem> {
    let id = OrderId::parse(request.path("order_id")).ok_or(Problem::new(Code::NotFound))?;
    event.id(Field::OrderId, id.as_str());
    let retold = retell(&app.world, &id).await.map_err(|error| refusal(error, event))?;
    event.number(Field::EventsReplayed, retold.len());
    Response::json(200, &Answer { replayed: retold.iter().map(EventView::of).collect() })
}
