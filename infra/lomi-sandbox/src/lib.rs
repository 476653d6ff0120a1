#![doc = include_str!("../README.md")]

mod api;
mod clock;
mod context;
mod control;
mod expiry;
mod fault;
pub mod fixtures;
mod http;
mod ids;
mod model;
mod money;
mod ordered_fields;
mod overview;
mod page;
mod pay;
mod server;
mod settings;
mod sim;
mod snapshot;
mod table;
mod webhook;

use axum::Router;
use axum::middleware::from_fn_with_state;

pub use clock::{Clock, ClockMode, Timestamp};
pub use http::faults::ConnectionDropped;
pub use server::Sandbox;
pub use settings::{EndpointSetting, Profile, Quirks, Settings};
pub use sim::Sim;
pub use webhook::{Answer, Delivery};

/// API, pages and control API as one service. It needs no socket and spawns nothing; see [`Sim`] for the work that falls
/// due. A response with [`ConnectionDropped`] means a broken connection.
pub fn router(sim: Sim) -> Router {
    let faultable_routes = faultable_routes(&sim).route_layer(from_fn_with_state(sim.clone(), http::faults::inject));
    Router::new()
        .merge(faultable_routes)
        .merge(control::routes())
        .fallback(http::gate::unknown_route)
        .method_not_allowed_fallback(http::gate::unknown_route)
        .layer(from_fn_with_state(sim.clone(), http::finish::finish))
        .with_state(sim)
}

/// The routes where a fault can fire: the API and the pages.
fn faultable_routes(sim: &Sim) -> Router<Sim> {
    api::routes(sim).merge(page::routes())
}
