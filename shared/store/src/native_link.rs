//! The merchant's labels on native links: lomi's servers since June 2026 do not store them.

use crate::keys::{Item, Key, text};
use crate::provider_event::Cancelled;
use crate::{Answer, Receipt, Store, StoreError};
use aws_sdk_dynamodb::types::Put;
use std::collections::{BTreeMap, HashMap};

/// How often the transaction is retried after a conflict.
const MAX_TRIES: u32 = 4;

/// Labels, by name.
pub type Labels = BTreeMap<String, String>;

impl Store {
    /// Adds the answer to the receipt of the request that created the link, and stores the link's labels with it.
    pub async fn finish_native_link(
        &self,
        receipt: &Receipt,
        answer: &Answer,
        (link_id, labels): (&str, &Labels),
    ) -> Result<(), StoreError> {
        for _ in 0..MAX_TRIES {
            let writes = vec![
                crate::item::write_update(self.answer_update(receipt, answer)?),
                crate::item::write_put(self.labels_put(link_id, labels)?),
            ];
            match self.transact("finish native link", writes).await? {
                None => return Ok(()),
                Some(Cancelled::Conflict) => {}
                Some(Cancelled::Condition(_)) => break,
            }
        }
        Err(StoreError::Busy { operation: "finish native link", reason: "conflict" })
    }

    /// Replaces the labels of the link.
    pub async fn put_link_labels(&self, link_id: &str, labels: &Labels) -> Result<(), StoreError> {
        let call = self.client.put_item().table_name(&self.table).set_item(Some(item_of(link_id, labels)?));
        call.send().await.map(drop).map_err(|error| StoreError::from_sdk("write link labels", &error))
    }

    /// The labels of the link with this id of lomi's; `None` when none were stored here. Strongly consistent.
    pub async fn link_labels(&self, link_id: &str) -> Result<Option<Labels>, StoreError> {
        let item = self.get(Key::native_link(link_id), "read link labels").await?;
        item.map(|item| read(item).map(|(_, labels)| labels)).transpose()
    }

    /// The stored labels by link id. At most 100 ids.
    pub async fn labels_of_links(&self, link_ids: &[&str]) -> Result<HashMap<String, Labels>, StoreError> {
        let keys = link_ids.iter().map(|id| Key::native_link(id).into_item()).collect();
        self.batch("read labels of links", keys).await?.into_iter().map(read).collect()
    }

    fn labels_put(&self, link_id: &str, labels: &Labels) -> Result<Put, StoreError> {
        let put = Put::builder().table_name(&self.table).set_item(Some(item_of(link_id, labels)?)).build();
        put.map_err(|_| malformed())
    }
}

fn item_of(link_id: &str, labels: &Labels) -> Result<Item, StoreError> {
    let labels = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(labels).map_err(|_| malformed())?;
    let mut item = Key::native_link(link_id).into_item();
    item.insert("payment_link_id".to_owned(), text(link_id));
    item.insert("metadata".to_owned(), labels);
    Ok(item)
}

fn read(mut item: Item) -> Result<(String, Labels), StoreError> {
    let id = item.remove("payment_link_id").and_then(|id| id.as_s().ok().cloned()).ok_or(malformed())?;
    let labels = item.remove("metadata").ok_or(malformed())?;
    Ok((id, serde_dynamo::aws_sdk_dynamodb_1::from_attribute_value(labels).map_err(|_| malformed())?))
}

const fn malformed() -> StoreError {
    StoreError::malformed("link labels")
}
