use serde::{Deserialize, Serialize};

use super::Environment;
use crate::clock::Timestamp;
use crate::money::{Amount, Currency};
use crate::table::Row;

/// A payer, found or created when a payment is made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Customer {
    pub(crate) customer_id: String,
    pub(crate) organization_id: String,
    pub(crate) environment: Environment,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) phone_number: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Row for Customer {
    fn id(&self) -> &str {
        &self.customer_id
    }
}

/// An unpaid invoice: while it stands, sessions for this customer are answered with it instead of a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BlockingInvoice {
    pub(crate) invoice_id: String,
    pub(crate) invoice_number: String,
    pub(crate) amount_remaining: Amount,
    pub(crate) currency_code: Currency,
    /// The session through which it can be paid.
    pub(crate) checkout_session_id: String,
}
