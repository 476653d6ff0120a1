//! `GET /admin/checkout-sessions`: lomi's sessions, without the tokens of this stack's orders.

use crate::http::App;
use crate::view::{SessionList, SessionView, ours};
use domain::without_order_tokens;
use lambda_kit::http::{DEFAULT_LIMIT, Request, Response};
use lambda_kit::language::Text;
use lambda_kit::lomi::report;
use lambda_kit::paging::PageRequest;
use lambda_kit::problem::{Code, Problem};
use lambda_kit::telemetry::Telemetry;
use lomi_client::checkout_sessions::CheckoutSessions;
use lomi_client::{CheckoutSession, CheckoutSessionId, Error, ListPlace, Listing, SessionStatus};
use serde::Serialize;
use serde_json::Value;

impl App {
    pub(crate) async fn session(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        // lomi's session ids are UUIDs; some generations answer 500 to any other id.
        let id = CheckoutSessionId::parse(request.path("checkout_session_id")).ok();
        let id = id.filter(CheckoutSessionId::is_uuid).ok_or(Problem::new(Code::NotFound))?;
        let call = self.sessions(request, telemetry).await?.get(&id).deadline(request.deadline);
        let session = call.send().await.map_err(|error| unread(error, telemetry))?;
        let orders = self.context.store.known_orders(&ours([&session])).await?;
        shown(&SessionView::of(&session, &orders))
    }

    pub(crate) async fn list_sessions(
        &self,
        request: &Request,
        telemetry: &mut Telemetry,
    ) -> Result<Response, Problem> {
        let status = request.query_as("status", status, STATUSES)?;
        let requested = PageRequest::read(request, DEFAULT_LIMIT)?;
        let sessions = self.sessions(request, telemetry).await?;
        let page = requested.of(|size, place| list(&sessions, status.as_ref(), (size, place), request)).await;
        let page = page.map_err(|error| failed(error, telemetry))?;
        let orders = self.context.store.known_orders(&ours(&page.rows)).await?;
        shown(&SessionList::of(&page, &requested, &orders))
    }

    async fn sessions(&self, request: &Request, telemetry: &mut Telemetry) -> Result<CheckoutSessions, Problem> {
        Ok(self.lomi.client_or_refusal(request.deadline, telemetry).await?.checkout_sessions())
    }
}

const STATUSES: Text = Text { en: "open, completed or expired.", fr: "open, completed ou expired." };

/// The statuses of lomi. Some generations answer 500 to any other word.
fn status(text: &str) -> Option<SessionStatus> {
    match text {
        "open" => Some(SessionStatus::Open),
        "completed" => Some(SessionStatus::Completed),
        "expired" => Some(SessionStatus::Expired),
        _ => None,
    }
}

fn list(
    sessions: &CheckoutSessions,
    status: Option<&SessionStatus>,
    (size, place): (u8, Option<&ListPlace>),
    request: &Request,
) -> Listing<CheckoutSession> {
    let mut call = sessions.list().limit(size.into()).deadline(request.deadline);
    if let Some(place) = place {
        call = call.starting_at(place);
    }
    if let Some(status) = status {
        call = call.status(status);
    }
    call.stream()
}

/// Removes order tokens from every text of the answer. The return URLs of a session contain the token, which gives
/// access to the order.
fn shown(view: &impl Serialize) -> Result<Response, Problem> {
    let answer = serde_json::to_value(view).map_err(|_| Problem::new(Code::InternalError))?;
    Response::json(200, &without_tokens(answer))
}

fn without_tokens(value: Value) -> Value {
    match value {
        Value::String(text) => without_order_tokens(&text).into(),
        Value::Array(values) => values.into_iter().map(without_tokens).collect(),
        Value::Object(fields) => {
            // Labels are the merchant's and cursors are lomi's: neither contains an order token.
            let is_kept = |name: &str| ["metadata", "next_cursor"].contains(&name);
            let shown = |(name, value): (String, _)| {
                if is_kept(&name) { (name, value) } else { (name, without_tokens(value)) }
            };
            fields.into_iter().map(shown).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// lomi's API of 2025 answers 403 for a session of another merchant. A suspended key gets a code of its own.
fn unread(error: Error, telemetry: &mut Telemetry) -> Problem {
    let is_strangers = error.status() == Some(403) && error.code() != Some("api_access_suspended");
    let problem = failed(error, telemetry);
    if is_strangers { Problem::new(Code::NotFound) } else { problem }
}

fn failed(error: Error, telemetry: &mut Telemetry) -> Problem {
    report(&error, telemetry);
    error.into()
}
