//! ProviderEvent, and the one transaction that makes it count.

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

/// How long applied event is kept: past every replay and every yearly audit.
const EVENT_LIFE_S: i64 = 400 * 24 * 60 * 60;

/// What we were told, as we were told it.
#[derive(Clone, Debug)]
pub struct ProviderEvent {
    /// The event's own name, e.g. `PAYMENT_SUCCEEDED#<transaction>`: the same however often and by whichever way it
    /// comes.
    pub natural_key: String,
    /// lomi's name of the event.
    pub event: String,
    /// Who told it.
    pub source: Source,
    /// The bytes, as received.
    pub raw: Vec<u8>,
    /// When they were received, or taken up once more.
    pub received_at: Timestamp,
    /// Whether they are put aside already and looked at once more: they are not put aside twice.
    pub is_quarantined: bool,
}

/// What became of an attempt to record event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// Written, with all that follows from it.
    Applied,
    /// This event was recorded before.
    Duplicate,
    /// The order changed meanwhile: read it again, judge again.
    VersionConflict,
    /// The link that led to the order took its last payment from somebody else: flag the order and write it so.
    LinkUsedUp,
}

/// Why a transaction was cancelled.
pub(crate) enum Cancelled {
    /// The condition of this write, counted from 0, did not hold.
    Condition(usize),
    /// Another transaction was at one of the items.
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
    /// Writes the event, the order it changed, the event that tells of it, and what becomes of its place at the link
    /// that led to it: all or nothing.
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
        Ok(match self.transact("apply provider_event", writes).await? {
            None => Recorded::Applied,
            Some(Cancelled::Condition(0)) => Recorded::Duplicate,
            Some(Cancelled::Condition(index)) if index == link_index => Recorded::LinkUsedUp,
            Some(_) => Recorded::VersionConflict,
        })
    }

    /// Keeps event that changes nothing, once.
    pub async fn archive(
        &self,
        provider_event: ProviderEvent,
        order_id: Option<&OrderId>,
    ) -> Result<Recorded, StoreError> {
        let put = self.put_new(provider_event.into_lasting_item(order_id))?;
        Ok(match self.transact("archive provider_event", vec![write_put(put)]).await? {
            None => Recorded::Applied,
            Some(Cancelled::Condition(_)) => Recorded::Duplicate,
            Some(Cancelled::Conflict) => Recorded::VersionConflict,
        })
    }

    /// Keeps authentic event that fits no order, for a person to look at, and marks the order it named.
    ///
    /// It does not take the event's natural key: once the order can be paid by it, the same event may come again. What
    /// is kept first stays as it is; `Duplicate` says that it was there, and that `marked` was not written.
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
    /// The SDK sends one client request token with all its own retries, so a lost answer does not cancel the retry.
    pub(crate) async fn transact(
        &self,
        operation: &'static str,
        writes: Vec<TransactWriteItem>,
    ) -> Result<Option<Cancelled>, StoreError> {
        match self.client.transact_write_items().set_transact_items(Some(writes)).send().await {
            Ok(_) => Ok(None),
            Err(error) => match cancellation(&error) {
                Some(Cancellation::Answer(cancelled)) => Ok(Some(cancelled)),
                // DynamoDB wraps a throttle of one item in a cancellation of all, which the SDK does not retry.
                Some(Cancellation::Busy(reason)) => Err(StoreError::Busy { operation, reason }),
                None => Err(StoreError::from_sdk(operation, &error)),
            },
        }
    }
}

/// What a cancellation says.
enum Cancellation {
    Answer(Cancelled),
    /// Nothing about our conditions: the table was too busy.
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
