#![doc = include_str!("../README.md")]

pub mod aws;
pub mod config;
pub mod create;
pub mod custom_resource;
pub mod direct;
pub mod http;
pub mod https;
mod invocation;
pub mod language;
pub mod lomi;
pub mod members;
pub mod order_view;
pub mod paging;
pub mod problem;
pub mod scheduled;
pub mod seams;
pub mod secrets;
pub mod start;
pub mod telemetry;
pub mod wiring;
