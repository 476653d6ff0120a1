//! Payment links: create, list, read. They end by their date or in the dashboard, never through the API.

use axum::Extension;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::paging::{Before, Slice};
use crate::clock::Timestamp;
use crate::fixtures;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::gate::{Admitted, Call};
use crate::http::idempotency;
use crate::http::reply::Reply;
use crate::model::{Caller, Link, LinkDetails, LinkType};
use crate::money::{Amount, Currency};
use crate::settings::Profile;
use crate::sim::Sim;
use crate::world::World;

/// `POST /payment-links`.
pub(crate) async fn create(State(sim): State<Sim>, Extension(call): Admitted) -> Result<Reply, ApiError> {
    let details = read_body(call.profile, &call.body)?;
    let base_url = sim.base_url().to_owned();
    idempotency::once(&sim, &call, |world, caller, now| keep(world, caller, details, &base_url, now)).await
}

fn read_body(profile: Profile, body: &Value) -> Result<LinkDetails, ApiError> {
    let mut fields = Fields::new(body);
    for name in ["link_type", "title", "currency_code"] {
        fields.require(name);
    }
    let details = LinkDetails {
        link_type: fields
            .one_of("link_type", &["product", "instant"])
            .and_then(|name| LinkType::parse(&name))
            .unwrap_or(LinkType::Instant),
        title: fields.text("title").unwrap_or_default(),
        description: fields.text("description"),
        amount: fields.amount("amount"),
        currency_code: fields
            .one_of("currency_code", &["XOF", "USD", "EUR"])
            .and_then(|code| Currency::parse(&code))
            .unwrap_or(Currency::Xof),
        product_id: fields.uuid("product_id"),
        price_id: fields.uuid("price_id"),
        quantity: 1,
        allow_coupon_code: fields.flag("allow_coupon_code").unwrap_or(false),
        allow_quantity: fields.flag("allow_quantity").unwrap_or(false),
        require_billing_address: fields.flag("require_billing_address").unwrap_or(!profile.is_current()),
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

/// What does not fit the type of link is refused, or in `current` ignored where the price row decides anyway.
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

fn keep(
    world: &mut World,
    caller: &Caller,
    details: LinkDetails,
    base_url: &str,
    now: Timestamp,
) -> Result<Value, ApiError> {
    let mut details = check(world.profile, caller, details)?;
    if world.quirks.link_metadata_dropped {
        details.metadata = Value::Null;
    }
    let link = Link {
        link_id: world.ids.uuid(),
        organization_id: caller.organization_id.to_owned(),
        created_by: caller.merchant_id.to_owned(),
        environment: caller.environment,
        is_active: true,
        details,
        created_at: now,
        updated_at: now,
    };
    let row = detail(world.profile, &link, base_url);
    world.links.insert(link);
    Ok(row)
}

/// `GET /payment-links`: `total` counts the rows of this page only.
pub(crate) async fn list(State(sim): State<Sim>, Extension(call): Admitted) -> Result<Reply, ApiError> {
    let slice = Slice::of(&sim, &call, Before::Offset(20))?;
    let is_active = call.query("isActive").and_then(|text| text.parse::<bool>().ok());
    let cut = sim.read(|world, _| {
        let keep = |link: &&Link| {
            is_shown(world, &call, link)
                && call.query("linkType").is_none_or(|name| name == link.details.link_type.name())
                && is_active.is_none_or(|wanted| wanted == link.is_active)
        };
        slice.cut(world.links.newest_first().filter(keep), |link| row(call.profile, link, sim.base_url()))
    });
    Ok(slice.answer(
        cut,
        |rows| json!({"total": rows.len(), "data": rows, "limit": slice.said_limit, "offset": slice.offset}),
    ))
}

/// `GET /payment-links/{id}`: an id that cannot be one is not found either.
pub(crate) async fn read(
    State(sim): State<Sim>,
    Extension(call): Admitted,
    Path(id): Path<String>,
) -> Result<Reply, ApiError> {
    sim.read(|world, _| {
        let link = world.links.get(&id).filter(|link| is_shown(world, &call, link));
        let link = link.ok_or_else(|| ApiError::missing("Payment link", &id))?;
        Ok(Reply::ok(&detail(call.profile, link, sim.base_url())))
    })
}

fn is_shown(world: &World, call: &Call, link: &Link) -> bool {
    let any_environment = world.quirks.list_mixes_environments;
    call.owns(&link.organization_id) && (any_environment || link.environment == call.caller.environment)
}

fn row(profile: Profile, link: &Link, base_url: &str) -> Value {
    let mut row = serde_json::to_value(link).unwrap_or_default();
    if let Some(row) = row.as_object_mut() {
        row.insert("url".to_owned(), json!(format!("{base_url}/pay/{}", link.link_id)));
        if profile.is_seeds() {
            row.insert("id".to_owned(), json!(link.link_id));
        }
        if profile.is_current() {
            // Which fields the page asks for, as far as nobody can choose here.
            row.extend(["require_email", "require_name", "require_phone"].map(|name| (name.to_owned(), json!(true))));
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
