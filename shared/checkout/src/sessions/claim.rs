//! Steps 1 to 3: the claim, the price, the order.

use super::{CheckoutMode, CreateCheckout, CreateError, LEASE_MS, Pricing};
use crate::Context;
use domain::{AttemptId, CartTokenId, NewOrder, Order, OrderId, OrderToken, PricedCart, Timestamp, open_cart_token};
use lomi_client::Client;
use store::{Answer, CartHolder, Claim, ClaimState, Claimed, StoreError};

/// Attempts to claim a key or a cart that other requests write, too.
const MAX_ATTEMPTS: u32 = 5;
/// A request that runs normally is done by then.
const RETRY_AFTER_S: u32 = 2;

/// What a request finds under its key.
pub(super) enum ClaimOutcome {
    /// The saved answer.
    Answered(Answer),
    /// The claim is this request's.
    Ours(Box<ClaimedOrder>),
}

/// A claim that this request holds, its order, and the client to call lomi with.
pub(super) struct ClaimedOrder {
    pub(super) lomi: Client,
    pub(super) claim: Claim,
    pub(super) order: Order,
}

/// The outcome of one attempt to claim.
enum ClaimAttempt {
    Ours(Box<(Claim, Order)>),
    /// Another request wrote meanwhile: read again.
    Conflict,
    /// Another order has the signed cart.
    CartHeld(CartTokenId),
}

impl ClaimAttempt {
    fn of(claimed: Claimed, claim: Claim, order: Order) -> Self {
        match (claimed, order.cart_token_id()) {
            (Claimed::Ours, _) => Self::Ours(Box::new((claim, order))),
            (Claimed::CartHeld, Some(id)) => Self::CartHeld(id.clone()),
            (Claimed::CartHeld | Claimed::AlreadyClaimed, _) => Self::Conflict,
        }
    }
}

pub(super) async fn acquire(
    context: &Context,
    request: &CreateCheckout,
    lomi: &mut impl AsyncFnMut() -> Option<Client>,
) -> Result<ClaimOutcome, CreateError> {
    let key_hash = Claim::hash(context.environment, request.operation, &request.idempotency_key);
    let mut released = None;
    for attempt in 0..MAX_ATTEMPTS {
        let now = context.clock.now();
        let expired = match context.store.claim(&key_hash, now).await? {
            None => None,
            Some(claim) if claim.fingerprint != request.fingerprint => return Err(CreateError::KeyReused),
            Some(Claim { state: ClaimState::Done(answer), .. }) => return Ok(ClaimOutcome::Answered(answer)),
            Some(claim) if claim.lease_until > now => {
                return Err(CreateError::InProgress { retry_after_s: retry_after_s(&claim, now) });
            }
            Some(claim) => Some(claim),
        };
        let lomi = lomi().await.ok_or(CreateError::NoKey)?;
        let attempted = match expired {
            None => begin(context, request, key_hash.clone(), released.as_ref(), now).await?,
            Some(claim) => take_over(context, &claim, released.as_ref(), now).await?,
        };
        match attempted {
            ClaimAttempt::Ours(held) => {
                let (claim, order) = *held;
                return Ok(ClaimOutcome::Ours(Box::new(ClaimedOrder { lomi, claim, order })));
            }
            ClaimAttempt::CartHeld(cart) => released = releasable_holder(context, &cart, now).await?,
            ClaimAttempt::Conflict => tokio::time::sleep(context.pause(attempt)).await,
        }
    }
    Err(CreateError::InProgress { retry_after_s: RETRY_AFTER_S })
}

fn retry_after_s(claim: &Claim, now: Timestamp) -> u32 {
    let left_ms = claim.lease_until.as_ms().saturating_sub(now.as_ms());
    let left_s = u32::try_from(left_ms / 1000).unwrap_or_default().saturating_add(1);
    left_s.min(RETRY_AFTER_S)
}

/// The order that has the cart and can release it; `None` when no order has it by now. The holder is read before its
/// order, so that an order that takes its cart again in between is not mistaken for the one that was checked.
async fn releasable_holder(
    context: &Context,
    cart: &CartTokenId,
    now: Timestamp,
) -> Result<Option<CartHolder>, CreateError> {
    let Some(holder) = context.store.cart_holder(context.environment, cart, now).await? else { return Ok(None) };
    let order = context.order(&holder.order_id).await?;
    if order.is_some_and(|order| order.releases_cart(now)) { Ok(Some(holder)) } else { Err(CreateError::CartTaken) }
}

async fn begin(
    context: &Context,
    request: &CreateCheckout,
    key_hash: String,
    released: Option<&CartHolder>,
    now: Timestamp,
) -> Result<ClaimAttempt, CreateError> {
    let cart = price(context, &request.pricing, now).await?;
    let is_by_card = matches!(request.mode, CheckoutMode::Card(_));
    if is_by_card && cart.total().is_some_and(|total| !total.is_chargeable_by_card()) {
        return Err(CreateError::CardAmountTooSmall);
    }
    let order_id = OrderId::from_entropy(context.entropy.bytes());
    let token = OrderToken::from_entropy(context.entropy.bytes());
    let attempt_id = AttemptId::from_entropy(context.entropy.bytes());
    let lease_until = now.plus_ms(LEASE_MS);
    let order = Order::create(
        NewOrder {
            order_id: order_id.clone(),
            environment: context.environment,
            cart,
            details: request.details.clone(),
            token_hash: token.hash(),
            attempt_id: attempt_id.clone(),
            lease_until,
        },
        now,
    );
    let fingerprint = request.fingerprint.clone();
    let claim = Claim::new(key_hash, fingerprint, attempt_id, (order_id, token), lease_until);
    let claimed = context.store.begin(claim.clone(), &order, released, now).await?;
    Ok(ClaimAttempt::of(claimed, claim, order))
}

/// The lease of another request has ended. Its order, price and token stay; the work starts over.
async fn take_over(
    context: &Context,
    claim: &Claim,
    released: Option<&CartHolder>,
    now: Timestamp,
) -> Result<ClaimAttempt, CreateError> {
    let order = context.order(&claim.order_id).await?;
    let order = order.ok_or(StoreError::Malformed { operation: "take over" })?;
    let attempt_id = AttemptId::from_entropy(context.entropy.bytes());
    let lease_until = now.plus_ms(LEASE_MS);
    let Some(order) = order.taken_over_by(attempt_id.clone(), lease_until, now) else {
        // Either the holder finished, and its answer is there, or the order is over.
        let again = context.store.claim(&claim.key_hash, now).await?;
        return if again.as_ref() == Some(claim) { Err(CreateError::OrderClosed) } else { Ok(ClaimAttempt::Conflict) };
    };
    let ours = claim.taken_over_by(attempt_id, lease_until);
    let claimed = context.store.take_over(&ours, &claim.attempt_id, &order, released).await?;
    Ok(ClaimAttempt::of(claimed, ours, order))
}

async fn price(context: &Context, pricing: &Pricing, now: Timestamp) -> Result<PricedCart, CreateError> {
    Ok(match pricing {
        Pricing::Catalog(lines) => {
            let skus: Vec<_> = lines.iter().map(|line| line.sku.clone()).collect();
            PricedCart::from_catalog(lines, &context.store.products(&skus).await?)?
        }
        Pricing::Signed { token, key } => open_cart_token(token, key, now)?,
        Pricing::Merchant(total) => PricedCart::from_merchant(*total, None),
        Pricing::Lomi(cart, currency) => PricedCart::from_lomi(cart.clone(), *currency),
    })
}
