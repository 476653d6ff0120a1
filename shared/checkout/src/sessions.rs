//! One order, and at most one page or card form handed out, per idempotency key.
//!
//! 1. Who works on this key? Answered, somebody else, or us.
//! 2. Price the cart.
//! 3. Write claim, order and whose the signed cart is together, due for the reconciler, *before* anything is asked of lomi.
//! 4. Ask lomi., under a key derived from the order, within the lease.
//! 5. Write the outcome and the answer together, if the claim and the signed cart are still ours.
//!
//! A crash before 3 leaves nothing. A crash between 3 and 5 leaves an order that a retry finishes once the lease has
//! ended: it asks lomi. under the same key and gets the same page. What is not written in 5 is in nobody's hands; a card
//! form's intent of which that is known is noted as an orphan and cancelled.
//!
//! A signed cart belongs to one order. Another order may take it over once that one has ended unpaid and no money can come
//! for it; whoever still works on the order that lost it finds out in 5 and hands out nothing.

mod answer;
pub mod card_intent;
mod claim;
pub mod order_status;
mod provider_call;

use crate::Context;
use claim::{Entered, Work};
use domain::{
    AllowedUrl, CartLine, CartTokenError, Currency, Fingerprint, IdempotencyKey, LomiCart, Money, OpenedPayment, Order,
    OrderDetails, OrderId, PaymentPageUrl, PaymentRef, PriceError,
};
use lomi_client::{AppearanceTheme, BillingAddress, Buyer, Client, PlanId, ProductId, SubscriptionId};
use std::num::NonZeroU32;
use std::time::Duration;
use store::{Answer, Finished, Operation, StoreError};
use tokio::time::Instant;

/// A try that has not written its outcome by then has lost its claim to the next one.
const LEASE_MS: i64 = 30_000;
/// The longest call to lomi.: it must be over, and its outcome written, within the lease.
const LOMI_BUDGET: Duration = Duration::from_secs(18);
/// Kept back from the caller's deadline to write the outcome.
const WRITE_MARGIN: Duration = Duration::from_secs(2);
/// How soon another try makes sense after lomi. could not be reached.
const COOL_DOWN_MS: i64 = 2_000;
/// The same for lomi.'s own wish, at most.
const MAX_COOL_DOWN_MS: i64 = LEASE_MS;
/// So often the outcome is written anew on top of an event that came meanwhile.
const MAX_FINISH_TRIES: u32 = 6;

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
    /// lomi.'s own catalogue, in the currency of the merchant's organisation there.
    Lomi(LomiCart, Currency),
}

/// What the shopper is to pay on.
#[derive(Clone, Debug)]
pub enum CheckoutMode {
    /// lomi.'s hosted page.
    Page(Box<PageDetails>),
    /// A card form on the shop's own page.
    Card(Box<CardDetails>),
}

/// What lomi. is to know of a card payment. It goes to lomi. and is not kept with the order.
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
    /// The merchant's public key, which the form is loaded with; handed through to the shop.
    pub publishable_key: Option<String>,
}

/// What the shopper sees on lomi.'s page, and where it leads.
#[derive(Clone, Debug)]
pub struct PageDetails {
    /// After paying.
    pub success_url: AllowedUrl,
    /// After giving up.
    pub cancel_url: AllowedUrl,
    /// Rails to offer; lomi.'s first generation obeys, later ones offer what is connected.
    pub allowed_providers: Vec<String>,
    /// Text of the page.
    pub public_description: Option<String>,
    /// Pre-fills the page. Goes to lomi. and is not kept with the order.
    pub customer: lomi_client::CustomerDetails,
    /// The page's life; lomi.'s first generation obeys, later ones give 60 minutes.
    pub expiration_minutes: Option<NonZeroU32>,
    /// What it asks the shopper for.
    pub required: RequiredFields,
    /// What it is about in the merchant's records at lomi.
    pub records: PageRecords,
}

/// What lomi. notes with a session, and goes into its books. It prices nothing here: a page at another price than the order's is
/// handed to nobody.
#[derive(Clone, Debug, Default)]
pub struct PageRecords {
    /// A product of the merchant's, beside a price that is the merchant's own.
    pub product_id: Option<ProductId>,
    /// A subscription. lomi. may want an unpaid invoice of it paid first.
    pub subscription_id: Option<SubscriptionId>,
    /// A plan; lomi.'s first generation has plans, later ones none.
    pub plan_id: Option<PlanId>,
}

/// What lomi.'s page demands of the shopper, always said: what holds otherwise differs between lomi.'s own documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequiredFields {
    /// A name.
    pub name: bool,
    /// An e-mail address.
    pub email: bool,
    /// A phone number. Mobile money asks for one in any case.
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
    /// Whose request it is.
    pub operation: Operation,
    /// The caller's key.
    pub idempotency_key: IdempotencyKey,
    /// Recognises the request.
    pub fingerprint: Fingerprint,
    /// Who sets the price.
    pub pricing: Pricing,
    /// What is kept of the order besides its price.
    pub details: OrderDetails,
    /// What to open.
    pub mode: CheckoutMode,
}

/// An answer that is saved and will be given again, byte for byte.
#[derive(Clone, Debug)]
pub struct Created {
    /// What to answer.
    pub answer: Answer,
    /// Whether an earlier request had made it.
    pub replayed: bool,
    /// The order it is about, where this request made it.
    pub order: Option<Box<Order>>,
    /// Where the shopper pays, where this request opened a page.
    pub checkout_url: Option<PaymentPageUrl>,
}

/// Why no page was opened, or not by this request.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The key belongs to another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Another request with this key is at it.
    #[error("in progress")]
    InProgress {
        /// When to come again.
        retry_after_s: u32,
    },
    /// The order behind the key can no longer be paid.
    #[error("the order is closed")]
    OrderClosed,
    /// The cart has no price. Nothing was written.
    #[error(transparent)]
    Price(#[from] PriceError),
    /// The cart token is not worth its price. Nothing was written.
    #[error(transparent)]
    CartToken(#[from] CartTokenError),
    /// Another order was made from the signed cart, and may be paid. Nothing was written.
    #[error("the cart token belongs to another order")]
    CartTaken,
    /// There is no key to call lomi. with. Nothing was written.
    #[error("no usable key for lomi.")]
    NoKey,
    /// lomi. could not be reached, asked to wait, or its answer was lost. The same key finishes the same order.
    #[error("lomi. is out of reach")]
    ProviderUnavailable {
        /// When to come again.
        retry_after_s: u32,
        /// What happened.
        error: lomi_client::Error,
    },
    /// The request cannot be put into lomi.'s words. Nothing was sent to lomi.
    #[error("the request cannot be sent to lomi.")]
    Unsendable,
    /// lomi. refused; it made no page.
    #[error("lomi. refused")]
    ProviderRejected(lomi_client::Error),
    /// lomi. opened a page or a card form at another price, currency, environment or host than asked for. It was handed
    /// to nobody.
    #[error("lomi. opened something else than asked for")]
    WrongPayment,
    /// lomi. takes no card payments on the shop's own page just now; its hosted page may still take them.
    #[error("lomi. takes no direct card payments")]
    CardUnavailable(lomi_client::Error),
    /// lomi. takes more than that by card, or nothing. Nothing was written.
    #[error("too little for a card")]
    CardAmountTooSmall,
    /// The customer has an unpaid invoice at lomi., which comes first.
    #[error("an invoice has to be paid first")]
    InvoicePaymentRequired,
    /// DynamoDB did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens a page or a card form, or gives the answer that was given before. `lomi` is only called when there is work to do, and then
/// before anything is written.
///
/// # Errors
/// [`CreateError`]. Whatever it is, nobody has anything to pay on because of this call.
pub async fn create_checkout(
    context: &Context,
    request: &CreateCheckout,
    mut lomi: impl AsyncFnMut() -> Option<Client>,
    deadline: Instant,
) -> Result<Created, CreateError> {
    // 1-3 Claim the key, price the cart, write both.
    let work = match claim::enter(context, request, &mut lomi).await? {
        Entered::Answered(answer) => return Ok(Created { answer, replayed: true, order: None, checkout_url: None }),
        Entered::Ours(work) => work,
    };
    // 4 Ask lomi.
    let call_deadline = deadline.checked_sub(WRITE_MARGIN).unwrap_or(deadline).min(Instant::now() + LOMI_BUDGET);
    match provider_call::open(context, request, &work, call_deadline).await {
        // 5 Write the outcome.
        Ok(opened) => hand_out(context, request.operation, &work, &opened).await,
        Err(failure) => Err(give_up(context, &work, failure).await),
    }
}

async fn hand_out(
    context: &Context,
    operation: Operation,
    work: &Work,
    opened: &provider_call::Opened,
) -> Result<Created, CreateError> {
    let mut order = work.order.clone();
    for attempt in 0..MAX_FINISH_TRIES {
        let next = order.opened(opened.payable.clone(), context.clock.now());
        let answer = answer::of(operation, work, &next, opened)?;
        match context.store.finish(&work.claim, &answer, &next).await? {
            Finished::Done => {
                let checkout_url = opened.checkout_url().cloned();
                return Ok(Created { answer, replayed: false, order: Some(Box::new(next)), checkout_url });
            }
            Finished::Fenced => break,
            Finished::VersionConflict => tokio::time::sleep(context.pause(attempt)).await,
        }
        order = context.order(work.order.id()).await?.unwrap_or(order);
    }
    abandon_intent(context, work.order.id(), &opened.payable).await;
    Err(CreateError::InProgress { retry_after_s: 1 })
}

/// Notes an intent that this try may not hand out, so that it is cancelled: unlike a page it would never end. If that
/// cannot be written, its secret still is in nobody's hands.
async fn abandon_intent(context: &Context, id: &OrderId, payable: &OpenedPayment) {
    if let PaymentRef::PaymentIntent(intent) = &payable.id {
        let _ = context.change_order(id, |order| order.with_orphan(intent, context.clock.now())).await;
    }
}

/// Writes that no page was opened, so that the next try need not wait for the lease. If even that fails, the lease ends
/// by itself.
async fn give_up(context: &Context, work: &Work, failure: provider_call::Failure) -> CreateError {
    let now = context.clock.now();
    let order = match failure.mark {
        provider_call::AttemptResult::Untouched => work.order.provider_not_called(now),
        provider_call::AttemptResult::Rejected => work.order.rejected(now),
        provider_call::AttemptResult::InDoubt { fresh_key } => work.order.in_doubt(fresh_key, now),
    };
    let free_at = now.plus_ms(failure.cool_down_ms);
    // The answer is an error either way; what could not be written here, the reconciler finds.
    let _ = context.store.give_up(&work.claim, free_at, &order).await;
    if let Some(payable) = failure.discard {
        abandon_intent(context, work.order.id(), &payable).await;
    }
    failure.error
}
