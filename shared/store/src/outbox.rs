//! Events for the merchant's own systems.

use crate::evidence::Cancelled;
use crate::item::{write_put, write_update};
use crate::keys::{Item, Key, number, text};
use crate::{Store, StoreError};
use domain::{Order, OutboxEvent, Timestamp};

impl Store {
    /// Writes an order that changed for a reason other than evidence, and the event that tells of it: both or neither.
    /// `false` when the order changed meanwhile.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn save_and_tell(
        &self,
        order: &Order,
        event: Option<&OutboxEvent>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut writes = vec![write_update(self.order_update(order)?)];
        if let Some(event) = event {
            writes.push(write_put(self.put_new(outbox_item(order, event, at))?));
        }
        let cancelled: Option<Cancelled> = self.transact("save order", writes).await?;
        Ok(cancelled.is_none())
    }
}

pub(crate) fn outbox_item(order: &Order, event: &OutboxEvent, at: Timestamp) -> Item {
    let name = event.name();
    let mut item = Key::outbox(order.id(), &name).into_item();
    item.insert("event_type".to_owned(), text(event.as_str()));
    item.insert("event_id".to_owned(), text(format!("{}#{name}", order.id())));
    item.insert("order_id".to_owned(), text(order.id().as_str()));
    item.insert("environment".to_owned(), text(order.environment().as_str()));
    item.insert("occurred_at_ms".to_owned(), number(at.as_ms()));
    if let Some(money) = order.expected() {
        item.insert("amount".to_owned(), number(money.amount_minor()));
        item.insert("currency_code".to_owned(), text(money.currency().code()));
    }
    if let Some(reference) = order.reference() {
        item.insert("reference".to_owned(), text(reference));
    }
    if let Some((transaction_id, _)) = order.first_payment() {
        item.insert("transaction_id".to_owned(), text(transaction_id));
    }
    if let Some(refund) = event.refund() {
        item.insert("amount".to_owned(), number(refund.amount_minor));
        item.insert("transaction_id".to_owned(), text(&refund.transaction_id));
        item.insert("refund_id".to_owned(), text(&refund.refund_id));
    }
    item
}
