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

use crate::http::gate::{RouteExists, gate, only_if_exists};
use crate::settings::Profile;
use crate::sim::Sim;

pub(crate) fn routes(sim: &Sim) -> Router<Sim> {
    let keyed = Router::new()
        .route("/checkout-sessions", get(sessions::list).post(sessions::create))
        .route("/checkout-sessions/{id}", get(sessions::read))
        .route("/charge/card", post(charges::create))
        .route("/charge/card/{id}", get(charges::read))
        .route("/charge/card/{id}/cancel", post(charges::cancel))
        .route("/payment-links", get(links::list).post(links::create))
        .route("/payment-links/{id}", get(links::read).patch(links::update).delete(links::archive))
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
        .route("/webhooks/deliveries", get(delivery_logs::list_of_webhook))
        .route("/test/webhook-event", post(webhooks::test_event))
        .route_layer(from_fn_with_state(sim.clone(), gate));
    let public = Router::new().route("/health", get(account::health)).route("/ready", get(account::ready));
    Router::new().merge(keyed).merge(of_single_generations(sim)).merge(public)
}

/// Other generations answer 404 here, with or without a key.
fn of_single_generations(sim: &Sim) -> Router<Sim> {
    let intents = Router::new()
        .route("/payment-intents", post(charges::create))
        .route("/payment-intents/{id}", get(charges::read))
        .route("/payment-intents/{id}/cancel", post(charges::cancel));
    let deliveries = Router::new()
        .route("/webhooks/deliveries/{log_id}", get(delivery_logs::read))
        .route("/webhooks/{id}/deliveries/{log_id}/retry", post(delivery_logs::retry));
    let older_deliveries = Router::new()
        .route("/webhook-delivery-logs", get(delivery_logs::list))
        .route("/webhook-delivery-logs/{log_id}", get(delivery_logs::read))
        .route("/webhooks/{id}/logs/{log_id}/retry", post(delivery_logs::retry));
    Router::new()
        .merge(only(sim, intents, Profile::is_seeds))
        .merge(only(sim, deliveries, Profile::is_current))
        .merge(only(sim, older_deliveries, |profile| !profile.is_current()))
}

fn only(sim: &Sim, routes: Router<Sim>, exists: RouteExists) -> Router<Sim> {
    routes
        .route_layer(from_fn_with_state(sim.clone(), gate))
        .route_layer(from_fn_with_state((sim.clone(), exists), only_if_exists))
}
