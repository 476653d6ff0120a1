use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::{AsRefStr, EnumString, VariantNames};

use super::Environment;
use crate::clock::Timestamp;
use crate::money::{Amount, Currency};
use crate::table::Row;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, AsRefStr, EnumString, VariantNames)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub(crate) enum LinkType {
    /// A product at its price.
    Product,
    /// An amount.
    Instant,
}

/// A payment link. Every visit opens a new session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Link {
    pub(crate) link_id: String,
    pub(crate) organization_id: String,
    pub(crate) created_by: String,
    pub(crate) environment: Environment,
    pub(crate) is_active: bool,
    #[serde(flatten)]
    pub(crate) details: LinkDetails,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// What the caller sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LinkDetails {
    pub(crate) link_type: LinkType,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) amount: Option<Amount>,
    pub(crate) currency_code: Currency,
    pub(crate) product_id: Option<String>,
    pub(crate) price_id: Option<String>,
    pub(crate) quantity: u32,
    pub(crate) allow_coupon_code: bool,
    pub(crate) allow_quantity: bool,
    /// What the page requires of the shopper.
    #[serde(default)]
    pub(crate) require_name: bool,
    #[serde(default)]
    pub(crate) require_email: bool,
    #[serde(default)]
    pub(crate) require_phone: bool,
    pub(crate) require_billing_address: bool,
    /// Ends with the first completed payment.
    #[serde(default)]
    pub(crate) single_use: bool,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) success_url: Option<String>,
    pub(crate) cancel_url: Option<String>,
    /// An object, or null when none was sent or it was dropped.
    pub(crate) metadata: Value,
}

impl Link {
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        !self.is_active || self.details.expires_at.is_some_and(|end| now >= end)
    }
}

impl Row for Link {
    fn id(&self) -> &str {
        &self.link_id
    }
}
