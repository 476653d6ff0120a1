//! Payment links: create, list, read; since API 1.2.0 also change and archive.

use axum::Extension;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Value, json};

use super::paging::{LegacyPaging, PageRequest};
use crate::clock::Timestamp;
use crate::context::Context;
use crate::fixtures;
use crate::http::call::{Admitted, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::idempotency;
use crate::http::reply::Reply;
use crate::model::{Caller, Link, LinkDetails, LinkType};
use crate::money::{Amount, Currency};
use crate::settings::Profile;
use crate::sim::Sim;

const SINCE_1_2_0: [&str; 4] = ["require_email", "require_name", "require_phone", "single_use"];

/// `POST /payment-links`.
pub(crate) async fn create(State(sim): State<Sim>, Extension(call): Admitted) -> Result<Reply, ApiError> {
    let details = read_body(call.profile, &call.body)?;
    let base_url = sim.base_url().to_owned();
    idempotency::once(&sim, &call, |context, caller, now| insert(context, caller, details, &base_url, now)).await
}

fn read_body(profile: Profile, body: &Value) -> Result<LinkDetails, ApiError> {
    let mut fields = Fields::new(body);
    for name in ["link_type", "title", "currency_code"] {
        fields.require(name);
    }
    let details = LinkDetails {
        link_type: fields.variant("link_type").unwrap_or(LinkType::Instant),
        title: fields.text("title").unwrap_or_default(),
        description: fields.text("description"),
        amount: fields.amount("amount"),
        currency_code: fields.variant("currency_code").unwrap_or(Currency::Xof),
        product_id: if profile.is_current() { fields.id("product_id", "prod_") } else { fields.uuid("product_id") },
        price_id: if profile.is_current() { fields.id("price_id", "price_") } else { fields.uuid("price_id") },
        quantity: 1,
        allow_coupon_code: fields.flag("allow_coupon_code").unwrap_or(false),
        allow_quantity: fields.flag("allow_quantity").unwrap_or(false),
        require_name: fields.flag("require_name").unwrap_or(true),
        require_email: fields.flag("require_email").unwrap_or(true),
        require_phone: fields.flag("require_phone").unwrap_or(true),
        require_billing_address: fields.flag("require_billing_address").unwrap_or(!profile.is_current()),
        single_use: profile.is_current() && fields.flag("single_use").unwrap_or(false),
        expires_at: fields.instant("expires_at"),
        success_url: fields.text("success_url"),
        cancel_url: fields.text("cancel_url"),
        metadata: fields.object("metadata"),
    };
    match fields.problems.is_empty() {
        true => Ok(details),
        false if profile == Profile::June2026 => Err(ApiError::unexpected()),
        false => Err(ApiError::validation(fields.problems)),
    }
}

/// Refuses what does not fit the type of link. `current` ignores the amount of a product link.
fn check(profile: Profile, caller: &Caller, mut details: LinkDetails) -> Result<LinkDetails, ApiError> {
    let refusal = |text: &str| match profile {
        Profile::June2026 => ApiError::unexpected(),
        Profile::Current | Profile::Seeds => ApiError::bad_request(text),
    };
    match details.link_type {
        LinkType::Instant if details.amount.is_none() => {
            return Err(refusal("amount is required for an instant link"));
        }
        LinkType::Instant => {}
        LinkType::Product if details.product_id.is_none() => {
            return Err(refusal("product_id is required for a product link"));
        }
        LinkType::Product if details.amount.is_some() && !profile.is_current() => {
            return Err(refusal("amount must not be sent for a product link"));
        }
        LinkType::Product => details.amount = None,
    }
    if details.amount.is_some_and(|amount| amount < Amount::whole(0)) {
        return Err(refusal("amount must not be negative"));
    }
    details.amount = details.amount.filter(|amount| amount.is_positive());
    let mut named = details.product_id.iter().chain(&details.price_id);
    let is_known = named.all(|id| fixtures::price(caller.organization_id, id).is_some());
    match (is_known, profile) {
        (true, _) => Ok(details),
        (false, Profile::Seeds) => Err(ApiError::bad_request("Unknown product").coded("INVALID_REFERENCE")),
        (false, Profile::Current | Profile::June2026) => Err(ApiError::unexpected()),
    }
}

fn insert(
    context: &mut Context,
    caller: &Caller,
    details: LinkDetails,
    base_url: &str,
    now: Timestamp,
) -> Result<Value, ApiError> {
    let mut details = check(context.profile, caller, details)?;
    if context.quirks.link_metadata_dropped {
        details.metadata = Value::Null;
    }
    let link = Link {
        link_id: context.ids.uuid(),
        organization_id: caller.organization_id.to_owned(),
        created_by: caller.merchant_id.to_owned(),
        environment: caller.environment,
        is_active: true,
        details,
        created_at: now,
        updated_at: now,
    };
    let row = detail(context.profile, &link, base_url);
    context.links.insert(link);
    Ok(row)
}

/// `GET /payment-links`: `total` counts the rows of this page only.
pub(crate) async fn list(State(sim): State<Sim>, Extension(call): Admitted) -> Result<Reply, ApiError> {
    let paging = PageRequest::of(&sim, &call, LegacyPaging::Offset(20))?;
    let is_active = call.query("isActive").and_then(|text| text.parse::<bool>().ok());
    let page = sim.read(|context, _| {
        let keep = |link: &&Link| {
            is_shown(context, &call, link)
                && call.query("linkType").is_none_or(|name| name == link.details.link_type.as_ref())
                && is_active.is_none_or(|wanted| wanted == link.is_active)
        };
        paging.select(context.links.newest_first().filter(keep), |link| row(call.profile, link, sim.base_url()))
    });
    Ok(paging.reply(
        page,
        |rows| json!({"total": rows.len(), "data": rows, "limit": paging.requested_limit, "offset": paging.offset}),
    ))
}

/// `GET /payment-links/{id}`: a malformed id is 404 too.
pub(crate) async fn read(
    State(sim): State<Sim>,
    Extension(call): Admitted,
    Path(id): Path<String>,
) -> Result<Reply, ApiError> {
    sim.read(|context, _| {
        let link = context.links.get(&id).filter(|link| is_shown(context, &call, link));
        let link = link.ok_or_else(|| ApiError::missing("Payment link", &id))?;
        Ok(Reply::ok(&detail(call.profile, link, sim.base_url())))
    })
}

/// `PATCH /payment-links/{id}`: changes only what is sent.
pub(crate) async fn update(
    State(sim): State<Sim>,
    Extension(call): Admitted,
    Path(id): Path<String>,
) -> Result<Reply, ApiError> {
    if !call.profile.is_current() {
        return Err(no_route("PATCH", &id));
    }
    let base_url = sim.base_url().to_owned();
    sim.with(|context, now| {
        is_own(context, &call, &id)?;
        let drops_metadata = context.quirks.link_metadata_dropped;
        let link = context.links.get_mut(&id).ok_or_else(|| ApiError::missing("Payment link", &id))?;
        change(link, &call.body, drops_metadata)?;
        link.updated_at = now;
        Ok(Reply::ok(&detail(call.profile, link, &base_url)))
    })
}

fn no_route(method: &str, id: &str) -> ApiError {
    ApiError::plain(StatusCode::NOT_FOUND, format!("Cannot {method} /payment-links/{id}"))
}

fn change(link: &mut Link, body: &Value, drops_metadata: bool) -> Result<(), ApiError> {
    let mut fields = Fields::new(body);
    let details = &mut link.details;
    let flags = [
        ("is_active", &mut link.is_active),
        ("allow_coupon_code", &mut details.allow_coupon_code),
        ("allow_quantity", &mut details.allow_quantity),
        ("require_name", &mut details.require_name),
        ("require_email", &mut details.require_email),
        ("require_phone", &mut details.require_phone),
        ("require_billing_address", &mut details.require_billing_address),
        ("single_use", &mut details.single_use),
    ];
    for (name, flag) in flags {
        *flag = fields.flag(name).unwrap_or(*flag);
    }
    let texts = [
        ("description", &mut details.description),
        ("success_url", &mut details.success_url),
        ("cancel_url", &mut details.cancel_url),
    ];
    for (name, text) in texts {
        *text = fields.text(name).or(text.take());
    }
    details.title = fields.text("title").unwrap_or_else(|| details.title.clone());
    details.expires_at = fields.instant("expires_at").or(details.expires_at);
    let amount = fields.amount("amount").filter(|amount| amount.is_positive());
    if amount.is_some() && details.link_type == LinkType::Product {
        return Err(ApiError::bad_request("amount is of instant links only"));
    }
    details.amount = amount.or(details.amount);
    if !drops_metadata && body.get("metadata").is_some() {
        details.metadata = fields.object("metadata");
    }
    if fields.problems.is_empty() { Ok(()) } else { Err(ApiError::validation(fields.problems)) }
}

/// `DELETE /payment-links/{id}`: deactivates it. No document shows the answer's body.
pub(crate) async fn archive(
    State(sim): State<Sim>,
    Extension(call): Admitted,
    Path(id): Path<String>,
) -> Result<Reply, ApiError> {
    if !call.profile.is_current() {
        return Err(no_route("DELETE", &id));
    }
    sim.with(|context, now| {
        is_own(context, &call, &id)?;
        if let Some(link) = context.links.get_mut(&id) {
            (link.is_active, link.updated_at) = (false, now);
        }
        Ok(Reply::ok(&Value::Null))
    })
}

fn is_own(context: &Context, call: &Call, id: &str) -> Result<(), ApiError> {
    let link = context.links.get(id).filter(|link| is_shown(context, call, link));
    link.map(drop).ok_or_else(|| ApiError::missing("Payment link", id))
}

fn is_shown(context: &Context, call: &Call, link: &Link) -> bool {
    let any_environment = context.quirks.list_mixes_environments;
    call.owns(&link.organization_id) && (any_environment || link.environment == call.caller.environment)
}

fn row(profile: Profile, link: &Link, base_url: &str) -> Value {
    let mut row = serde_json::to_value(link).unwrap_or_default();
    if let Some(row) = row.as_object_mut() {
        row.insert("url".to_owned(), json!(format!("{base_url}/pay/{}", link.link_id)));
        if profile.is_seeds() {
            row.insert("id".to_owned(), json!(link.link_id));
        }
        if !profile.is_current() {
            row.retain(|name, _| !SINCE_1_2_0.contains(&name.as_str()));
        }
    }
    row
}

fn detail(profile: Profile, link: &Link, base_url: &str) -> Value {
    let mut row = row(profile, link, base_url);
    if let Some(row) = row.as_object_mut() {
        row.insert("line_items".to_owned(), json!([]));
    }
    row
}
