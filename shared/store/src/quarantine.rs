//! Quarantined events: read, list, resolve.

use crate::item::write_update;
use crate::keys::{Item, Key, number, text};
use crate::provider_event::Cancelled;
use crate::{ListCursor, Store, StoreError};
use aws_sdk_dynamodb::types::{AttributeValue, Update};
use domain::{OrderId, QuarantineId, Source, Timestamp};
use serde::Deserialize;

/// The most events per page.
const MAX_PAGE: usize = 100;

/// A quarantined event. `Debug` hides its bytes, which contain personal data.
#[derive(Clone, Deserialize)]
pub struct Quarantined {
    /// Identifies the event, as in [`ProviderEvent`](crate::ProviderEvent).
    pub natural_key: String,
    /// Why it is quarantined, in one word.
    pub reason: String,
    /// lomi's event type, or that of a polled finding.
    pub event: String,
    /// How it was received.
    pub source: Source,
    /// The order that it named, or was applied to.
    #[serde(default)]
    pub order_id: Option<OrderId>,
    /// When it was received.
    #[serde(rename = "received_at_ms")]
    pub received_at: Timestamp,
    /// When it was resolved; `None` while it waits.
    #[serde(default, rename = "resolved_at_ms")]
    pub resolved_at: Option<Timestamp>,
    /// The received bytes; for a poll, its finding in one line.
    #[serde(skip)]
    pub raw: Vec<u8>,
}

/// Whether a quarantined event was resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuarantineStatus {
    /// It waits for the operator.
    Open,
    /// It was applied after all; kept for the record.
    Resolved,
}

/// A page of quarantined events, newest first.
#[derive(Clone, Debug)]
pub struct ListedQuarantine {
    /// The events.
    pub items: Vec<Quarantined>,
    /// The cursor of the next page, if there may be one.
    pub next: Option<ListCursor>,
}

impl QuarantineStatus {
    /// The status of that name: `open` or `resolved`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "open" => Some(Self::Open),
            "resolved" => Some(Self::Resolved),
            _ => None,
        }
    }

    pub(crate) const fn listing(self) -> &'static str {
        match self {
            Self::Open => "QUARANTINE",
            Self::Resolved => "QUARANTINE#resolved",
        }
    }
}

impl Quarantined {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> QuarantineId {
        QuarantineId::of(&self.natural_key, &self.reason, self.source.as_str())
    }
}

impl std::fmt::Debug for Quarantined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Quarantined").field("id", &self.id()).field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl Store {
    /// The quarantined event with this id. Strongly consistent.
    pub async fn quarantined(&self, id: &QuarantineId) -> Result<Option<Quarantined>, StoreError> {
        self.get(Key::quarantine(id), "read quarantine").await?.map(read).transpose()
    }

    /// A page of open or resolved events, newest first. `limit` is at most 100.
    pub async fn list_quarantined(
        &self,
        status: QuarantineStatus,
        limit: usize,
        after: Option<&ListCursor>,
    ) -> Result<ListedQuarantine, StoreError> {
        let limit = limit.clamp(1, MAX_PAGE);
        let partition = status.listing().to_owned();
        let mut items = self.listed("list quarantine", partition, after, limit, read).await?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more);
        let next = next.map(|item| ListCursor::after(item.received_at, item.id().as_str()));
        Ok(ListedQuarantine { items, next })
    }

    /// Marks a quarantined event as resolved, by `order_id` if known. Only the first time counts; an event that is not
    /// quarantined changes nothing. `false` when another process is writing it now.
    pub async fn resolve_quarantined(
        &self,
        id: &QuarantineId,
        order_id: Option<&OrderId>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let order = if order_id.is_some() { ", order_id = :order" } else { "" };
        let mut update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(Key::quarantine(id).into_item()))
            .update_expression(format!("SET resolved_at_ms = :now, listing_pk = :resolved{order}"))
            .condition_expression("attribute_exists(PK) AND attribute_not_exists(resolved_at_ms)")
            .expression_attribute_values(":now", number(now.as_ms()))
            .expression_attribute_values(":resolved", text(QuarantineStatus::Resolved.listing()));
        if let Some(id) = order_id {
            update = update.expression_attribute_values(":order", text(id.as_str()));
        }
        let update = update.build().map_err(|_| StoreError::malformed("resolve quarantined"))?;
        let cancelled = self.transact("resolve quarantined", vec![write_update(update)]).await?;
        Ok(!matches!(cancelled, Some(Cancelled::Conflict)))
    }
}

fn read(mut item: Item) -> Result<Quarantined, StoreError> {
    let malformed = || StoreError::malformed("read quarantine");
    let Some(AttributeValue::B(raw)) = item.remove("raw") else { return Err(malformed()) };
    let kept: Quarantined = serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(|_| malformed())?;
    Ok(Quarantined { raw: raw.into_inner(), ..kept })
}
