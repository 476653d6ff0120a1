//! The hosted checkout page.

mod html;
mod messages;

use std::collections::HashMap;

use axum::extract::{Form, Path, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, body::Body};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::context::Context;
use crate::model::Session;
use crate::pay::link::LinkClosed;
use crate::pay::{self, PayForm, SessionClosed, Step};
use crate::sim::Sim;
use messages::Messages;

type Fields = HashMap<String, String>;

pub(crate) fn routes() -> Router<Sim> {
    Router::new()
        .route("/checkout/{id}", get(show))
        .route("/checkout/{id}/pay", post(press_pay))
        .route("/checkout/{id}/cancel", post(press_cancel))
        .route("/pay/{link_id}", get(open_link))
}

async fn show(State(sim): State<Sim>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let messages = Messages::for_reader(&headers);
    sim.read(|context, now| match pay::payable(context, &id, now) {
        Ok(session) => page(StatusCode::OK, html::checkout(messages, session, &Fields::new(), None)),
        Err(closed) => closed_page(&sim, messages, &id, closed, Some(context)),
    })
}

async fn press_pay(
    State(sim): State<Sim>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let messages = Messages::for_reader(&headers);
    let Some(form) = read_form(&fields) else {
        let back = format!("{}/checkout/{id}", sim.base_url());
        return page(StatusCode::BAD_REQUEST, html::notice(messages, messages.no_method, Some(&back)));
    };
    let (step, waits) =
        sim.with(|context, now| (pay::pay(context, &id, &form, now), context.quirks.webhook_before_redirect));
    if waits {
        sim.advance(0).await;
    }
    sim.read(|context, _| match (step, context.sessions.get(&id)) {
        (Ok(step), Some(session)) => after(messages, session, &fields, &step),
        (Ok(_), None) => closed_page(&sim, messages, &id, SessionClosed::Unknown, None),
        (Err(closed), _) => closed_page(&sim, messages, &id, closed, Some(context)),
    })
}

async fn press_cancel(State(sim): State<Sim>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let messages = Messages::for_reader(&headers);
    match sim.with(|context, now| pay::cancel(context, &id, now)) {
        Ok(Step::Left { url, .. }) => leave(url.as_deref(), || html::notice(messages, messages.cancelled, None)),
        Ok(_) | Err(_) => closed_page(&sim, messages, &id, SessionClosed::Unknown, None),
    }
}

/// Every visit opens a new session, even by the same person.
async fn open_link(State(sim): State<Sim>, Path(link_id): Path<String>, headers: HeaderMap) -> Response {
    let messages = Messages::for_reader(&headers);
    match sim.with(|context, now| pay::link::open(context, &link_id, now)) {
        Ok(session) => {
            let url = format!("{}/checkout/{}", sim.base_url(), session.checkout_session_id);
            leave(Some(&url), || html::notice(messages, messages.link_over, Some(&url)))
        }
        Err(LinkClosed::Unknown) => page(StatusCode::NOT_FOUND, html::notice(messages, messages.unknown_link, None)),
        Err(LinkClosed::Over) => page(StatusCode::GONE, html::notice(messages, messages.link_over, None)),
    }
}

/// `None` when no payment method was chosen.
fn read_form(fields: &Fields) -> Option<PayForm> {
    let text = |name: &str| fields.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    Some(PayForm {
        rail: fields.get("method")?.parse().ok()?,
        outcome: fields.get("outcome").and_then(|name| name.parse().ok()).unwrap_or_default(),
        // An empty number is not an absent one: the form refuses a card without a number.
        card_number: fields.get("card_number").map(|number| number.trim().to_owned()),
        challenge: fields.get("challenge").map(|answer| answer == "pass"),
        name: text("customer_name"),
        email: text("customer_email"),
        phone: text("customer_phone"),
        // An unknown code takes nothing off.
        coupon: text("coupon_code").and_then(|code| code.parse().ok()),
    })
}

fn after(messages: &Messages, session: &Session, fields: &Fields, step: &Step) -> Response {
    match step {
        Step::Left { url, paid, .. } => {
            let text = if *paid { messages.paid } else { messages.cancelled };
            leave(url.as_deref(), || html::notice(messages, text, None))
        }
        Step::Declined { code, .. } => page(StatusCode::OK, html::checkout(messages, session, fields, Some(code))),
        Step::Challenge => page(StatusCode::OK, html::challenge(messages, session, fields)),
        Step::Waiting { .. } => page(StatusCode::OK, html::notice(messages, messages.waiting, None)),
    }
}

fn closed_page(sim: &Sim, messages: &Messages, id: &str, closed: SessionClosed, context: Option<&Context>) -> Response {
    let found = context.and_then(|context| Some((context, context.sessions.get(id)?)));
    let cancel_url = found.and_then(|(_, session)| session.details.cancel_url.clone());
    let success_url = found.and_then(|(context, session)| pay::success_url(context, session));
    match closed {
        SessionClosed::Unknown => page(StatusCode::NOT_FOUND, html::notice(messages, messages.unknown_session, None)),
        SessionClosed::Over => page(StatusCode::GONE, html::notice(messages, messages.over, cancel_url.as_deref())),
        SessionClosed::RailNotAllowed => {
            let back = format!("{}/checkout/{id}", sim.base_url());
            page(StatusCode::BAD_REQUEST, html::notice(messages, messages.rail_not_allowed, Some(&back)))
        }
        SessionClosed::Paid => page(StatusCode::OK, html::notice(messages, messages.paid, success_url.as_deref())),
    }
}

/// 303 to the shop, or a plain page without an address that a header can carry.
fn leave(url: Option<&str>, otherwise: impl FnOnce() -> String) -> Response {
    match url.and_then(|url| HeaderValue::from_bytes(url.as_bytes()).ok()) {
        Some(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)], Body::empty()).into_response(),
        None => page(StatusCode::OK, otherwise()),
    }
}

fn page(status: StatusCode, html: String) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_SECURITY_POLICY, "frame-ancestors *")];
    (status, headers, Html(html)).into_response()
}
