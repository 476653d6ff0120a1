//! Payment links: pages that the merchant shares and that many shoppers can pay through.

mod create;
mod link;
mod update;

pub use create::{CreatePaymentLink, LinkTarget};
pub use link::{LinkType, PaymentLink};
pub use update::UpdatePaymentLink;

use crate::call::Call;
use crate::client::Client;
use crate::ids::PaymentLinkId;
use crate::{listing, row};

const PATH: &str = "/payment-links";

/// `/payment-links`. Update and archive exist since API 1.2.0 and are an unknown route before: there a link ends at its
/// `expires_at` or on lomi's dashboard.
#[derive(Debug, Clone)]
pub struct PaymentLinks(Client);

impl PaymentLinks {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    /// `POST /payment-links`. lomi ignores idempotency keys here, so the call is never retried once sent; after an
    /// unknown outcome search the list.
    pub fn create(&self, link: &CreatePaymentLink) -> Call<PaymentLink> {
        Call::post(self.0.clone(), PATH.to_owned(), link.to_body(), row::decode)
    }

    /// `GET /payment-links/{id}`.
    pub fn get(&self, id: &PaymentLinkId) -> Call<PaymentLink> {
        Call::get(self.0.clone(), format!("{PATH}/{id}"), row::decode).by_id(id.is_uuid())
    }

    /// `PATCH /payment-links/{id}`: changes what is set. Since API 1.2.0.
    pub fn update(&self, id: &PaymentLinkId, changes: &UpdatePaymentLink) -> Call<PaymentLink> {
        Call::patch(self.0.clone(), format!("{PATH}/{id}"), changes.to_body(), row::decode)
    }

    /// `DELETE /payment-links/{id}`: deactivates it. Since API 1.2.0.
    pub fn archive(&self, id: &PaymentLinkId) -> Call<()> {
        Call::delete(self.0.clone(), format!("{PATH}/{id}"), |_| Ok(()))
    }

    /// `GET /payment-links`: newest first as observed. The `total` of the answer is only the length of the page. Some
    /// generations mix test and live rows.
    pub fn list(&self) -> Call<Vec<PaymentLink>> {
        Call::get(self.0.clone(), PATH.to_owned(), listing::rows)
    }
}

impl Call<Vec<PaymentLink>> {
    /// Only links of this type.
    pub fn link_type(self, link_type: &LinkType) -> Self {
        self.with_query("linkType", link_type.as_str().to_owned())
    }

    /// Only active or only inactive links. An expired link may still be active.
    pub fn is_active(self, is_active: bool) -> Self {
        self.with_query("isActive", is_active.to_string())
    }

    /// Rows per answer; 20 when not set, at most 100 in the newest generation. An answer of more than 1 MiB is an
    /// error.
    pub fn limit(self, limit: u32) -> Self {
        self.with_query("limit", limit.to_string())
    }
}
