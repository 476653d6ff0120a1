use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::EnumString;

use super::Environment;
use crate::clock::Timestamp;
use crate::money::{Amount, Currency};
use crate::table::Row;

/// Only `open` changes. There is no cancelled status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub(crate) enum SessionStatus {
    Open,
    Completed,
    Expired,
}

/// A hosted checkout session. Serialises as the row of the API, plus `allowed_providers` and `plan_id`,
/// which only `seeds` shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) checkout_session_id: String,
    pub(crate) organization_id: String,
    pub(crate) created_by: String,
    pub(crate) environment: Environment,
    pub(crate) status: SessionStatus,
    pub(crate) amount: Amount,
    pub(crate) currency_code: Currency,
    #[serde(flatten)]
    pub(crate) details: SessionDetails,
    pub(crate) expires_at: Timestamp,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// What the caller sent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct SessionDetails {
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) customer_id: Option<String>,
    pub(crate) customer_email: Option<String>,
    pub(crate) customer_name: Option<String>,
    pub(crate) customer_phone: Option<String>,
    pub(crate) customer_city: Option<String>,
    pub(crate) customer_country: Option<String>,
    pub(crate) customer_address: Option<String>,
    pub(crate) customer_postal_code: Option<String>,
    pub(crate) product_id: Option<String>,
    pub(crate) price_id: Option<String>,
    pub(crate) plan_id: Option<String>,
    pub(crate) subscription_id: Option<String>,
    pub(crate) payment_link_id: Option<String>,
    pub(crate) quantity: u32,
    pub(crate) allow_quantity: bool,
    pub(crate) allow_coupon_code: bool,
    /// What the page requires of the shopper.
    #[serde(default)]
    pub(crate) require_name: bool,
    #[serde(default)]
    pub(crate) require_email: bool,
    #[serde(default)]
    pub(crate) require_phone: bool,
    pub(crate) require_billing_address: bool,
    pub(crate) success_url: Option<String>,
    pub(crate) cancel_url: Option<String>,
    /// An object, or null when none was sent.
    pub(crate) metadata: Value,
    pub(crate) integration_source: Option<String>,
    /// Empty: every rail.
    pub(crate) allowed_providers: Vec<String>,
}

impl Session {
    /// Whether the page refuses payments, also before the next sweep.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        now >= self.expires_at || self.status == SessionStatus::Expired
    }
}

impl Row for Session {
    fn id(&self) -> &str {
        &self.checkout_session_id
    }
}
