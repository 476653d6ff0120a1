//! The answers about a payment link.

use strum::{AsRefStr, EnumString};

use crate::check::is_web_url;
use crate::ids::{PaymentLinkId, PriceId, ProductId};
use crate::key::Environment;
use crate::listing::ListRow;
use crate::open_enum::as_str;
use crate::paging::Paging;
use crate::row::{Resource, Row, Unusable};
use crate::{Amount, CurrencyCode, Metadata};

/// What a link sells.
#[derive(Debug, Clone, PartialEq, Eq, Hash, AsRefStr, EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum LinkType {
    /// A product with lomi's price.
    Product,
    /// An amount.
    Instant,
    /// Any other, as sent.
    #[strum(default, transparent)]
    Other(String),
}

as_str!(LinkType);

/// A payment link. It is not an order: every opening creates a new session, and many shoppers may pay.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PaymentLink {
    /// Its id (`id` in the document, `link_id` on the wire since June 2026). Its sessions carry it.
    pub payment_link_id: PaymentLinkId,
    /// The page to share: an absolute http(s) URL; do not parse it.
    pub url: String,
    /// What it sells.
    pub link_type: LinkType,
    /// Heading of the page.
    pub title: Option<String>,
    /// Text on the page.
    pub description: Option<String>,
    /// The amount, in lomi's own unit; instant links only.
    pub amount: Option<Amount>,
    /// The currency.
    pub currency_code: Option<CurrencyCode>,
    /// The product; product links only.
    pub product_id: Option<ProductId>,
    /// The price, when one was chosen (since June 2026).
    pub price_id: Option<PriceId>,
    /// Quantity of the product (since June 2026).
    pub quantity: Option<u32>,
    /// Whether it is active; an expired link may still be.
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
    /// Its end, ISO 8601 UTC as sent.
    pub expires_at: Option<String>,
    /// Return page after a payment (since June 2026).
    pub success_url: Option<String>,
    /// Return page after cancelling (since June 2026).
    pub cancel_url: Option<String>,
    /// The merchant's metadata; empty where lomi drops it, as the server of June 2026 does.
    pub metadata: Metadata,
    /// The owning organisation (since June 2026).
    pub organization_id: Option<String>,
    /// The environment, if the row says.
    pub environment: Option<Environment>,
    /// Time of creation, ISO 8601 UTC as sent.
    pub created_at: Option<String>,
    /// Time of the last change, ISO 8601 UTC as sent (since June 2026).
    pub updated_at: Option<String>,
}

impl Resource for PaymentLink {
    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        let url = row.text(&["url"]).filter(|url| is_web_url(url));
        Ok(Self {
            payment_link_id: row.required(&["link_id", "payment_link_id", "id"])?,
            url: url.ok_or(Unusable("url"))?,
            link_type: row.required(&["link_type"])?,
            title: row.text(&["title"]),
            description: row.text(&["description"]),
            amount: row.amount(&["amount"])?,
            currency_code: row.currency(&["currency_code", "currency"])?,
            product_id: row.parsed(&["product_id"]),
            price_id: row.parsed(&["price_id"]),
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

impl ListRow for PaymentLink {
    const PAGING: Paging = Paging::Offset { limit: 20 };

    fn id(&self) -> &str {
        self.payment_link_id.as_str()
    }
}
