//! Receipts: the stored answer of an idempotency key that created a link instead of an order.

use crate::keys::{Item, Key, number};
use crate::{Answer, Begun, Store, StoreError};
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use domain::{Fingerprint, Timestamp};
use serde::{Deserialize, Serialize};

/// How long an answer is kept: as long as that of a create.
const RETENTION_MS: i64 = 23 * 60 * 60 * 1000;

/// The record behind one idempotency key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// A hash of the key, because the key itself gives access to the answer.
    pub key_hash: String,
    /// Recognises the request.
    pub fingerprint: Fingerprint,
    /// When the work began.
    #[serde(rename = "begun_at_ms")]
    pub begun_at: Timestamp,
    /// The stored answer; `None` while the outcome is unknown.
    #[serde(default)]
    pub answer: Option<Answer>,
    #[serde(rename = "expires_at_ms")]
    expires_at: Timestamp,
}

impl Receipt {
    /// A receipt of work that begins at `now`, or that the same write completes.
    #[must_use]
    pub const fn new(key_hash: String, fingerprint: Fingerprint, now: Timestamp, answer: Option<Answer>) -> Self {
        Self { key_hash, fingerprint, begun_at: now, answer, expires_at: now.plus_ms(RETENTION_MS) }
    }
}

impl Store {
    /// The receipt with this hash, unless it has expired. Strongly consistent.
    pub async fn receipt(&self, key_hash: &str, now: Timestamp) -> Result<Option<Receipt>, StoreError> {
        let Some(item) = self.get(Key::claim(key_hash), "read receipt").await? else { return Ok(None) };
        let receipt: Receipt = serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(|_| malformed())?;
        Ok((receipt.expires_at > now).then_some(receipt))
    }

    /// Writes the receipt of work that is about to begin, unless the key is in use.
    pub async fn begin_receipt(&self, receipt: &Receipt, now: Timestamp) -> Result<Begun, StoreError> {
        let put = self.receipt_put(receipt, now)?;
        Ok(if self.transact("begin receipt", vec![put]).await?.is_none() { Begun::Ours } else { Begun::AlreadyClaimed })
    }

    /// Adds the answer.
    pub async fn finish_receipt(&self, receipt: &Receipt, answer: &Answer) -> Result<(), StoreError> {
        let answer = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(answer).map_err(|_| malformed())?;
        self.change_receipt(receipt, "SET answer = :value", answer).await
    }

    /// Expires the receipt of work that did not happen, so that the key can be used again.
    pub async fn forget_receipt(&self, receipt: &Receipt) -> Result<(), StoreError> {
        self.change_receipt(receipt, "SET expires_at_ms = :value", number(0)).await
    }

    async fn change_receipt(
        &self,
        receipt: &Receipt,
        expression: &str,
        value: AttributeValue,
    ) -> Result<(), StoreError> {
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(Key::claim(&receipt.key_hash).into_item()))
            .update_expression(expression)
            .condition_expression("begun_at_ms = :begun")
            .expression_attribute_values(":begun", number(receipt.begun_at.as_ms()))
            .expression_attribute_values(":value", value);
        call.send().await.map_err(|error| StoreError::from_sdk("change receipt", &error))?;
        Ok(())
    }

    /// The update that adds the answer, for a transaction.
    pub(crate) fn answer_update(&self, receipt: &Receipt, answer: &Answer) -> Result<Update, StoreError> {
        let answer = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(answer).map_err(|_| malformed())?;
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(Key::claim(&receipt.key_hash).into_item()))
            .update_expression("SET answer = :value")
            .condition_expression("begun_at_ms = :begun")
            .expression_attribute_values(":begun", number(receipt.begun_at.as_ms()))
            .expression_attribute_values(":value", answer);
        update.build().map_err(|_| malformed())
    }

    pub(crate) fn receipt_put(&self, receipt: &Receipt, now: Timestamp) -> Result<TransactWriteItem, StoreError> {
        let mut item: Item = serde_dynamo::aws_sdk_dynamodb_1::to_item(receipt).map_err(|_| malformed())?;
        item.extend(Key::claim(&receipt.key_hash).into_item());
        item.insert("ttl_s".to_owned(), number(receipt.expires_at.as_s()));
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(PK) OR expires_at_ms <= :now")
            .expression_attribute_values(":now", number(now.as_ms()))
            .build();
        put.map(crate::item::write_put).map_err(|_| malformed())
    }
}

const fn malformed() -> StoreError {
    StoreError::malformed("receipt")
}
