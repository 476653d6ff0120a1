//! The pricing fields of a body: exactly one of them sets the price.

use super::{FieldErrors, Whole, is_lomi_id};
use crate::problem::{Code, Problem};
use crate::secrets::{Secret, SecretError};
use checkout::sessions::Pricing;
use domain::{CartLine, Currency, LomiCart, LomiLine, MAX_CART_LINES, MAX_CART_TOKEN_BYTES, MAX_QUANTITY, Money, Sku};
use lomi_client::PriceId;
use serde::Deserialize;
use std::collections::BTreeSet;
use tokio::time::Instant;

/// The caller. Only the merchant's backend may send an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Anyone, on a public route.
    Storefront,
    /// The merchant's backend, which API Gateway admitted to `/admin`.
    Merchant,
}

/// The lomi prices that the public routes may name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PublicPrices {
    /// All prices of the merchant.
    #[default]
    All,
    /// The listed ones. A product id is refused, because lomi would choose the price.
    Only(BTreeSet<PriceId>),
}

/// So many ids and all other variables fit into a Lambda environment.
const MAX_PUBLIC_PRICES: usize = 50;

impl PublicPrices {
    /// 1 to 50 lomi price ids, separated by commas. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let ids: BTreeSet<_> = text.split(',').map(|id| PriceId::parse(id.trim())).collect::<Result<_, _>>().ok()?;
        // lomi's id type accepts any word; a typing mistake in this list must not pass.
        let is_price = |id: &PriceId| id.is_uuid() || id.as_str().starts_with("price_");
        (ids.len() <= MAX_PUBLIC_PRICES && ids.iter().all(is_price)).then_some(Self::Only(ids))
    }

    /// Reports each price in `asked` that the storefront may not name.
    pub fn check(&self, caller: Caller, asked: &Asked, errors: &mut FieldErrors) {
        let (Self::Only(listed), Caller::Storefront, Asked::Lomi(cart, _)) = (self, caller, asked) else { return };
        let mut refuse = |pointer: String, is_listed: bool| {
            if !is_listed {
                errors.add(
                    pointer,
                    "Not for sale here: this price is not in PublicPriceIds.",
                    "Pas en vente ici : ce prix n'est pas dans PublicPriceIds.",
                );
            }
        };
        let is_listed = |line: &LomiLine| PriceId::parse(&line.price_id).is_ok_and(|id| listed.contains(&id));
        match cart {
            LomiCart::Product { .. } => refuse("/product_id".to_owned(), false),
            LomiCart::Price(line) => refuse("/price_id".to_owned(), is_listed(line)),
            LomiCart::Lines(lines) => {
                for (index, line) in lines.iter().enumerate() {
                    refuse(format!("/line_items/{index}/price_id"), is_listed(line));
                }
            }
        }
    }
}

/// One of `items`: a product of the merchant's own catalogue.
#[derive(Debug, Deserialize)]
pub struct Item {
    sku: String,
    quantity: u32,
    amount: Option<i64>,
}

/// One of `line_items`: a price of lomi's catalogue.
#[derive(Debug, Deserialize)]
pub struct LineItem {
    price_id: String,
    quantity: u32,
}

/// The fields that can set the price, and those that complete them.
#[derive(Debug, Default)]
pub struct PricingFields {
    /// From the merchant's catalogue.
    pub items: Option<Vec<Item>>,
    /// From lomi's catalogue.
    pub line_items: Option<Vec<LineItem>>,
    /// One product of lomi's catalogue.
    pub product_id: Option<String>,
    /// One price of lomi's catalogue.
    pub price_id: Option<String>,
    /// How many of `product_id` or `price_id`.
    pub quantity: Option<u32>,
    /// Signed by the merchant's backend.
    pub cart_token: Option<String>,
    /// In minor units.
    pub amount: Option<Whole>,
    /// ISO 4217; the stack's default where an amount comes without one.
    pub currency_code: Option<String>,
    /// The stack's currency: lomi prices in it, and an amount without `currency_code` is in it.
    pub default_currency: Option<Currency>,
}

/// The pricing that the caller chose.
#[derive(Debug)]
pub enum Asked {
    /// By the merchant's catalogue.
    Catalog(Vec<CartLine>),
    /// By a cart token.
    Signed(String),
    /// By the merchant's backend.
    Merchant(Money),
    /// By lomi, in this currency.
    Lomi(LomiCart, Currency),
}

impl Asked {
    /// Reads the chosen pricing. `None`, with an error in `errors`, when there is none or more than one.
    pub fn read(caller: Caller, fields: PricingFields, errors: &mut FieldErrors) -> Option<Self> {
        let PricingFields {
            items,
            line_items,
            product_id,
            price_id,
            quantity,
            cart_token,
            amount,
            currency_code,
            default_currency,
        } = fields;
        if caller == Caller::Storefront && (amount.is_some() || currency_code.is_some()) {
            let pointer = if amount.is_some() { "/amount" } else { "/currency_code" };
            errors.add(pointer, "A storefront cannot set prices.", "Une boutique ne fixe pas les prix.");
            return None;
        }
        let counted = product_id.is_some() || price_id.is_some();
        errors.unless(
            quantity.is_none() || counted,
            "/quantity",
            "Allowed with product_id or price_id only.",
            "Autorisé avec product_id ou price_id seulement.",
        );
        let priced = currency_code.is_none() || amount.is_some();
        errors.unless(priced, "/currency_code", "Allowed with amount only.", "Autorisé avec amount seulement.");
        let quantity = quantity.unwrap_or(1);
        match (items, line_items, product_id, price_id, cart_token, amount) {
            (Some(items), None, None, None, None, None) => catalog(items, errors).map(Self::Catalog),
            (None, Some(lines), None, None, None, None) => {
                let cart = lomi_lines(lines, errors).map(LomiCart::Lines);
                cart.zip(default_currency).map(|(cart, currency)| Self::Lomi(cart, currency))
            }
            (None, None, Some(product_id), None, None, None) => {
                let fits = is_lomi_id(&product_id, "/product_id", errors) & is_quantity(quantity, "/quantity", errors);
                default_currency
                    .filter(|_| fits)
                    .map(|currency| Self::Lomi(LomiCart::Product { product_id, quantity }, currency))
            }
            (None, None, None, Some(price_id), None, None) => {
                let fits = is_lomi_id(&price_id, "/price_id", errors) & is_quantity(quantity, "/quantity", errors);
                let line = LomiLine { price_id, quantity };
                default_currency.filter(|_| fits).map(|currency| Self::Lomi(LomiCart::Price(line), currency))
            }
            (None, None, None, None, Some(token), None) if token.len() <= MAX_CART_TOKEN_BYTES => {
                Some(Self::Signed(token))
            }
            (None, None, None, None, Some(_), None) => {
                errors.add("/cart_token", "At most 4096 bytes.", "4096 octets au plus.");
                None
            }
            (None, None, None, None, None, Some(amount)) => {
                let code = currency_code.as_deref().or(default_currency.map(Currency::code));
                // A value that is no whole number becomes 0, which `money` refuses.
                money(amount.get().unwrap_or_default(), code, errors).map(Self::Merchant)
            }
            _ => {
                errors.add(
                    "",
                    "Send exactly one of items, line_items, product_id, price_id and cart_token (or amount, on /admin).",
                    "Envoyez exactement un champ parmi items, line_items, product_id, price_id et cart_token (ou amount, sur /admin).",
                );
                None
            }
        }
    }

    /// Adds the key that must have signed a cart token.
    ///
    /// # Errors
    /// `secrets_unavailable` when the key cannot be fetched, or the secret holds no usable key.
    pub async fn into_pricing(self, cart_token_key: &Secret, deadline: Instant) -> Result<Pricing, Problem> {
        Ok(match self {
            Self::Catalog(lines) => Pricing::Catalog(lines),
            Self::Merchant(money) => Pricing::Merchant(money),
            Self::Lomi(cart, currency) => Pricing::Lomi(cart, currency),
            Self::Signed(token) => {
                let versions = cart_token_key.get(deadline).await;
                let versions = versions.map_err(|error| {
                    Problem::new(Code::SecretsUnavailable).because(match error {
                        SecretError::Unusable(_) => "cart_token_key_unusable",
                        SecretError::Missing | SecretError::Unreachable => "cart_token_key_unreadable",
                    })
                })?;
                Pricing::Signed { token, key: versions.current.expose().as_bytes().to_vec() }
            }
        })
    }
}

fn catalog(items: Vec<Item>, errors: &mut FieldErrors) -> Option<Vec<CartLine>> {
    if !is_count(items.len(), "/items", errors) {
        return None;
    }
    let mut lines = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let sku = Sku::parse(&item.sku);
        if sku.is_none() {
            errors.add(format!("/items/{index}/sku"), "Not a valid SKU.", "Code article non valide.");
        }
        if is_quantity(item.quantity, &format!("/items/{index}/quantity"), errors) {
            lines.extend(sku.map(|sku| CartLine { sku, quantity: item.quantity, chosen_amount_minor: item.amount }));
        }
    }
    Some(lines)
}

fn lomi_lines(lines: Vec<LineItem>, errors: &mut FieldErrors) -> Option<Vec<LomiLine>> {
    if !is_count(lines.len(), "/line_items", errors) {
        return None;
    }
    for (index, line) in lines.iter().enumerate() {
        is_lomi_id(&line.price_id, &format!("/line_items/{index}/price_id"), errors);
        is_quantity(line.quantity, &format!("/line_items/{index}/quantity"), errors);
    }
    Some(lines.into_iter().map(|line| LomiLine { price_id: line.price_id, quantity: line.quantity }).collect())
}

/// `amount` in minor units of `currency_code`.
pub fn money(amount: i64, currency_code: Option<&str>, errors: &mut FieldErrors) -> Option<Money> {
    let currency = currency_code.and_then(Currency::from_code);
    errors.unless(currency.is_some(), "/currency_code", "One of XOF, USD, EUR.", "XOF, USD ou EUR.");
    let money = Money::new(amount, currency?);
    errors.unless(
        money.is_some(),
        "/amount",
        "A positive whole number of minor units (francs for XOF).",
        "Un nombre entier positif d'unités mineures (des francs pour XOF).",
    );
    money
}

fn is_count(count: usize, pointer: &str, errors: &mut FieldErrors) -> bool {
    let fits = (1..=MAX_CART_LINES).contains(&count);
    errors.unless(fits, pointer, "1 to 50 lines.", "De 1 à 50 lignes.");
    fits
}

fn is_quantity(quantity: u32, pointer: &str, errors: &mut FieldErrors) -> bool {
    let fits = (1..=MAX_QUANTITY).contains(&quantity);
    errors.unless(fits, pointer, "1 to 999.", "De 1 à 999.");
    fits
}
