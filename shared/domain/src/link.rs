//! A managed link: a payment link of this backend, at one URL, whose status is computed anew at every opening.

use crate::{CartLine, Currency, Environment, LinkCode, Money, Price, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// A managed link and its counts. Only the three counts and `active` ever change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagedLink {
    /// The code in its URL.
    pub code: LinkCode,
    /// The stack's environment when the link was created; it opens nothing in the other one.
    pub environment: Environment,
    /// Shown to shoppers, 1 to [`crate::MAX_TITLE_CHARS`] characters.
    pub title: String,
    /// Shown to shoppers, at most [`crate::MAX_DESCRIPTION_CHARS`] characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What the shopper pays for.
    #[serde(flatten)]
    pub price: LinkPrice,
    /// How many paid orders the link takes; `None` for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_payments: Option<NonZeroU32>,
    /// From this time on the link opens nothing.
    #[serde(default, rename = "expires_at_ms", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// `false` once the merchant has deactivated the link.
    pub active: bool,
    /// The merchant's own labels, copied to every order.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// Where the shopper goes after paying, as the merchant wrote it; this backend's own page when not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success_url: Option<String>,
    /// Where the shopper goes after cancelling; the link's own page when not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_url: Option<String>,
    /// How often the link was about to send a shopper to a payment page.
    #[serde(default)]
    pub opened_count: u64,
    /// Paid orders within `max_payments`.
    #[serde(default)]
    pub paid_count: u64,
    /// Paid orders beyond `max_payments`: their pages were already open when the last allowed payment arrived.
    #[serde(default)]
    pub surplus_count: u64,
    /// When the link was created.
    #[serde(rename = "created_at_ms")]
    pub created_at: Timestamp,
}

/// What the shopper pays for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "LinkPriceRecord", into = "LinkPriceRecord")]
pub enum LinkPrice {
    /// An amount that the merchant set, or one that the shopper chooses within the merchant's bounds.
    Amount(Price),
    /// Articles, priced by the catalogue at each opening. 1 to [`crate::MAX_CART_LINES`] lines.
    Items(Vec<CartLine>),
}

/// A link's price as it is stored: flat, like a product's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LinkPriceRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    currency_code: Option<Currency>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amount: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_amount: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_amount: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    items: Option<Vec<CartLine>>,
}

/// The status of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkStatus {
    /// It can be paid.
    Active,
    /// The merchant deactivated it.
    Inactive,
    /// `expires_at` has passed.
    Expired,
    /// `max_payments` orders are paid.
    UsedUp,
}

impl LinkStatus {
    /// The status as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Expired => "expired",
            Self::UsedUp => "used_up",
        }
    }
}

/// What the shopper who opens a link pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkSale {
    /// An amount.
    Amount(Money),
    /// Articles, at the catalogue's price.
    Items(Vec<CartLine>),
}

/// Why a link cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkRefusal {
    /// The merchant deactivated it.
    #[error("the link is not active any more")]
    Inactive,
    /// `expires_at` has passed.
    #[error("the link has expired")]
    Expired,
    /// `max_payments` orders are paid.
    #[error("the link is used up")]
    UsedUp,
    /// The shopper chooses the amount, and chose none or one outside the bounds.
    #[error("an amount has to be chosen")]
    AmountToBeChosen {
        /// The smallest amount allowed.
        min: Money,
        /// The largest amount allowed.
        max: Money,
        /// Whether the shopper chose an amount outside the bounds.
        out_of_bounds: bool,
    },
}

impl ManagedLink {
    /// The status at `now`. Deactivation comes first, then the payment limit, then expiry.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> LinkStatus {
        if !self.active {
            LinkStatus::Inactive
        } else if self.max_payments.is_some_and(|max| self.paid_count >= u64::from(max.get())) {
            LinkStatus::UsedUp
        } else if self.expires_at.is_some_and(|end| now >= end) {
            LinkStatus::Expired
        } else {
            LinkStatus::Active
        }
    }

    /// What a shopper who opens the link at `now` pays. `chosen_minor` counts only for an open amount.
    ///
    /// # Errors
    /// Why the link cannot be opened, or that the shopper must choose an amount first.
    pub fn open(&self, now: Timestamp, chosen_minor: Option<i64>) -> Result<LinkSale, LinkRefusal> {
        match self.status(now) {
            LinkStatus::Inactive => return Err(LinkRefusal::Inactive),
            LinkStatus::Expired => return Err(LinkRefusal::Expired),
            LinkStatus::UsedUp => return Err(LinkRefusal::UsedUp),
            LinkStatus::Active => {}
        }
        match &self.price {
            LinkPrice::Items(lines) => Ok(LinkSale::Items(lines.clone())),
            LinkPrice::Amount(Price::Fixed(money)) => Ok(LinkSale::Amount(*money)),
            LinkPrice::Amount(price @ Price::Open { min, max }) => {
                let chosen = chosen_minor.and_then(|chosen| price.chosen(chosen));
                let out_of_bounds = chosen_minor.is_some();
                let refusal = LinkRefusal::AmountToBeChosen { min: *min, max: *max, out_of_bounds };
                chosen.map(LinkSale::Amount).ok_or(refusal)
            }
        }
    }
}

impl LinkPrice {
    /// The currency; `None` when the catalogue decides it.
    #[must_use]
    pub const fn currency(&self) -> Option<Currency> {
        match self {
            Self::Amount(price) => Some(price.currency()),
            Self::Items(_) => None,
        }
    }
}

impl TryFrom<LinkPriceRecord> for LinkPrice {
    type Error = &'static str;

    fn try_from(record: LinkPriceRecord) -> Result<Self, Self::Error> {
        let LinkPriceRecord { currency_code, amount, min_amount, max_amount, items } = record;
        match (items, currency_code) {
            (Some(items), None) => Ok(Self::Items(items)),
            (None, Some(currency)) => {
                let price = Price::from_parts(currency, amount, min_amount, max_amount);
                price.map(Self::Amount).ok_or("not a price of a link")
            }
            _ => Err("not a price of a link"),
        }
    }
}

impl From<LinkPrice> for LinkPriceRecord {
    fn from(price: LinkPrice) -> Self {
        match price {
            LinkPrice::Items(items) => {
                Self { currency_code: None, amount: None, min_amount: None, max_amount: None, items: Some(items) }
            }
            LinkPrice::Amount(price) => {
                let (amount, min_amount, max_amount) = price.parts();
                Self { currency_code: Some(price.currency()), amount, min_amount, max_amount, items: None }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sku;

    const NOW: Timestamp = Timestamp::from_ms(1_000_000);

    fn xof(amount: i64) -> Money {
        Money::new(amount, Currency::Xof).unwrap()
    }

    fn link(price: LinkPrice) -> ManagedLink {
        ManagedLink {
            code: LinkCode::from_entropy([3; 32]),
            environment: Environment::Sandbox,
            title: "Cotisation".to_owned(),
            description: None,
            price,
            max_payments: None,
            expires_at: None,
            active: true,
            metadata: BTreeMap::new(),
            success_url: None,
            cancel_url: None,
            opened_count: 0,
            paid_count: 0,
            surplus_count: 0,
            created_at: NOW,
        }
    }

    fn fixed() -> ManagedLink {
        link(LinkPrice::Amount(Price::Fixed(xof(5000))))
    }

    #[test]
    fn a_fixed_price_ignores_the_shoppers_amount() {
        assert_eq!(fixed().open(NOW, None), Ok(LinkSale::Amount(xof(5000))));
        assert_eq!(fixed().open(NOW, Some(1)), Ok(LinkSale::Amount(xof(5000))));
    }

    #[test]
    fn a_link_takes_payments_up_to_its_limit() {
        let once = ManagedLink { max_payments: NonZeroU32::new(1), ..fixed() };
        assert!(once.open(NOW, None).is_ok());
        let paid = ManagedLink { paid_count: 1, ..once };
        assert_eq!(paid.open(NOW, None), Err(LinkRefusal::UsedUp));
        assert!(ManagedLink { paid_count: 9, ..fixed() }.open(NOW, None).is_ok());
    }

    #[test]
    fn an_ended_link_reports_why() {
        let ended = ManagedLink { active: false, expires_at: Some(NOW), ..fixed() };
        assert_eq!(ended.open(NOW, None), Err(LinkRefusal::Inactive));
        let expired = ManagedLink { expires_at: Some(NOW), ..fixed() };
        assert_eq!(expired.open(NOW, None), Err(LinkRefusal::Expired));
        assert!(expired.open(NOW.plus_ms(-1), None).is_ok());
    }

    #[test]
    fn a_shopper_who_chooses_stays_within_the_bounds() {
        let (min, max) = (xof(500), xof(9000));
        let open = link(LinkPrice::Amount(Price::Open { min, max }));
        assert_eq!(open.open(NOW, Some(500)), Ok(LinkSale::Amount(min)));
        let refusal = |out_of_bounds| Err(LinkRefusal::AmountToBeChosen { min, max, out_of_bounds });
        assert_eq!(open.open(NOW, None), refusal(false));
        for chosen in [i64::MIN, 0, 499, 9001, i64::MAX] {
            assert_eq!(open.open(NOW, Some(chosen)), refusal(true), "{chosen}");
        }
    }

    #[test]
    fn every_kind_of_link_survives_being_stored() {
        let line = CartLine { sku: Sku::parse("PAGNE").unwrap(), quantity: 2, chosen_amount_minor: None };
        let open = LinkPrice::Amount(Price::Open { min: xof(500), max: xof(9000) });
        for price in [LinkPrice::Items(vec![line]), open, LinkPrice::Amount(Price::Fixed(xof(1)))] {
            let link = link(price);
            let text = serde_json::to_string(&link).unwrap();
            assert_eq!(serde_json::from_str::<ManagedLink>(&text).unwrap(), link, "{text}");
        }
    }
}
