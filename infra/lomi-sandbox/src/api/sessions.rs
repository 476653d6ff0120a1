//! Checkout sessions: create, read, list. There is no update, cancel or delete.

use axum::Extension;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::draft::Draft;
use super::paging::{LegacyPaging, PageRequest};
use crate::clock::Timestamp;
use crate::context::Context;
use crate::fixtures;
use crate::http::call::{Admitted, Call};
use crate::http::error::{ApiError, Problem};
use crate::http::idempotency;
use crate::http::reply::Reply;
use crate::ids;
use crate::model::{Caller, Session, SessionStatus};
use crate::money::{Amount, Currency};
use crate::pay::{ensure_customer, is_placeholder};
use crate::settings::Profile;
use crate::sim::Sim;
use crate::webhook::payload::with_decimals;

/// Columns that are null here.
const ALWAYS_NULL: [&str; 6] = [
    "installment_plan_id",
    "payment_request_id",
    "qr_code_data",
    "qr_code_type",
    "spi_account_number",
    "spi_qr_code_id",
];

const NARROW: [&str; 21] = [
    "checkout_session_id",
    "organization_id",
    "merchant_id",
    "customer_id",
    "product_id",
    "subscription_id",
    "payment_link_id",
    "amount",
    "currency_code",
    "status",
    "title",
    "description",
    "customer_email",
    "customer_name",
    "customer_phone",
    "success_url",
    "cancel_url",
    "metadata",
    "expires_at",
    "created_at",
    "updated_at",
];

const SEEDS: [&str; 23] = [
    "checkout_session_id",
    "url",
    "status",
    "expires_at",
    "created_at",
    "merchant_id",
    "organization_id",
    "success_url",
    "cancel_url",
    "amount",
    "currency_code",
    "allowed_providers",
    "title",
    "public_description",
    "customer_email",
    "customer_name",
    "customer_phone",
    "product_id",
    "subscription_id",
    "plan_id",
    "allow_coupon_code",
    "metadata",
    "environment",
];

/// What the page requires of the shopper, since API 1.2.0.
const CONTACT_FLAGS: [&str; 3] = ["require_email", "require_name", "require_phone"];

/// `POST /checkout-sessions`.
pub(crate) async fn create(State(sim): State<Sim>, Extension(call): Admitted) -> Result<Reply, ApiError> {
    let draft = Draft::read(call.profile, &call.body)?;
    refuse_fields(&sim, &call)?;
    let base_url = sim.base_url().to_owned();
    idempotency::once(&sim, &call, |context, caller, now| open(context, caller, draft, &base_url, now)).await
}

fn open(
    context: &mut Context,
    caller: &Caller,
    draft: Draft,
    base_url: &str,
    now: Timestamp,
) -> Result<Value, ApiError> {
    if let Some(invoice) = blocking_invoice(context, &draft, base_url) {
        return Ok(invoice);
    }
    let profile = context.profile;
    check_references(context, caller, &draft)?;
    let mut priced = price(profile, caller, &draft)?;
    // Documents of API 1.2.0: "A currency that differs from the price may be converted".
    if let Some(wanted) = draft.currency.filter(|_| context.quirks.prices_converted) {
        priced = (priced.0.converted(priced.1, wanted), wanted);
    }
    let session = context.open_session(caller, draft.details, priced, draft.life_min, now);
    ensure_customer(context, &session, now);
    let created = match profile {
        Profile::Seeds => json!({"data": view(&session, base_url, &SEEDS)}),
        Profile::Current | Profile::June2026 => created_row(profile, &session, base_url),
    };
    Ok(with_decimals(created, &context.quirks))
}

/// No document says which fields of an older generation a newer one ignores.
fn refuse_fields(sim: &Sim, call: &Call) -> Result<(), ApiError> {
    let refused = sim.read(|context, _| context.quirks.session_fields_refused.clone());
    let sent = refused.into_iter().filter(|name| call.body.get(name).is_some());
    let problems: Vec<_> = sent.map(|field| Problem { field, message: "should not exist".to_owned() }).collect();
    if problems.is_empty() { Ok(()) } else { Err(ApiError::validation(problems)) }
}

/// A customer who owes an invoice gets 201 without a session.
fn blocking_invoice(context: &Context, draft: &Draft, base_url: &str) -> Option<Value> {
    let details = &draft.details;
    let pays_invoice = details.metadata.get("payment_flow") == Some(&json!("invoice_payment"));
    if draft.line_items.is_some() || pays_invoice {
        return None;
    }
    let subscriber = details.subscription_id.as_deref().and_then(fixtures::subscriber);
    let invoice = context.blocking_invoices.get(details.customer_id.as_deref().or(subscriber)?)?;
    Some(json!({
        "payment_required": true,
        "reason": "invoice_payment_required",
        "blocking_invoice": {
            "invoice_id": invoice.invoice_id,
            "invoice_number": invoice.invoice_number,
            "amount_remaining": invoice.amount_remaining,
            "currency_code": invoice.currency_code,
            "checkout_url": checkout_url(base_url, &invoice.checkout_session_id),
        },
    }))
}

fn check_references(context: &Context, caller: &Caller, draft: &Draft) -> Result<(), ApiError> {
    let Some(customer_id) = &draft.details.customer_id else { return Ok(()) };
    match context.customers.get(customer_id) {
        Some(customer) if customer.organization_id == caller.organization_id => Ok(()),
        _ => Err(ApiError::unexpected()),
    }
}

/// In order of precedence: line items, price or product, plan, amount.
fn price(profile: Profile, caller: &Caller, draft: &Draft) -> Result<(Amount, Currency), ApiError> {
    let currency = draft.currency.unwrap_or(Currency::Xof);
    if let Some(items) = &draft.line_items {
        let lines = items.iter().map(|item| line(profile, caller, &item.price_id, item.quantity));
        let lines = lines.collect::<Result<Vec<_>, _>>()?;
        let sum = lines.iter().try_fold(Amount::whole(0), |sum, (amount, _)| sum.plus(*amount));
        let currency = lines.first().map_or(currency, |(_, currency)| *currency);
        return sum.filter(|sum| sum.is_positive()).map(|sum| (sum, currency)).ok_or_else(|| amount_refusal(profile));
    }
    let details = &draft.details;
    if let Some(id) = details.price_id.as_ref().or(details.product_id.as_ref()) {
        return line(profile, caller, id, details.quantity);
    }
    if let Some(id) = &details.plan_id {
        let price = fixtures::plan(caller.organization_id, id).ok_or_else(unknown_reference)?;
        return Ok((price.amount, price.currency));
    }
    let amount = draft.amount.filter(|amount| amount.is_positive());
    amount.map(|amount| (amount, currency)).ok_or_else(|| amount_refusal(profile))
}

fn line(profile: Profile, caller: &Caller, id: &str, quantity: u32) -> Result<(Amount, Currency), ApiError> {
    let unknown = || match profile {
        Profile::Seeds => unknown_reference(),
        Profile::Current | Profile::June2026 => ApiError::unexpected(),
    };
    // Older generations have no public ids.
    let is_known = profile.is_current() || ids::is_uuid(id);
    let price = fixtures::price(caller.organization_id, id).filter(|_| is_known).ok_or_else(unknown)?;
    let amount = price.amount.times(quantity).ok_or_else(|| amount_refusal(profile))?;
    Ok((amount, price.currency))
}

fn unknown_reference() -> ApiError {
    ApiError::bad_request("Unknown product or plan").coded("INVALID_REFERENCE")
}

fn amount_refusal(profile: Profile) -> ApiError {
    match profile {
        Profile::Current => ApiError::bad_request("amount must be greater than 0").coded("amount_invalid"),
        Profile::June2026 => ApiError::unexpected(),
        Profile::Seeds => ApiError::bad_request("amount must be greater than 0"),
    }
}

/// `GET /checkout-sessions/{id}`: both keys of the organisation can read it.
pub(crate) async fn read(
    State(sim): State<Sim>,
    Extension(call): Admitted,
    Path(id): Path<String>,
) -> Result<Reply, ApiError> {
    let id = id.trim();
    if is_placeholder(id) {
        let hint = "The placeholder {CHECKOUT_SESSION_ID} was not replaced: send the id of the session";
        return Err(ApiError::bad_request(hint));
    }
    if !ids::is_uuid(id) {
        return Err(malformed_id(call.profile));
    }
    sim.read(|context, _| {
        let session = context.sessions.get(id).ok_or_else(|| ApiError::missing("Checkout session", id))?;
        if !call.owns(&session.organization_id) {
            return Err(foreign(call.profile, id));
        }
        Ok(Reply::ok(&with_decimals(shown(context, &call, session, sim.base_url()), &context.quirks)))
    })
}

fn malformed_id(profile: Profile) -> ApiError {
    match profile {
        Profile::Seeds => ApiError::unexpected().coded("DATABASE_ERROR"),
        Profile::Current | Profile::June2026 => ApiError::bad_request("Checkout session id must be a UUID"),
    }
}

fn foreign(profile: Profile, id: &str) -> ApiError {
    match profile {
        Profile::Seeds => ApiError::plain(StatusCode::FORBIDDEN, "The session belongs to someone else"),
        Profile::Current | Profile::June2026 => ApiError::missing("Checkout session", id),
    }
}

/// `GET /checkout-sessions`.
pub(crate) async fn list(State(sim): State<Sim>, Extension(call): Admitted) -> Result<Reply, ApiError> {
    let status = call.query("status").map(|name| {
        name.parse::<SessionStatus>().map_err(|_| match call.profile {
            Profile::June2026 => ApiError::unexpected(),
            Profile::Current | Profile::Seeds => ApiError::bad_request("status must be open, completed or expired"),
        })
    });
    let status = status.transpose()?;
    let before = match call.profile {
        Profile::Seeds => LegacyPaging::Numbered("limit", 20),
        Profile::Current | Profile::June2026 => LegacyPaging::Offset(20),
    };
    let paging = PageRequest::of(&sim, &call, before)?;
    let page = sim.read(|context, _| {
        let any_environment = context.quirks.list_mixes_environments;
        let keep = |session: &&Session| {
            call.owns(&session.organization_id)
                && (any_environment || session.environment == call.caller.environment)
                && status.is_none_or(|status| status == session.status)
        };
        let shown = |session: &Session| with_decimals(row(call.profile, session, sim.base_url()), &context.quirks);
        paging.select(context.sessions.newest_first().filter(keep), shown)
    });
    Ok(paging.reply(page, |rows| match call.profile {
        Profile::Seeds => {
            json!({"data": rows, "meta": {"current_page": paging.page, "per_page": paging.requested_limit}})
        }
        Profile::Current | Profile::June2026 => Value::Array(rows),
    }))
}

fn shown(context: &Context, call: &Call, session: &Session, base_url: &str) -> Value {
    match call.profile {
        Profile::Seeds => json!({"data": seeds_read(session, base_url)}),
        _ if context.quirks.session_get_narrow => view(session, base_url, &NARROW),
        profile => created_row(profile, session, base_url),
    }
}

fn row(profile: Profile, session: &Session, base_url: &str) -> Value {
    match profile {
        Profile::Seeds => seeds_read(session, base_url),
        Profile::June2026 => view(session, base_url, &NARROW),
        Profile::Current => created_row(profile, session, base_url),
    }
}

/// Every column under all its names.
fn columns(session: &Session, base_url: &str) -> Map<String, Value> {
    let mut columns = match serde_json::to_value(session) {
        Ok(Value::Object(columns)) => columns,
        _ => Map::new(),
    };
    let url = json!(checkout_url(base_url, &session.checkout_session_id));
    columns.insert("merchant_id".to_owned(), json!(session.created_by));
    columns.insert("public_description".to_owned(), json!(session.details.description));
    columns.insert("checkout_url".to_owned(), url.clone());
    columns.insert("url".to_owned(), url);
    columns
}

fn view(session: &Session, base_url: &str, names: &[&str]) -> Value {
    let mut columns = columns(session, base_url);
    columns.retain(|name, _| names.contains(&name.as_str()));
    Value::Object(columns)
}

/// In `seeds`, a read has one field more than a create.
fn seeds_read(session: &Session, base_url: &str) -> Value {
    let names: Vec<_> = SEEDS.into_iter().chain(["updated_at"]).collect();
    view(session, base_url, &names)
}

/// The whole row of the NestJS generations.
fn created_row(profile: Profile, session: &Session, base_url: &str) -> Value {
    let mut columns = columns(session, base_url);
    let elsewhere = ["merchant_id", "public_description", "url", "plan_id", "allowed_providers"];
    columns.retain(|name, _| !elsewhere.contains(&name.as_str()));
    columns.extend(ALWAYS_NULL.map(|name| (name.to_owned(), Value::Null)));
    columns.extend(["is_pos", "is_spi"].map(|name| (name.to_owned(), json!(false))));
    if profile.is_current() {
        columns.insert("amount_xof".to_owned(), json!(session.amount.in_francs(session.currency_code)));
        // The samples of API 1.2.0 show public ids here.
        for (name, prefix) in [("product_id", "prod_"), ("price_id", "price_")] {
            let shown = columns.get(name).and_then(Value::as_str).filter(|id| ids::is_uuid(id));
            let shown = shown.map(|id| json!(ids::public_id(prefix, id)));
            columns.extend(shown.map(|id| (name.to_owned(), id)));
        }
    } else {
        columns.retain(|name, _| !CONTACT_FLAGS.contains(&name.as_str()));
    }
    Value::Object(columns)
}

fn checkout_url(base_url: &str, session_id: &str) -> String {
    format!("{base_url}/checkout/{session_id}")
}
