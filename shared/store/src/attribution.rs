//! Attribution cases and the polling cursor of native links, in the same index as the orders that are due.

use crate::item::write_put;
use crate::keys::{Item, Key, number, shard_name, text};
use crate::provider_event::Cancelled;
use crate::{DUE_SHARDS, Store, StoreError};
use aws_sdk_dynamodb::types::Put;
use domain::{AttributionCase, Order, OrderId, PaymentRef, Timestamp};

/// How long a case is kept, for the operator to read.
const LIFE_S: i64 = 90 * 24 * 60 * 60;

/// How often a write is retried when another process writes the same item.
const MAX_TRIES: u32 = 6;

fn item_of(case: &AttributionCase) -> Result<Item, StoreError> {
    let mut item: Item =
        serde_dynamo::aws_sdk_dynamodb_1::to_item(case).map_err(|_| StoreError::malformed("write case"))?;
    if case.due_at.is_some() {
        // Most names end in a UUID, whose last digit spreads over the shards.
        let digit = case.name().bytes().next_back().unwrap_or_default();
        item.insert("due_shard".to_owned(), text(shard_name(digit % DUE_SHARDS)));
    }
    item.insert("ttl_s".to_owned(), number(case.created_at.as_s().saturating_add(LIFE_S)));
    item.extend(Key::case(&case.name()).into_item());
    Ok(item)
}

fn cursor_item(since: Timestamp, due_at: Timestamp) -> Item {
    let mut item = Key::native_links_cursor().into_item();
    item.insert("due_shard".to_owned(), text(shard_name(0)));
    item.insert("due_at_ms".to_owned(), number(due_at.as_ms()));
    item.insert("read_until_ms".to_owned(), number(since.as_ms()));
    item
}

impl Store {
    /// Opens a case. `false` when it exists already; the stored case stays unchanged.
    pub async fn open_case(&self, case: &AttributionCase) -> Result<bool, StoreError> {
        self.write_case(self.put_new(item_of(case)?)?).await
    }

    /// Opens a case for a signed event. When the case exists, it is reopened if it was given up, and gets the event's
    /// ids.
    pub async fn open_or_reopen_case(&self, case: &AttributionCase, now: Timestamp) -> Result<(), StoreError> {
        for _ in 0..MAX_TRIES {
            let is_written = match self.case(&case.name()).await? {
                None => self.open_case(case).await?,
                Some(known) => match known.reopened(case, now) {
                    Some(raised) => self.save_case(&raised).await?,
                    None => true,
                },
            };
            if is_written {
                return Ok(());
            }
        }
        Err(StoreError::Busy { operation: "reopen case", reason: "contended" })
    }

    /// The case with this name. Strongly consistent.
    pub async fn case(&self, name: &str) -> Result<Option<AttributionCase>, StoreError> {
        let Some(item) = self.get(Key::case(name), "read case").await? else { return Ok(None) };
        let case = serde_dynamo::aws_sdk_dynamodb_1::from_item(item);
        case.map(Some).map_err(|_| StoreError::malformed("read case"))
    }

    /// Writes a changed case over the version just before it. `false` when another process changed it first.
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

    /// Starts polling native links for payments without an event, from `now` on, unless polling has started already.
    pub async fn poll_native_links(&self, now: Timestamp) -> Result<(), StoreError> {
        for _ in 0..MAX_TRIES {
            let put = self.put_new(cursor_item(now, now))?;
            match self.transact("write cursor", vec![write_put(put)]).await? {
                None | Some(Cancelled::Condition(_)) => return Ok(()),
                // The conflicting write may fail, and then there would be no cursor.
                Some(Cancelled::Conflict) => {}
            }
        }
        Err(StoreError::Busy { operation: "write cursor", reason: "conflict" })
    }

    /// The time up to which native links have been polled; `None` when polling has not started.
    pub async fn native_links_cursor(&self) -> Result<Option<Timestamp>, StoreError> {
        let item = self.get(Key::native_links_cursor(), "read cursor").await?;
        let since = item.as_ref().and_then(|item| item.get("read_until_ms")).and_then(|value| value.as_n().ok());
        Ok(since.and_then(|text| text.parse().ok()).map(Timestamp::from_ms))
    }

    /// Moves the cursor to `since` and schedules the next poll at `due_at`.
    pub async fn move_native_links_cursor(&self, since: Timestamp, due_at: Timestamp) -> Result<(), StoreError> {
        let put = Put::builder().table_name(&self.table).set_item(Some(cursor_item(since, due_at))).build();
        let put = put.map_err(|_| StoreError::malformed("write cursor"))?;
        // After a conflict another run has moved the cursor, or the next run polls the same time again.
        self.transact("write cursor", vec![write_put(put)]).await.map(drop)
    }

    /// Writes an order imported from lomi and its reverse index entry. Has no effect when the order exists already.
    pub async fn adopt(&self, order: &Order) -> Result<(), StoreError> {
        let mut item = crate::item::order_attributes(order)?;
        item.extend(Key::order(order.id()).into_item());
        let mut writes = vec![write_put(self.put_new(item)?)];
        if let Some(payable) = order.payable() {
            writes.push(write_put(self.reverse_index(&payable, order.id())?));
        }
        match self.transact("import order", writes).await? {
            None | Some(Cancelled::Condition(_)) => Ok(()),
            Some(Cancelled::Conflict) => Err(StoreError::Busy { operation: "import order", reason: "conflict" }),
        }
    }

    pub(crate) fn reverse_index(&self, payable: &PaymentRef, id: &OrderId) -> Result<Put, StoreError> {
        let mut item = Key::payable(payable).into_item();
        item.insert("order_id".to_owned(), text(id.as_str()));
        let put = Put::builder().table_name(&self.table).set_item(Some(item)).build();
        put.map_err(|_| StoreError::malformed("write reverse index"))
    }
}
