//! Orders as items, and their updates.

use crate::keys::{Item, Key, due_shard, number, text};
use crate::listing::sort_key;
use crate::{Store, StoreError};
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use domain::{Order, OrderStatus};

/// Attributes that an order may lack. A write of an order without one removes it from the item.
const OPTIONAL: [&str; 8] = [
    "amount",
    "currency_code",
    "lomi_cart",
    "checkout_session_id",
    "expires_at_ms",
    "polled_at_ms",
    "due_at_ms",
    "due_shard",
];

/// The partition of the `listing` index for this status. Orders with a refund in doubt have their own.
pub(crate) fn listing_of(status: OrderStatus, has_refund_in_doubt: bool) -> String {
    format!("ORDER#{}{}", status.as_str(), if has_refund_in_doubt { "#refund_in_doubt" } else { "" })
}

/// The order's attributes, including those of the indexes, without its key.
pub(crate) fn order_attributes(order: &Order) -> Result<Item, StoreError> {
    let mut item: Item =
        serde_dynamo::aws_sdk_dynamodb_1::to_item(order).map_err(|_| StoreError::malformed("write order"))?;
    if order.due_at().is_some() {
        item.insert("due_shard".to_owned(), text(due_shard(order.id())));
    }
    item.insert("listing_pk".to_owned(), text(listing_of(order.status(), order.refunds_in_doubt() > 0)));
    item.insert("listing_sk".to_owned(), text(sort_key(order.created_at(), order.id().as_str())));
    Ok(item)
}

pub(crate) fn read_order(item: Item) -> Result<Order, StoreError> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(|_| StoreError::malformed("read order"))
}

/// Builds the `SET` and `REMOVE` clauses of an update.
#[derive(Default)]
pub(crate) struct Changes {
    sets: Vec<String>,
    removes: Vec<String>,
    names: Vec<(String, String)>,
    values: Vec<(String, AttributeValue)>,
}

impl Changes {
    pub(crate) fn set(mut self, name: &str, value: AttributeValue) -> Self {
        let index = self.names.len();
        self.sets.push(format!("#n{index} = :v{index}"));
        self.names.push((format!("#n{index}"), name.to_owned()));
        self.values.push((format!(":v{index}"), value));
        self
    }

    fn remove(mut self, name: &str) -> Self {
        let index = self.names.len();
        self.removes.push(format!("#n{index}"));
        self.names.push((format!("#n{index}"), name.to_owned()));
        self
    }

    pub(crate) fn expression(&self) -> String {
        let mut expression = format!("SET {}", self.sets.join(", "));
        if !self.removes.is_empty() {
            expression.push_str(" REMOVE ");
            expression.push_str(&self.removes.join(", "));
        }
        expression
    }

    fn of_order(order: &Order) -> Result<Self, StoreError> {
        let attributes = order_attributes(order)?;
        let mut changes = Self::default();
        for name in OPTIONAL {
            if !attributes.contains_key(name) {
                changes = changes.remove(name);
            }
        }
        for (name, value) in attributes {
            changes = changes.set(&name, value);
        }
        Ok(changes)
    }
}

impl Store {
    /// Writes `order` over the version just before it, in the same environment.
    pub(crate) fn order_update(&self, order: &Order) -> Result<Update, StoreError> {
        let changes = Changes::of_order(order)?;
        let previous = order.version().saturating_sub(1);
        self.update(Key::order(order.id()), &changes)
            .condition_expression("version = :previous AND environment = :environment")
            .expression_attribute_values(":previous", number(previous))
            .expression_attribute_values(":environment", text(order.environment().as_str()))
            .build()
            .map_err(|_| StoreError::malformed("write order"))
    }

    pub(crate) fn update(&self, key: Key, changes: &Changes) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.table)
            .set_key(Some(key.into_item()))
            .update_expression(changes.expression())
            .set_expression_attribute_names(Some(changes.names.iter().cloned().collect()))
            .set_expression_attribute_values(Some(changes.values.iter().cloned().collect()))
    }

    /// A put that fails when the key exists.
    pub(crate) fn put_new(&self, item: Item) -> Result<Put, StoreError> {
        Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(PK)")
            .build()
            .map_err(|_| StoreError::malformed("put"))
    }
}

pub(crate) fn write_put(put: Put) -> TransactWriteItem {
    TransactWriteItem::builder().put(put).build()
}

pub(crate) fn write_update(update: Update) -> TransactWriteItem {
    TransactWriteItem::builder().update(update).build()
}
