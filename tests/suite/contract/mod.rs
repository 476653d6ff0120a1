//! `infra/openapi.yaml` describes what the stack does: every answer, every bound, every example.

mod answers;
mod bounds;
mod card_bounds;
mod customers;
mod document;
mod examples;
mod fields;
mod links;
mod operations;
mod queries;
mod refunds;
mod refusals;
mod sessions;
