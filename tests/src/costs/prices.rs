//! `infra/prices.json`: prices are inputs, with their region, date and source.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Item, Usage};

/// One price: `usd_nano` for every `per` of the item. `usd_nano` is a billionth of a dollar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// In billionths of a dollar.
    pub usd_nano: u128,
    /// The quantity of the price; at least 1.
    pub per: u128,
    /// The price was uncertain when it was written down.
    pub to_check: bool,
}

/// The prices of one region at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices {
    /// `us-east-1`.
    pub region: String,
    /// `2026-06`.
    pub as_of: String,
    prices: BTreeMap<Item, Price>,
}

impl Prices {
    /// Reads the file's text.
    ///
    /// # Errors
    /// Names what is missing, unknown or no whole number.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let word = |name: &str| file[name].as_str().map(str::to_owned).ok_or_else(|| format!("no {name}"));
        let prices = file["prices"].as_object().ok_or("no prices")?;
        let stranger = prices.keys().find(|name| Item::ALL.iter().all(|item| item.name() != name.as_str()));
        if let Some(name) = stranger {
            return Err(format!("{name} is nothing that is counted"));
        }
        let all = Item::ALL.map(|item| Ok((item, price(prices.get(item.name()), item.name())?)));
        let prices = all.into_iter().collect::<Result<_, String>>()?;
        Ok(Self { region: word("region")?, as_of: word("as_of")?, prices })
    }

    /// The cost in billionths of a dollar, each item rounded up.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> u128 {
        Item::ALL.iter().map(|item| self.cost_of(*item, usage.of(*item))).sum()
    }

    /// The cost of `amount` of one item.
    #[must_use]
    pub fn cost_of(&self, item: Item, amount: u128) -> u128 {
        self.prices.get(&item).map_or(0, |price| (amount * price.usd_nano).div_ceil(price.per))
    }

    /// Whether the price still has to be verified.
    #[must_use]
    pub fn to_check(&self, item: Item) -> bool {
        self.prices.get(&item).is_none_or(|price| price.to_check)
    }
}

fn price(of: Option<&Value>, name: &str) -> Result<Price, String> {
    let of = of.ok_or_else(|| format!("no price of {name}"))?;
    let number = |member: &str| {
        of[member].as_u64().map(u128::from).ok_or_else(|| format!("{name}: {member} is no whole number"))
    };
    let price = Price { usd_nano: number("usd_nano")?, per: number("per")?, to_check: of["to_check"] != false };
    let has_comment = of["comment"].as_str().is_some_and(|comment| !comment.is_empty());
    match (price.per, has_comment) {
        (0, _) => Err(format!("{name}: per is 0")),
        (_, false) => Err(format!("{name}: no comment says where the price stands")),
        _ => Ok(price),
    }
}
