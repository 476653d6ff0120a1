#![doc = include_str!("../README.md")]

mod attribution;
mod backlog;
mod cart;
mod claim;
mod error;
mod heartbeat;
mod item;
mod keys;
mod link;
mod listing;
mod native_link;
mod order;
mod organisation;
mod outbox;
mod product;
mod provider_event;
mod quarantine;
mod receipt;

pub use backlog::Backlog;
pub use cart::CartHolder;
pub use claim::{Answer, Begun, Claim, ClaimState, Claimed, Finished, Operation};
pub use error::StoreError;
pub use link::{LinkPlace, ListedLinks};
pub use listing::ListCursor;
pub use native_link::Labels;
pub use order::{Due, DueCursor, ListedOrders, OrderFilter};
pub use organisation::OwnOrganisation;
pub use outbox::Republished;
pub use provider_event::{ProviderEvent, Recorded};
pub use quarantine::{ListedQuarantine, QuarantineStatus, Quarantined};
pub use receipt::Receipt;

use aws_sdk_dynamodb::Client;
use aws_types::SdkConfig;
pub(crate) use keys::DUE_SHARDS;

/// The table. Cheap to clone; every clone shares one connection pool.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: String,
}

impl Store {
    /// The table named `table`, with a client made from `config`.
    #[must_use]
    pub fn new(config: &SdkConfig, table: impl Into<String>) -> Self {
        Self::over(Client::new(config), table)
    }

    /// The table named `table`, with `client`: for a caller that needs its own client settings.
    #[must_use]
    pub fn over(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}
