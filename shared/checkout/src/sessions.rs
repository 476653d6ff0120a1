//! Creates one order, and returns at most one page or card form to the caller, per idempotency key.
//!
//! 1. Read the claim of the key: answered, held by another request, or free.
//! 2. Price the cart.
//! 3. Write claim, order and signed cart together, due for the reconciler, *before* lomi is called.
//! 4. Call lomi within the lease, under a key that is derived from the order.
//! 5. Write the outcome and the answer together, if the claim and the signed cart are still this request's.
//!
//! A crash before 3 leaves nothing. A crash between 3 and 5 leaves an order that a retry finishes when the lease has
//! ended: it calls lomi under the same key and gets the same page. What is not written in 5 was returned to no caller.
//! A card form's intent in this state is recorded as an orphan and cancelled.
//!
//! A signed cart belongs to one order. Another order may take it over when that one has ended unpaid and no money can
//! come for it. A request that still works on the order that lost the cart finds out in 5 and returns nothing to pay
//! on.

mod answer;
pub mod card_intent;
mod claim;
pub mod order_status;
mod provider_call;

use crate::Context;
use claim::{ClaimOutcome, ClaimedOrder};
use domain::{
    AllowedUrl, CartLine, CartTokenError, Currency, Fingerprint, IdempotencyKey, LomiCart, Money, OpenedPayment, Order,
    OrderDetails, OrderId, PaymentPageUrl, PaymentRef, PriceError,
};
use lomi_client::{AppearanceTheme, BillingAddress, Buyer, Client, PlanId, ProductId, SubscriptionId};
use std::num::NonZeroU32;
use std::time::Duration;
use store::{Answer, Finished, Operation, StoreError};
use tokio::time::Instant;

/// A request that has not written its outcome by then may lose its claim to the next one.
const LEASE_MS: i64 = 30_000;
/// The longest call to lomi: its outcome must be written within the lease.
const LOMI_BUDGET: Duration = Duration::from_secs(18);
/// Reserved before the caller's deadline to write the outcome.
const WRITE_MARGIN: Duration = Duration::from_secs(2);
/// The retry delay when lomi could not be reached.
const COOL_DOWN_MS: i64 = 2_000;
/// The longest retry delay that lomi may request.
const MAX_COOL_DOWN_MS: i64 = LEASE_MS;
/// Attempts to write the outcome while events change the order.
const MAX_FINISH_ATTEMPTS: u32 = 6;

/// Who sets the price.
#[derive(Clone, Debug)]
pub enum Pricing {
    /// The merchant's catalogue.
    Catalog(Vec<CartLine>),
    /// The merchant's backend, by a signed token.
    Signed {
        /// The token as it came.
        token: String,
        /// The key that must have signed it.
        key: Vec<u8>,
    },
    /// The merchant's backend, through the closed route.
    Merchant(Money),
    /// lomi's catalogue, in the currency of the merchant's organisation there.
    Lomi(LomiCart, Currency),
}

/// What to open.
#[derive(Clone, Debug)]
pub enum CheckoutMode {
    /// lomi's hosted page.
    Page(Box<PageDetails>),
    /// A card form on the shop's own page.
    Card(Box<CardDetails>),
}

/// What lomi receives about a card payment. Not stored with the order.
#[derive(Clone, Debug)]
pub struct CardDetails {
    /// Who pays.
    pub buyer: Buyer,
    /// E.164.
    pub customer_phone: Option<String>,
    /// Shown by the card processor.
    pub description: Option<String>,
    /// The merchant's name for the payment.
    pub payment_reference: Option<String>,
    /// For the merchant's records at lomi.
    pub product_id: Option<ProductId>,
    /// For the merchant's records at lomi.
    pub subscription_id: Option<SubscriptionId>,
    /// For the merchant's records at lomi.
    pub quantity: Option<NonZeroU32>,
    /// Colours of the form.
    pub appearance_theme: Option<AppearanceTheme>,
    /// Corners of the form.
    pub appearance_border_radius_px: Option<u32>,
    /// Whether the form asks for an address.
    pub appearance_billing_address: Option<BillingAddress>,
    /// The merchant's public key, which loads the form. Returned to the shop.
    pub publishable_key: Option<String>,
}

/// What the shopper sees on lomi's page, and where it leads.
#[derive(Clone, Debug)]
pub struct PageDetails {
    /// After paying.
    pub success_url: AllowedUrl,
    /// After cancelling.
    pub cancel_url: AllowedUrl,
    /// Rails to offer. lomi's first generation respects them, later ones offer what is connected.
    pub allowed_providers: Vec<String>,
    /// Text of the page.
    pub public_description: Option<String>,
    /// Pre-fills the page. Not stored with the order.
    pub customer: lomi_client::CustomerDetails,
    /// How long the page can be paid. lomi's first generation respects it, later ones give 60 minutes.
    pub expiration_minutes: Option<NonZeroU32>,
    /// Fields that the shopper must fill in.
    pub required: RequiredFields,
    /// Links to the merchant's records at lomi.
    pub records: PageRecords,
}

/// Records that lomi links with a session. They set no price here: a page at another price than the order's is returned
/// to no caller.
#[derive(Clone, Debug, Default)]
pub struct PageRecords {
    /// A product, beside the merchant's own price.
    pub product_id: Option<ProductId>,
    /// A subscription. lomi may require that an unpaid invoice of it is paid first.
    pub subscription_id: Option<SubscriptionId>,
    /// A plan. lomi's first generation has plans, later ones have none.
    pub plan_id: Option<PlanId>,
}

/// Fields that lomi's page requires. Always sent: the defaults differ between lomi's documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequiredFields {
    /// A name.
    pub name: bool,
    /// An e-mail address.
    pub email: bool,
    /// A phone number. Mobile money requires one in any case.
    pub phone: bool,
    /// A billing address.
    pub billing_address: bool,
}

impl Default for RequiredFields {
    fn default() -> Self {
        Self { name: true, email: true, phone: false, billing_address: false }
    }
}

/// A request to open a page or a card form.
#[derive(Clone, Debug)]
pub struct CreateCheckout {
    /// The route.
    pub operation: Operation,
    /// The caller's key.
    pub idempotency_key: IdempotencyKey,
    /// Identifies the request.
    pub fingerprint: Fingerprint,
    /// Who sets the price.
    pub pricing: Pricing,
    /// What the order stores besides its price.
    pub details: OrderDetails,
    /// What to open.
    pub mode: CheckoutMode,
}

/// An answer, saved so that a retry gets the same bytes.
#[derive(Clone, Debug)]
pub struct Created {
    /// The answer.
    pub answer: Answer,
    /// Whether an earlier request created it.
    pub replayed: bool,
    /// The order, where this request created it.
    pub order: Option<Box<Order>>,
    /// Where the shopper pays, where this request opened a page.
    pub checkout_url: Option<PaymentPageUrl>,
}

/// Why this request opened nothing to pay on.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The key belongs to another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Another request with this key is running.
    #[error("in progress")]
    InProgress {
        /// When to retry.
        retry_after_s: u32,
    },
    /// The order behind the key can no longer be paid.
    #[error("the order is closed")]
    OrderClosed,
    /// The cart has no price. Nothing was written.
    #[error(transparent)]
    Price(#[from] PriceError),
    /// The cart token is invalid. Nothing was written.
    #[error(transparent)]
    CartToken(#[from] CartTokenError),
    /// Another order has the signed cart, and may be paid. Nothing was written.
    #[error("the cart token belongs to another order")]
    CartTaken,
    /// There is no usable key for lomi. Nothing was written.
    #[error("no usable key for lomi.")]
    NoKey,
    /// lomi could not be reached, asked to wait, or its answer was lost. A retry with the same key finishes the same
    /// order.
    #[error("lomi. is out of reach")]
    ProviderUnavailable {
        /// When to retry.
        retry_after_s: u32,
        /// What happened.
        error: lomi_client::Error,
    },
    /// The request has no form that lomi accepts. Nothing was sent.
    #[error("the request cannot be sent to lomi.")]
    Unsendable,
    /// lomi refused, and opened nothing.
    #[error("lomi. refused")]
    ProviderRejected(lomi_client::Error),
    /// lomi opened a page or a card form with another price, currency, environment or host than requested. It was
    /// returned to no caller.
    #[error("lomi. opened something else than asked for")]
    WrongPayment,
    /// lomi takes no card payments on the shop's own page now. Its hosted page may still take them.
    #[error("lomi. takes no direct card payments")]
    CardUnavailable(lomi_client::Error),
    /// Less than lomi's minimum for a card. Nothing was written.
    #[error("too little for a card")]
    CardAmountTooSmall,
    /// The customer has an unpaid invoice at lomi, which must be paid first.
    #[error("an invoice has to be paid first")]
    InvoicePaymentRequired,
    /// DynamoDB did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens a page or a card form, or returns the saved answer. `lomi` is called only when there is work to do, and then
/// before anything is written.
///
/// # Errors
/// [`CreateError`]. In each case this call returned nothing to pay on.
pub async fn create_checkout(
    context: &Context,
    request: &CreateCheckout,
    mut lomi: impl AsyncFnMut() -> Option<Client>,
    deadline: Instant,
) -> Result<Created, CreateError> {
    // 1-3 Claim the key, price the cart, write both.
    let claimed = match claim::acquire(context, request, &mut lomi).await? {
        ClaimOutcome::Answered(answer) => {
            return Ok(Created { answer, replayed: true, order: None, checkout_url: None });
        }
        ClaimOutcome::Ours(claimed) => claimed,
    };
    // 4 Call lomi.
    let call_deadline = deadline.checked_sub(WRITE_MARGIN).unwrap_or(deadline).min(Instant::now() + LOMI_BUDGET);
    match provider_call::open(context, request, &claimed, call_deadline).await {
        // 5 Write the outcome.
        Ok(opened) => save_opened(context, request.operation, &claimed, &opened).await,
        Err(failure) => Err(save_failure(context, &claimed, failure).await),
    }
}

async fn save_opened(
    context: &Context,
    operation: Operation,
    claimed: &ClaimedOrder,
    opened: &provider_call::Opened,
) -> Result<Created, CreateError> {
    let mut order = claimed.order.clone();
    for attempt in 0..MAX_FINISH_ATTEMPTS {
        let next = order.opened(opened.payment.clone(), context.clock.now());
        let answer = answer::of(operation, claimed, &next, opened)?;
        match context.store.finish(&claimed.claim, &answer, &next).await? {
            Finished::Done => {
                let checkout_url = opened.checkout_url().cloned();
                return Ok(Created { answer, replayed: false, order: Some(Box::new(next)), checkout_url });
            }
            Finished::Fenced => break,
            Finished::VersionConflict => tokio::time::sleep(context.pause(attempt)).await,
        }
        order = context.order(claimed.order.id()).await?.unwrap_or(order);
    }
    abandon_intent(context, claimed.order.id(), &opened.payment).await;
    Err(CreateError::InProgress { retry_after_s: 1 })
}

/// Records an intent that this request may not return, so that the reconciler cancels it: unlike a page it never ends.
/// If this write fails, its secret was still returned to no caller.
async fn abandon_intent(context: &Context, id: &OrderId, payment: &OpenedPayment) {
    if let PaymentRef::PaymentIntent(intent) = &payment.id {
        let _ = context.change_order(id, |order| order.with_orphan(intent, context.clock.now())).await;
    }
}

/// Writes that nothing was opened, so that a retry need not wait for the lease. If this write fails, the lease ends.
async fn save_failure(context: &Context, claimed: &ClaimedOrder, failure: provider_call::Failure) -> CreateError {
    let now = context.clock.now();
    let order = match failure.result {
        provider_call::AttemptResult::Untouched => claimed.order.provider_not_called(now),
        provider_call::AttemptResult::Rejected => claimed.order.rejected(now),
        provider_call::AttemptResult::InDoubt { fresh_key } => claimed.order.in_doubt(fresh_key, now),
    };
    let free_at = now.plus_ms(failure.cool_down_ms);
    // The answer is an error in any case. The reconciler finds what could not be written here.
    let _ = context.store.give_up(&claimed.claim, free_at, &order).await;
    if let Some(payment) = failure.discard {
        abandon_intent(context, claimed.order.id(), &payment).await;
    }
    failure.error
}
