//! Whose money is it? The organisation of this stack's own key, and what proves that something is its.
//!
//! A signature proves that lomi. sent an event to this stack, not that the money is this merchant's: on a card charge any
//! caller of lomi. chooses, in the metadata, whose endpoints hear of it, and those are told under their own secret. So an
//! event counts only when the row in it belongs to our organisation. Its metadata says nothing: its writer is the payer's.
//!
//! What lomi. answers to our own key is ours, unless the answer itself says otherwise.

use crate::Context;
use crate::provider_error::is_answer;
use domain::OrderId;
use lomi_client::{Client, Error};
use std::time::Duration;
use store::{OwnOrganisation, StoreError};
use tokio::time::Instant;

/// What learning may take of a run.
const LEARN_BUDGET: Duration = Duration::from_secs(5);

/// Proof that something is about our own organisation's money. Only a comparison makes one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ours(());

impl Context {
    /// Whether an event is about our money, by the organisation that its row names. `None` when it names another or none, or
    /// when ours is not known yet: nobody may believe it then.
    pub(crate) async fn ours_by_event(&self, said: Option<&str>) -> Result<Option<Ours>, StoreError> {
        let Some(said) = said else { return Ok(None) };
        let is_ours = |own: &OwnOrganisation| own.organization_id.as_deref() == Some(said);
        let proved = self.own_organisation(is_ours).await?.is_some_and(|own| is_ours(&own));
        Ok(proved.then_some(Ours(())))
    }

    /// Whether an event about one of these events is about our money, because one of them is on record here as an order's. That is
    /// enough where it does not say whose it is: a transaction belongs to one organisation, and nothing comes on record
    /// before it was proved to be ours. An event that names another organisation is never ours.
    pub(crate) async fn ours_by_record(
        &self,
        said: Option<&str>,
        natural_keys: &[String],
    ) -> Result<Option<(Ours, OrderId)>, StoreError> {
        if self.is_anothers(said).await? {
            return Ok(None);
        }
        for natural_key in natural_keys {
            if let Some(id) = self.store.order_of_event(natural_key).await? {
                return Ok(Some((Ours(()), id)));
            }
        }
        Ok(None)
    }

    /// Whether an event names another organisation than ours. As long as nobody knows ours, none does.
    pub(crate) async fn is_anothers(&self, said: Option<&str>) -> Result<bool, StoreError> {
        let Some(said) = said else { return Ok(false) };
        let own = self.own_organisation(|own| own.organization_id.as_deref() == Some(said)).await?;
        Ok(own.and_then(|own| own.organization_id).is_some_and(|own| own != said))
    }

    /// Whether an answer to the key of `lomi` is about our money. `None` when it says that it is another organisation's than
    /// the one that was learned with this very key.
    pub(crate) async fn ours_by_answer(&self, lomi: &Client, said: Option<&str>) -> Result<Option<Ours>, StoreError> {
        let Some(said) = said else { return Ok(Some(Ours(()))) };
        let key = lomi.key_fingerprint();
        let is_ours =
            |own: &OwnOrganisation| own.key_fingerprint == key && own.organization_id.as_deref() == Some(said);
        let own = self.own_organisation(is_ours).await?.filter(|own| own.key_fingerprint == key);
        let is_foreign = own.and_then(|own| own.organization_id).is_some_and(|own| own != said);
        Ok((!is_foreign).then_some(Ours(())))
    }

    /// The own organisation: as it was read in the last minute if `will_do` with that, else as it is. So the usual event costs
    /// no read, and a key that has just been learned is known at once.
    async fn own_organisation(
        &self,
        will_do: impl FnOnce(&OwnOrganisation) -> bool,
    ) -> Result<Option<OwnOrganisation>, StoreError> {
        let now = self.clock.now();
        if let Some(own) = self.organisation.fresh(now).filter(will_do) {
            return Ok(Some(own));
        }
        let own = self.store.own_organisation().await?;
        if let Some(own) = &own {
            self.organisation.record(own, now);
        }
        Ok(own)
    }

    /// Learns whose the key of `lomi` is, once for each key, and keeps it where those may read it who have no key. Returns
    /// the calls made. That lomi. does not tell is no error: the next run asks again, and until then events are only believed
    /// when our own key is told the same.
    pub(crate) async fn learn_organisation(&self, lomi: &Client, deadline: Instant) -> Result<u32, StoreError> {
        // 1 Is it known?
        let key = lomi.key_fingerprint();
        let known = self.store.own_organisation().await?;
        let is_of_this_key = known.as_ref().is_some_and(|own| own.key_fingerprint == key);
        if is_of_this_key && known.as_ref().is_some_and(|own| own.organization_id.is_some()) {
            return Ok(0);
        }
        // 2 Ask.
        let mut calls = 0;
        let until = deadline.min(Instant::now() + LEARN_BUDGET);
        let organization_id = organisation_behind(lomi, until, &mut calls).await.unwrap_or_default();
        // 3 Keep it. Another key's organisation is believed no longer, even where lomi. does not tell that of this one.
        if organization_id.is_some() || (known.is_some() && !is_of_this_key) {
            let own = OwnOrganisation { key_fingerprint: key.to_owned(), organization_id };
            self.store.put_own_organisation(&own).await?;
        }
        Ok(calls)
    }
}

/// `GET /me` says it; one generation of lomi.'s documents lacks that route, and then rows do that the key may read. `None` when
/// there are none yet.
async fn organisation_behind(lomi: &Client, until: Instant, calls: &mut u32) -> Result<Option<String>, Error> {
    *calls += 1;
    match lomi.me().deadline(until).send().await {
        Ok(me) => return Ok(Some(me.organization_id)),
        Err(error) if is_answer(&error) => {}
        Err(error) => return Err(error),
    }
    *calls += 1;
    let endpoints = lomi.webhook_endpoints().list().deadline(until).send().await.unwrap_or_default();
    if let Some(id) = agreed(endpoints.into_iter().filter_map(|endpoint| endpoint.organization_id)) {
        return Ok(Some(id));
    }
    *calls += 1;
    let transactions = lomi.transactions().list().deadline(until).send().await?;
    Ok(agreed(transactions.into_iter().filter_map(|transaction| transaction.organization_id)))
}

/// What all of them say; `None` when there are none, or two that differ.
fn agreed(mut said: impl Iterator<Item = String>) -> Option<String> {
    let first = said.next()?;
    said.all(|other| other == first).then_some(first)
}
