//! The merchant API, one module per resource.

mod account;
mod delivery_logs;
mod draft;
mod sessions;
mod transactions;
mod webhooks;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::http::gate::gate;
use crate::sim::Sim;

/// Every route that needs a key, and the two that do not.
pub(crate) fn routes(sim: &Sim) -> Router<Sim> {
    let keyed = Router::new()
        .route("/checkout-sessions", get(sessions::list).post(sessions::create))
        .route("/checkout-sessions/{id}", get(sessions::read))
        .route("/transactions", get(transactions::list))
        .route("/transactions/{id}", get(transactions::read))
        .route("/me", get(account::me))
        .route("/providers", get(account::providers))
        .route("/webhooks", get(webhooks::list).post(webhooks::create))
        .route("/webhooks/{id}", get(webhooks::read).patch(webhooks::update).delete(webhooks::delete))
        .route("/webhooks/{id}/test", post(webhooks::test))
        .route("/webhooks/{id}/logs/{log_id}/retry", post(delivery_logs::retry))
        .route("/webhook-delivery-logs", get(delivery_logs::list))
        .route("/webhook-delivery-logs/{log_id}", get(delivery_logs::read))
        .route("/test/webhook-event", post(webhooks::test_event))
        .route_layer(from_fn_with_state(sim.clone(), gate));
    Router::new().merge(keyed).route("/health", get(account::health)).route("/ready", get(account::ready))
}
