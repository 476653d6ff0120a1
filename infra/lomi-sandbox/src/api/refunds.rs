//! Refunds: create, list, read.

use axum::Extension;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::paging::{LegacyPaging, PageRequest};
use crate::clock::Timestamp;
use crate::context::Context;
use crate::http::call::{Admitted, Call};
use crate::http::error::ApiError;
use crate::http::idempotency;
use crate::http::reply::Reply;
use crate::ids;
use crate::model::{Caller, Preview, Refund, Transaction};
use crate::money::Amount;
use crate::pay::refund::{self, RefundRefused, RefundRequest};
use crate::sim::Sim;
use crate::webhook::payload::payment_name;

const TOKEN_LIFE_S: u64 = 15 * 60;

/// `POST /refunds`: the first of two calls is a preview, the second one executes.
pub(crate) async fn create(State(sim): State<Sim>, Extension(call): Admitted) -> Result<Reply, ApiError> {
    let (body, key) = (call.body.clone(), call.idempotency_key.clone());
    idempotency::once(&sim, &call, |context, caller, now| {
        let refund_call = RefundCall { caller, body: &body, key: key.as_deref() };
        match body.get("confirmation_token").and_then(Value::as_str) {
            _ if !context.quirks.refund_preview => open(context, &refund_call, now),
            None => preview(context, &refund_call, now),
            Some(token) => {
                confirm(context, &refund_call, token, now)?;
                open(context, &refund_call, now)
            }
        }
    })
    .await
}

/// One call of `POST /refunds`.
struct RefundCall<'a> {
    caller: &'a Caller,
    body: &'a Value,
    key: Option<&'a str>,
}

impl RefundCall<'_> {
    fn transaction(&self, context: &Context) -> Result<Transaction, ApiError> {
        let id = self.body.get("transaction_id").and_then(Value::as_str).filter(|id| ids::is_uuid(id));
        let id = id.ok_or_else(|| ApiError::bad_request("transaction_id must be a UUID"))?;
        let row = context.transactions.get(id).filter(|row| {
            row.organization_id == self.caller.organization_id && row.environment == self.caller.environment
        });
        row.cloned().ok_or_else(|| ApiError::missing("Transaction", id))
    }

    fn request(&self) -> RefundRequest {
        RefundRequest {
            // Checked later, in the order of lomi: a value that is no number is not positive.
            amount: self.body.get("amount").and_then(Amount::from_json).unwrap_or(Amount::whole(0)),
            is_full: self.body.get("refund_type").and_then(Value::as_str) == Some("full"),
            reason: self.body.get("reason").and_then(Value::as_str).map(str::to_owned),
        }
    }

    fn owner(&self) -> String {
        format!("{} {}", self.caller.organization_id, self.caller.environment.as_ref())
    }
}

/// Checks only that the transaction exists. The second call refuses what cannot be refunded.
fn preview(context: &mut Context, call: &RefundCall<'_>, now: Timestamp) -> Result<Value, ApiError> {
    let (transaction, request) = (call.transaction(context)?, call.request());
    let preview = Preview {
        token: context.ids.token("ct_", 24),
        owner: call.owner(),
        fingerprint: idempotency::fingerprint(call.body),
        idempotency_key: call.key.map(str::to_owned),
        expires_at: now.plus_s(TOKEN_LIFE_S),
        is_used: false,
    };
    context.previews.insert(preview.clone());
    let mut shown = json!({
        "transaction_id": payment_name(&context.quirks, &transaction.transaction_id),
        "amount": if request.is_full { transaction.gross_amount } else { request.amount },
        "currency_code": transaction.currency_code,
    });
    if let Some(fields) = shown.as_object_mut() {
        fields.extend(context.quirks.refund_preview_shows.clone());
    }
    Ok(json!({
        "requires_confirmation": true,
        "confirmation_token": preview.token,
        "expires_at": preview.expires_at,
        "preview": shown,
    }))
}

/// Accepts the token once, for this body. The error code is invented: lomi documents none.
fn confirm(context: &mut Context, call: &RefundCall<'_>, token: &str, now: Timestamp) -> Result<(), ApiError> {
    let (owner, shown) = (call.owner(), idempotency::fingerprint(&idempotency::without_token(call.body)));
    let is_bound = context.quirks.refund_token_bound_to_key;
    let preview = context.previews.get_mut(token).filter(|preview| {
        let is_its_key = !is_bound || preview.idempotency_key.as_deref() == call.key;
        !preview.is_used
            && now < preview.expires_at
            && preview.owner == owner
            && preview.fingerprint == shown
            && is_its_key
    });
    let preview = preview.ok_or_else(|| {
        ApiError::bad_request("confirmation_token is invalid or expired").coded("confirmation_token_invalid")
    })?;
    preview.is_used = true;
    Ok(())
}

fn open(context: &mut Context, call: &RefundCall<'_>, now: Timestamp) -> Result<Value, ApiError> {
    let transaction = call.transaction(context)?;
    let refund = refund::refund(context, &transaction, call.request(), now).map_err(refusal)?;
    Ok(json!({
        "success": true,
        "refund_id": refund.refund_id,
        "transaction_id": payment_name(&context.quirks, &refund.transaction_id),
        "refunded_amount": refund.refunded_amount,
        "status": refund.status,
        "message": "Refund recorded",
    }))
}

fn refusal(cause: RefundRefused) -> ApiError {
    ApiError::bad_request(match cause {
        RefundRefused::NotCompleted => "Only completed transactions can be refunded",
        RefundRefused::NotPositive => "amount must be a positive number",
        RefundRefused::AboveGross => "amount exceeds the transaction",
        RefundRefused::Rail => "This payment method cannot be refunded",
        RefundRefused::NoPhone => "A partial refund needs the customer's phone number",
        RefundRefused::Disputed => "A disputed charge cannot be refunded",
        RefundRefused::NotRecorded => "The refund could not be recorded",
        RefundRefused::AlreadyRefunded => "The transaction is already refunded, in full or beyond this amount",
    })
}

/// `GET /refunds`.
pub(crate) async fn list(State(sim): State<Sim>, Extension(call): Admitted) -> Result<Reply, ApiError> {
    let paging = PageRequest::of(&sim, &call, LegacyPaging::Offset(50))?;
    let (from, to) = (call.instant("startDate")?, call.instant("endDate")?);
    let page = sim.read(|context, _| {
        let row = |refund: &Refund| row(refund, context);
        let keep = |refund: &&Refund| {
            is_own(&call, refund)
                && call.query("status").is_none_or(|status| status == refund.status.as_ref())
                && from.is_none_or(|from| refund.created_at >= from)
                && to.is_none_or(|to| refund.created_at <= to)
        };
        paging.select(context.refunds.newest_first().filter(keep), row)
    });
    Ok(paging.reply(page, |rows| json!({"success": true, "data": rows})))
}

/// `GET /refunds/{id}`: bare in `current`.
pub(crate) async fn read(
    State(sim): State<Sim>,
    Extension(call): Admitted,
    Path(id): Path<String>,
) -> Result<Reply, ApiError> {
    if !ids::is_uuid(&id) {
        return Err(ApiError::bad_request("Refund id must be a UUID"));
    }
    sim.read(|context, _| {
        let refund = context.refunds.get(&id).filter(|refund| is_own(&call, refund));
        let refund = refund.ok_or_else(|| ApiError::missing("Refund", &id))?;
        let row = row(refund, context);
        Ok(Reply::ok(&if call.profile.is_current() { row } else { json!({"success": true, "data": row}) }))
    })
}

fn is_own(call: &Call, refund: &Refund) -> bool {
    call.covers(&refund.organization_id, refund.environment)
}

/// In `current`, an absent reason is left out.
fn row(refund: &Refund, context: &Context) -> Value {
    let mut row = serde_json::to_value(refund).unwrap_or_default();
    if let Some(row) = row.as_object_mut() {
        row.insert("transaction_id".to_owned(), json!(payment_name(&context.quirks, &refund.transaction_id)));
        row.remove("organization_id");
        row.remove("environment");
        if context.profile.is_current() && refund.reason.is_none() {
            row.remove("reason");
        }
        context.quirks.refund_fields_dropped.iter().for_each(|name| drop(row.remove(name)));
    }
    row
}
