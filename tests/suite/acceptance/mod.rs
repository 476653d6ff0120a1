//! What shoppers, shops and merchants are promised when nothing breaks.

mod back_office;
mod cart_tokens;
mod evidence;
mod generations;
mod http_edge;
mod idempotency;
mod lattice;
mod pricing;
mod purchase;
mod refund_events;
mod refunds;
mod signatures;
mod status;
