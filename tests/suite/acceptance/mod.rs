//! What shoppers, shops and merchants are promised when nothing breaks.

mod back_office;
mod cards;
mod cart_tokens;
mod customers;
mod events;
mod evidence;
mod generations;
mod health;
mod http_edge;
mod idempotency;
mod lattice;
mod links;
mod native_links;
mod operations;
mod organisations;
mod pricing;
mod pulse;
mod purchase;
mod quarantine;
mod refund_events;
mod refunds;
mod signatures;
mod status;
mod webhook_endpoint;
mod whoever_learns;
