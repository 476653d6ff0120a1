//! Customers.

use axum::Extension;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::paging::{LegacyPaging, PageRequest};
use super::transactions::detail;
use crate::context::Context;
use crate::http::call::{Admitted, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::reply::Reply;
use crate::ids;
use crate::model::{Customer, CustomerDetails, Transaction};
use crate::settings::Profile;
use crate::sim::Sim;
use crate::webhook::payload::transaction_row;

const TRANSACTION: [&str; 9] = [
    "transaction_id",
    "description",
    "gross_amount",
    "currency_code",
    "status",
    "provider_code",
    "payment_method_code",
    "metadata",
    "created_at",
];

/// The fields of a body.
struct CustomerFields {
    name: Option<String>,
    email: Option<String>,
    phone_number: Option<String>,
    whatsapp_number: Option<String>,
    country: Option<String>,
    city: Option<String>,
    address: Option<String>,
    postal_code: Option<String>,
    is_business: Option<bool>,
    metadata: Value,
    nulls: Vec<&'static str>,
}

/// The texts that null clears, under the quirk `customer_texts_cleared`.
const TEXTS: [&str; 7] = ["email", "phone_number", "whatsapp_number", "country", "city", "address", "postal_code"];

impl CustomerFields {
    fn read(call: &Call, needs_name: bool) -> Result<Self, ApiError> {
        let mut fields = Fields::new(&call.body);
        if needs_name {
            fields.require("name");
        }
        let sent = Self {
            name: fields.text("name").filter(|name| !name.trim().is_empty()),
            email: if call.profile.is_current() { fields.email("email") } else { fields.text("email") },
            phone_number: fields.text("phone_number"),
            whatsapp_number: fields.text("whatsapp_number"),
            country: fields.text("country"),
            city: fields.text("city"),
            address: fields.text("address"),
            postal_code: fields.text("postal_code"),
            is_business: fields.flag("is_business"),
            metadata: fields.object("metadata"),
            nulls: TEXTS.into_iter().filter(|name| call.body.get(*name).is_some_and(Value::is_null)).collect(),
        };
        if needs_name && sent.name.is_none() && fields.problems.is_empty() {
            fields.problem("name", "must not be empty");
        }
        match fields.problems.is_empty() {
            true => Ok(sent),
            false if call.profile == Profile::June2026 => Err(ApiError::unexpected()),
            false => Err(ApiError::validation(fields.problems)),
        }
    }

    fn write(self, details: &mut CustomerDetails) {
        details.email = self.email.or_else(|| details.email.take());
        details.phone_number = self.phone_number.or_else(|| details.phone_number.take());
        details.whatsapp_number = self.whatsapp_number.or_else(|| details.whatsapp_number.take());
        details.is_business = self.is_business.unwrap_or(details.is_business);
        let texts = [
            (self.name, &mut details.name),
            (self.country, &mut details.country),
            (self.city, &mut details.city),
            (self.address, &mut details.address),
            (self.postal_code, &mut details.postal_code),
        ];
        for (sent, current) in texts {
            if let Some(sent) = sent {
                *current = sent;
            }
        }
        if !self.metadata.is_null() {
            details.metadata = self.metadata;
        }
    }

    fn clear(&self, details: &mut CustomerDetails) {
        for name in &self.nulls {
            match *name {
                "email" => details.email = None,
                "phone_number" => details.phone_number = None,
                "whatsapp_number" => details.whatsapp_number = None,
                "country" => details.country.clear(),
                "city" => details.city.clear(),
                "address" => details.address.clear(),
                _ => details.postal_code.clear(),
            }
        }
    }
}

/// `POST /customers`: creates a customer even for a known phone or e-mail.
pub(crate) async fn create(State(sim): State<Sim>, Extension(call): Admitted) -> Result<Reply, ApiError> {
    let sent = CustomerFields::read(&call, true)?;
    let mut details = CustomerDetails::default();
    sent.write(&mut details);
    sim.with(|context, now| {
        let customer = Customer {
            customer_id: context.ids.uuid(),
            organization_id: call.caller.organization_id.to_owned(),
            environment: call.caller.environment,
            details,
            deleted_at: None,
            created_at: now,
            updated_at: now,
        };
        let row = row(call.profile, &customer);
        context.customers.insert(customer);
        Ok(Reply::created(row))
    })
}

/// `GET /customers`: past the last page, the total count is 0.
pub(crate) async fn list(State(sim): State<Sim>, Extension(call): Admitted) -> Result<Reply, ApiError> {
    let paging = PageRequest::of(&sim, &call, LegacyPaging::Numbered("pageSize", 50))?;
    let mut count = 0;
    let page = sim.read(|context, _| {
        let found = || context.customers.newest_first().filter(|customer| is_found(context, &call, customer));
        let mut page = paging.select(found(), |customer| list_row(call.profile, customer));
        count = if page.rows.is_empty() { 0 } else { found().count() };
        page.total_count = Some(count);
        page
    });
    Ok(paging.reply(page, |rows| {
        let (page, size) = (paging.page.max(1), paging.limit);
        let pages = count.div_ceil(size.max(1));
        let pagination = json!({"page": page, "pageSize": size, "totalCount": count, "totalPages": pages});
        json!({"customers": rows, "pagination": pagination})
    }))
}

fn is_found(context: &Context, call: &Call, customer: &Customer) -> bool {
    let details = &customer.details;
    let holds = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
    let is_active = || transactions(context, &customer.customer_id).next().is_some();
    is_own(call, customer)
        && call.query("search").is_none_or(|part| {
            holds(&details.name, part) || details.email.as_ref().is_some_and(|email| holds(email, part))
        })
        && match call.query("type") {
            Some("business") => details.is_business,
            Some("individual") => !details.is_business,
            _ => true,
        }
        && match call.query("status") {
            Some("active") => is_active(),
            Some("inactive") => !is_active(),
            _ => true,
        }
}

/// `GET /customers/{id}`.
pub(crate) async fn read(
    State(sim): State<Sim>,
    Extension(call): Admitted,
    Path(id): Path<String>,
) -> Result<Reply, ApiError> {
    sim.read(|context, _| own(context, &call, &id).map(|customer| Reply::ok(&row(call.profile, customer))))
}

/// `PATCH /customers/{id}`: changes only what is sent. A name cannot be emptied.
pub(crate) async fn update(
    State(sim): State<Sim>,
    Extension(call): Admitted,
    Path(id): Path<String>,
) -> Result<Reply, ApiError> {
    let sent = CustomerFields::read(&call, false)?;
    sim.with(|context, now| {
        let id = own(context, &call, &id)?.customer_id.clone();
        let is_cleared = context.quirks.customer_texts_cleared;
        let customer = context.customers.get_mut(&id).ok_or_else(ApiError::unexpected)?;
        if is_cleared {
            sent.clear(&mut customer.details);
        }
        sent.write(&mut customer.details);
        customer.updated_at = now;
        Ok(Reply::ok(&row(call.profile, customer)))
    })
}

/// `DELETE /customers/{id}`: soft.
pub(crate) async fn delete(
    State(sim): State<Sim>,
    Extension(call): Admitted,
    Path(id): Path<String>,
) -> Result<Reply, ApiError> {
    sim.with(|context, now| {
        let id = own(context, &call, &id)?.customer_id.clone();
        let customer = context.customers.get_mut(&id).ok_or_else(ApiError::unexpected)?;
        customer.deleted_at = Some(now);
        Ok(Reply::ok(&json!({"message": "Customer deleted successfully"})))
    })
}

/// `GET /customers/{id}/transactions`: not paged.
pub(crate) async fn list_transactions(
    State(sim): State<Sim>,
    Extension(call): Admitted,
    Path(id): Path<String>,
) -> Result<Reply, ApiError> {
    sim.read(|context, _| {
        let id = &own(context, &call, &id)?.customer_id;
        Ok(Reply::ok(&transactions(context, id).map(|row| transaction_view(context, row)).collect()))
    })
}

fn transactions<'a>(context: &'a Context, customer_id: &'a str) -> impl Iterator<Item = &'a Transaction> {
    context.transactions.newest_first().filter(move |row| row.customer_id.as_deref() == Some(customer_id))
}

fn transaction_view(context: &Context, transaction: &Transaction) -> Value {
    if context.profile.is_current() {
        return Value::Object(detail(context, transaction));
    }
    let mut row = transaction_row(transaction);
    if let Some(row) = row.as_object_mut() {
        row.retain(|name, _| TRANSACTION.contains(&name.as_str()));
    }
    row
}

fn is_own(call: &Call, customer: &Customer) -> bool {
    call.covers(&customer.organization_id, customer.environment) && customer.deleted_at.is_none()
}

fn own<'a>(context: &'a Context, call: &Call, id: &str) -> Result<&'a Customer, ApiError> {
    let public = id.strip_prefix("cus_").filter(|_| context.quirks.customers_by_public_id);
    if let Some(digits) = public {
        let mut own = context.customers.newest_first().filter(|customer| is_own(call, customer));
        let customer = own.find(|customer| customer.customer_id.replace('-', "") == digits);
        return customer.ok_or_else(|| ApiError::missing("Customer", id));
    }
    if !ids::is_uuid(id) {
        return Err(match call.profile {
            Profile::Current => ApiError::bad_request("Customer id must be a UUID"),
            Profile::June2026 => ApiError::unexpected(),
            Profile::Seeds => ApiError::unexpected().coded("DATABASE_ERROR"),
        });
    }
    let customer = context.customers.get(id).filter(|customer| is_own(call, customer));
    customer.ok_or_else(|| ApiError::missing("Customer", id))
}

fn row(profile: Profile, customer: &Customer) -> Value {
    let mut row = serde_json::to_value(customer).unwrap_or_default();
    if let Some(row) = row.as_object_mut() {
        row.remove("deleted_at");
        if profile.is_seeds() {
            row.insert("id".to_owned(), json!(customer.customer_id));
        }
    }
    row
}

/// The list has no metadata.
fn list_row(profile: Profile, customer: &Customer) -> Value {
    let mut row = row(profile, customer);
    if let Some(metadata) = row.get_mut("metadata") {
        *metadata = Value::Null;
    }
    row
}
