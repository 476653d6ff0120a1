#![doc = include_str!("../README.md")]

pub mod aws;
pub mod config;
pub mod create;
pub mod custom_resource;
pub mod event_function;
pub mod fields;
pub mod http;
pub mod https;
mod invocation;
pub mod language;
pub mod lomi;
pub mod order_view;
pub mod paging;
pub mod problem;
pub mod scheduled;
pub mod secrets;
pub mod start;
pub mod system;
pub mod telemetry;
pub mod wiring;
