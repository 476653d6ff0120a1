//! The merchant API, one module per resource.

mod account;
mod charge_draft;
mod charges;
mod customers;
mod delivery_logs;
mod draft;
mod links;
mod paging;
mod refunds;
mod sessions;
mod transactions;
mod webhooks;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::http::gate::{gate, only_in_seeds};
use crate::sim::Sim;

/// Every route that needs a key, and the two that do not.
pub(crate) fn routes(sim: &Sim) -> Router<Sim> {
    let keyed = Router::new()
        .route("/checkout-sessions", get(sessions::list).post(sessions::create))
        .route("/checkout-sessions/{id}", get(sessions::read))
        .route("/charge/card", post(charges::create))
        .route("/charge/card/{id}", get(charges::read))
        .route("/charge/card/{id}/cancel", post(charges::cancel))
        .route("/payment-links", get(links::list).post(links::create))
        .route("/payment-links/{id}", get(links::read))
        .route("/customers", get(customers::list).post(customers::create))
        .route("/customers/{id}", get(customers::read).patch(customers::update).delete(customers::delete))
        .route("/customers/{id}/transactions", get(customers::list_transactions))
        .route("/refunds", get(refunds::list).post(refunds::create))
        .route("/refunds/{id}", get(refunds::read))
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
    let public = Router::new().route("/health", get(account::health)).route("/ready", get(account::ready));
    Router::new().merge(keyed).merge(intents(sim)).merge(public)
}

/// The path of card charges in one generation only; elsewhere it does not exist, key or no key.
fn intents(sim: &Sim) -> Router<Sim> {
    Router::new()
        .route("/payment-intents", post(charges::create))
        .route("/payment-intents/{id}", get(charges::read))
        .route("/payment-intents/{id}/cancel", post(charges::cancel))
        .route_layer(from_fn_with_state(sim.clone(), gate))
        .route_layer(from_fn_with_state(sim.clone(), only_in_seeds))
}
