//! What a visitor, the dashboard of lomi or a bank does to links and refunds.

use axum::extract::{Path, State};
use serde_json::json;

use super::ControlResult;
use crate::http::error::ApiError;
use crate::http::reply::Reply;
use crate::pay::link::LinkClosed;
use crate::pay::{link, refund};
use crate::sim::Sim;

/// `POST /_sim/links/{id}/deactivate`.
pub(crate) async fn deactivate(State(sim): State<Sim>, Path(id): Path<String>) -> ControlResult {
    sim.with(|context, now| {
        let link = context.links.get_mut(&id).ok_or_else(|| ApiError::missing("Payment link", &id))?;
        link.is_active = false;
        link.updated_at = now;
        Ok(Reply::ok(&json!({"link_id": id, "is_active": false})))
    })
}

/// `POST /_sim/links/{id}/open`.
pub(crate) async fn open(State(sim): State<Sim>, Path(id): Path<String>) -> ControlResult {
    let session = sim.with(|context, now| link::open(context, &id, now)).map_err(|shut| match shut {
        LinkClosed::Unknown => ApiError::missing("Payment link", &id),
        LinkClosed::Over => ApiError::plain(http::StatusCode::GONE, "The payment link is no longer active"),
    })?;
    let session_id = session.checkout_session_id;
    let checkout_url = format!("{}/checkout/{session_id}", sim.base_url());
    Ok(Reply::ok(&json!({"checkout_session_id": session_id, "checkout_url": checkout_url})))
}

/// `POST /_sim/refunds/{id}/pay-out`: completes a pending refund.
pub(crate) async fn pay_out_refund(State(sim): State<Sim>, Path(id): Path<String>) -> ControlResult {
    let refund = sim.with(|context, now| refund::pay_out(context, &id, now));
    let refund = refund.ok_or_else(|| ApiError::missing("Refund", &id))?;
    Ok(Reply::ok(&json!({"refund_id": id, "status": refund.status, "refunded_amount": refund.refunded_amount})))
}

/// `POST /_sim/refunds/{id}/fail`: the money does not arrive.
pub(crate) async fn fail_refund(State(sim): State<Sim>, Path(id): Path<String>) -> ControlResult {
    let refund = sim.with(|context, now| refund::fail(context, &id, now));
    let refund = refund.ok_or_else(|| ApiError::missing("Refund", &id))?;
    Ok(Reply::ok(&json!({"refund_id": id, "status": refund.status})))
}
