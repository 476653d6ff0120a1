//! Reading an order.

use super::{Environment, LomiCart, Order, OrderStatus, Payment, TimelineEntry, TimelineEvent};
use crate::ids::is_uuid;
use crate::{AttemptId, BoughtLine, CartTokenId, Currency, LinkCode, OrderId, OrderLine, Timestamp, TokenHash};
use std::collections::{BTreeMap, BTreeSet};

impl Order {
    /// Its id.
    #[must_use]
    pub const fn id(&self) -> &OrderId {
        &self.order_id
    }

    /// The environment it lives in.
    #[must_use]
    pub const fn environment(&self) -> Environment {
        self.environment
    }

    /// Where it stands.
    #[must_use]
    pub const fn status(&self) -> OrderStatus {
        self.status
    }

    /// The try that may write the outcome of the call to lomi.
    #[must_use]
    pub const fn attempt_id(&self) -> &AttemptId {
        &self.attempt_id
    }

    /// Counts the distinct calls to lomi, from 1; a call under the same number has the same idempotency key.
    #[must_use]
    pub const fn attempt_number(&self) -> u32 {
        self.attempt_number
    }

    /// Counts the writes, from 1; a write is refused when it does not follow the one it was made from.
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

    /// What lomi is asked to price.
    #[must_use]
    pub const fn lomi_cart(&self) -> Option<&LomiCart> {
        self.lomi_cart.as_ref()
    }

    /// What it is paid in; known before its price where lomi prices it.
    #[must_use]
    pub const fn currency(&self) -> Option<Currency> {
        self.currency_code
    }

    /// What was bought, line by line, from the merchant's catalogue or from lomi's; empty where only an amount was
    /// asked for.
    #[must_use]
    pub fn bought(&self) -> Vec<BoughtLine<'_>> {
        let ours = self.lines.iter().map(OrderLine::bought);
        ours.chain(self.lomi_cart.iter().flat_map(LomiCart::bought)).collect()
    }

    /// The merchant's own name for the cart.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// The title shown on lomi's page.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// The merchant's own labels, which go to lomi.
    #[must_use]
    pub const fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// What the caller of a public route noted, for the back office only.
    #[must_use]
    pub const fn shopper_notes(&self) -> &BTreeMap<String, String> {
        &self.shopper_notes
    }

    /// lomi's id of the page.
    #[must_use]
    pub fn checkout_session_id(&self) -> Option<&str> {
        self.checkout_session_id.as_deref()
    }

    /// lomi's id of the card form's intent.
    #[must_use]
    pub fn payment_intent_id(&self) -> Option<&str> {
        self.payment_intent_id.as_deref()
    }

    /// lomi's id of the customer, where the shop named one.
    #[must_use]
    pub fn customer_id(&self) -> Option<&str> {
        self.customer_id.as_deref()
    }

    /// The managed link that led here.
    #[must_use]
    pub const fn link_code(&self) -> Option<&LinkCode> {
        self.link_code.as_ref()
    }

    /// lomi's own payment link that led here.
    #[must_use]
    pub fn payment_link_id(&self) -> Option<&str> {
        self.payment_link_id.as_deref()
    }

    /// The end of the page.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// The payments that counted, by lomi's transaction id.
    #[must_use]
    pub const fn payments(&self) -> &BTreeMap<String, Payment> {
        &self.payments
    }

    /// Whether lomi ever held a payment of it, whatever became of that.
    #[must_use]
    pub const fn was_held(&self) -> bool {
        self.was_held
    }

    /// The transaction id that one of the order's payments counted under, by that or by its public id.
    #[must_use]
    pub fn payment_called<'a>(&'a self, id: &str) -> Option<&'a str> {
        let is_called = |key: &str, payment: &Payment| key == id || payment.public_id.as_deref() == Some(id);
        self.payments.iter().find(|(key, payment)| is_called(key, payment)).map(|(key, _)| key.as_str())
    }

    /// Whether each of the order's payments has an id of this kind, UUID or public: such an id that is none of them is
    /// that of another order's payment.
    #[must_use]
    pub fn knows_ids_like(&self, told: &str) -> bool {
        let is_like = |id: &str| is_uuid(id) == is_uuid(told);
        self.payments.iter().all(|(key, payment)| is_like(key) || payment.public_id.as_deref().is_some_and(is_like))
    }

    /// Whether `told` names another payment than this one of the order's. A public id that is not known here names
    /// none.
    #[must_use]
    pub fn is_another_payment(&self, told: &str, transaction_id: &str) -> bool {
        let own = self.payment_called(told);
        own.map_or_else(|| told != transaction_id && is_uuid(told), |own| own != transaction_id)
    }

    /// The payment to show: the earliest.
    #[must_use]
    pub fn first_payment(&self) -> Option<(&String, &Payment)> {
        self.payments.iter().min_by_key(|(_, payment)| payment.paid_at)
    }

    /// Whether the order's page takes the merchant's coupons at lomi: it may be paid for less than its price.
    #[must_use]
    pub const fn allows_coupons(&self) -> bool {
        self.allows_coupons
    }

    /// Whether more than one payment arrived.
    #[must_use]
    pub const fn is_overpaid(&self) -> bool {
        self.overpaid
    }

    /// Whether an authentic payment of another amount or currency named this order.
    #[must_use]
    pub const fn has_mismatch(&self) -> bool {
        self.mismatch
    }

    /// Whether the money came after the shopper had given up.
    #[must_use]
    pub const fn is_paid_after_cancel(&self) -> bool {
        self.paid_after_cancel
    }

    /// Whether it was paid through a link that had taken its last payment already.
    #[must_use]
    pub const fn is_beyond_link_limit(&self) -> bool {
        self.beyond_link_limit
    }

    /// When the reconciler looks at it next.
    #[must_use]
    pub const fn due_at(&self) -> Option<Timestamp> {
        self.due_at
    }

    /// lomi's ids of payments that the shopper has made and lomi looks at before the merchant has the money.
    #[must_use]
    pub const fn held_payments(&self) -> &BTreeSet<String> {
        &self.held
    }

    /// When it was written first.
    #[must_use]
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When it was written last.
    #[must_use]
    pub const fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    /// What happened to it, oldest first.
    #[must_use]
    pub fn timeline(&self) -> &[TimelineEntry] {
        &self.timeline
    }

    /// When lomi's answer to the try to open it was lost; `None` unless it is in doubt.
    #[must_use]
    pub fn in_doubt_since(&self) -> Option<Timestamp> {
        let is_in_doubt = self.status == OrderStatus::InDoubt;
        let lost = self.timeline.iter().rev().find(|entry| entry.what == TimelineEvent::InDoubt);
        lost.filter(|_| is_in_doubt).map(|entry| entry.at)
    }

    /// What happened to it last.
    #[must_use]
    pub fn last_event(&self) -> Option<TimelineEvent> {
        self.timeline.last().map(|entry| entry.what)
    }
}
