//! Resends the events that lomi could not deliver.

use crate::http::{App, refusal};
use checkout::admin::{DeliveryCursor, FailedDelivery, Resend, Resent, ResentDelivery, resend};
use domain::Timestamp;
use lambda_kit::fields::FieldErrors;
use lambda_kit::http::{FOREIGN_CURSOR, Request, Response, json};
use lambda_kit::problem::Problem;
use lambda_kit::telemetry::{Field, Telemetry};
use lomi_client::Outcome;
use serde::{Deserialize, Serialize};

/// Each one is a call of lomi, which calls this stack before it answers: more would not fit into one request.
const MAX_LIMIT: u8 = 20;
const DEFAULT_LIMIT: u8 = 10;
/// The default of `since`: a day ago.
const DEFAULT_AGE_MS: i64 = 24 * 60 * 60 * 1000;

#[derive(Deserialize)]
struct Body {
    since: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    endpoints: usize,
    replayed: Vec<ReplayedView<'a>>,
    skipped: u32,
    failed: Vec<FailedView<'a>>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct ReplayedView<'a> {
    delivery_log_id: &'a str,
    event: &'a str,
    response_status: Option<u32>,
}

#[derive(Serialize)]
struct FailedView<'a> {
    delivery_log_id: &'a str,
    event: &'a str,
    outcome: &'static str,
}

impl Body {
    fn into_resend(self, now: Timestamp) -> Result<Resend, Problem> {
        let mut errors = FieldErrors::default();
        let since = self.since.as_deref().map(Timestamp::parse_rfc3339);
        errors.unless(since != Some(None), "/since", "Must be an RFC 3339 time.", "Doit être une date RFC 3339.");
        let limit = self.limit.map(|limit| u8::try_from(limit).ok().filter(|limit| (1..=MAX_LIMIT).contains(limit)));
        errors.unless(limit != Some(None), "/limit", "1 to 20.", "De 1 à 20.");
        let after = self.cursor.as_deref().map(DeliveryCursor::parse);
        errors.unless(after != Some(None), "/cursor", FOREIGN_CURSOR.en, FOREIGN_CURSOR.fr);
        let resend = Resend {
            since: since.flatten().unwrap_or(now.plus_ms(-DEFAULT_AGE_MS)),
            limit: limit.flatten().unwrap_or(DEFAULT_LIMIT),
            after: after.flatten(),
        };
        errors.none_or(Some(resend))
    }
}

impl<'a> Answer<'a> {
    fn of(resent: &'a Resent) -> Self {
        Self {
            endpoints: resent.endpoints,
            replayed: resent.replayed.iter().map(ReplayedView::of).collect(),
            skipped: resent.skipped,
            failed: resent.failed.iter().map(FailedView::of).collect(),
            next_cursor: resent.next.as_ref().map(DeliveryCursor::to_text),
        }
    }
}

impl<'a> ReplayedView<'a> {
    fn of(delivery: &'a ResentDelivery) -> Self {
        Self {
            delivery_log_id: delivery.delivery_log_id.as_str(),
            event: &delivery.event,
            response_status: delivery.response_status,
        }
    }
}

impl<'a> FailedView<'a> {
    fn of(delivery: &'a FailedDelivery) -> Self {
        Self {
            delivery_log_id: delivery.delivery_log_id.as_str(),
            event: &delivery.event,
            outcome: match delivery.outcome {
                Outcome::NotSent => "not_sent",
                Outcome::Rejected => "refused",
                Outcome::Unknown => "unknown",
            },
        }
    }
}

pub(crate) async fn replay(app: &App, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
    let wanted = json::<Body>(request)?.into_resend(app.context.clock.now())?;
    let lomi = async || app.lomi.client(request.deadline, telemetry).await;
    let resent =
        resend(&app.context, &wanted, lomi, request.deadline).await.map_err(|error| refusal(error, telemetry))?;
    telemetry.number(Field::DeliveriesReplayed, count(&resent.replayed));
    telemetry.number(Field::DeliveriesFailed, count(&resent.failed));
    telemetry.number(Field::DeliveriesSkipped, resent.skipped);
    Response::json(200, &Answer::of(&resent))
}

fn count<T>(deliveries: &[T]) -> i64 {
    i64::try_from(deliveries.len()).unwrap_or(i64::MAX)
}
