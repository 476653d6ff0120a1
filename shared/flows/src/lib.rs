#![doc = include_str!("../README.md")]

pub mod card_intent;
pub mod create_checkout;
mod evidence;
pub mod ingest;
mod inquiry;
pub mod links;
pub mod operations;
pub mod order_status;
mod organisation;
pub mod pulse;
mod question;
pub mod reconcile;
pub mod refund;
pub mod seams;
pub mod units;
pub mod webhook_endpoint;

pub use evidence::Settled;
pub use organisation::KnownOrganisation;

use domain::{Environment, Order, OrderId};
use seams::{Clock, Entropy};
use store::{Store, StoreError};

/// What every flow stands on. Cheap to clone.
#[derive(Clone)]
pub struct World {
    /// The table.
    pub store: Store,
    /// The time of day.
    pub clock: Clock,
    /// Fresh ids and tokens.
    pub entropy: Entropy,
    /// The environment of this stack; evidence of the other one pays nothing here.
    pub environment: Environment,
    /// The organisation of this stack's own key, as far as this process knows it.
    pub organisation: KnownOrganisation,
}

impl World {
    /// The order, if it is of this stack's environment: a table that once served the other one does not mix them.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn order(&self, id: &OrderId) -> Result<Option<Order>, StoreError> {
        let order = self.store.order(id).await?;
        Ok(order.filter(|order| order.environment() == self.environment))
    }
}
