//! The merchant's catalogue: products and their prices.

use crate::{Currency, Money, Sku};
use serde::{Deserialize, Serialize};

/// The longest title, in characters; lomi shows it on its payment page.
pub const MAX_TITLE_CHARS: usize = 200;
/// The longest description, in characters.
pub const MAX_DESCRIPTION_CHARS: usize = 2000;
/// The longest image URL, in bytes.
const MAX_IMAGE_URL_BYTES: usize = 2048;

/// How a product's price is set. A browser never sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Price {
    /// The merchant's price.
    Fixed(Money),
    /// The shopper chooses within bounds, as for a donation. Both bounds are in one currency, `min <= max`.
    Open {
        /// The least a shopper may give.
        min: Money,
        /// The most a shopper may give.
        max: Money,
    },
}

impl Price {
    /// The currency of the price.
    #[must_use]
    pub const fn currency(self) -> Currency {
        match self {
            Self::Fixed(money) | Self::Open { min: money, .. } => money.currency(),
        }
    }
}

/// One product of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ProductRecord", into = "ProductRecord")]
pub struct Product {
    /// The merchant's article number, unique in the catalogue.
    pub sku: Sku,
    /// Shown to shoppers, 1 to [`MAX_TITLE_CHARS`] characters.
    pub title: String,
    /// Shown to shoppers, at most [`MAX_DESCRIPTION_CHARS`] characters.
    pub description: Option<String>,
    /// What it costs.
    pub price: Price,
    /// Only an active product is shown and sold.
    pub active: bool,
    /// An https picture, at most 2048 bytes.
    pub image_url: Option<String>,
}

/// A product as it is stored and sent, with flat prices: either `amount`, or `min_amount` and `max_amount`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProductRecord {
    sku: String,
    title: String,
    description: Option<String>,
    currency_code: Currency,
    amount: Option<i64>,
    min_amount: Option<i64>,
    max_amount: Option<i64>,
    active: bool,
    image_url: Option<String>,
}

/// What is wrong with a product, and in which field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProductError {
    /// The SKU has another shape than [`Sku`] allows.
    #[error("sku: 1 to 64 letters, digits, dots, dashes or underscores")]
    Sku,
    /// The title is empty or too long.
    #[error("title: 1 to 200 characters")]
    Title,
    /// The description is too long.
    #[error("description: at most 2000 characters")]
    Description,
    /// Neither one amount nor a pair of bounds, or an amount out of range.
    #[error("amount: either amount, or min_amount and max_amount with min <= max, positive and in minor units")]
    Amount,
    /// The image is not a short https URL.
    #[error("image_url: an https URL of at most 2048 bytes")]
    ImageUrl,
}

impl Product {
    /// Checks every rule of a product.
    pub fn new(
        sku: &str,
        title: &str,
        description: Option<String>,
        price: Option<Price>,
        active: bool,
        image_url: Option<String>,
    ) -> Result<Self, ProductError> {
        let sku = Sku::parse(sku).ok_or(ProductError::Sku)?;
        let title = title.trim();
        if title.is_empty() || title.chars().count() > MAX_TITLE_CHARS {
            return Err(ProductError::Title);
        }
        if description.as_ref().is_some_and(|text| text.chars().count() > MAX_DESCRIPTION_CHARS) {
            return Err(ProductError::Description);
        }
        if image_url.as_ref().is_some_and(|url| url.len() > MAX_IMAGE_URL_BYTES || !url.starts_with("https://")) {
            return Err(ProductError::ImageUrl);
        }
        let price = price.ok_or(ProductError::Amount)?;
        Ok(Self { sku, title: title.to_owned(), description, price, active, image_url })
    }
}

impl Price {
    /// The price that a shopper chose. `None` for a fixed price, and outside the bounds.
    #[must_use]
    pub fn chosen(self, amount_minor: i64) -> Option<Money> {
        match self {
            Self::Open { min, max } if (min.amount_minor()..=max.amount_minor()).contains(&amount_minor) => {
                Money::new(amount_minor, min.currency())
            }
            Self::Open { .. } | Self::Fixed(_) => None,
        }
    }

    /// `amount`, `min_amount` and `max_amount`, in minor units; the reverse of [`Price::from_parts`].
    #[must_use]
    pub const fn parts(self) -> (Option<i64>, Option<i64>, Option<i64>) {
        match self {
            Self::Fixed(money) => (Some(money.amount_minor()), None, None),
            Self::Open { min, max } => (None, Some(min.amount_minor()), Some(max.amount_minor())),
        }
    }

    /// The price that these fields describe, all in minor units of `currency`.
    #[must_use]
    pub fn from_parts(currency: Currency, amount: Option<i64>, min: Option<i64>, max: Option<i64>) -> Option<Self> {
        match (amount, min, max) {
            (Some(amount), None, None) => Money::new(amount, currency).map(Self::Fixed),
            (None, Some(min), Some(max)) if min <= max => {
                Some(Self::Open { min: Money::new(min, currency)?, max: Money::new(max, currency)? })
            }
            _ => None,
        }
    }
}

impl TryFrom<ProductRecord> for Product {
    type Error = ProductError;

    fn try_from(record: ProductRecord) -> Result<Self, ProductError> {
        let price = Price::from_parts(record.currency_code, record.amount, record.min_amount, record.max_amount);
        Self::new(&record.sku, &record.title, record.description, price, record.active, record.image_url)
    }
}

impl From<Product> for ProductRecord {
    fn from(product: Product) -> Self {
        let (amount, min_amount, max_amount) = product.price.parts();
        Self {
            sku: product.sku.into(),
            title: product.title,
            description: product.description,
            currency_code: product.price.currency(),
            amount,
            min_amount,
            max_amount,
            active: product.active,
            image_url: product.image_url,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_an_amount_or_ordered_bounds() {
        let price = |amount, min, max| Price::from_parts(Currency::Xof, amount, min, max);
        assert!(price(Some(500), None, None).is_some());
        assert!(price(None, Some(500), Some(500)).is_some());
        for wrong in [
            (None, None, None),
            (Some(1), Some(1), Some(2)),
            (None, Some(2), Some(1)),
            (None, Some(1), None),
            (Some(0), None, None),
        ] {
            assert!(price(wrong.0, wrong.1, wrong.2).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn a_product_survives_being_stored() {
        let text = r#"{"sku":"don","title":"Don","description":null,"currency_code":"XOF","amount":null,"min_amount":500,"max_amount":9000,"active":true,"image_url":null}"#;
        let product: Product = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&product).unwrap(), text);
    }

    #[test]
    fn a_picture_is_served_over_https() {
        let price = Price::from_parts(Currency::Xof, Some(1), None, None);
        let product = |url: &str| Product::new("a", "A", None, price, true, Some(url.to_owned()));
        assert!(product("https://cdn.example/a.jpg").is_ok());
        assert_eq!(product("javascript:alert(1)"), Err(ProductError::ImageUrl));
    }
}
