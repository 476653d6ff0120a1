//! The organisation of this stack's own key, and what proves that money is its.
//!
//! A signature proves that lomi sent an event to this stack, not that the money is this merchant's. On a card charge
//! any caller of lomi chooses in the metadata whose endpoints receive the event, and lomi signs it with their secret.
//! So an event counts only when its row belongs to our organisation. The metadata proves nothing: the payer's side
//! writes it.
//!
//! What lomi answers to our own key is ours, unless the answer itself names another organisation.

use crate::Context;
use crate::provider_error::is_answer;
use domain::OrderId;
use lomi_client::{Client, Error};
use std::time::Duration;
use store::{OwnOrganisation, StoreError};
use tokio::time::Instant;

/// The time of a run that reading the organisation may take.
const LEARN_BUDGET: Duration = Duration::from_secs(5);

/// Proof that something is about our own organisation's money. Only a comparison makes one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ours(());

impl Context {
    /// Proof by the organisation that the event's row names. `None` when it names another or none, or when ours is not
    /// known yet.
    pub(crate) async fn ours_by_event(&self, named: Option<&str>) -> Result<Option<Ours>, StoreError> {
        let Some(named) = named else { return Ok(None) };
        let is_ours = |own: &OwnOrganisation| own.organization_id.as_deref() == Some(named);
        let proved = self.own_organisation(is_ours).await?.is_some_and(|own| is_ours(&own));
        Ok(proved.then_some(Ours(())))
    }

    /// Proof by record: one of these natural keys is applied to an order here. That suffices for an event that names no
    /// organisation, because a transaction belongs to one organisation and is recorded only after it was proved to be
    /// ours. An event that names another organisation is never ours.
    pub(crate) async fn ours_by_record(
        &self,
        named: Option<&str>,
        natural_keys: &[String],
    ) -> Result<Option<(Ours, OrderId)>, StoreError> {
        if self.is_foreign(named).await? {
            return Ok(None);
        }
        for natural_key in natural_keys {
            if let Some(id) = self.store.order_of_event(natural_key).await? {
                return Ok(Some((Ours(()), id)));
            }
        }
        Ok(None)
    }

    /// Whether an event names another organisation than ours. `false` while ours is not known.
    pub(crate) async fn is_foreign(&self, named: Option<&str>) -> Result<bool, StoreError> {
        let Some(named) = named else { return Ok(false) };
        let own = self.own_organisation(|own| own.organization_id.as_deref() == Some(named)).await?;
        Ok(own.and_then(|own| own.organization_id).is_some_and(|own| own != named))
    }

    /// Proof by lomi's answer to the key of `lomi`. `None` when the answer names another organisation than the one that
    /// was read with this very key.
    pub(crate) async fn ours_by_answer(&self, lomi: &Client, named: Option<&str>) -> Result<Option<Ours>, StoreError> {
        let Some(named) = named else { return Ok(Some(Ours(()))) };
        let key = lomi.key_fingerprint();
        let is_ours =
            |own: &OwnOrganisation| own.key_fingerprint == key && own.organization_id.as_deref() == Some(named);
        let own = self.own_organisation(is_ours).await?.filter(|own| own.key_fingerprint == key);
        let is_foreign = own.and_then(|own| own.organization_id).is_some_and(|own| own != named);
        Ok((!is_foreign).then_some(Ours(())))
    }

    /// The own organisation, from the cache if that `suffices`, else from the table. So the usual event costs no read,
    /// and a key that was just put in is known at once.
    async fn own_organisation(
        &self,
        suffices: impl FnOnce(&OwnOrganisation) -> bool,
    ) -> Result<Option<OwnOrganisation>, StoreError> {
        let now = self.clock.now();
        if let Some(own) = self.organisation.fresh(now).filter(suffices) {
            return Ok(Some(own));
        }
        let own = self.store.own_organisation().await?;
        if let Some(own) = &own {
            self.organisation.record(own, now);
        }
        Ok(own)
    }

    /// Reads from lomi whose the key of `lomi` is, once per key, and stores it for functions that have no key. Returns
    /// the number of calls. When lomi does not say, the next run tries again; until then an event counts only when lomi
    /// confirms it to our own key.
    pub(crate) async fn learn_organisation(&self, lomi: &Client, deadline: Instant) -> Result<u32, StoreError> {
        // 1 Return if the organisation of this key is stored.
        let key = lomi.key_fingerprint();
        let known = self.store.own_organisation().await?;
        let is_of_this_key = known.as_ref().is_some_and(|own| own.key_fingerprint == key);
        if is_of_this_key && known.as_ref().is_some_and(|own| own.organization_id.is_some()) {
            return Ok(0);
        }
        // 2 Read it from lomi.
        let mut calls = 0;
        let until = deadline.min(Instant::now() + LEARN_BUDGET);
        let organization_id = read_organisation(lomi, until, &mut calls).await.unwrap_or_default();
        // 3 Store it. Another key's organisation is dropped even when lomi does not name that of this key.
        if organization_id.is_some() || (known.is_some() && !is_of_this_key) {
            let own = OwnOrganisation { key_fingerprint: key.to_owned(), organization_id };
            self.store.put_own_organisation(&own).await?;
        }
        Ok(calls)
    }
}

/// `GET /me` names it. One generation of lomi's documents lacks that route; then the rows that the key may read name
/// it. `None` when there are none yet.
async fn read_organisation(lomi: &Client, until: Instant, calls: &mut u32) -> Result<Option<String>, Error> {
    *calls += 1;
    match lomi.me().deadline(until).send().await {
        Ok(me) => return Ok(Some(me.organization_id)),
        Err(error) if is_answer(&error) => {}
        Err(error) => return Err(error),
    }
    *calls += 1;
    let endpoints = lomi.webhook_endpoints().list().deadline(until).send().await.unwrap_or_default();
    if let Some(id) = unanimous(endpoints.into_iter().filter_map(|endpoint| endpoint.organization_id)) {
        return Ok(Some(id));
    }
    *calls += 1;
    let transactions = lomi.transactions().list().deadline(until).send().await?;
    Ok(unanimous(transactions.into_iter().filter_map(|transaction| transaction.organization_id)))
}

/// The id that all of them name. `None` when there are none, or two that differ.
fn unanimous(mut ids: impl Iterator<Item = String>) -> Option<String> {
    let first = ids.next()?;
    ids.all(|other| other == first).then_some(first)
}
