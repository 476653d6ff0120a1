//! Transactions, read only. They do not name the checkout session: callers correlate by metadata.

use axum::Extension;
use axum::extract::{Path, State};
use serde_json::{Map, Value, json};

use super::paging::{LegacyPaging, PageRequest};
use crate::clock::Timestamp;
use crate::context::Context;
use crate::http::call::{Admitted, Call};
use crate::http::error::ApiError;
use crate::http::reply::Reply;
use crate::ids;
use crate::model::Transaction;
use crate::money::Amount;
use crate::pay::refund::refunded_amount;
use crate::settings::Profile;
use crate::sim::Sim;
use crate::webhook::payload::{transaction_row, with_decimals};

const DETAIL: [&str; 21] = [
    "transaction_id",
    "organization_id",
    "customer_id",
    "product_id",
    "subscription_id",
    "transaction_type",
    "status",
    "description",
    "gross_amount",
    "fee_amount",
    "net_amount",
    "fee_name",
    "fee_category",
    "fee_subcategory",
    "fee_structure_id",
    "currency_code",
    "provider_code",
    "payment_method_code",
    "metadata",
    "created_at",
    "updated_at",
];

const SINCE_1_2_0: [&str; 4] = ["discount_amount", "environment", "price_id", "quantity"];

const ALWAYS_NULL: [&str; 6] = [
    "spi_account_number",
    "spi_date_envoi",
    "spi_date_irrevocabilite",
    "spi_payment_category",
    "spi_payment_status",
    "spi_tx_id",
];

struct Filter<'a> {
    provider: Option<&'a str>,
    status: Option<&'a str>,
    kind: Option<&'a str>,
    currency: Option<&'a str>,
    method: Option<&'a str>,
    is_pos: Option<&'a str>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl<'a> Filter<'a> {
    fn read(call: &'a Call) -> Result<Self, ApiError> {
        let status = call.query("status");
        // The database type of that time knows no other statuses, and a filter must be a value of the type.
        if call.profile == Profile::June2026 && status.is_some_and(|status| !status.split(',').all(is_of_june)) {
            return Err(ApiError::bad_request("status is none of the transaction statuses"));
        }
        Ok(Self {
            provider: call.query("provider"),
            status,
            kind: call.query("type"),
            currency: call.query("currency"),
            method: call.query("paymentMethod"),
            is_pos: call.query("isPos"),
            from: call.instant("startDate")?,
            to: call.instant("endDate")?,
        })
    }

    fn keeps(&self, row: &Transaction) -> bool {
        among(self.provider, row.rail.provider_code())
            && among(self.status, row.status.as_ref())
            && among(self.kind, "payment")
            && among(self.currency, row.currency_code.as_ref())
            && among(self.method, row.rail.payment_method_code())
            && self.is_pos != Some("true")
            && self.from.is_none_or(|from| row.created_at >= from)
            && self.to.is_none_or(|to| row.created_at <= to)
    }
}

fn is_of_june(status: &str) -> bool {
    ["pending", "completed", "failed", "refunded", "expired"].contains(&status.trim())
}

/// Whether the comma-separated list is absent or contains the value.
fn among(list: Option<&str>, value: &str) -> bool {
    list.is_none_or(|list| list.split(',').any(|item| item.trim().eq_ignore_ascii_case(value)))
}

/// `GET /transactions`: only the environment of the key.
pub(crate) async fn list(State(sim): State<Sim>, Extension(call): Admitted) -> Result<Reply, ApiError> {
    let paging = PageRequest::of(&sim, &call, LegacyPaging::Numbered("pageSize", 50))?;
    let filter = Filter::read(&call)?;
    let page = sim.read(|context, _| {
        let keep = |row: &&Transaction| {
            call.owns(&row.organization_id) && row.environment == call.caller.environment && filter.keeps(row)
        };
        let shown = |row: &Transaction| with_decimals(list_row(context, row), &context.quirks);
        paging.select(context.transactions.newest_first().filter(keep), shown)
    });
    Ok(paging.reply(page, Value::Array))
}

/// `GET /transactions/{id}`: in `current` by its public id too.
pub(crate) async fn read(
    State(sim): State<Sim>,
    Extension(call): Admitted,
    Path(id): Path<String>,
) -> Result<Reply, ApiError> {
    let is_public = call.profile.is_current() && id.starts_with("txn_");
    if !is_public && !ids::is_uuid(&id) {
        return Err(ApiError::unexpected());
    }
    sim.read(|context, _| {
        let found = match is_public {
            true => context.transactions.newest_first().find(|row| row.public_id() == id),
            false => context.transactions.get(&id),
        };
        let own = found.filter(|row| call.covers(&row.organization_id, row.environment));
        let row = own.ok_or_else(|| ApiError::missing("Transaction", &id))?;
        Ok(Reply::ok(&with_decimals(Value::Object(detail(context, row)), &context.quirks)))
    })
}

pub(super) fn detail(context: &Context, row: &Transaction) -> Map<String, Value> {
    let all = transaction_row(row);
    let column = |name: &str| (name.to_owned(), all.get(name).cloned().unwrap_or_default());
    let mut columns: Map<_, _> = DETAIL.iter().map(|name| column(name)).collect();
    // A field of the rows by the types of lomi. No document says what it is without a coupon.
    if row.discount_amount.is_positive() {
        columns.extend([column("discount_amount")]);
    }
    if context.profile.is_current() {
        columns.extend(SINCE_1_2_0.map(column));
        columns.extend(ALWAYS_NULL.map(|name| (name.to_owned(), Value::Null)));
        columns.extend(["is_bnpl", "is_pos"].map(|name| (name.to_owned(), json!(false))));
        columns.insert("public_id".to_owned(), json!(row.public_id()));
        columns.insert("refunded_amount".to_owned(), json!(refunded_amount(context, row)));
        columns.insert("gross_amount_xof".to_owned(), json!(row.gross_amount.in_francs(row.currency_code)));
    }
    columns
}

fn list_row(context: &Context, row: &Transaction) -> Value {
    let mut columns = detail(context, row);
    if context.quirks.list_discounts_dropped {
        columns.remove("discount_amount");
    }
    let customer = row.customer_id.as_ref().and_then(|id| context.customers.get(id));
    let francs =
        |amount: Amount| if context.profile.is_current() { amount.in_francs(row.currency_code) } else { amount };
    let flattened = json!({
        "customer_name": customer.map(|customer| &customer.details.name),
        "customer_email": customer.map(|customer| &customer.details.email),
        "customer_phone": customer.map(|customer| &customer.details.phone_number),
        "product_name": null,
        "gross_amount_xof": francs(row.gross_amount),
        "fee_amount_xof": francs(row.fee_amount),
        "net_amount_xof": francs(row.net_amount),
        "provider_checkout_id": row.checkout_session_id.as_ref().map(|_| &row.provider_transaction_id),
        "provider_transaction_id": row.provider_transaction_id,
    });
    if let Value::Object(flattened) = flattened {
        columns.extend(flattened);
    }
    Value::Object(columns)
}
