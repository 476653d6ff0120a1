//! Quarantined events: the list, one event, and its replay.

use crate::http::{App, refusal};
use checkout::ApplyOutcome;
use checkout::admin::{ReplayOutcome, Replayed, replay};
use checkout::reconcile::Report;
use domain::{Order, OrderId, QuarantineId, Timestamp};
use lambda_kit::http::{DEFAULT_LIMIT, FOREIGN_CURSOR, Request, Response};
use lambda_kit::language::Text;
use lambda_kit::order_view::OrderDetail;
use lambda_kit::problem::{Code, Problem};
use lambda_kit::telemetry::{Field, Telemetry};
use serde::Serialize;
use std::borrow::Cow;
use store::{ListCursor, ListedQuarantine, QuarantineStatus, Quarantined};

/// One quarantined event, without its body, which names people.
#[derive(Serialize)]
struct ItemView<'a> {
    quarantine_id: String,
    reason: &'a str,
    event: &'a str,
    source: &'static str,
    order_id: Option<&'a str>,
    received_at: String,
    resolved_at: Option<String>,
}

#[derive(Serialize)]
struct List<'a> {
    data: Vec<ItemView<'a>>,
    next_cursor: Option<String>,
}

/// The only answer that shows the body of an event.
#[derive(Serialize)]
struct Detail<'a> {
    #[serde(flatten)]
    item: ItemView<'a>,
    raw: Cow<'a, str>,
}

#[derive(Serialize)]
struct Answer<'a> {
    outcome: &'static str,
    reason: Option<&'a str>,
    item: ItemView<'a>,
    order: Option<OrderDetail<'a>>,
}

impl<'a> ItemView<'a> {
    fn of(item: &'a Quarantined) -> Self {
        Self {
            quarantine_id: item.id().as_str().to_owned(),
            reason: &item.reason,
            event: &item.event,
            source: item.source.as_str(),
            order_id: item.order_id.as_ref().map(OrderId::as_str),
            received_at: item.received_at.to_rfc3339(),
            resolved_at: item.resolved_at.map(Timestamp::to_rfc3339),
        }
    }
}

pub(crate) async fn list(app: &App, request: &Request) -> Result<Response, Problem> {
    let statuses = Text { en: "open or resolved.", fr: "open ou resolved." };
    let status = request.query_as("status", QuarantineStatus::from_name, statuses)?;
    let limit = request.limit()?.unwrap_or(DEFAULT_LIMIT);
    let cursor = request.query_as("cursor", ListCursor::of_quarantine, FOREIGN_CURSOR)?;
    let status = status.unwrap_or(QuarantineStatus::Open);
    let ListedQuarantine { items, next } =
        app.context.store.list_quarantined(status, limit.into(), cursor.as_ref()).await?;
    let data = items.iter().map(ItemView::of).collect();
    Response::json(200, &List { data, next_cursor: next.as_ref().map(ListCursor::to_text) })
}

pub(crate) async fn read(app: &App, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
    let id = quarantine_id(request, telemetry)?;
    let item = app.context.store.quarantined(&id).await?.ok_or(Problem::new(Code::NotFound))?;
    let detail = Detail { item: ItemView::of(&item), raw: String::from_utf8_lossy(&item.raw) };
    Response::json(200, &detail)
}

pub(crate) async fn replay_one(app: &App, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
    let id = quarantine_id(request, telemetry)?;
    let lomi = async || app.lomi.client(request.deadline, telemetry).await;
    let mut report = Report::default();
    let replayed = replay(&app.context, &id, lomi, request.deadline, &mut report).await;
    // What has been applied is counted, whatever failed after it.
    telemetry.found(report);
    let replayed = replayed.map_err(|error| refusal(error, telemetry))?;
    let (outcome, reason) = words(&replayed.outcome);
    tell(&replayed, outcome, telemetry);
    let order = replayed.order.as_ref().map(|order: &Order| OrderDetail::of(order, app.context.clock.now()));
    Response::json(200, &Answer { outcome, reason, item: ItemView::of(&replayed.item), order })
}

fn quarantine_id(request: &Request, telemetry: &mut Telemetry) -> Result<QuarantineId, Problem> {
    let id = QuarantineId::parse(request.path("quarantine_id")).ok_or(Problem::new(Code::NotFound))?;
    telemetry.id(Field::QuarantineId, id.as_str());
    Ok(id)
}

fn words(outcome: &ReplayOutcome) -> (&'static str, Option<&str>) {
    match outcome {
        ReplayOutcome::Applied => ("applied", None),
        ReplayOutcome::Duplicate => ("duplicate", None),
        ReplayOutcome::Ignored => ("ignored", None),
        ReplayOutcome::Quarantined(reason) => ("quarantined", Some(reason)),
    }
}

/// Counts only what the replay applied: an event that stays quarantined has been counted before.
fn tell(replayed: &Replayed, outcome: &'static str, telemetry: &mut Telemetry) {
    telemetry.word(Field::QuarantineOutcome, outcome);
    if let Some(order) = &replayed.order {
        telemetry.id(Field::OrderId, order.id().as_str());
    }
    if let Some(settled @ ApplyOutcome::Applied(..)) = &replayed.applied {
        telemetry.settled(settled);
    }
}
