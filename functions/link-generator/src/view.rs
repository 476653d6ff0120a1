//! The JSON of links: managed and native ones in one shape.

use crate::http::address_of;
use checkout::units::minor_units;
use domain::{CartLine, Currency, LinkPrice, LinkStatus, ManagedLink, Price, Timestamp};
use lomi_client::{LinkType, PaymentLink};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use url::Url;

#[derive(Serialize)]
pub(crate) struct LinkView<'a> {
    id: &'a str,
    kind: &'static str,
    code: Option<&'a str>,
    url: String,
    qr_svg_url: String,
    qr_png_url: String,
    title: Option<&'a str>,
    description: Option<&'a str>,
    status: &'static str,
    price: Option<PriceView<'a>>,
    /// A fixed price, under the name of lomi's links document.
    amount: Option<i64>,
    currency_code: Option<&'static str>,
    /// Whether it is active. An active link may have expired.
    is_active: Option<bool>,
    link_type: Option<&'a str>,
    product_id: Option<&'a str>,
    price_id: Option<&'a str>,
    max_payments: Option<u32>,
    opened_count: Option<u64>,
    paid_count: Option<u64>,
    surplus_count: Option<u64>,
    expires_at: Option<String>,
    success_url: Option<&'a str>,
    cancel_url: Option<&'a str>,
    metadata: Option<LabelsView<'a>>,
    created_at: Option<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum PriceView<'a> {
    Fixed { amount: i64, currency_code: &'static str },
    Open { open: Bounds },
    Items { items: &'a [CartLine] },
}

#[derive(Serialize)]
#[serde(untagged)]
enum LabelsView<'a> {
    Ours(&'a BTreeMap<String, String>),
    Lomis(BTreeMap<&'a str, &'a Value>),
}

#[derive(Serialize)]
struct Bounds {
    currency_code: &'static str,
    min: i64,
    max: i64,
}

#[derive(Serialize)]
pub(crate) struct Links<'a> {
    pub(crate) data: Vec<LinkView<'a>>,
    pub(crate) next_cursor: Option<String>,
}

impl<'a> LinkView<'a> {
    pub(crate) fn managed(link: &'a ManagedLink, origin: &Url, now: Timestamp) -> Self {
        let code = link.code.as_str();
        Self {
            code: Some(code),
            url: address_of(origin, &link.code),
            title: Some(&link.title),
            description: link.description.as_deref(),
            status: link.status(now).as_str(),
            price: Some(price(&link.price)),
            amount: fixed(&link.price),
            currency_code: link.price.currency().map(Currency::code),
            is_active: Some(link.active),
            max_payments: link.max_payments.map(std::num::NonZeroU32::get),
            opened_count: Some(link.opened_count),
            paid_count: Some(link.paid_count),
            surplus_count: Some(link.surplus_count),
            expires_at: link.expires_at.map(Timestamp::to_rfc3339),
            success_url: link.success_url.as_deref(),
            cancel_url: link.cancel_url.as_deref(),
            metadata: Some(LabelsView::Ours(&link.metadata)),
            created_at: Some(link.created_at.to_rfc3339()),
            ..Self::empty("managed", code, origin)
        }
    }

    /// `labels` are those that this stack stores. Without any, lomi's metadata is shown.
    pub(crate) fn native(
        link: &'a PaymentLink,
        labels: Option<&'a BTreeMap<String, String>>,
        origin: &Url,
        now: Timestamp,
    ) -> Self {
        let expires_at = link.expires_at.as_deref().and_then(Timestamp::parse_rfc3339);
        let created_at = link.created_at.as_deref().and_then(Timestamp::parse_rfc3339);
        Self {
            url: link.url.clone(),
            title: link.title.as_deref(),
            description: link.description.as_deref(),
            status: native_status(link, expires_at, now).as_str(),
            price: native_price(link),
            amount: minor_units(link.amount, link.currency_code.as_ref()),
            currency_code: native_currency(link).map(Currency::code),
            is_active: link.is_active,
            link_type: known(&link.link_type),
            product_id: link.product_id.as_ref().map(lomi_client::ProductId::as_str),
            price_id: link.price_id.as_ref().map(lomi_client::PriceId::as_str),
            expires_at: expires_at.map(Timestamp::to_rfc3339),
            success_url: link.success_url.as_deref(),
            cancel_url: link.cancel_url.as_deref(),
            metadata: Some(labels.map_or_else(|| LabelsView::Lomis(link.metadata.iter().collect()), LabelsView::Ours)),
            created_at: created_at.map(Timestamp::to_rfc3339),
            ..Self::empty("native", link.payment_link_id.as_str(), origin)
        }
    }

    fn empty(kind: &'static str, id: &'a str, origin: &Url) -> Self {
        Self {
            id,
            kind,
            code: None,
            url: String::new(),
            qr_svg_url: format!("{origin}payment-links/{id}/qr.svg"),
            qr_png_url: format!("{origin}payment-links/{id}/qr.png"),
            title: None,
            description: None,
            status: LinkStatus::Active.as_str(),
            price: None,
            amount: None,
            currency_code: None,
            is_active: None,
            link_type: None,
            product_id: None,
            price_id: None,
            max_payments: None,
            opened_count: None,
            paid_count: None,
            surplus_count: None,
            expires_at: None,
            success_url: None,
            cancel_url: None,
            metadata: None,
            created_at: None,
        }
    }
}

fn price(price: &LinkPrice) -> PriceView<'_> {
    match price {
        LinkPrice::Items(items) => PriceView::Items { items },
        LinkPrice::Amount(Price::Fixed(money)) => {
            PriceView::Fixed { amount: money.amount_minor(), currency_code: money.currency().code() }
        }
        LinkPrice::Amount(Price::Open { min, max }) => PriceView::Open {
            open: Bounds { currency_code: min.currency().code(), min: min.amount_minor(), max: max.amount_minor() },
        },
    }
}

/// `None` for a link to a product: lomi sets its price when the link is opened.
fn native_price(link: &PaymentLink) -> Option<PriceView<'_>> {
    let currency = native_currency(link)?;
    let amount = minor_units(link.amount, link.currency_code.as_ref())?;
    Some(PriceView::Fixed { amount, currency_code: currency.code() })
}

fn native_currency(link: &PaymentLink) -> Option<Currency> {
    Currency::from_code(link.currency_code.as_ref()?.as_str())
}

fn fixed(price: &LinkPrice) -> Option<i64> {
    match price {
        LinkPrice::Amount(Price::Fixed(money)) => Some(money.amount_minor()),
        LinkPrice::Amount(Price::Open { .. }) | LinkPrice::Items(_) => None,
    }
}

fn native_status(link: &PaymentLink, expires_at: Option<Timestamp>, now: Timestamp) -> LinkStatus {
    if link.is_active == Some(false) {
        LinkStatus::Inactive
    } else if expires_at.is_some_and(|end| now >= end) {
        LinkStatus::Expired
    } else {
        LinkStatus::Active
    }
}

/// `None` for a link type that this API's contract does not have.
fn known(link_type: &LinkType) -> Option<&str> {
    [LinkType::Product, LinkType::Instant].contains(link_type).then(|| link_type.as_str())
}
