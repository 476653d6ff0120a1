use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use strum::{AsRefStr, EnumString, VariantArray};

use super::Environment;
use crate::clock::Timestamp;
use crate::ids;
use crate::money::{Amount, Currency};
use crate::table::Row;

/// How a payment is made.
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

    /// Invented: only net = gross - fee matters.
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
    /// Charged and under review: the payer has paid, and the merchant cannot have it yet.
    Held,
    Completed,
    Failed,
    Expired,
    /// All of it, in one refund.
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

/// One payment, or the attempts at it.
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
    /// What a coupon took off the price, which is part of the gross amount or not.
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
    /// The name that the dashboard shows: the same for the same row.
    pub(crate) fn public_id(&self) -> String {
        ids::public_id("txn_", &self.transaction_id)
    }
}
