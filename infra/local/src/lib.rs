#![doc = include_str!("../README.md")]

mod at_work;
mod data_folder;
mod dynamodb;
mod environment;
mod gateway;
mod http_client;
mod logs;
mod lomi;
mod other_lomi;
mod pool;
mod ports;
mod process;
mod runtime_api;
mod schedule;
mod server;
mod shop;
mod stack;
mod system;

pub mod build;
pub mod once;
pub mod secrets;
pub mod seed;
pub mod template;
pub mod terminal;

pub use at_work::{Asleep, AtWork};
pub use data_folder::DataError;
pub use dynamodb::DynamoDb;
pub use logs::LogLine;
pub use other_lomi::{OtherLomi, OtherLomiError};
pub use process::InvokeError;
pub use stack::{Project, Stack, StackOptions, StartError, Urls};
