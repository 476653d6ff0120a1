//! Where lomi sends its webhooks. What it sends is in [`webhook`](crate::webhook).

mod endpoint;
mod write;

pub use endpoint::{NewWebhookEndpoint, WebhookEndpoint};
pub use write::{CreateWebhookEndpoint, UpdateWebhookEndpoint};

use crate::call::Call;
use crate::client::Client;
use crate::ids::WebhookEndpointId;
use crate::listing;

const PATH: &str = "/webhooks";

/// `/webhooks`: endpoints of the key's environment.
///
/// The server of June 2026 cannot read the body of a create or an update on this path: it answers the one with
/// 400 and the other with 200 and no change. Where that happens, use lomi's dashboard.
#[derive(Debug, Clone)]
pub struct WebhookEndpoints(Client);

impl WebhookEndpoints {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    /// `POST /webhooks`: the endpoint and its signing secret, which is told only now. Not repeated once it was
    /// sent: after an unknown outcome delete the endpoint that the list shows, and make another.
    pub fn create(&self, endpoint: &CreateWebhookEndpoint) -> Call<NewWebhookEndpoint> {
        Call::post(self.0.clone(), PATH.to_owned(), endpoint.to_body(), NewWebhookEndpoint::decode)
    }

    /// `GET /webhooks`: all of them in one answer.
    pub fn list(&self) -> Call<Vec<WebhookEndpoint>> {
        Call::get(self.0.clone(), PATH.to_owned(), listing::rows)
    }

    /// `GET /webhooks/{id}`.
    pub fn get(&self, id: &WebhookEndpointId) -> Call<WebhookEndpoint> {
        Call::get(self.0.clone(), format!("{PATH}/{id}"), WebhookEndpoint::decode)
    }

    /// `PATCH /webhooks/{id}`: changes what is set and leaves the rest. Compare the answer with what you asked
    /// for.
    pub fn update(&self, id: &WebhookEndpointId, changes: &UpdateWebhookEndpoint) -> Call<WebhookEndpoint> {
        Call::patch(self.0.clone(), format!("{PATH}/{id}"), changes.to_body(), WebhookEndpoint::decode)
    }

    /// `DELETE /webhooks/{id}`.
    pub fn delete(&self, id: &WebhookEndpointId) -> Call<()> {
        Call::delete(self.0.clone(), format!("{PATH}/{id}"), |_| Ok(()))
    }

    /// `POST /webhooks/{id}/test`: has lomi send one [`EventKind::Test`](crate::webhook::EventKind::Test).
    /// Refused with 400 unless the endpoint answers with a 2xx.
    pub fn test(&self, id: &WebhookEndpointId) -> Call<()> {
        Call::act(self.0.clone(), format!("{PATH}/{id}/test"), |_| Ok(()))
    }
}
