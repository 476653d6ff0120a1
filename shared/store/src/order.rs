//! Reads orders: by id, by page or card form, those that are due, and lists for the back office.

use crate::item::{listing_of, read_order};
use crate::keys::{DUE_SHARDS, Item, Key, number, shard_name, text};
use crate::{ListCursor, Store, StoreError};
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use domain::{Order, OrderId, OrderStatus, PaymentRef, Timestamp};
use std::collections::{BTreeSet, HashMap};

/// The most orders per page.
const MAX_PAGE: usize = 100;

/// `BatchGetItem` may leave keys unprocessed when throttled. How often they are read again.
const MAX_BATCH_ROUNDS: usize = 5;

/// How many due items are read of one shard at a time.
const DUE_PAGE: i32 = 25;

/// Filters a list of orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only orders with this status; `None` for all.
    pub status: Option<OrderStatus>,
    /// Only orders with a refund in doubt.
    pub refund_in_doubt: bool,
}

impl OrderFilter {
    fn partitions(self) -> impl Iterator<Item = String> {
        let statuses = OrderStatus::ALL.into_iter().filter(move |of| self.status.is_none_or(|status| status == *of));
        statuses.flat_map(move |status| {
            let settled = (!self.refund_in_doubt).then(|| listing_of(status, false));
            // Only a paid order can have a refund.
            let in_doubt = status.is_paid().then(|| listing_of(status, true));
            settled.into_iter().chain(in_doubt)
        })
    }
}

/// A page of orders, newest first.
#[derive(Clone, Debug)]
pub struct ListedOrders {
    /// The orders.
    pub orders: Vec<Order>,
    /// The cursor of the next page, if there may be one.
    pub next: Option<ListCursor>,
}

/// An item that is due for the reconciler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// An order.
    Order(OrderId),
    /// An attribution case, by its name.
    Attribution(String),
    /// The polling cursor of native links.
    NativeLinks,
}

/// How far a run has read the due items.
#[derive(Debug, Default)]
pub struct DueCursor([Position; DUE_SHARDS as usize]);

#[derive(Debug, Default)]
enum Position {
    #[default]
    Start,
    After(Item),
    End,
}

impl Position {
    fn start_key(&self) -> Option<Item> {
        match self {
            Self::After(key) => Some(key.clone()),
            Self::Start | Self::End => None,
        }
    }
}

impl Store {
    pub(crate) async fn get(&self, key: Key, operation: &'static str) -> Result<Option<Item>, StoreError> {
        let call = self.client.get_item().table_name(&self.table).set_key(Some(key.into_item())).consistent_read(true);
        let answer = call.send().await.map_err(|error| StoreError::from_sdk(operation, &error))?;
        Ok(answer.item)
    }

    /// The existing items with these keys, in any order. At most 100 keys, without duplicates.
    pub(crate) async fn batch(&self, operation: &'static str, keys: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let ask = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        let ask = ask.map_err(|_| StoreError::malformed(operation))?;
        let mut request = HashMap::from([(self.table.clone(), ask)]);
        let mut items = Vec::new();
        for _ in 0..MAX_BATCH_ROUNDS {
            let call = self.client.batch_get_item().set_request_items(Some(request));
            let answer = call.send().await.map_err(|error| StoreError::from_sdk(operation, &error))?;
            items.extend(answer.responses.unwrap_or_default().into_values().flatten());
            request = answer.unprocessed_keys.unwrap_or_default();
            if request.is_empty() {
                return Ok(items);
            }
        }
        Err(StoreError::Busy { operation, reason: "unprocessed_keys" })
    }

    /// The order. Strongly consistent.
    pub async fn order(&self, id: &OrderId) -> Result<Option<Order>, StoreError> {
        self.get(Key::order(id), "read order").await?.map(read_order).transpose()
    }

    /// Which of these orders exist.
    pub async fn known_orders(&self, ids: &BTreeSet<OrderId>) -> Result<BTreeSet<OrderId>, StoreError> {
        let keys: Vec<_> = ids.iter().map(|id| Key::order(id).into_item()).collect();
        let mut known = BTreeSet::new();
        for keys in keys.chunks(MAX_PAGE) {
            let items = self.batch("read orders", keys.to_vec()).await?;
            known.extend(items.iter().filter_map(|item| order_named(Some(item))));
        }
        Ok(known)
    }

    /// The order of a recorded event.
    pub async fn order_of_event(&self, natural_key: &str) -> Result<Option<OrderId>, StoreError> {
        self.get(Key::provider_event(natural_key), "read provider event").await.map(|item| order_named(item.as_ref()))
    }

    /// The order of a payment page or card form.
    pub async fn order_of(&self, payable: &PaymentRef) -> Result<Option<OrderId>, StoreError> {
        self.get(Key::payable(payable), "read reverse index").await.map(|item| order_named(item.as_ref()))
    }

    /// Writes an order that changed without an event from lomi. `false` when it changed meanwhile.
    pub async fn save(&self, order: &Order) -> Result<bool, StoreError> {
        let update = crate::item::write_update(self.order_update(order)?);
        Ok(self.transact("save order", vec![update]).await?.is_none())
    }

    /// The query for the items of a shard that are due at `now`, the longest overdue first.
    pub(crate) fn due_of(&self, shard: u8, now: Timestamp) -> QueryFluentBuilder {
        let query = self.client.query().table_name(&self.table).index_name("due");
        let query = query.key_condition_expression("due_shard = :shard AND due_at_ms <= :now");
        let query = query.expression_attribute_values(":shard", text(shard_name(shard)));
        query.expression_attribute_values(":now", number(now.as_ms()))
    }

    /// The next items that are due at `now`, at most 25 per shard, the longest overdue of each shard first. Empty once
    /// `cursor` has passed them all. The cursor moves on, so an order that keeps failing does not hide the others.
    ///
    /// The index is eventually consistent: read each order before acting on it.
    pub async fn due(&self, now: Timestamp, cursor: &mut DueCursor) -> Result<Vec<Due>, StoreError> {
        let mut due = Vec::new();
        for (shard, position) in (0..DUE_SHARDS).zip(&mut cursor.0) {
            if matches!(position, Position::End) {
                continue;
            }
            let call = self.due_of(shard, now).set_exclusive_start_key(position.start_key()).limit(DUE_PAGE);
            let answer = call.send().await.map_err(|error| StoreError::from_sdk("read due", &error))?;
            *position = answer.last_evaluated_key.map_or(Position::End, Position::After);
            due.extend(answer.items.unwrap_or_default().iter().filter_map(due_of));
        }
        Ok(due)
    }

    /// A page of orders, newest first. `limit` is at most 100.
    pub async fn list_orders(
        &self,
        filter: OrderFilter,
        limit: usize,
        after: Option<&ListCursor>,
    ) -> Result<ListedOrders, StoreError> {
        let limit = limit.clamp(1, MAX_PAGE);
        let mut orders = Vec::new();
        for partition in filter.partitions() {
            orders.extend(self.listed("list orders", partition, after, limit, read_order).await?);
        }
        orders.sort_by(|a, b| (b.created_at(), b.id()).cmp(&(a.created_at(), a.id())));
        let more = orders.len() > limit;
        orders.truncate(limit);
        let last = orders.last().filter(|_| more);
        let next = last.map(|order| ListCursor::after(order.created_at(), order.id().as_str()));
        Ok(ListedOrders { orders, next })
    }
}

fn order_named(item: Option<&Item>) -> Option<OrderId> {
    OrderId::parse(item?.get("order_id")?.as_s().ok()?)
}

fn due_of(item: &Item) -> Option<Due> {
    match item.get("PK")?.as_s().ok()?.split_once('#')? {
        ("ORDER", id) => OrderId::parse(id).map(Due::Order),
        ("ATTRIBUTION", name) => Some(Due::Attribution(name.to_owned())),
        ("CURSOR", _) => Some(Due::NativeLinks),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(status: Option<OrderStatus>, refund_in_doubt: bool) -> Vec<String> {
        OrderFilter { status, refund_in_doubt }.partitions().collect()
    }

    #[test]
    fn a_list_reads_exactly_the_partitions_of_its_orders() {
        assert_eq!(listed(None, false).len(), OrderStatus::ALL.len() + 3);
        assert_eq!(listed(Some(OrderStatus::Open), false), ["ORDER#open"]);
        assert_eq!(listed(Some(OrderStatus::Paid), false), ["ORDER#paid", "ORDER#paid#refund_in_doubt"]);
        assert_eq!(listed(Some(OrderStatus::Paid), true), ["ORDER#paid#refund_in_doubt"]);
        assert_eq!(listed(Some(OrderStatus::Open), true), Vec::<String>::new());
        assert_eq!(listed(None, true).len(), 3);
    }
}
