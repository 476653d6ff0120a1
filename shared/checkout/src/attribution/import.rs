//! Orders that began at lomi: a shopper opened a page by one of lomi's own links.

use crate::{Context, units};
use domain::{
    AttemptId, NewOrder, OpenedPayment, Order, OrderDetails, OrderId, OrderToken, PaymentRef, PricedCart, Timestamp,
};
use lomi_client::{CheckoutSession, Client};
use store::StoreError;

impl Context {
    /// Imports a page of one of lomi's own links as an order. `None` for any other page.
    pub(super) async fn import(&self, lomi: &Client, session: &CheckoutSession) -> Result<Option<OrderId>, StoreError> {
        let amount = units::from_lomi(session.amount, session.currency_code.as_ref());
        let environment = self.environment_of_answer(lomi, session.environment);
        let is_ours = self.ours_by_answer(lomi, session.organization_id.as_deref()).await?.is_some();
        let is_ours = is_ours && environment == self.environment;
        let (Some(link), Some(amount), true) = (&session.payment_link_id, amount, is_ours) else {
            return Ok(None);
        };
        let labels = self.store.link_labels(link.as_str()).await?;
        let (now, page) = (self.clock.now(), session.checkout_session_id.to_string());
        let new = NewOrder {
            order_id: OrderId::of_page(&page),
            environment,
            cart: PricedCart::from_merchant(amount, None),
            details: OrderDetails {
                title: session.title.clone(),
                customer_id: session.customer_id.as_ref().map(ToString::to_string),
                payment_link_id: Some(link.to_string()),
                allows_coupons: session.allow_coupon_code == Some(true),
                metadata: labels.unwrap_or_default(),
                ..OrderDetails::default()
            },
            token_hash: OrderToken::from_entropy(self.entropy.bytes()).hash(),
            attempt_id: AttemptId::from_entropy(self.entropy.bytes()),
            lease_until: now,
        };
        let expires_at = session.expires_at.as_deref().and_then(Timestamp::parse_rfc3339).unwrap_or(now);
        let payable = OpenedPayment { id: PaymentRef::CheckoutSession(page), expires_at, amount: Some(amount) };
        let order = Order::imported(new, payable, now);
        self.store.adopt(&order).await?;
        Ok(Some(order.id().clone()))
    }
}
