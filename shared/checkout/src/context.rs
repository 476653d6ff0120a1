//! What every use case stands on.

use crate::system::{Clock, Entropy};
use domain::{Environment, Order, OrderId, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};
use store::{OwnOrganisation, Store, StoreError};

/// How long a process trusts the organisation that it has read.
const FRESH_MS: i64 = 60 * 1000;

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

/// The own organisation as this process last read it. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct KnownOrganisation(Arc<Mutex<Option<(OwnOrganisation, Timestamp)>>>);

impl KnownOrganisation {
    /// What was read in the last minute. A clock that was set back makes it old.
    pub(crate) fn fresh(&self, now: Timestamp) -> Option<OwnOrganisation> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (own, read_at) = known.as_ref()?;
        (0..FRESH_MS).contains(&now.as_ms().saturating_sub(read_at.as_ms())).then(|| own.clone())
    }

    pub(crate) fn record(&self, own: &OwnOrganisation, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((own.clone(), now));
    }
}
