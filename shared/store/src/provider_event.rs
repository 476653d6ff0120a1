//! Events from lomi, and the one transaction that applies them.

use crate::Store;
use crate::error::{StoreError, word_for};
use crate::item::{write_put, write_update};
use crate::keys::{Item, Key, number, text};
use crate::link::LinkPlace;
use crate::listing::sort_key;
use crate::outbox::outbox_item;
use crate::quarantine::QuarantineStatus;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::{Order, OrderId, OutboxEvent, QuarantineId, Source, Timestamp};

/// How long an applied event is kept: longer than any replay, and past a yearly audit.
const EVENT_LIFE_S: i64 = 400 * 24 * 60 * 60;

/// An event from lomi, as it was received.
#[derive(Clone, Debug)]
pub struct ProviderEvent {
    /// Identifies the event by its content, e.g. `PAYMENT_SUCCEEDED#<transaction>`: the same for every delivery and
    /// from every source.
    pub natural_key: String,
    /// lomi's event type.
    pub event: String,
    /// How it was received.
    pub source: Source,
    /// The received bytes.
    pub raw: Vec<u8>,
    /// When they were received, or taken from quarantine.
    pub received_at: Timestamp,
    /// Whether the event comes from quarantine, so that it is not quarantined again.
    pub is_quarantined: bool,
}

/// The result of recording an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The event and its effects are written.
    Applied,
    /// The event was recorded before.
    Duplicate,
    /// The order changed meanwhile: read it and compute the transition again.
    VersionConflict,
    /// The order's link took its last payment meanwhile: flag the order as beyond the limit and apply the event again.
    LinkUsedUp,
}

/// Why a transaction was cancelled.
pub(crate) enum Cancelled {
    /// The condition of the write with this index, from 0, failed.
    Condition(usize),
    /// Another transaction was writing one of the items.
    Conflict,
}

impl ProviderEvent {
    fn into_item(self, key: Key, order_id: Option<&OrderId>) -> Item {
        let mut item = key.into_item();
        item.insert("event".to_owned(), text(self.event));
        item.insert("source".to_owned(), text(self.source.as_str()));
        item.insert("raw".to_owned(), AttributeValue::B(Blob::new(self.raw)));
        item.insert("received_at_ms".to_owned(), number(self.received_at.as_ms()));
        if let Some(id) = order_id {
            item.insert("order_id".to_owned(), text(id.as_str()));
        }
        item
    }

    fn into_lasting_item(self, order_id: Option<&OrderId>) -> Item {
        let ttl_s = self.received_at.as_s().saturating_add(EVENT_LIFE_S);
        let key = Key::provider_event(&self.natural_key);
        let mut item = self.into_item(key, order_id);
        item.insert("ttl_s".to_owned(), number(ttl_s));
        item
    }
}

impl Store {
    /// Writes the event, the changed order, its outbox event and the count at its link in one transaction.
    pub async fn apply(
        &self,
        provider_event: ProviderEvent,
        order: &Order,
        outbox: Option<&OutboxEvent>,
        place: LinkPlace,
    ) -> Result<Recorded, StoreError> {
        let at = provider_event.received_at;
        let put_evidence = self.put_new(provider_event.into_lasting_item(Some(order.id())))?;
        let mut writes = vec![write_put(put_evidence), write_update(self.order_update(order)?)];
        if let Some(event) = outbox {
            writes.push(write_put(self.put_new(outbox_item(order, event, at))?));
        }
        let link_index = writes.len();
        writes.extend(self.link_count(order, place)?);
        Ok(match self.transact("apply provider event", writes).await? {
            None => Recorded::Applied,
            Some(Cancelled::Condition(0)) => Recorded::Duplicate,
            Some(Cancelled::Condition(index)) if index == link_index => Recorded::LinkUsedUp,
            Some(_) => Recorded::VersionConflict,
        })
    }

    /// Records an event without effect, once.
    pub async fn archive(
        &self,
        provider_event: ProviderEvent,
        order_id: Option<&OrderId>,
    ) -> Result<Recorded, StoreError> {
        let put = self.put_new(provider_event.into_lasting_item(order_id))?;
        Ok(match self.transact("archive provider event", vec![write_put(put)]).await? {
            None => Recorded::Applied,
            Some(Cancelled::Condition(_)) => Recorded::Duplicate,
            Some(Cancelled::Conflict) => Recorded::VersionConflict,
        })
    }

    /// Quarantines an authenticated event that does not match an order, and flags the order that it named.
    ///
    /// It does not use the event's natural key, so that the same event can still be applied later. The first entry
    /// stays unchanged: `Duplicate` means that it exists and that `marked` was not written.
    pub async fn quarantine(
        &self,
        provider_event: ProviderEvent,
        reason: &'static str,
        order_id: Option<&OrderId>,
        marked: Option<&Order>,
    ) -> Result<Recorded, StoreError> {
        let id = QuarantineId::of(&provider_event.natural_key, reason, provider_event.source.as_str());
        let listing_sk = sort_key(provider_event.received_at, id.as_str());
        let natural_key = provider_event.natural_key.clone();
        let mut item = provider_event.into_item(Key::quarantine(&id), order_id);
        item.insert("natural_key".to_owned(), text(natural_key));
        item.insert("reason".to_owned(), text(reason));
        item.insert("listing_pk".to_owned(), text(QuarantineStatus::Open.listing()));
        item.insert("listing_sk".to_owned(), text(listing_sk));
        let mut writes = vec![write_put(self.put_new(item)?)];
        if let Some(order) = marked {
            writes.push(write_update(self.order_update(order)?));
        }
        Ok(match self.transact("quarantine", writes).await? {
            None => Recorded::Applied,
            Some(Cancelled::Condition(0)) => Recorded::Duplicate,
            Some(_) => Recorded::VersionConflict,
        })
    }

    /// One `TransactWriteItems`. `None` when it was committed.
    ///
    /// The SDK's own retries share one client request token, so a retry after a lost answer is not cancelled.
    pub(crate) async fn transact(
        &self,
        operation: &'static str,
        writes: Vec<TransactWriteItem>,
    ) -> Result<Option<Cancelled>, StoreError> {
        match self.client.transact_write_items().set_transact_items(Some(writes)).send().await {
            Ok(_) => Ok(None),
            Err(error) => match cancellation(&error) {
                Some(Cancellation::Answer(cancelled)) => Ok(Some(cancelled)),
                // A throttled item cancels the whole transaction, and the SDK does not retry that.
                Some(Cancellation::Busy(reason)) => Err(StoreError::Busy { operation, reason }),
                None => Err(StoreError::from_sdk(operation, &error)),
            },
        }
    }
}

/// Why DynamoDB cancelled a transaction.
enum Cancellation {
    Answer(Cancelled),
    /// The table was too busy; the conditions were not the cause.
    Busy(&'static str),
}

fn cancellation(error: &SdkError<TransactWriteItemsError>) -> Option<Cancellation> {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error.as_service_error()? else {
        return None;
    };
    let codes = || cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap_or_default());
    if let Some(index) = codes().position(|code| code == "ConditionalCheckFailed") {
        return Some(Cancellation::Answer(Cancelled::Condition(index)));
    }
    if codes().any(|code| code == "TransactionConflict") {
        return Some(Cancellation::Answer(Cancelled::Conflict));
    }
    codes().map(word_for).find(|reason| *reason == "throttled").map(Cancellation::Busy)
}
