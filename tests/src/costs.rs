//! What orders cost: the usage of every item that AWS charges for, times its price. Integers throughout.

mod fixed;
mod prices;
mod table;

use std::collections::BTreeMap;

pub use fixed::fixed;
pub use prices::{Price, Prices};
pub use table::{Column, markdown};

/// The items that AWS charges for. Each needs a price in `infra/prices.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is described by its label")]
pub enum Item {
    ApiRequest,
    Invocation,
    MemoryMbMs,
    WriteUnitHalf,
    ReadUnitHalf,
    SecretCall,
    Secret,
    BusEvent,
    PipeRequest,
    LogByte,
    Metric,
    Alarm,
    Dashboard,
}

impl Item {
    /// All items, in the table's order.
    pub const ALL: [Self; 13] = [
        Self::ApiRequest,
        Self::Invocation,
        Self::MemoryMbMs,
        Self::WriteUnitHalf,
        Self::ReadUnitHalf,
        Self::SecretCall,
        Self::Secret,
        Self::BusEvent,
        Self::PipeRequest,
        Self::LogByte,
        Self::Metric,
        Self::Alarm,
        Self::Dashboard,
    ];

    /// Its name in `infra/prices.json`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ApiRequest => "api_request",
            Self::Invocation => "lambda_invocation",
            Self::MemoryMbMs => "lambda_mb_ms",
            Self::WriteUnitHalf => "dynamodb_write_unit_half",
            Self::ReadUnitHalf => "dynamodb_read_unit_half",
            Self::SecretCall => "secrets_manager_call",
            Self::Secret => "secret_month",
            Self::BusEvent => "bus_event",
            Self::PipeRequest => "pipe_request",
            Self::LogByte => "log_byte",
            Self::Metric => "metric_month",
            Self::Alarm => "alarm_month",
            Self::Dashboard => "dashboard_month",
        }
    }

    /// Its name in the table, with the unit of [`Item::shown`].
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ApiRequest => "API Gateway requests",
            Self::Invocation => "Lambda invocations",
            Self::MemoryMbMs => "Lambda GB-ms",
            Self::WriteUnitHalf => "DynamoDB write request units",
            Self::ReadUnitHalf => "DynamoDB read request units",
            Self::SecretCall => "Secrets Manager calls, at most",
            Self::Secret => "Secrets",
            Self::BusEvent => "EventBridge bus events",
            Self::PipeRequest => "EventBridge Pipe requests",
            Self::LogByte => "CloudWatch log KB",
            Self::Metric => "CloudWatch metrics, at most",
            Self::Alarm => "CloudWatch alarms, by metric",
            Self::Dashboard => "CloudWatch dashboards",
        }
    }

    /// An amount in the label's unit, rounded up.
    #[must_use]
    pub const fn shown(self, amount: u128) -> u128 {
        match self {
            Self::MemoryMbMs => amount.div_ceil(1024),
            Self::LogByte => amount.div_ceil(1000),
            Self::WriteUnitHalf | Self::ReadUnitHalf => amount.div_ceil(2),
            _ => amount,
        }
    }
}

/// Explains the numbers and lists what they leave out.
pub const NOTES: &str = "\
An order is: one read of the products, one cart or link, one payment, one read of the order's status, and two \
checks by the reconciler: when the page has ended, and when lomi can complete no payment of it any more. DynamoDB \
units are those that the embedded engine reports for every request, indexes and transactions included. Durations \
are those of a development build on the machine that ran the program: on Lambda with 256 MB they differ, and they \
vary from run to run. Secrets Manager calls assume a shop so quiet that no invocation finds a cached secret. Logs \
count the functions' lines, 700 bytes per invocation for Lambda's own lines and 300 per request for the gateway's. \
Metrics are the stack's own and those of the webhook's route. Not counted: storage (some KB per order), backups, \
the archive of events (some KB per order), KMS calls for the AWS managed keys of the table and the secrets, data \
transfer out of AWS, retries, declined payments.";

/// The used amount of every item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage(BTreeMap<Item, u128>);

impl Usage {
    /// Adds `amount` of `item`.
    pub fn add(&mut self, item: Item, amount: u128) {
        *self.0.entry(item).or_default() += amount;
    }

    /// The amount of `item`.
    #[must_use]
    pub fn of(&self, item: Item) -> u128 {
        self.0.get(&item).copied().unwrap_or_default()
    }

    /// The usage of `times` orders, when `self` is the usage of `measured`. Rounded up: a bill is never smaller.
    #[must_use]
    pub fn scaled(&self, times: u128, measured: u128) -> Self {
        let scale = |(item, amount): (&Item, &u128)| (*item, (amount * times).div_ceil(measured.max(1)));
        Self(self.0.iter().map(scale).collect())
    }

    /// Adds all of `other`.
    pub fn add_all(&mut self, other: &Self) {
        other.0.iter().for_each(|(item, amount)| self.add(*item, *amount));
    }
}
