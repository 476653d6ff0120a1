use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use strum::{AsRefStr, EnumString, VariantArray};

use super::Environment;
use crate::clock::Timestamp;
use crate::ids;
use crate::money::{Amount, Currency};
use crate::table::Row;

/// The payment methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, AsRefStr, EnumString, VariantArray)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub(crate) enum Rail {
    Wave,
    Mtn,
    Card,
}

impl Rail {
    pub(crate) const fn provider_code(self) -> &'static str {
        match self {
            Self::Card => "STRIPE",
            Self::Wave => "WAVE",
            Self::Mtn => "MTN",
        }
    }

    pub(crate) const fn payment_method_code(self) -> &'static str {
        match self {
            Self::Card => "CARDS",
            Self::Wave | Self::Mtn => "MOBILE_MONEY",
        }
    }

    pub(crate) const fn fee_subcategory(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Wave | Self::Mtn => "mobile_money",
        }
    }

    /// Invented: lomi publishes no rate that a test could depend on.
    pub(crate) const fn fee_permille(self) -> i64 {
        match self {
            Self::Card => 35,
            Self::Wave | Self::Mtn => 30,
        }
    }
}

/// See [`TransactionStatus::may_become`] for the legal moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, AsRefStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub(crate) enum TransactionStatus {
    Pending,
    /// Charged and under review: the payer has paid, the merchant has no access yet.
    Held,
    Completed,
    Failed,
    Expired,
    /// In full, by one refund.
    Refunded,
}

impl TransactionStatus {
    /// A completed payment can only be refunded; a failed or expired one may still complete.
    pub(crate) const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Pending, Self::Held | Self::Completed | Self::Failed | Self::Expired)
                | (Self::Held, Self::Completed | Self::Failed)
                | (Self::Failed, Self::Held | Self::Completed | Self::Failed)
                | (Self::Expired, Self::Held | Self::Completed)
                | (Self::Completed, Self::Refunded)
        )
    }
}

/// One payment, with all attempts at it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Transaction {
    pub(crate) transaction_id: String,
    pub(crate) organization_id: String,
    pub(crate) environment: Environment,
    pub(crate) customer_id: Option<String>,
    pub(crate) checkout_session_id: Option<String>,
    pub(crate) product_id: Option<String>,
    pub(crate) price_id: Option<String>,
    pub(crate) subscription_id: Option<String>,
    pub(crate) quantity: u32,
    pub(crate) rail: Rail,
    pub(crate) status: TransactionStatus,
    pub(crate) description: Option<String>,
    pub(crate) gross_amount: Amount,
    /// What a coupon took off the price. The quirk `coupons_in_gross` decides whether the gross amount includes it.
    #[serde(default)]
    pub(crate) discount_amount: Amount,
    pub(crate) fee_amount: Amount,
    pub(crate) net_amount: Amount,
    pub(crate) currency_code: Currency,
    pub(crate) metadata: Map<String, Value>,
    /// The rail's own id of the payment: never part of a webhook.
    pub(crate) provider_transaction_id: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Row for Transaction {
    fn id(&self) -> &str {
        &self.transaction_id
    }
}

impl Transaction {
    /// The id that the dashboard shows.
    pub(crate) fn public_id(&self) -> String {
        ids::public_id("txn_", &self.transaction_id)
    }
}
