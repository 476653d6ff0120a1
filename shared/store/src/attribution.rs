//! Payments that lomi is to be asked about, in the same index as the orders that are due.

use crate::item::write_put;
use crate::keys::{Item, Key, number, shard_name, text};
use crate::provider_event::Cancelled;
use crate::{DUE_SHARDS, Store, StoreError};
use aws_sdk_dynamodb::types::Put;
use domain::{AttributionCase, Order, OrderId, PaymentRef, Timestamp};

/// How long an answered case is kept for people to look at.
const LIFE_S: i64 = 90 * 24 * 60 * 60;

/// So often signed news is written anew on top of somebody else's write.
const MAX_TRIES: u32 = 6;

fn item_of(case: &AttributionCase) -> Result<Item, StoreError> {
    let mut item: Item =
        serde_dynamo::aws_sdk_dynamodb_1::to_item(case).map_err(|_| StoreError::malformed("write case"))?;
    if case.due_at.is_some() {
        // Ids are UUIDs: their last digit spreads over the shards.
        let digit = case.name().bytes().next_back().unwrap_or_default();
        item.insert("due_shard".to_owned(), text(shard_name(digit % DUE_SHARDS)));
    }
    item.insert("ttl_s".to_owned(), number(case.created_at.as_s().saturating_add(LIFE_S)));
    item.extend(Key::case(&case.name()).into_item());
    Ok(item)
}

fn watch(since: Timestamp, due_at: Timestamp) -> Item {
    let mut item = Key::native_links_cursor().into_item();
    item.insert("due_shard".to_owned(), text(shard_name(0)));
    item.insert("due_at_ms".to_owned(), number(due_at.as_ms()));
    item.insert("read_until_ms".to_owned(), number(since.as_ms()));
    item
}

impl Store {
    /// Has the reconciler ask lomi about a payment. `false` when it was asked about before; that stays as it is.
    pub async fn ask(&self, case: &AttributionCase) -> Result<bool, StoreError> {
        self.write_case(self.put_new(item_of(case)?)?).await
    }

    /// The same for signed news: it raises a case again that was given up, and adds what it knows.
    pub async fn open_or_reopen_case(&self, case: &AttributionCase, now: Timestamp) -> Result<(), StoreError> {
        for _ in 0..MAX_TRIES {
            let is_written = match self.case(&case.name()).await? {
                None => self.ask(case).await?,
                Some(known) => match known.reopened(case, now) {
                    Some(raised) => self.save_case(&raised).await?,
                    None => true,
                },
            };
            if is_written {
                return Ok(());
            }
        }
        Err(StoreError::Busy { operation: "ask again", reason: "contended" })
    }

    /// The case of that name. Strongly consistent.
    pub async fn case(&self, name: &str) -> Result<Option<AttributionCase>, StoreError> {
        let Some(item) = self.get(Key::case(name), "read case").await? else { return Ok(None) };
        let case = serde_dynamo::aws_sdk_dynamodb_1::from_item(item);
        case.map(Some).map_err(|_| StoreError::malformed("read case"))
    }

    /// Writes what became of a case, on top of the version just before. `false` when somebody else wrote meanwhile.
    pub async fn save_case(&self, after: &AttributionCase) -> Result<bool, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item_of(after)?))
            .condition_expression("version = :previous")
            .expression_attribute_values(":previous", number(after.version.saturating_sub(1)))
            .build()
            .map_err(|_| StoreError::malformed("write case"))?;
        self.write_case(put).await
    }

    async fn write_case(&self, put: Put) -> Result<bool, StoreError> {
        match self.transact("write case", vec![write_put(put)]).await? {
            None => Ok(true),
            Some(Cancelled::Condition(_)) => Ok(false),
            Some(Cancelled::Conflict) => Err(StoreError::Busy { operation: "write case", reason: "conflict" }),
        }
    }

    /// Has the reconciler look for payments by lomi's own links that nobody told of, from `now` on.
    pub async fn poll_native_links(&self, now: Timestamp) -> Result<(), StoreError> {
        for _ in 0..MAX_TRIES {
            let put = self.put_new(watch(now, now))?;
            match self.transact("watch links", vec![write_put(put)]).await? {
                None | Some(Cancelled::Condition(_)) => return Ok(()),
                // Whoever wrote at the same moment may fail, and then nobody watches.
                Some(Cancelled::Conflict) => {}
            }
        }
        Err(StoreError::Busy { operation: "watch links", reason: "conflict" })
    }

    /// Since when payments by lomi's own links have not been looked for; `None` when there are no such links.
    pub async fn native_links_cursor(&self) -> Result<Option<Timestamp>, StoreError> {
        let item = self.get(Key::native_links_cursor(), "read watch").await?;
        let since = item.as_ref().and_then(|item| item.get("read_until_ms")).and_then(|value| value.as_n().ok());
        Ok(since.and_then(|text| text.parse().ok()).map(Timestamp::from_ms))
    }

    /// Notes that they were looked for up to `since`; the next look is at `due_at`.
    pub async fn move_native_links_cursor(&self, since: Timestamp, due_at: Timestamp) -> Result<(), StoreError> {
        let put = Put::builder().table_name(&self.table).set_item(Some(watch(since, due_at))).build();
        let put = put.map_err(|_| StoreError::malformed("watch links"))?;
        // In a conflict another run has noted its own look, or the next one looks once more.
        self.transact("watch links", vec![write_put(put)]).await.map(drop)
    }

    /// Writes an order that began at lomi, and the way to it from what was paid on. Somebody else may have been faster.
    pub async fn adopt(&self, order: &Order) -> Result<(), StoreError> {
        let mut item = crate::item::order_attributes(order)?;
        item.extend(Key::order(order.id()).into_item());
        let mut writes = vec![write_put(self.put_new(item)?)];
        if let Some(payable) = order.payable() {
            writes.push(write_put(self.reverse_index(&payable, order.id())?));
        }
        match self.transact("adopt", writes).await? {
            None | Some(Cancelled::Condition(_)) => Ok(()),
            Some(Cancelled::Conflict) => Err(StoreError::Busy { operation: "adopt", reason: "conflict" }),
        }
    }

    pub(crate) fn reverse_index(&self, payable: &PaymentRef, id: &OrderId) -> Result<Put, StoreError> {
        let mut item = Key::payable(payable).into_item();
        item.insert("order_id".to_owned(), text(id.as_str()));
        let put = Put::builder().table_name(&self.table).set_item(Some(item)).build();
        put.map_err(|_| StoreError::malformed("way to order"))
    }
}
