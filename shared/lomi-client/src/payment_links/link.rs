//! The answers about a payment link.

use crate::check::is_web_url;
use crate::ids::{PaymentLinkId, PriceId, ProductId};
use crate::key::Environment;
use crate::listing::Listed;
use crate::open_enum::open_enum;
use crate::paging::{Page, Paging};
use crate::row::{Row, Unusable};
use crate::{Amount, CurrencyCode, Metadata};

open_enum! {
    /// What a link is for.
    LinkType {
        /// A product with lomi's price.
        Product = "product",
        /// An amount.
        Instant = "instant",
    }
}

/// A link as lomi knows it. It is not an order: every opening makes a session of its own, and many shoppers may
/// pay.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PaymentLink {
    /// Its id (`id` in the document, `link_id` on the wire since June 2026). Sessions that it opens carry it.
    pub payment_link_id: PaymentLinkId,
    /// The page to share: absolute http(s) URL, do not take it apart.
    pub url: String,
    /// What it is for.
    pub link_type: LinkType,
    /// Heading of the page.
    pub title: Option<String>,
    /// Text on the page.
    pub description: Option<String>,
    /// What it collects, in lomi's own unit; instant links only.
    pub amount: Option<Amount>,
    /// The currency.
    pub currency_code: Option<CurrencyCode>,
    /// The product; product links only.
    pub product_id: Option<ProductId>,
    /// The price, when one was chosen (since June 2026).
    pub price_id: Option<PriceId>,
    /// How many of the product (since June 2026).
    pub quantity: Option<u32>,
    /// Whether it is switched on; an expired link may still be.
    pub is_active: Option<bool>,
    /// Whether the shopper may enter a coupon (since June 2026).
    pub allow_coupon_code: Option<bool>,
    /// Whether the shopper may change the quantity (since June 2026).
    pub allow_quantity: Option<bool>,
    /// Whether the page asks for the shopper's name (since API 1.2.0).
    pub require_name: Option<bool>,
    /// Whether it asks for an e-mail address (since API 1.2.0).
    pub require_email: Option<bool>,
    /// Whether it asks for a phone number (since API 1.2.0).
    pub require_phone: Option<bool>,
    /// Whether the page asks for a billing address (since June 2026).
    pub require_billing_address: Option<bool>,
    /// Whether it ends with its first completed payment (since API 1.2.0).
    pub single_use: Option<bool>,
    /// From when on it cannot be opened, ISO 8601 UTC as sent.
    pub expires_at: Option<String>,
    /// Where a payment leads (since June 2026).
    pub success_url: Option<String>,
    /// Where giving up leads (since June 2026).
    pub cancel_url: Option<String>,
    /// What the merchant attached; empty where lomi drops it, as the server of June 2026 does.
    pub metadata: Metadata,
    /// The owning organisation (since June 2026).
    pub organization_id: Option<String>,
    /// Test or live, when the row says.
    pub environment: Option<Environment>,
    /// Time of creation, ISO 8601 UTC as sent.
    pub created_at: Option<String>,
    /// Time of the last change, ISO 8601 UTC as sent (since June 2026).
    pub updated_at: Option<String>,
}

impl PaymentLink {
    pub(crate) fn decode(text: &str) -> Result<Self, Unusable> {
        Self::read(&Row::enveloped(text).ok_or(Unusable("body"))?)
    }

    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        let link_type = row.text(&["link_type"]).ok_or(Unusable("link_type"))?;
        let url = row.text(&["url"]).filter(|url| is_web_url(url));
        Ok(Self {
            payment_link_id: row.id(&["link_id", "payment_link_id", "id"]).ok_or(Unusable("link_id"))?,
            url: url.ok_or(Unusable("url"))?,
            link_type: LinkType::from_wire(link_type),
            title: row.text(&["title"]),
            description: row.text(&["description"]),
            amount: row.amount(&["amount"])?,
            currency_code: row.currency(&["currency_code", "currency"])?,
            product_id: row.id(&["product_id"]),
            price_id: row.id(&["price_id"]),
            quantity: row.number("quantity"),
            is_active: row.flag("is_active"),
            allow_coupon_code: row.flag("allow_coupon_code"),
            allow_quantity: row.flag("allow_quantity"),
            require_name: row.flag("require_name"),
            require_email: row.flag("require_email"),
            require_phone: row.flag("require_phone"),
            require_billing_address: row.flag("require_billing_address"),
            single_use: row.flag("single_use"),
            expires_at: row.text(&["expires_at"]),
            success_url: row.text(&["success_url"]),
            cancel_url: row.text(&["cancel_url"]),
            metadata: row.metadata(),
            organization_id: row.text(&["organization_id"]),
            environment: row.environment(),
            created_at: row.text(&["created_at"]),
            updated_at: row.text(&["updated_at"]),
        })
    }
}

impl Listed for Vec<PaymentLink> {
    type Row = PaymentLink;
    const PAGING: Paging = Paging::Offset { limit: 20 };

    fn read_page(text: &str) -> Result<Page<PaymentLink>, Unusable> {
        Page::read(text, PaymentLink::read)
    }

    fn id(row: &PaymentLink) -> &str {
        row.payment_link_id.as_str()
    }
}
