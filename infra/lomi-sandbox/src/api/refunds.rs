//! Refunds: create, list, read.

use axum::Extension;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::paging::{Before, Slice};
use crate::clock::Timestamp;
use crate::http::error::ApiError;
use crate::http::gate::{Admitted, Call};
use crate::http::idempotency;
use crate::http::reply::Reply;
use crate::ids;
use crate::model::{Caller, Refund};
use crate::money::Amount;
use crate::pay::refund::{self, NoRefund, Wish};
use crate::settings::Quirks;
use crate::sim::Sim;
use crate::world::World;

/// `POST /refunds`. To see one recorded and answered with 500 all the same, plant `commit_then_500`.
pub(crate) async fn create(State(sim): State<Sim>, Extension(call): Admitted) -> Result<Reply, ApiError> {
    let body = call.body.clone();
    idempotency::once(&sim, &call, |world, caller, now| open(world, caller, &body, now)).await
}

fn open(world: &mut World, caller: &Caller, body: &Value, now: Timestamp) -> Result<Value, ApiError> {
    let id = body.get("transaction_id").and_then(Value::as_str).filter(|id| ids::is_uuid(id));
    let id = id.ok_or_else(|| ApiError::bad_request("transaction_id must be a UUID"))?;
    let transaction = world
        .transactions
        .get(id)
        .filter(|row| row.organization_id == caller.organization_id && row.environment == caller.environment);
    let transaction = transaction.cloned().ok_or_else(|| ApiError::missing("Transaction", id))?;
    let wish = Wish {
        // Checked with the rest, in lomi.'s order: what is no number is no positive number.
        amount: body.get("amount").and_then(Amount::from_json).unwrap_or(Amount::whole(0)),
        is_full: body.get("refund_type").and_then(Value::as_str) == Some("full"),
        reason: body.get("reason").and_then(Value::as_str).map(str::to_owned),
    };
    let refund = refund::refund(world, &transaction, wish, now).map_err(refusal)?;
    Ok(json!({
        "success": true,
        "refund_id": refund.refund_id,
        "transaction_id": refund.transaction_id,
        "refunded_amount": refund.refunded_amount,
        "status": refund.status,
        "message": "Refund recorded",
    }))
}

fn refusal(cause: NoRefund) -> ApiError {
    ApiError::bad_request(match cause {
        NoRefund::NotCompleted => "Only completed transactions can be refunded",
        NoRefund::NotPositive => "amount must be a positive number",
        NoRefund::AboveGross => "amount exceeds the transaction",
        NoRefund::Rail => "This payment method cannot be refunded",
        NoRefund::NoPhone => "A partial refund needs the customer's phone number",
        NoRefund::NotRecorded => "The refund could not be recorded",
        NoRefund::AlreadyRefunded => "The transaction is already refunded, in full or beyond this amount",
    })
}

/// `GET /refunds`.
pub(crate) async fn list(State(sim): State<Sim>, Extension(call): Admitted) -> Result<Reply, ApiError> {
    let slice = Slice::of(&sim, &call, Before::Offset(50))?;
    let (from, to) = (call.instant("startDate")?, call.instant("endDate")?);
    let cut = sim.read(|world, _| {
        let row = |refund: &Refund| row(refund, &world.quirks);
        let keep = |refund: &&Refund| {
            is_own(&call, refund)
                && call.query("status").is_none_or(|status| status == refund.status.name())
                && from.is_none_or(|from| refund.created_at >= from)
                && to.is_none_or(|to| refund.created_at <= to)
        };
        slice.cut(world.refunds.newest_first().filter(keep), row)
    });
    Ok(slice.answer(cut, |rows| json!({"success": true, "data": rows})))
}

/// `GET /refunds/{id}`.
pub(crate) async fn read(
    State(sim): State<Sim>,
    Extension(call): Admitted,
    Path(id): Path<String>,
) -> Result<Reply, ApiError> {
    if !ids::is_uuid(&id) {
        return Err(ApiError::bad_request("Refund id must be a UUID"));
    }
    sim.read(|world, _| {
        let refund = world.refunds.get(&id).filter(|refund| is_own(&call, refund));
        let refund = refund.ok_or_else(|| ApiError::missing("Refund", &id))?;
        Ok(Reply::ok(&json!({"success": true, "data": row(refund, &world.quirks)})))
    })
}

fn is_own(call: &Call, refund: &Refund) -> bool {
    call.covers(&refund.organization_id, refund.environment)
}

fn row(refund: &Refund, quirks: &Quirks) -> Value {
    let mut row = serde_json::to_value(refund).unwrap_or_default();
    if let Some(row) = row.as_object_mut() {
        row.remove("organization_id");
        row.remove("environment");
        quirks.refund_members_dropped.iter().for_each(|name| drop(row.remove(name)));
    }
    row
}
