//! The payment providers of a merchant.

use std::fmt;

use crate::Metadata;
use crate::call::Call;
use crate::client::Client;
use crate::listing::{self, ListRow};
use crate::paging::Paging;
use crate::row::{Resource, Row, Unusable};

/// One payment provider and the merchant's onboarding there. `Debug` omits the phone number and the account.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Provider {
    /// `WAVE`, `MTN`, `STRIPE` (cards), `SPI`, ...
    pub provider_code: String,
    /// Whether the merchant can take payments through it.
    pub is_connected: Option<bool>,
    /// Whether the merchant's phone number is confirmed, if the provider needs one.
    pub is_phone_verified: Option<bool>,
    /// The state of the onboarding, as sent.
    pub onboarding_status: Option<String>,
    /// The merchant's phone number at the provider.
    pub phone_number: Option<String>,
    /// The merchant's account at the provider.
    pub provider_merchant_id: Option<String>,
    /// The owning organisation.
    pub organization_id: Option<String>,
    /// lomi's metadata.
    pub metadata: Metadata,
}

impl Resource for Provider {
    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        Ok(Self {
            provider_code: row.required(&["provider_code"])?,
            is_connected: row.flag("is_connected"),
            is_phone_verified: row.flag("is_phone_verified"),
            onboarding_status: row.text(&["onboarding_status"]),
            phone_number: row.text(&["phone_number"]),
            provider_merchant_id: row.text(&["provider_merchant_id"]),
            organization_id: row.text(&["organization_id"]),
            metadata: row.metadata(),
        })
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("provider_code", &self.provider_code)
            .field("is_connected", &self.is_connected)
            .field("onboarding_status", &self.onboarding_status)
            .finish_non_exhaustive()
    }
}

pub(crate) fn list(client: Client) -> Call<Vec<Provider>> {
    Call::get(client, "/providers".to_owned(), listing::rows)
}

impl Call<Vec<Provider>> {
    /// Only this provider. `CARD` means `STRIPE`.
    pub fn provider_code(self, provider_code: &str) -> Self {
        self.with_query("provider_code", provider_code.to_owned())
    }
}

impl ListRow for Provider {
    const PAGING: Paging = Paging::Whole;

    fn id(&self) -> &str {
        &self.provider_code
    }
}
