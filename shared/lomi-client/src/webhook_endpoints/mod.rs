//! Webhook endpoints. The deliveries are in [`webhook`](crate::webhook).

mod endpoint;
mod write;

pub use endpoint::{NewWebhookEndpoint, WebhookEndpoint};
pub use write::{CreateWebhookEndpoint, UpdateWebhookEndpoint};

use crate::call::Call;
use crate::client::Client;
use crate::ids::WebhookEndpointId;
use crate::{listing, row};

const PATH: &str = "/webhooks";

/// `/webhooks`: endpoints of the key's environment.
///
/// The server of June 2026 cannot read the body of a create or an update on this path: it answers a create with 400 and
/// an update with 200 and no change. Then use lomi's dashboard.
#[derive(Debug, Clone)]
pub struct WebhookEndpoints(Client);

impl WebhookEndpoints {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    /// `POST /webhooks`: the endpoint and its signing secret, which lomi shows only once. Never retried once sent:
    /// after an unknown outcome delete the endpoint that the list shows, and create another.
    pub fn create(&self, endpoint: &CreateWebhookEndpoint) -> Call<NewWebhookEndpoint> {
        Call::post(self.0.clone(), PATH.to_owned(), endpoint.to_body(), NewWebhookEndpoint::decode)
    }

    /// `GET /webhooks`: all of them in one answer.
    pub fn list(&self) -> Call<Vec<WebhookEndpoint>> {
        Call::get(self.0.clone(), PATH.to_owned(), listing::rows)
    }

    /// `GET /webhooks/{id}`.
    pub fn get(&self, id: &WebhookEndpointId) -> Call<WebhookEndpoint> {
        Call::get(self.0.clone(), format!("{PATH}/{id}"), row::decode)
    }

    /// `PATCH /webhooks/{id}`: changes what is set and leaves the rest. Compare the answer with your request.
    pub fn update(&self, id: &WebhookEndpointId, changes: &UpdateWebhookEndpoint) -> Call<WebhookEndpoint> {
        Call::patch(self.0.clone(), format!("{PATH}/{id}"), changes.to_body(), row::decode)
    }

    /// `DELETE /webhooks/{id}`.
    pub fn delete(&self, id: &WebhookEndpointId) -> Call<()> {
        Call::delete(self.0.clone(), format!("{PATH}/{id}"), |_| Ok(()))
    }

    /// `POST /webhooks/{id}/test`: lomi sends one [`EventKind::Test`](crate::webhook::EventKind::Test) and
    /// answers 400 unless the endpoint answers with a 2xx.
    pub fn test(&self, id: &WebhookEndpointId) -> Call<()> {
        Call::post_empty(self.0.clone(), format!("{PATH}/{id}/test"), |_| Ok(()))
    }
}
