//! Events for the merchant's own systems.

use crate::evidence::Cancelled;
use crate::item::{write_put, write_update};
use crate::keys::{Item, Key, number, text};
use crate::{Store, StoreError};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Order, OrderId, OutboxEvent, Timestamp};

/// An event that is on its way to the merchant's systems once more, under the same id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retold {
    /// Names the event, for ever; consumers know by it what they have seen.
    pub event_id: String,
    /// `order.paid`, ...
    pub event_type: String,
    /// How often it was told again, this time included.
    pub replays: u64,
}

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

    /// Has an event told again, by a write of its item: the table's stream carries every write. `None` when it was never
    /// told. Two requests at the same time tell it twice.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn retell(&self, id: &OrderId, event: &OutboxEvent) -> Result<Option<Retold>, StoreError> {
        let name = event.name();
        let Some(item) = self.get(Key::outbox(id, &name), "read event").await? else { return Ok(None) };
        let added = |count: &AttributeValue| count.as_n().ok()?.parse::<u64>().ok()?.checked_add(1);
        let replays = item.get("replays").map_or(Some(1), added).ok_or(StoreError::malformed("read event"))?;
        let mut changed = item.clone();
        changed.extend(missing(&item).into_iter().map(|(name, value)| (name.to_owned(), value)));
        changed.insert("replays".to_owned(), number(replays));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(changed));
        put.send().await.map_err(|error| StoreError::from_sdk("tell again", &error))?;
        Ok(Some(Retold { event_id: format!("{id}#{name}"), event_type: event.as_str().to_owned(), replays }))
    }
}

/// The item behind an event. Every attribute is always there, empty where it says nothing: what carries the item to the
/// merchant's bus fills in a form and cannot leave out a line of it.
pub(crate) fn outbox_item(order: &Order, event: &OutboxEvent, at: Timestamp) -> Item {
    let name = event.name();
    let (money, refund) = (order.expected(), event.refund());
    let amount_minor = refund.map(|refund| refund.amount_minor).or(money.map(|money| money.amount_minor()));
    let payment = order.first_payment().map(|(transaction_id, _)| transaction_id.as_str());
    let transaction_id = refund.map(|refund| refund.transaction_id.as_str()).or(payment);
    let texts = [
        ("event_id", Some(format!("{}#{name}", order.id()))),
        ("event_type", Some(event.as_str().to_owned())),
        ("order_id", Some(order.id().to_string())),
        ("environment", Some(order.environment().as_str().to_owned())),
        ("occurred_at", Some(at.to_rfc3339())),
        ("currency_code", money.map(|money| money.currency().code().to_owned())),
        ("reference", order.reference().map(str::to_owned)),
        ("transaction_id", transaction_id.map(str::to_owned)),
        ("refund_id", refund.map(|refund| refund.refund_id.clone())),
        ("link_code", order.link_code().map(|code| code.as_str().to_owned())),
    ];
    let flags = [
        ("beyond_link_limit", order.is_beyond_link_limit()),
        ("overpaid", order.is_overpaid()),
        ("paid_after_cancel", order.is_paid_after_cancel()),
    ];
    let mut item = Key::outbox(order.id(), &name).into_item();
    item.extend(texts.map(|(name, value)| (name.to_owned(), text(value.unwrap_or_default()))));
    item.extend(flags.map(|(name, flag)| (name.to_owned(), AttributeValue::Bool(flag))));
    item.insert("amount".to_owned(), number(amount_minor.unwrap_or_default()));
    item.insert("replays".to_owned(), number(0));
    item
}

/// What an item of an earlier release lacks of [`outbox_item`]'s attributes. It has its time in milliseconds.
fn missing(item: &Item) -> Vec<(&'static str, AttributeValue)> {
    let at_ms = item.get("occurred_at_ms").and_then(|value| value.as_n().ok()?.parse().ok()).unwrap_or_default();
    let texts = ["currency_code", "reference", "transaction_id", "refund_id", "link_code"];
    let flags = ["beyond_link_limit", "overpaid", "paid_after_cancel"];
    let others =
        [("occurred_at", text(Timestamp::from_ms(at_ms).to_rfc3339())), ("amount", number(0)), ("replays", number(0))];
    let texts = texts.map(|name| (name, text("")));
    let flags = flags.map(|name| (name, AttributeValue::Bool(false)));
    texts.into_iter().chain(flags).chain(others).filter(|(name, _)| !item.contains_key(*name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_of_an_earlier_release_lacks_what_is_empty_and_gets_its_time_in_words() {
        let old = [("occurred_at_ms", number(1_795_167_600_000_i64)), ("amount", number(18_000))];
        let old: Item = old.map(|(name, value)| (name.to_owned(), value)).into();
        let added: Item = missing(&old).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert_eq!(added.get("occurred_at"), Some(&text(Timestamp::from_ms(1_795_167_600_000).to_rfc3339())));
        assert_eq!(added.get("refund_id"), Some(&text("")));
        assert_eq!(added.get("overpaid"), Some(&AttributeValue::Bool(false)));
        assert!(!added.contains_key("amount"), "what is there stays");
    }
}
