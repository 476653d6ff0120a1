//! The control API, `/_sim/*`. It takes no key and answers only to this machine.

mod card;
mod clock;
mod disputes;
mod faults;
mod links;
mod outbox;
mod payments;
mod state;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde_json::Value;
use url::{Host, Url};

use crate::http::call::Peer;
use crate::http::error::ApiError;
use crate::http::reply::Reply;
use crate::sim::Sim;

type ControlResult = Result<Reply, ApiError>;

pub(crate) fn routes() -> Router<Sim> {
    Router::new()
        .route("/_sim/state", get(state::read))
        .route("/_sim/reset", post(state::reset))
        .route("/_sim/profile", post(state::profile))
        .route("/_sim/clock", get(clock::read).post(clock::advance))
        .route("/_sim/faults", get(faults::list).post(faults::plant).delete(faults::clear))
        .route("/_sim/sessions/{id}/pay", post(payments::pay))
        .route("/_sim/sessions/{id}/cancel", post(payments::cancel))
        .route("/_sim/sessions/{id}/expire", post(payments::expire))
        .route("/_sim/sessions/{id}/late_approve", post(payments::late_approve))
        .route("/_sim/transactions/{id}/approve", post(payments::approve))
        .route("/_sim/transactions/{id}/decline", post(payments::decline))
        .route("/_sim/transactions/{id}/unlabel", post(payments::unlabel))
        .route("/_sim/transactions/{id}/dispute", post(disputes::dispute))
        .route("/_sim/card.js", get(card::script))
        .route("/_sim/card/{id}/confirm", post(card::confirm))
        .route("/_sim/card/{id}/authenticate", post(card::authenticate))
        .route("/_sim/links/{id}/deactivate", post(links::deactivate))
        .route("/_sim/links/{id}/open", post(links::open))
        .route("/_sim/refunds/{id}/pay-out", post(links::pay_out_refund))
        .route("/_sim/refunds/{id}/fail", post(links::fail_refund))
        .route("/_sim/customers/{id}/blocking-invoice", post(payments::block))
        .route("/_sim/events", post(outbox::emit))
        .route("/_sim/outbox", get(outbox::list))
        .route("/_sim/outbox/run", post(outbox::run))
        .route("/_sim/outbox/{id}/resend", post(outbox::resend))
        .route_layer(from_fn(only_this_machine))
}

async fn only_this_machine(request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>();
    if peer.is_some_and(|peer| !peer.0.ip().to_canonical().is_loopback()) {
        return ApiError::plain(StatusCode::FORBIDDEN, "The control API answers only to this machine").into_response();
    }
    if !is_local_request(request.headers()) {
        let refusal = "The control API answers only to pages of this machine";
        return ApiError::plain(StatusCode::FORBIDDEN, refusal).into_response();
    }
    next.run(request).await
}

/// A page of another site in a browser on this machine has a foreign host (DNS rebinding) or a foreign origin.
fn is_local_request(headers: &HeaderMap) -> bool {
    let is_ours = |name: HeaderName, prefix: &str| {
        let named = headers.get(name).map(|value| value.to_str().unwrap_or_default());
        named.is_none_or(|text| Url::parse(&format!("{prefix}{text}")).is_ok_and(|url| is_this_machine(&url)))
    };
    is_ours(header::HOST, "http://") && is_ours(header::ORIGIN, "")
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

fn optional_json(body: &[u8]) -> Result<Value, ApiError> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(body).map_err(|error| ApiError::bad_request(format!("Malformed JSON: {error}")))
}

fn json_as<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::bad_request(error.to_string()))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use tower::ServiceExt;

    use super::*;
    use crate::settings::Settings;

    #[tokio::test]
    async fn a_foreign_page_cannot_reach_the_control_api() {
        let sim = Sim::new(Settings::default()).unwrap();
        for (name, value, status) in [
            ("host", "127.0.0.1:4010", 200),
            ("host", "localhost:4010", 200),
            ("host", "[::1]:4010", 200),
            ("host", "rebound.example:4010", 403),
            ("origin", "http://127.0.0.1:3001", 200),
            ("origin", "https://evil.example", 403),
            ("origin", "null", 403),
        ] {
            let request = Request::get("/_sim/state").header(name, value).body(Body::empty()).unwrap();
            let response = crate::router(sim.clone()).oneshot(request).await.unwrap();
            assert_eq!(response.status().as_u16(), status, "{name}: {value}");
        }
    }

    #[tokio::test]
    async fn the_control_api_is_closed_to_other_hosts() {
        let sim = Sim::new(Settings::default()).unwrap();
        for (peer, status) in [("127.0.0.1:9", 200), ("[::1]:9", 200), ("192.0.2.7:9", 403)] {
            let mut request = Request::get("/_sim/state").body(Body::empty()).unwrap();
            request.extensions_mut().insert(Peer(peer.parse().unwrap()));
            let response = crate::router(sim.clone()).oneshot(request).await.unwrap();
            assert_eq!(response.status().as_u16(), status, "{peer}");
        }
    }
}
