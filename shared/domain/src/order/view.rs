//! Read access to an order.

use super::{Environment, LomiCart, Order, OrderStatus, Payment, TimelineEntry, TimelineEvent};
use crate::ids::is_uuid;
use crate::{AttemptId, BoughtLine, CartTokenId, Currency, LinkCode, OrderId, OrderLine, Timestamp, TokenHash};
use std::collections::{BTreeMap, BTreeSet};

impl Order {
    /// The order's id.
    #[must_use]
    pub const fn id(&self) -> &OrderId {
        &self.order_id
    }

    /// The order's environment.
    #[must_use]
    pub const fn environment(&self) -> Environment {
        self.environment
    }

    /// The order's status.
    #[must_use]
    pub const fn status(&self) -> OrderStatus {
        self.status
    }

    /// The attempt that may write the outcome of the call to lomi.
    #[must_use]
    pub const fn attempt_id(&self) -> &AttemptId {
        &self.attempt_id
    }

    /// Counts the distinct calls to lomi, from 1. A repeated call with the same number has the same idempotency key.
    #[must_use]
    pub const fn attempt_number(&self) -> u32 {
        self.attempt_number
    }

    /// Counts the writes, from 1. A write is refused unless it increments the stored version.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Recognises the order's token.
    #[must_use]
    pub const fn token_hash(&self) -> &TokenHash {
        &self.token_hash
    }

    /// The signed cart that the order was made from.
    #[must_use]
    pub const fn cart_token_id(&self) -> Option<&CartTokenId> {
        self.cart_token_id.as_ref()
    }

    /// The lines sold from the merchant's catalogue.
    #[must_use]
    pub fn lines(&self) -> &[OrderLine] {
        &self.lines
    }

    /// The cart that lomi prices.
    #[must_use]
    pub const fn lomi_cart(&self) -> Option<&LomiCart> {
        self.lomi_cart.as_ref()
    }

    /// The currency; known before the price when lomi prices the order.
    #[must_use]
    pub const fn currency(&self) -> Option<Currency> {
        self.currency_code
    }

    /// The lines of the purchase, from the merchant's catalogue or from lomi's; empty when only an amount was
    /// requested.
    #[must_use]
    pub fn bought(&self) -> Vec<BoughtLine<'_>> {
        let ours = self.lines.iter().map(OrderLine::bought);
        ours.chain(self.lomi_cart.iter().flat_map(LomiCart::bought)).collect()
    }

    /// The merchant's own reference for the order.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// The title shown on lomi's page.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// The merchant's own labels, which are sent to lomi.
    #[must_use]
    pub const fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// Labels from an unauthenticated caller, for the back office only.
    #[must_use]
    pub const fn shopper_notes(&self) -> &BTreeMap<String, String> {
        &self.shopper_notes
    }

    /// lomi's id of the checkout session.
    #[must_use]
    pub fn checkout_session_id(&self) -> Option<&str> {
        self.checkout_session_id.as_deref()
    }

    /// lomi's id of the card form's intent.
    #[must_use]
    pub fn payment_intent_id(&self) -> Option<&str> {
        self.payment_intent_id.as_deref()
    }

    /// lomi's id of the customer, if the shop named one.
    #[must_use]
    pub fn customer_id(&self) -> Option<&str> {
        self.customer_id.as_deref()
    }

    /// The managed link that the shopper followed.
    #[must_use]
    pub const fn link_code(&self) -> Option<&LinkCode> {
        self.link_code.as_ref()
    }

    /// The native link that the shopper followed.
    #[must_use]
    pub fn payment_link_id(&self) -> Option<&str> {
        self.payment_link_id.as_deref()
    }

    /// When the page or card form expires.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// The payments that count, by lomi's transaction id.
    #[must_use]
    pub const fn payments(&self) -> &BTreeMap<String, Payment> {
        &self.payments
    }

    /// Whether lomi ever held a payment of the order.
    #[must_use]
    pub const fn was_held(&self) -> bool {
        self.was_held
    }

    /// The stored transaction id of the payment with this transaction id or public id.
    #[must_use]
    pub fn payment_called<'a>(&'a self, id: &str) -> Option<&'a str> {
        let is_called = |key: &str, payment: &Payment| key == id || payment.public_id.as_deref() == Some(id);
        self.payments.iter().find(|(key, payment)| is_called(key, payment)).map(|(key, _)| key.as_str())
    }

    /// Whether every payment of the order has an id of this kind, UUID or public. Then an id of this kind that is none
    /// of theirs belongs to another order's payment.
    #[must_use]
    pub fn knows_ids_like(&self, told: &str) -> bool {
        let is_like = |id: &str| is_uuid(id) == is_uuid(told);
        self.payments.iter().all(|(key, payment)| is_like(key) || payment.public_id.as_deref().is_some_and(is_like))
    }

    /// Whether `told` is certainly the id of another payment than `transaction_id`. An unknown public id is not
    /// certain.
    #[must_use]
    pub fn is_another_payment(&self, told: &str, transaction_id: &str) -> bool {
        let own = self.payment_called(told);
        own.map_or_else(|| told != transaction_id && is_uuid(told), |own| own != transaction_id)
    }

    /// The earliest payment, which is the one to show.
    #[must_use]
    pub fn first_payment(&self) -> Option<(&String, &Payment)> {
        self.payments.iter().min_by_key(|(_, payment)| payment.paid_at)
    }

    /// Whether the page accepts the merchant's coupons at lomi, so that the order may be paid for less.
    #[must_use]
    pub const fn allows_coupons(&self) -> bool {
        self.allows_coupons
    }

    /// Whether more than one payment arrived.
    #[must_use]
    pub const fn is_overpaid(&self) -> bool {
        self.overpaid
    }

    /// Whether an authenticated payment of another amount or currency named this order.
    #[must_use]
    pub const fn has_mismatch(&self) -> bool {
        self.mismatch
    }

    /// Whether the payment arrived after the shopper had cancelled.
    #[must_use]
    pub const fn is_paid_after_cancel(&self) -> bool {
        self.paid_after_cancel
    }

    /// Whether it was paid through a link that had already taken its last payment.
    #[must_use]
    pub const fn is_beyond_link_limit(&self) -> bool {
        self.beyond_link_limit
    }

    /// When the reconciler checks the order next.
    #[must_use]
    pub const fn due_at(&self) -> Option<Timestamp> {
        self.due_at
    }

    /// lomi's ids of held payments: charged, and under review before the merchant has the money.
    #[must_use]
    pub const fn held_payments(&self) -> &BTreeSet<String> {
        &self.held
    }

    /// When the order was created.
    #[must_use]
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When the order was last written.
    #[must_use]
    pub const fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    /// The timeline, oldest entry first.
    #[must_use]
    pub fn timeline(&self) -> &[TimelineEntry] {
        &self.timeline
    }

    /// When lomi's answer to the call that opens the order was lost; `None` unless the order is in doubt.
    #[must_use]
    pub fn in_doubt_since(&self) -> Option<Timestamp> {
        let is_in_doubt = self.status == OrderStatus::InDoubt;
        let lost = self.timeline.iter().rev().find(|entry| entry.what == TimelineEvent::InDoubt);
        lost.filter(|_| is_in_doubt).map(|entry| entry.at)
    }

    /// The last entry of the timeline.
    #[must_use]
    pub fn last_event(&self) -> Option<TimelineEvent> {
        self.timeline.last().map(|entry| entry.what)
    }
}
