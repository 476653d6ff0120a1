//! Cart holds: the order that a signed cart belongs to.

use crate::item::write_put;
use crate::keys::{Key, number, text};
use crate::{Store, StoreError};
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::{CartTokenId, Environment, Order, OrderId, Timestamp};

/// How long a hold lasts after the last write. A token is valid for 24 h and a create can be retried for 23 h; the hold
/// lasts much longer, so that a backend which signs a new token with the same `jti` sells the cart once.
const LIFE_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// The order that holds a signed cart, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartHolder {
    /// The order.
    pub order_id: OrderId,
    /// The order's version when it last took the hold. It grows, so a stale read is detected.
    version: u64,
}

impl Store {
    /// The order that holds the cart now. Strongly consistent.
    pub async fn cart_holder(
        &self,
        environment: Environment,
        id: &CartTokenId,
        now: Timestamp,
    ) -> Result<Option<CartHolder>, StoreError> {
        let Some(item) = self.get(Key::cart(environment, id), "read cart").await? else { return Ok(None) };
        let expires_at_ms = item.get("expires_at_ms").and_then(|value| value.as_n().ok()?.parse::<i64>().ok());
        if expires_at_ms.is_some_and(|expires_at_ms| expires_at_ms <= now.as_ms()) {
            return Ok(None);
        }
        let order_id = item.get("order_id").and_then(|value| OrderId::parse(value.as_s().ok()?));
        let version = item.get("order_version").and_then(|value| value.as_n().ok()?.parse::<u64>().ok());
        let holder = order_id.zip(version).map(|(order_id, version)| CartHolder { order_id, version });
        holder.map(Some).ok_or(StoreError::malformed("read cart"))
    }

    /// The write that takes the cart for the order; it fails when another order holds it. `None` for an order without a
    /// signed cart. A hold of `released` may be replaced, unless that order has taken it again since it was read.
    pub(crate) fn cart_hold(
        &self,
        order: &Order,
        released: Option<&CartHolder>,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let Some(id) = order.cart_token_id() else { return Ok(None) };
        let now = order.updated_at();
        let expires_at = now.plus_ms(LIFE_MS);
        let mut item = Key::cart(order.environment(), id).into_item();
        item.insert("order_id".to_owned(), text(order.id().as_str()));
        item.insert("order_version".to_owned(), number(order.version()));
        item.insert("expires_at_ms".to_owned(), number(expires_at.as_ms()));
        item.insert("ttl_s".to_owned(), number(expires_at.as_s()));
        let (released, version) =
            released.map_or((order.id(), order.version()), |holder| (&holder.order_id, holder.version));
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression(
                "attribute_not_exists(PK) OR expires_at_ms <= :now OR order_id = :own \
                 OR (order_id = :released AND order_version = :version)",
            )
            .expression_attribute_values(":now", number(now.as_ms()))
            .expression_attribute_values(":own", text(order.id().as_str()))
            .expression_attribute_values(":released", text(released.as_str()))
            .expression_attribute_values(":version", number(version))
            .build()
            .map_err(|_| StoreError::malformed("hold cart"))?;
        Ok(Some(write_put(put)))
    }
}
