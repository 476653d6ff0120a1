//! Idempotency keys: who is working on a request, and what was answered.

use crate::cart::CartHolder;
use crate::error::StoreError;
use crate::item::{Changes, order_attributes, write_put, write_update};
use crate::keys::{Item, Key, number, text};
use crate::provider_event::Cancelled;
use crate::{Store, keys};
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::{AttemptId, Environment, Fingerprint, IdempotencyKey, Order, OrderId, OrderToken, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How long an answer can be asked for again: a little shorter than lomi remembers its own (24 h), so that no try
/// outlives lomi's memory of the one before.
const RETENTION_MS: i64 = 23 * 60 * 60 * 1000;

/// What a key was used for; one key may serve each operation once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `POST /checkout-sessions`
    CreateCheckoutSession,
    /// `POST /admin/checkout-sessions`
    CreateCheckoutSessionAsAdmin,
    /// `POST /payment-intents`
    CreatePaymentIntent,
    /// `POST /admin/payment-intents`
    CreatePaymentIntentAsAdmin,
    /// `GET /pay/{code}`
    OpenLink,
    /// `POST /admin/payment-links`
    CreatePaymentLink,
}

impl Operation {
    /// The operation in one word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreateCheckoutSession => "create-checkout-session",
            Self::CreateCheckoutSessionAsAdmin => "admin-create-checkout-session",
            Self::CreatePaymentIntent => "create-payment-intent",
            Self::CreatePaymentIntentAsAdmin => "admin-create-payment-intent",
            Self::OpenLink => "open-link",
            Self::CreatePaymentLink => "create-payment-link",
        }
    }
}

/// An answer, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// How far the work under a key has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimState {
    /// Somebody is at it, or was until its lease ended.
    Running,
    /// Answered.
    Done(Answer),
}

/// The record behind one idempotency key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Names the record: a hash, because the key itself is the caller's secret to the answer.
    pub key_hash: String,
    /// Recognises the request.
    pub fingerprint: Fingerprint,
    /// The try that holds the claim.
    pub attempt_id: AttemptId,
    /// Until then nobody else may try.
    #[serde(rename = "lease_until_ms")]
    pub lease_until: Timestamp,
    /// The order that every try works on.
    pub order_id: OrderId,
    /// The order's token, the same in every answer.
    pub order_token: OrderToken,
    /// How far the work has come.
    pub state: ClaimState,
    #[serde(rename = "expires_at_ms")]
    expires_at: Timestamp,
}

/// What became of an attempt to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Written.
    Ours,
    /// Somebody else was first: read again what the key stands for.
    Taken,
}

/// What became of an attempt to work on an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// Claim and order are written; the claim is ours.
    Ours,
    /// Somebody else was first: read the claim again.
    Taken,
    /// Another order has the signed cart.
    CartHeld,
}

/// What became of an attempt to finish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finished {
    /// Written.
    Done,
    /// The order changed meanwhile: read it again and try again.
    VersionConflict,
    /// Another try took over, or another order took the signed cart; this one may no longer answer.
    Fenced,
}

impl Claim {
    /// A claim of the key behind `key_hash`.
    #[must_use]
    pub fn new(
        key_hash: String,
        fingerprint: Fingerprint,
        attempt_id: AttemptId,
        order: (OrderId, OrderToken),
        lease_until: Timestamp,
    ) -> Self {
        Self {
            key_hash,
            fingerprint,
            attempt_id,
            expires_at: lease_until.plus_ms(RETENTION_MS),
            lease_until,
            order_id: order.0,
            order_token: order.1,
            state: ClaimState::Running,
        }
    }

    /// The name of the record behind `key`. What was answered in one environment is not an answer in the other.
    #[must_use]
    pub fn hash(environment: Environment, operation: Operation, key: &IdempotencyKey) -> String {
        let mut hasher = Sha256::new();
        hasher.update(environment.as_str());
        hasher.update([0]);
        hasher.update(operation.as_str());
        hasher.update([0]);
        hasher.update(key.as_str());
        hex::encode(hasher.finalize())
    }

    /// This claim in the hands of another try.
    #[must_use]
    pub fn taken_over_by(&self, attempt_id: AttemptId, lease_until: Timestamp) -> Self {
        Self { attempt_id, lease_until, ..self.clone() }
    }

    fn into_item(self) -> Result<Item, StoreError> {
        let ttl_s = self.expires_at.as_s();
        let mut item: Item =
            serde_dynamo::aws_sdk_dynamodb_1::to_item(&self).map_err(|_| StoreError::malformed("write claim"))?;
        item.extend(Key::claim(&self.key_hash).into_item());
        item.insert("ttl_s".to_owned(), number(ttl_s));
        Ok(item)
    }
}

impl Store {
    /// The claim named `key_hash`, unless it has expired. Strongly consistent.
    pub async fn claim(&self, key_hash: &str, now: Timestamp) -> Result<Option<Claim>, StoreError> {
        let Some(item) = self.get(Key::claim(key_hash), "read claim").await? else { return Ok(None) };
        let claim: Claim =
            serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(|_| StoreError::malformed("read claim"))?;
        Ok((claim.expires_at > now).then_some(claim))
    }

    /// Writes a fresh claim, its order and whose the signed cart is together, before anything is asked of lomi
    /// `released` is who may lose the cart to this order.
    pub async fn begin(
        &self,
        claim: Claim,
        order: &Order,
        released: Option<&CartHolder>,
        now: Timestamp,
    ) -> Result<Claimed, StoreError> {
        let put_claim = Put::builder()
            .table_name(&self.table)
            .set_item(Some(claim.into_item()?))
            .condition_expression("attribute_not_exists(PK) OR expires_at_ms <= :now")
            .expression_attribute_values(":now", number(now.as_ms()))
            .build()
            .map_err(|_| StoreError::malformed("begin"))?;
        let mut item = order_attributes(order)?;
        item.extend(Key::order(order.id()).into_item());
        let mut writes = vec![write_put(put_claim), write_put(self.put_new(item)?)];
        writes.extend(self.cart_hold(order, released)?);
        self.begin_with("begin", writes).await
    }

    /// Takes over a claim whose lease ended, together with its order and its signed cart. `previous` is the try that
    /// held it, `released` who may lose the cart to this order.
    pub async fn take_over(
        &self,
        claim: &Claim,
        previous: &AttemptId,
        order: &Order,
        released: Option<&CartHolder>,
    ) -> Result<Claimed, StoreError> {
        let changes = Changes::default()
            .set("attempt_id", text(claim.attempt_id.as_str()))
            .set("lease_until_ms", number(claim.lease_until.as_ms()));
        let mut writes = vec![self.claim_update(claim, previous, &changes)?, write_update(self.order_update(order)?)];
        writes.extend(self.cart_hold(order, released)?);
        self.begin_with("take over", writes).await
    }

    /// Claim, order and, third, the cart.
    async fn begin_with(&self, operation: &'static str, writes: Vec<TransactWriteItem>) -> Result<Claimed, StoreError> {
        Ok(match self.transact(operation, writes).await? {
            None => Claimed::Ours,
            Some(Cancelled::Condition(2)) => Claimed::CartHeld,
            Some(_) => Claimed::Taken,
        })
    }

    /// Writes the answer, the order and the way from what is paid on to the order together, if the claim and the signed
    /// cart are still ours.
    pub async fn finish(&self, claim: &Claim, answer: &Answer, order: &Order) -> Result<Finished, StoreError> {
        let state = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(ClaimState::Done(answer.clone()))
            .map_err(|_| StoreError::malformed("finish"))?;
        let changes = Changes::default().set("state", state);
        let mut writes =
            vec![self.claim_update(claim, &claim.attempt_id, &changes)?, write_update(self.order_update(order)?)];
        if let Some(payable) = order.payable() {
            writes.push(write_put(self.reverse_index(&payable, order.id())?));
        }
        // Last: nothing is handed out for a cart that another order has by now.
        let cart_index = writes.len();
        writes.extend(self.cart_hold(order, None)?);
        Ok(match self.transact("finish", writes).await? {
            Some(Cancelled::Condition(index)) if index == cart_index => Finished::Fenced,
            ended => finished(ended),
        })
    }

    /// Writes that the call to lomi did not open a page, and lets others try from `lease_until` on.
    pub async fn give_up(&self, claim: &Claim, lease_until: Timestamp, order: &Order) -> Result<Finished, StoreError> {
        let changes = Changes::default().set("lease_until_ms", number(lease_until.as_ms()));
        let writes =
            vec![self.claim_update(claim, &claim.attempt_id, &changes)?, write_update(self.order_update(order)?)];
        self.transact("give up", writes).await.map(finished)
    }

    /// A change of the claim that only its holder may make.
    fn claim_update(
        &self,
        claim: &Claim,
        holder: &AttemptId,
        changes: &Changes,
    ) -> Result<TransactWriteItem, StoreError> {
        self.update(Key::claim(&claim.key_hash), changes)
            .condition_expression("attempt_id = :holder")
            .expression_attribute_values(":holder", keys::text(holder.as_str()))
            .build()
            .map(write_update)
            .map_err(|_| StoreError::malformed("claim"))
    }
}

/// The claim comes first in every write of an outcome.
fn finished(ended: Option<Cancelled>) -> Finished {
    match ended {
        None => Finished::Done,
        Some(Cancelled::Condition(0)) => Finished::Fenced,
        Some(_) => Finished::VersionConflict,
    }
}
