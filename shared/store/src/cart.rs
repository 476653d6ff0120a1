//! Signed carts: which order a cart token belongs to.

use crate::item::write_put;
use crate::keys::{Key, number, text};
use crate::{Store, StoreError};
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use domain::{CartTokenId, Environment, Order, OrderId, Timestamp};

/// How long a cart stays with its order after the last write: far longer than a token is valid (24 h) or a create can be
/// retried (23 h), so that a backend which signs anew under the same `jti` sells it once.
const LIFE_MS: i64 = 30 * 24 * 60 * 60 * 1000;

impl Store {
    /// The order that has the cart now. Strongly consistent.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn order_of_cart(
        &self,
        environment: Environment,
        id: &CartTokenId,
        now: Timestamp,
    ) -> Result<Option<OrderId>, StoreError> {
        let Some(item) = self.get(Key::cart(environment, id), "read cart").await? else { return Ok(None) };
        let has_ended = item
            .get("expires_at_ms")
            .and_then(|value| value.as_n().ok()?.parse().ok())
            .is_some_and(|expires_at_ms: i64| expires_at_ms <= now.as_ms());
        let order = item.get("order_id").and_then(|value| OrderId::parse(value.as_s().ok()?));
        if has_ended { Ok(None) } else { order.map(Some).ok_or(StoreError::malformed("read cart")) }
    }

    /// The write that gives the order its cart, and that fails when another order has it. `None` for an order without a
    /// signed cart. `released` is an order of which it is known that it needs the cart no more.
    pub(crate) fn cart_hold(
        &self,
        order: &Order,
        released: Option<&OrderId>,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let Some(id) = order.cart_token_id() else { return Ok(None) };
        let now = order.updated_at();
        let expires_at = now.plus_ms(LIFE_MS);
        let mut item = Key::cart(order.environment(), id).into_item();
        item.insert("order_id".to_owned(), text(order.id().as_str()));
        item.insert("expires_at_ms".to_owned(), number(expires_at.as_ms()));
        item.insert("ttl_s".to_owned(), number(expires_at.as_s()));
        let holder = |id: &OrderId| AttributeValue::S(id.as_str().to_owned());
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(PK) OR expires_at_ms <= :now OR order_id IN (:own, :released)")
            .expression_attribute_values(":now", number(now.as_ms()))
            .expression_attribute_values(":own", holder(order.id()))
            .expression_attribute_values(":released", holder(released.unwrap_or(order.id())))
            .build()
            .map_err(|_| StoreError::malformed("hold cart"))?;
        Ok(Some(write_put(put)))
    }
}
