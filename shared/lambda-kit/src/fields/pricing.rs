//! Exactly one way to a price.

use super::{FieldErrors, Whole, is_lomi_id};
use crate::problem::{Code, Problem};
use crate::secrets::{Secret, SecretError};
use checkout::sessions::Pricing;
use domain::{CartLine, Currency, LomiCart, LomiLine, MAX_CART_LINES, MAX_CART_TOKEN_BYTES, MAX_QUANTITY, Money, Sku};
use lomi_client::PriceId;
use serde::Deserialize;
use std::collections::BTreeSet;
use tokio::time::Instant;

/// Who asks. Only the merchant's own backend may name an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Anybody.
    Storefront,
    /// Whom the gateway let through to `/admin`.
    Merchant,
}

/// Which prices of lomi's catalogue the public routes may name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PublicPrices {
    /// Every price of the merchant's.
    #[default]
    All,
    /// These, each by the id that it is listed under, and none by its product, whose price lomi chooses.
    Only(BTreeSet<PriceId>),
}

/// More than fit into the environment with everything else.
const MAX_PUBLIC_PRICES: usize = 50;

impl PublicPrices {
    /// 1 to 50 ids of lomi's prices, separated by commas. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let ids: BTreeSet<_> = text.split(',').map(|id| PriceId::parse(id.trim())).collect::<Result<_, _>>().ok()?;
        // Any word could be an id of lomi.'s; a list has to be right.
        let is_price = |id: &PriceId| id.is_uuid() || id.as_str().starts_with("price_");
        (ids.len() <= MAX_PUBLIC_PRICES && ids.iter().all(is_price)).then_some(Self::Only(ids))
    }

    /// Reports what `asked` names of lomi's catalogue that the public may not.
    pub fn check(&self, caller: Caller, asked: &Asked, faults: &mut FieldErrors) {
        let (Self::Only(listed), Caller::Storefront, Asked::Lomi(cart, _)) = (self, caller, asked) else { return };
        let mut refuse = |pointer: String, is_listed: bool| {
            if !is_listed {
                faults.add(
                    pointer,
                    "Not for sale here: the merchant has not listed this price (PublicPriceIds).",
                    "Pas en vente ici : le marchand n'a pas listé ce prix (PublicPriceIds).",
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

/// `items[]`: an article of the merchant's catalogue.
#[derive(Debug, Deserialize)]
pub struct Item {
    sku: String,
    quantity: u32,
    amount: Option<i64>,
}

/// `line_items[]`: a price of lomi.'s catalogue.
#[derive(Debug, Deserialize)]
pub struct LineItem {
    price_id: String,
    quantity: u32,
}

/// The members of which exactly one way sets the price.
#[derive(Debug, Default)]
pub struct PricingMembers {
    /// From the merchant's catalogue.
    pub items: Option<Vec<Item>>,
    /// From lomi.'s catalogue.
    pub line_items: Option<Vec<LineItem>>,
    /// One product of lomi.'s catalogue.
    pub product_id: Option<String>,
    /// One price of lomi.'s catalogue.
    pub price_id: Option<String>,
    /// How many of the one.
    pub quantity: Option<u32>,
    /// Signed by the merchant's backend.
    pub cart_token: Option<String>,
    /// In minor units.
    pub amount: Option<Whole>,
    /// ISO 4217; the stack's default where an amount comes without one.
    pub currency_code: Option<String>,
    /// What lomi. prices in, and what an amount is in when nobody says: not the caller's word.
    pub default_currency: Option<Currency>,
}

/// How the caller wants the cart to be priced.
#[derive(Debug)]
pub enum Asked {
    /// By the merchant's catalogue.
    Catalog(Vec<CartLine>),
    /// By a cart token.
    Signed(String),
    /// By the merchant's backend.
    Merchant(Money),
    /// By lomi., in this currency.
    Lomi(LomiCart, Currency),
}

impl Asked {
    /// The one way to a price. `None`, and `faults` says why, when there is none or more than one.
    pub fn read(caller: Caller, members: PricingMembers, faults: &mut FieldErrors) -> Option<Self> {
        let PricingMembers {
            items,
            line_items,
            product_id,
            price_id,
            quantity,
            cart_token,
            amount,
            currency_code,
            default_currency,
        } = members;
        if caller == Caller::Storefront && (amount.is_some() || currency_code.is_some()) {
            let pointer = if amount.is_some() { "/amount" } else { "/currency_code" };
            faults.add(pointer, "A storefront does not set prices.", "Une boutique ne fixe pas les prix.");
            return None;
        }
        let counted = product_id.is_some() || price_id.is_some();
        faults.unless(
            quantity.is_none() || counted,
            "/quantity",
            "Goes with product_id or price_id only.",
            "Va avec product_id ou price_id seulement.",
        );
        let priced = currency_code.is_none() || amount.is_some();
        faults.unless(priced, "/currency_code", "Goes with amount only.", "Va avec amount seulement.");
        let quantity = quantity.unwrap_or(1);
        match (items, line_items, product_id, price_id, cart_token, amount) {
            (Some(items), None, None, None, None, None) => catalog(items, faults).map(Self::Catalog),
            (None, Some(lines), None, None, None, None) => {
                let cart = lomi_lines(lines, faults).map(LomiCart::Lines);
                cart.zip(default_currency).map(|(cart, currency)| Self::Lomi(cart, currency))
            }
            (None, None, Some(product_id), None, None, None) => {
                let fits = is_lomi_id(&product_id, "/product_id", faults) & is_quantity(quantity, "/quantity", faults);
                default_currency
                    .filter(|_| fits)
                    .map(|currency| Self::Lomi(LomiCart::Product { product_id, quantity }, currency))
            }
            (None, None, None, Some(price_id), None, None) => {
                let fits = is_lomi_id(&price_id, "/price_id", faults) & is_quantity(quantity, "/quantity", faults);
                let line = LomiLine { price_id, quantity };
                default_currency.filter(|_| fits).map(|currency| Self::Lomi(LomiCart::Price(line), currency))
            }
            (None, None, None, None, Some(token), None) if token.len() <= MAX_CART_TOKEN_BYTES => {
                Some(Self::Signed(token))
            }
            (None, None, None, None, Some(_), None) => {
                faults.add("/cart_token", "At most 4096 bytes.", "4096 octets au plus.");
                None
            }
            (None, None, None, None, None, Some(amount)) => {
                let code = currency_code.as_deref().or(default_currency.map(Currency::code));
                // No number is no amount: it is refused as one.
                money(amount.get().unwrap_or_default(), code, faults).map(Self::Merchant)
            }
            _ => {
                faults.add(
                    "",
                    "Exactly one way sets the price: items, line_items, product_id, price_id or cart_token (or amount, on /admin).",
                    "Un seul moyen fixe le prix : items, line_items, product_id, price_id ou cart_token (ou amount, sur /admin).",
                );
                None
            }
        }
    }

    /// Adds what only the stack knows: the key that must have signed a cart token.
    ///
    /// # Errors
    /// `store_unavailable` when the key cannot be fetched, or what is there cannot be one.
    pub async fn into_pricing(self, cart_token_key: &Secret, deadline: Instant) -> Result<Pricing, Problem> {
        Ok(match self {
            Self::Catalog(lines) => Pricing::Catalog(lines),
            Self::Merchant(money) => Pricing::Merchant(money),
            Self::Lomi(cart, currency) => Pricing::Lomi(cart, currency),
            Self::Signed(token) => {
                let versions = cart_token_key.get(deadline).await;
                let versions = versions.map_err(|error| {
                    Problem::new(Code::StoreUnavailable).because(match error {
                        SecretError::Unusable(_) => "cart_token_key_unusable",
                        SecretError::Missing | SecretError::Unreachable => "cart_token_key_unreadable",
                    })
                })?;
                Pricing::Signed { token, key: versions.current.expose().as_bytes().to_vec() }
            }
        })
    }
}

fn catalog(items: Vec<Item>, faults: &mut FieldErrors) -> Option<Vec<CartLine>> {
    if !is_count(items.len(), "/items", faults) {
        return None;
    }
    let mut lines = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let sku = Sku::parse(&item.sku);
        if sku.is_none() {
            faults.add(format!("/items/{index}/sku"), "Not an article number.", "Ce n'est pas un code article.");
        }
        if is_quantity(item.quantity, &format!("/items/{index}/quantity"), faults) {
            lines.extend(sku.map(|sku| CartLine { sku, quantity: item.quantity, chosen_amount_minor: item.amount }));
        }
    }
    Some(lines)
}

fn lomi_lines(lines: Vec<LineItem>, faults: &mut FieldErrors) -> Option<Vec<LomiLine>> {
    if !is_count(lines.len(), "/line_items", faults) {
        return None;
    }
    for (index, line) in lines.iter().enumerate() {
        is_lomi_id(&line.price_id, &format!("/line_items/{index}/price_id"), faults);
        is_quantity(line.quantity, &format!("/line_items/{index}/quantity"), faults);
    }
    Some(lines.into_iter().map(|line| LomiLine { price_id: line.price_id, quantity: line.quantity }).collect())
}

/// `amount` in minor units of `currency_code`.
pub fn money(amount: i64, currency_code: Option<&str>, faults: &mut FieldErrors) -> Option<Money> {
    let currency = currency_code.and_then(Currency::from_code);
    faults.unless(currency.is_some(), "/currency_code", "One of XOF, USD, EUR.", "XOF, USD ou EUR.");
    let money = Money::new(amount, currency?);
    faults.unless(
        money.is_some(),
        "/amount",
        "A positive whole number of minor units (francs for XOF).",
        "Un nombre entier positif d'unités mineures (des francs pour XOF).",
    );
    money
}

fn is_count(count: usize, pointer: &str, faults: &mut FieldErrors) -> bool {
    let fits = (1..=MAX_CART_LINES).contains(&count);
    faults.unless(fits, pointer, "1 to 50 lines.", "De 1 à 50 lignes.");
    fits
}

fn is_quantity(quantity: u32, pointer: &str, faults: &mut FieldErrors) -> bool {
    let fits = (1..=MAX_QUANTITY).contains(&quantity);
    faults.unless(fits, pointer, "1 to 999.", "De 1 à 999.");
    fits
}
