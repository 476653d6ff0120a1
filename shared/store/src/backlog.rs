//! Counts the backlog, up to a bound.

use crate::keys::{DUE_SHARDS, Item, text};
use crate::{QuarantineStatus, Store, StoreError};
use aws_sdk_dynamodb::types::Select;
use domain::Timestamp;

/// How many items of one shard are counted.
const MAX_DUE_OF_SHARD: i32 = 250;
/// How many quarantined events are counted.
const MAX_QUARANTINED: i32 = 100;

/// A count of waiting items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// The number counted.
    pub count: u64,
    /// Whether there may be more than the bound.
    pub is_more: bool,
    /// When the oldest became due, if known.
    pub oldest: Option<Timestamp>,
}

impl Backlog {
    fn add(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.is_more |= other.is_more;
        self.oldest = [self.oldest, other.oldest].into_iter().flatten().min();
    }
}

impl Store {
    /// The orders that are due for the reconciler at `now`, at most 1000. Eventually consistent.
    pub async fn orders_due(&self, now: Timestamp) -> Result<Backlog, StoreError> {
        let mut backlog = Backlog::default();
        for shard in 0..DUE_SHARDS {
            backlog.add(self.orders_due_of(shard, now).await?);
        }
        Ok(backlog)
    }

    async fn orders_due_of(&self, shard: u8, now: Timestamp) -> Result<Backlog, StoreError> {
        let call = self.due_of(shard, now).limit(MAX_DUE_OF_SHARD);
        let answer = call.send().await.map_err(|error| StoreError::from_sdk("count due", &error))?;
        let items = answer.items.unwrap_or_default();
        let orders = items.iter().filter(|item| is_order(item));
        Ok(Backlog {
            count: u64::try_from(orders.clone().count()).unwrap_or(u64::MAX),
            is_more: answer.last_evaluated_key.is_some(),
            oldest: orders.filter_map(due_at).min(),
        })
    }

    /// The quarantined events that wait for the operator, at most 100. Eventually consistent.
    pub async fn quarantine_waiting(&self) -> Result<Backlog, StoreError> {
        let call = self
            .client
            .query()
            .table_name(&self.table)
            .index_name("listing")
            .key_condition_expression("listing_pk = :open")
            .expression_attribute_values(":open", text(QuarantineStatus::Open.listing()))
            .select(Select::Count)
            .limit(MAX_QUARANTINED);
        let answer = call.send().await.map_err(|error| StoreError::from_sdk("count quarantine", &error))?;
        let count = u64::try_from(answer.count).unwrap_or_default();
        Ok(Backlog { count, is_more: answer.last_evaluated_key.is_some(), oldest: None })
    }
}

/// Attribution cases and the cursor are in the same index.
fn is_order(item: &Item) -> bool {
    item.get("PK").and_then(|key| key.as_s().ok()).is_some_and(|key| key.starts_with("ORDER#"))
}

fn due_at(item: &Item) -> Option<Timestamp> {
    item.get("due_at_ms")?.as_n().ok()?.parse().ok().map(Timestamp::from_ms)
}
