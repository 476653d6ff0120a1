use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Environment;
use crate::clock::Timestamp;
use crate::money::{Amount, Currency};
use crate::table::Row;

/// A payer, created by the merchant or by a payment. Serialises as the row of the API, plus
/// `deleted_at`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Customer {
    pub(crate) customer_id: String,
    pub(crate) organization_id: String,
    pub(crate) environment: Environment,
    #[serde(flatten)]
    pub(crate) details: CustomerDetails,
    /// Deletion is soft: the transactions still refer to the row.
    pub(crate) deleted_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct CustomerDetails {
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) phone_number: Option<String>,
    pub(crate) whatsapp_number: Option<String>,
    pub(crate) country: String,
    pub(crate) city: String,
    pub(crate) address: String,
    pub(crate) postal_code: String,
    pub(crate) is_business: bool,
    /// An object, or null when none was sent.
    pub(crate) metadata: Value,
}

impl CustomerDetails {
    /// The number that lomi pays out to: the phone, or the WhatsApp number when the phone is empty.
    pub(crate) fn payout_phone(&self) -> Option<&String> {
        let mut numbers = [&self.phone_number, &self.whatsapp_number].into_iter().flatten();
        numbers.find(|number| !number.is_empty())
    }
}

impl Row for Customer {
    fn id(&self) -> &str {
        &self.customer_id
    }
}

/// An unpaid invoice. Until it is paid, a session for this customer is refused with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BlockingInvoice {
    pub(crate) invoice_id: String,
    pub(crate) invoice_number: String,
    pub(crate) amount_remaining: Amount,
    pub(crate) currency_code: Currency,
    /// The session that pays it.
    pub(crate) checkout_session_id: String,
}
