//! What every use case stands on.

use crate::organisation::KnownOrganisation;
use crate::system::{Clock, Entropy};
use domain::{Environment, Order, OrderId};
use store::{Store, StoreError};

/// The table, the clock, randomness and whose stack this is. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// The table.
    pub store: Store,
    /// The time of day.
    pub clock: Clock,
    /// Fresh ids and tokens.
    pub entropy: Entropy,
    /// The environment of this stack; event of the other one pays nothing here.
    pub environment: Environment,
    /// The organisation of this stack's own key, as far as this process knows it.
    pub organisation: KnownOrganisation,
}

impl Context {
    /// The order, if it is of this stack's environment: a table that once served the other one does not mix them.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn order(&self, id: &OrderId) -> Result<Option<Order>, StoreError> {
        let order = self.store.order(id).await?;
        Ok(order.filter(|order| order.environment() == self.environment))
    }
}
