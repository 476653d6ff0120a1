//! Claims of idempotency keys: which attempt works on a request, and the stored answer.

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

/// How long an answer is kept. Shorter than lomi keeps its own (24 h), so that a retry never reaches lomi after lomi
/// has forgotten the first attempt.
const RETENTION_MS: i64 = 23 * 60 * 60 * 1000;

/// The operation that a key is used for. One key may be used once for each operation.
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
    /// The name of the operation.
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

/// The progress of the work under a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimState {
    /// An attempt is running, or was until its lease ended.
    Running,
    /// Answered.
    Done(Answer),
}

/// The record behind one idempotency key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// A hash of the key, because the key itself gives access to the answer.
    pub key_hash: String,
    /// Recognises the request.
    pub fingerprint: Fingerprint,
    /// The attempt that holds the claim.
    pub attempt_id: AttemptId,
    /// Until then no other attempt may take over.
    #[serde(rename = "lease_until_ms")]
    pub lease_until: Timestamp,
    /// The order that every attempt works on.
    pub order_id: OrderId,
    /// The order's token, the same in every answer.
    pub order_token: OrderToken,
    /// The progress of the work.
    pub state: ClaimState,
    #[serde(rename = "expires_at_ms")]
    expires_at: Timestamp,
}

/// The result of writing a new claim or receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Written.
    Ours,
    /// The key is claimed already: read its record again.
    AlreadyClaimed,
}

/// The result of claiming an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// Claim and order are written; this attempt holds the claim.
    Ours,
    /// Another attempt holds the claim: read it again.
    AlreadyClaimed,
    /// Another order holds the signed cart.
    CartHeld,
}

/// The result of writing an attempt's outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finished {
    /// Written.
    Done,
    /// The order changed meanwhile: read it again and retry.
    VersionConflict,
    /// Another attempt took over the claim, or another order the signed cart; this attempt may no longer answer.
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

    /// The hash of `key`. The environment is part of it: an answer in one environment is none in the other.
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

    /// This claim, held by another attempt.
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
    /// The claim with this hash, unless it has expired. Strongly consistent.
    pub async fn claim(&self, key_hash: &str, now: Timestamp) -> Result<Option<Claim>, StoreError> {
        let Some(item) = self.get(Key::claim(key_hash), "read claim").await? else { return Ok(None) };
        let claim: Claim =
            serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(|_| StoreError::malformed("read claim"))?;
        Ok((claim.expires_at > now).then_some(claim))
    }

    /// Writes a new claim, its order and its cart hold in one transaction, before lomi is called. `released` is the
    /// holder that may lose the cart to this order.
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
            .map_err(|_| StoreError::malformed("begin claim"))?;
        let mut item = order_attributes(order)?;
        item.extend(Key::order(order.id()).into_item());
        let mut writes = vec![write_put(put_claim), write_put(self.put_new(item)?)];
        writes.extend(self.cart_hold(order, released)?);
        self.begin_with("begin claim", writes).await
    }

    /// Takes over a claim whose lease has ended, with its order and its cart hold. `previous` is the attempt that held
    /// it; `released` is the holder that may lose the cart to this order.
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
        self.begin_with("take over claim", writes).await
    }

    /// The writes are claim, order, cart hold, in this order.
    async fn begin_with(&self, operation: &'static str, writes: Vec<TransactWriteItem>) -> Result<Claimed, StoreError> {
        Ok(match self.transact(operation, writes).await? {
            None => Claimed::Ours,
            Some(Cancelled::Condition(2)) => Claimed::CartHeld,
            Some(_) => Claimed::AlreadyClaimed,
        })
    }

    /// Writes the answer, the order and its reverse index entry in one transaction, if this attempt still holds the
    /// claim and the order still holds the signed cart.
    pub async fn finish(&self, claim: &Claim, answer: &Answer, order: &Order) -> Result<Finished, StoreError> {
        let state = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(ClaimState::Done(answer.clone()))
            .map_err(|_| StoreError::malformed("finish claim"))?;
        let changes = Changes::default().set("state", state);
        let mut writes =
            vec![self.claim_update(claim, &claim.attempt_id, &changes)?, write_update(self.order_update(order)?)];
        if let Some(payable) = order.payable() {
            writes.push(write_put(self.reverse_index(&payable, order.id())?));
        }
        // Last: no page is returned for a cart that another order holds by now.
        let cart_index = writes.len();
        writes.extend(self.cart_hold(order, None)?);
        Ok(match self.transact("finish claim", writes).await? {
            Some(Cancelled::Condition(index)) if index == cart_index => Finished::Fenced,
            ended => finished(ended),
        })
    }

    /// Records that lomi opened no page, and lets another attempt take over from `lease_until` on.
    pub async fn give_up(&self, claim: &Claim, lease_until: Timestamp, order: &Order) -> Result<Finished, StoreError> {
        let changes = Changes::default().set("lease_until_ms", number(lease_until.as_ms()));
        let writes =
            vec![self.claim_update(claim, &claim.attempt_id, &changes)?, write_update(self.order_update(order)?)];
        self.transact("give up claim", writes).await.map(finished)
    }

    /// An update of the claim that only its holder may make.
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
            .map_err(|_| StoreError::malformed("write claim"))
    }
}

/// In every write of an outcome, the claim comes first.
fn finished(ended: Option<Cancelled>) -> Finished {
    match ended {
        None => Finished::Done,
        Some(Cancelled::Condition(0)) => Finished::Fenced,
        Some(_) => Finished::VersionConflict,
    }
}
