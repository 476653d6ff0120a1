//! The rows of the simulator.

mod customer;
mod dispatch;
mod dispute;
mod endpoint;
mod idempotency;
mod intent;
mod link;
mod payout;
mod preview;
mod refund;
mod session;
mod transaction;

use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString};

pub(crate) use customer::{BlockingInvoice, Customer, CustomerDetails};
pub(crate) use dispatch::{Attempt, DeliveryPath, Dispatch, DispatchStatus};
pub(crate) use dispute::Dispute;
pub(crate) use endpoint::{DeliveryLog, Endpoint, Envelope};
pub(crate) use idempotency::{IdempotencyRecord, KeyState};
pub(crate) use intent::{Intent, IntentStatus};
pub(crate) use link::{Link, LinkDetails, LinkType};
pub(crate) use payout::Payout;
pub(crate) use preview::Preview;
pub(crate) use refund::{Refund, RefundStatus};
pub(crate) use session::{Session, SessionDetails, SessionStatus};
pub(crate) use transaction::{Rail, Transaction, TransactionStatus};

/// An organisation has test rows and live rows, and neither sees the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, AsRefStr, EnumString)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub(crate) enum Environment {
    Test,
    Live,
}

impl Environment {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Test => Self::Live,
            Self::Live => Self::Test,
        }
    }
}

/// The owner of a secret key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    pub(crate) organization_id: &'static str,
    pub(crate) organization_name: &'static str,
    pub(crate) merchant_id: &'static str,
    pub(crate) environment: Environment,
}
