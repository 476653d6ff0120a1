//! Managed links and their counts.

use crate::keys::{Item, Key, number, text};
use crate::listing::sort_key;
use crate::receipt::Receipt;
use crate::{Begun, ListCursor, Store, StoreError};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use domain::{LinkCode, ManagedLink, Order, Timestamp};

/// The most links per page.
const MAX_PAGE: usize = 100;
/// How often an update is retried when it conflicts with a transaction on the same link.
const MAX_COUNT_TRIES: u32 = 4;

/// DynamoDB's condition for a link that can be opened. Keep it equal to [`ManagedLink::status`].
const IS_ACTIVE: &str = "attribute_exists(PK) AND active = :true \
    AND (attribute_not_exists(expires_at_ms) OR expires_at_ms > :now) \
    AND (attribute_not_exists(max_payments) OR paid_count < max_payments)";

/// A page of links, newest first.
#[derive(Clone, Debug)]
pub struct ListedLinks {
    /// The links.
    pub links: Vec<ManagedLink>,
    /// The cursor of the next page, if there may be one.
    pub next: Option<ListCursor>,
}

/// How an order's change affects the counts of its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPlace {
    /// The counts stay.
    Unchanged,
    /// The order's first payment arrived, or is held.
    Taken,
    /// The order's held payment failed.
    Released {
        /// Whether the order was counted beyond the link's limit.
        was_surplus: bool,
    },
}

impl Store {
    /// Writes a new link and the receipt of the request that created it in one transaction.
    pub async fn create_link(
        &self,
        link: &ManagedLink,
        receipt: &Receipt,
        now: Timestamp,
    ) -> Result<Begun, StoreError> {
        let mut item: Item = serde_dynamo::aws_sdk_dynamodb_1::to_item(link).map_err(|_| malformed())?;
        item.extend(Key::link(&link.code).into_item());
        item.insert("listing_pk".to_owned(), text("LINK"));
        item.insert("listing_sk".to_owned(), text(sort_key(link.created_at, link.code.as_str())));
        let writes = vec![self.receipt_put(receipt, now)?, crate::item::write_put(self.put_new(item)?)];
        Ok(if self.transact("create link", writes).await?.is_none() { Begun::Ours } else { Begun::AlreadyClaimed })
    }

    /// The link. Strongly consistent.
    pub async fn link(&self, code: &LinkCode) -> Result<Option<ManagedLink>, StoreError> {
        self.get(Key::link(code), "read link").await?.map(read).transpose()
    }

    /// A page of links, newest first. `limit` is at most 100.
    pub async fn list_links(&self, limit: usize, after: Option<&ListCursor>) -> Result<ListedLinks, StoreError> {
        let limit = limit.clamp(1, MAX_PAGE);
        let mut links = self.listed("list links", "LINK".to_owned(), after, limit, read).await?;
        let more = links.len() > limit;
        links.truncate(limit);
        let next = links.last().filter(|_| more).map(|link| ListCursor::after(link.created_at, link.code.as_str()));
        Ok(ListedLinks { links, next })
    }

    /// Deactivates a link; repeating it changes nothing. `false` when the link does not exist.
    pub async fn deactivate_link(&self, code: &LinkCode) -> Result<bool, StoreError> {
        let values = [(":false", AttributeValue::Bool(false))];
        self.change_link(code, "SET active = :false", "attribute_exists(PK)", &values).await
    }

    /// Counts an opening. `false` when the link cannot be opened at `now`.
    pub async fn count_opening(&self, code: &LinkCode, now: Timestamp) -> Result<bool, StoreError> {
        let values = [(":one", number(1)), (":true", AttributeValue::Bool(true)), (":now", number(now.as_ms()))];
        self.change_link(code, "ADD opened_count :one", IS_ACTIVE, &values).await
    }

    /// One conditional update, retried when it conflicts with a transaction on the same link.
    async fn change_link(
        &self,
        code: &LinkCode,
        expression: &str,
        condition: &str,
        values: &[(&str, AttributeValue)],
    ) -> Result<bool, StoreError> {
        let mut tries = 0;
        loop {
            let mut call = self
                .client
                .update_item()
                .table_name(&self.table)
                .set_key(Some(Key::link(code).into_item()))
                .update_expression(expression)
                .condition_expression(condition);
            for (name, value) in values {
                call = call.expression_attribute_values(*name, value.clone());
            }
            let Err(error) = call.send().await else { return Ok(true) };
            if error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) {
                return Ok(false);
            }
            tries += 1;
            match StoreError::from_sdk("change link", &error) {
                StoreError::Busy { reason: "conflict", .. } if tries < MAX_COUNT_TRIES => {}
                error => return Err(error),
            }
        }
    }

    /// The write that counts the order at its link, if it has one.
    ///
    /// It fails beyond the link's limit. An order that is flagged as beyond the limit is counted separately and never
    /// fails.
    pub(crate) fn link_count(&self, order: &Order, place: LinkPlace) -> Result<Option<TransactWriteItem>, StoreError> {
        let Some(code) = order.link_code() else { return Ok(None) };
        let by = match place {
            LinkPlace::Unchanged => return Ok(None),
            LinkPlace::Taken => 1,
            LinkPlace::Released { .. } => -1,
        };
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(Key::link(code).into_item()))
            .expression_attribute_values(":by", number(by));
        let update = match place {
            LinkPlace::Released { was_surplus: true } => update.update_expression("ADD surplus_count :by"),
            LinkPlace::Taken if order.is_beyond_link_limit() => update.update_expression("ADD surplus_count :by"),
            LinkPlace::Taken => update.update_expression("ADD paid_count :by").condition_expression(
                "attribute_exists(PK) AND (attribute_not_exists(max_payments) OR paid_count < max_payments)",
            ),
            LinkPlace::Released { was_surplus: false } | LinkPlace::Unchanged => {
                update.update_expression("ADD paid_count :by")
            }
        };
        let update = update.build().map_err(|_| malformed())?;
        Ok(Some(crate::item::write_update(update)))
    }
}

fn read(item: Item) -> Result<ManagedLink, StoreError> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(|_| malformed())
}

const fn malformed() -> StoreError {
    StoreError::malformed("link")
}
