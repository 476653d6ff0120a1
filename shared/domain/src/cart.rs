//! Prices a cart.

use crate::{CartTokenId, Currency, Money, Price, Product, Sku};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most lines a cart may have.
pub const MAX_CART_LINES: usize = 50;
/// The most pieces of one article.
pub const MAX_QUANTITY: u32 = 999;

/// What a shopper wants to buy: an article and a quantity, never a price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartLine {
    /// The article.
    pub sku: Sku,
    /// 1 to [`MAX_QUANTITY`].
    pub quantity: u32,
    /// In minor units; for an open-amount product, where the shopper's choice is the price.
    #[serde(default, rename = "amount", skip_serializing_if = "Option::is_none")]
    pub chosen_amount_minor: Option<i64>,
}

/// A line of an order as it was sold; later changes of the catalogue do not affect it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// The article.
    pub sku: Sku,
    /// Its title when it was sold.
    pub title: String,
    /// How many.
    pub quantity: u32,
    /// The price of one, in minor units of the order's currency.
    pub unit_amount: i64,
}

/// A line that lomi prices, from the merchant's catalogue there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LomiLine {
    /// lomi's id of the price, a UUID.
    pub price_id: String,
    /// 1 to [`MAX_QUANTITY`].
    pub quantity: u32,
}

/// A cart that lomi prices: the amount is known once the session exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LomiCart {
    /// One product of lomi's catalogue at its own price.
    Product {
        /// lomi's id of the product, a UUID.
        product_id: String,
        /// 1 to [`MAX_QUANTITY`].
        quantity: u32,
    },
    /// One price of lomi's catalogue.
    Price(LomiLine),
    /// Several prices of lomi's catalogue.
    Lines(Vec<LomiLine>),
}

/// One line of a purchase, from either catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoughtLine<'a> {
    /// Which kind of id `id` is.
    pub kind: BoughtKind,
    /// The article number, or lomi's UUID.
    pub id: &'a str,
    /// 1 to [`MAX_QUANTITY`].
    pub quantity: u32,
}

/// Which catalogue a line comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoughtKind {
    /// An article of the merchant's catalogue in this backend.
    Sku,
    /// A price of the merchant's catalogue at lomi.
    Price,
    /// A product of the merchant's catalogue at lomi, at its own price.
    Product,
}

impl BoughtKind {
    /// The kind as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sku => "sku",
            Self::Price => "price",
            Self::Product => "product",
        }
    }
}

impl LomiLine {
    fn bought(&self) -> BoughtLine<'_> {
        BoughtLine { kind: BoughtKind::Price, id: &self.price_id, quantity: self.quantity }
    }
}

impl OrderLine {
    pub(crate) fn bought(&self) -> BoughtLine<'_> {
        BoughtLine { kind: BoughtKind::Sku, id: self.sku.as_str(), quantity: self.quantity }
    }
}

impl LomiCart {
    pub(crate) fn bought(&self) -> Vec<BoughtLine<'_>> {
        match self {
            Self::Product { product_id, quantity } => {
                vec![BoughtLine { kind: BoughtKind::Product, id: product_id, quantity: *quantity }]
            }
            Self::Price(line) => vec![line.bought()],
            Self::Lines(lines) => lines.iter().map(LomiLine::bought).collect(),
        }
    }
}

/// Why a cart has no price. `line` counts from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// The catalogue has no such article, or it is not for sale now.
    #[error("line {line}: not for sale")]
    NotForSale {
        /// The offending line.
        line: usize,
    },
    /// An open-amount product needs the shopper's choice.
    #[error("line {line}: an amount is required")]
    AmountRequired {
        /// The offending line.
        line: usize,
    },
    /// The price is fixed and the shopper chose an amount.
    #[error("line {line}: the price is fixed")]
    AmountNotAllowed {
        /// The offending line.
        line: usize,
    },
    /// The choice is outside the product's bounds.
    #[error("line {line}: the amount is out of bounds")]
    AmountOutOfBounds {
        /// The offending line.
        line: usize,
    },
    /// One order has one currency.
    #[error("line {line}: another currency than the first line")]
    MixedCurrencies {
        /// The offending line.
        line: usize,
    },
    /// The sum is beyond [`crate::MAX_AMOUNT_MINOR`], or the cart is empty.
    #[error("the total is out of range")]
    TotalOutOfRange,
}

/// A cart whose price comes from a source entitled to set prices. Orders are made from nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedCart {
    pub(crate) total: Option<Money>,
    pub(crate) currency: Option<Currency>,
    pub(crate) lines: Vec<OrderLine>,
    pub(crate) reference: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) lomi: Option<LomiCart>,
    pub(crate) token: Option<CartTokenId>,
}

impl PricedCart {
    /// Prices `lines` from the merchant's catalogue. `products` may come in any order.
    ///
    /// # Errors
    /// For the first line that cannot be sold.
    pub fn from_catalog(lines: &[CartLine], products: &[Product]) -> Result<Self, PriceError> {
        let mut total: Option<Money> = None;
        let mut sold = Vec::with_capacity(lines.len());
        for (index, line) in lines.iter().enumerate() {
            let product = products
                .iter()
                .find(|product| product.sku == line.sku && product.active)
                .ok_or(PriceError::NotForSale { line: index })?;
            let unit = unit_price(product.price, line.chosen_amount_minor, index)?;
            let amount = unit.times(line.quantity).ok_or(PriceError::TotalOutOfRange)?;
            total = Some(match total {
                None => amount,
                Some(sum) if sum.currency() != amount.currency() => {
                    return Err(PriceError::MixedCurrencies { line: index });
                }
                Some(sum) => sum.plus(amount).ok_or(PriceError::TotalOutOfRange)?,
            });
            sold.push(OrderLine {
                sku: product.sku.clone(),
                title: product.title.clone(),
                quantity: line.quantity,
                unit_amount: unit.amount_minor(),
            });
        }
        let total = total.ok_or(PriceError::TotalOutOfRange)?;
        Ok(Self {
            total: Some(total),
            currency: Some(total.currency()),
            lines: sold,
            reference: None,
            metadata: BTreeMap::new(),
            lomi: None,
            token: None,
        })
    }

    /// The price that the merchant's own backend set through the closed `/admin` route.
    #[must_use]
    pub const fn from_merchant(total: Money, reference: Option<String>) -> Self {
        let currency = Some(total.currency());
        let metadata = BTreeMap::new();
        Self { total: Some(total), currency, lines: Vec::new(), reference, metadata, lomi: None, token: None }
    }

    /// The price that the merchant's own backend signed, for one order, with its labels.
    #[must_use]
    pub const fn from_token(
        total: Money,
        reference: Option<String>,
        metadata: BTreeMap<String, String>,
        token: CartTokenId,
    ) -> Self {
        let currency = Some(total.currency());
        Self { total: Some(total), currency, lines: Vec::new(), reference, metadata, lomi: None, token: Some(token) }
    }

    /// The total; `None` until lomi has priced the cart.
    #[must_use]
    pub const fn total(&self) -> Option<Money> {
        self.total
    }

    /// A cart that lomi prices from the merchant's catalogue there, in this currency.
    #[must_use]
    pub const fn from_lomi(cart: LomiCart, currency: Currency) -> Self {
        let currency = Some(currency);
        let metadata = BTreeMap::new();
        Self { total: None, currency, lines: Vec::new(), reference: None, metadata, lomi: Some(cart), token: None }
    }
}

fn unit_price(price: Price, chosen_minor: Option<i64>, line: usize) -> Result<Money, PriceError> {
    match (price, chosen_minor) {
        (Price::Fixed(money), None) => Ok(money),
        (Price::Fixed(_), Some(_)) => Err(PriceError::AmountNotAllowed { line }),
        (Price::Open { .. }, None) => Err(PriceError::AmountRequired { line }),
        (Price::Open { .. }, Some(chosen)) => price.chosen(chosen).ok_or(PriceError::AmountOutOfBounds { line }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;

    fn product(sku: &str, price: Price) -> Product {
        Product::new(sku, sku, None, Some(price), true, None).unwrap()
    }

    fn fixed(amount: i64, currency: Currency) -> Price {
        Price::from_parts(currency, Some(amount), None, None).unwrap()
    }

    fn line(sku: &str, quantity: u32, chosen_amount_minor: Option<i64>) -> CartLine {
        CartLine { sku: Sku::parse(sku).unwrap(), quantity, chosen_amount_minor }
    }

    fn catalog() -> Vec<Product> {
        let donation = Price::from_parts(Currency::Xof, None, Some(500), Some(5000)).unwrap();
        let mut gone = product("gone", fixed(1, Currency::Xof));
        gone.active = false;
        vec![
            product("pagne", fixed(7500, Currency::Xof)),
            product("ebook", fixed(999, Currency::Eur)),
            product("don", donation),
            gone,
        ]
    }

    #[test]
    fn a_cart_costs_what_the_catalogue_says() {
        let cart = PricedCart::from_catalog(&[line("pagne", 2, None), line("don", 1, Some(1000))], &catalog()).unwrap();
        assert_eq!(cart.total, Money::new(16_000, Currency::Xof));
    }

    #[test]
    fn an_unknown_article_has_no_price() {
        let price = |lines: &[CartLine]| PricedCart::from_catalog(lines, &catalog()).unwrap_err();
        assert_eq!(price(&[line("pagne", 1, None), line("nope", 1, None)]), PriceError::NotForSale { line: 1 });
        assert_eq!(price(&[line("gone", 1, None)]), PriceError::NotForSale { line: 0 });
        assert_eq!(price(&[line("pagne", 1, Some(1))]), PriceError::AmountNotAllowed { line: 0 });
        assert_eq!(price(&[line("don", 1, None)]), PriceError::AmountRequired { line: 0 });
        assert_eq!(price(&[line("don", 1, Some(499))]), PriceError::AmountOutOfBounds { line: 0 });
        assert_eq!(price(&[line("don", 1, Some(5001))]), PriceError::AmountOutOfBounds { line: 0 });
        assert_eq!(price(&[line("pagne", 1, None), line("ebook", 1, None)]), PriceError::MixedCurrencies { line: 1 });
        assert_eq!(price(&[line("pagne", 0, None)]), PriceError::TotalOutOfRange);
        assert_eq!(price(&[]), PriceError::TotalOutOfRange);
    }
}
