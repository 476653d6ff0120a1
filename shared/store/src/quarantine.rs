//! What was put aside for a person: one piece, lists, and the end of it.

use crate::item::write_update;
use crate::keys::{Item, Key, number, text};
use crate::provider_event::Cancelled;
use crate::{ListCursor, Store, StoreError};
use aws_sdk_dynamodb::types::{AttributeValue, Update};
use domain::{OrderId, QuarantineId, Source, Timestamp};
use serde::Deserialize;

/// The most pieces a list shows at once.
const MAX_PAGE: usize = 100;

/// ProviderEvent that was put aside. `Debug` shows none of its bytes: they name people.
#[derive(Clone, Deserialize)]
pub struct Quarantined {
    /// The event's own name, as in [`ProviderEvent`](crate::ProviderEvent).
    pub natural_key: String,
    /// Why it was put aside, in one word.
    pub reason: String,
    /// lomi's name of the event, or of what a poll found.
    pub event: String,
    /// Who told it.
    pub source: Source,
    /// The order that it named, or was counted for.
    #[serde(default)]
    pub order_id: Option<OrderId>,
    /// When it was received.
    #[serde(rename = "received_at_ms")]
    pub received_at: Timestamp,
    /// When something was made of it after all; `None` as long as it waits.
    #[serde(default, rename = "resolved_at_ms")]
    pub resolved_at: Option<Timestamp>,
    /// The bytes as received; of a poll, what it found in one line.
    #[serde(skip)]
    pub raw: Vec<u8>,
}

/// Whether something was made of what was put aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuarantineStatus {
    /// It waits for somebody.
    Open,
    /// It was used after all; kept for the record.
    Resolved,
}

/// A page of what was put aside, newest first.
#[derive(Clone, Debug)]
pub struct ListedQuarantine {
    /// The pieces.
    pub items: Vec<Quarantined>,
    /// Where the next page begins, if there may be one.
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
    /// Its name.
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
    /// What was put aside under this id. Strongly consistent.
    pub async fn quarantined(&self, id: &QuarantineId) -> Result<Option<Quarantined>, StoreError> {
        self.get(Key::quarantine(id), "read quarantine").await?.map(read).transpose()
    }

    /// A page of what waits, or of what was resolved, newest first. `limit` is cut to 100.
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

    /// Takes event out of the list of what waits: it was used after all, for `order_id` where that is known. The first
    /// time counts, and what was never put aside stays so. `false` when somebody else is writing it at this moment.
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
