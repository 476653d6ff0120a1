//! The context of every use case.

use crate::system::{Clock, Entropy};
use domain::{Environment, Order, OrderId, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};
use store::{OwnOrganisation, Store, StoreError};

const FRESH_MS: i64 = 60 * 1000;

/// What a use case reads and writes. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// The table.
    pub store: Store,
    /// The time of day.
    pub clock: Clock,
    /// Fresh ids and tokens.
    pub entropy: Entropy,
    /// The environment of this stack. An event of the other environment pays nothing here.
    pub environment: Environment,
    /// The organisation of this stack's own key, as this process last read it.
    pub organisation: KnownOrganisation,
}

impl Context {
    /// The order, if it is of this stack's environment: a table that once served the other one does not mix them.
    pub async fn order(&self, id: &OrderId) -> Result<Option<Order>, StoreError> {
        let order = self.store.order(id).await?;
        Ok(order.filter(|order| order.environment() == self.environment))
    }
}

/// The own organisation, cached for a minute. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct KnownOrganisation(Arc<Mutex<Option<(OwnOrganisation, Timestamp)>>>);

impl KnownOrganisation {
    /// The organisation, unless it was read more than a minute ago or the clock was set back since.
    pub(crate) fn fresh(&self, now: Timestamp) -> Option<OwnOrganisation> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (own, read_at) = known.as_ref()?;
        (0..FRESH_MS).contains(&now.as_ms().saturating_sub(read_at.as_ms())).then(|| own.clone())
    }

    pub(crate) fn record(&self, own: &OwnOrganisation, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((own.clone(), now));
    }
}
