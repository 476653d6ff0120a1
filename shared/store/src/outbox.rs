//! The outbox: events for the merchant's own systems.

use crate::item::{write_put, write_update};
use crate::keys::{Item, Key, number, text};
use crate::provider_event::Cancelled;
use crate::{Store, StoreError};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Order, OutboxEvent, ShortText, Timestamp};

/// An event that was published again under the same id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Republished {
    /// The event's permanent id, by which consumers deduplicate.
    pub event_id: String,
    /// `order.paid`, ...
    pub event_type: String,
    /// How often it was published again, including this time.
    pub replays: u64,
}

impl Store {
    /// Writes an order that changed without an event from lomi, and its outbox event, in one transaction. `false` when
    /// the order changed meanwhile.
    pub async fn save_with_event(
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

    /// Publishes an event again by writing its item: the table's stream carries every write that changes an item.
    /// `None` when the event was never published. Two concurrent requests may publish it once.
    pub async fn republish(&self, order: &Order, event: &OutboxEvent) -> Result<Option<Republished>, StoreError> {
        let (id, name) = (order.id(), event.name());
        let Some(item) = self.get(Key::outbox(id, &name), "read event").await? else { return Ok(None) };
        let added = |count: &AttributeValue| count.as_n().ok()?.parse::<u64>().ok()?.checked_add(1);
        let replays = item.get("replays").map_or(Some(1), added).ok_or(StoreError::malformed("read event"))?;
        // An item of an earlier release lacks attributes. Those that it has stay unchanged.
        let mut changed = outbox_item(order, event, written_at(&item));
        changed.extend(item);
        changed.insert("replays".to_owned(), number(replays));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(changed));
        put.send().await.map_err(|error| StoreError::from_sdk("republish event", &error))?;
        Ok(Some(Republished { event_id: format!("{id}#{name}"), event_type: event.as_str().to_owned(), replays }))
    }
}

/// The outbox item. Every attribute is always present, empty when unknown: the pipe's input template cannot leave one
/// out.
pub(crate) fn outbox_item(order: &Order, event: &OutboxEvent, at: Timestamp) -> Item {
    let name = event.name();
    let (money, refund, dispute) = (order.expected(), event.refund(), event.dispute());
    let payment = order.first_payment().map(|(transaction_id, _)| transaction_id.as_str());
    let disputed = dispute.map(|dispute| dispute.transaction_id.as_str());
    let transaction_id = refund.map(|refund| refund.transaction_id.as_str()).or(disputed).or(payment);
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
        ("dispute_id", dispute.and_then(|dispute| dispute.dispute_id.clone())),
        ("dispute_stage", dispute.map(|dispute| dispute.step.stage.as_str().to_owned())),
        ("dispute_status", dispute.and_then(|dispute| text_of(dispute.step.status.as_ref()))),
        ("dispute_reason", dispute.and_then(|dispute| text_of(dispute.step.reason.as_ref()))),
        ("items", Some(items_text(order))),
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
    item.insert("amount".to_owned(), number(amount_minor(order, event)));
    item.insert("replays".to_owned(), number(0));
    item
}

/// The amount of the event, in minor units; 0 for a dispute without one.
fn amount_minor(order: &Order, event: &OutboxEvent) -> i64 {
    let told = match event {
        OutboxEvent::OrderPaid => {
            let paid_minor = order.first_payment().and_then(|(id, _)| order.paid_minor(id));
            paid_minor.or(order.expected().map(|money| money.amount_minor()))
        }
        OutboxEvent::OrderRefunded(refund) | OutboxEvent::RefundFailed(refund) => Some(refund.amount_minor),
        OutboxEvent::Disputed(dispute) => dispute.step.amount_minor,
    };
    told.unwrap_or_default()
}

fn text_of(text: Option<&ShortText>) -> Option<String> {
    text.map(|text| text.as_str().to_owned())
}

/// What was bought, as `kind:id:quantity` joined by commas, e.g. `price:3b9a1c52-0d3b-4a53-8a58-6f3a6f0f1d2e:2`. No id
/// contains `:` or `,`. At most 50 lines of 76 bytes.
fn items_text(order: &Order) -> String {
    let lines = order.bought().into_iter().map(|line| format!("{}:{}:{}", line.kind.as_str(), line.id, line.quantity));
    lines.collect::<Vec<_>>().join(",")
}

/// When an item of an earlier release, which stores milliseconds, was written.
fn written_at(item: &Item) -> Timestamp {
    let at_ms = item.get("occurred_at_ms").and_then(|value| value.as_n().ok()?.parse().ok());
    Timestamp::from_ms(at_ms.unwrap_or_default())
}
