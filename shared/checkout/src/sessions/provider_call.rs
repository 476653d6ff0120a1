//! Step 4: the call that opens a page or a card form at lomi.

mod card;
mod page;

use super::{COOL_DOWN_MS, CheckoutMode, ClaimedOrder, CreateCheckout, CreateError, MAX_COOL_DOWN_MS};
use crate::{Context, units};
use domain::{OpenedPayment, Order, PaymentPageUrl, Timestamp, is_reserved_label};
use lomi_client::{Appearance, ClientSecret, CustomerId, Error, ErrorKind, IdempotencyKey, Outcome, PlanId};
use std::collections::BTreeMap;
use tokio::time::Instant;

/// An opened payment that is not returned to the caller yet.
pub(super) struct Opened {
    pub(super) payment: OpenedPayment,
    pub(super) handoff: ClientHandoff,
}

/// What the shop needs to show it.
pub(super) enum ClientHandoff {
    Page(Box<Page>),
    Card(Box<Card>),
}

/// lomi's page, and fields of its session that only the merchant's backend receives.
pub(super) struct Page {
    pub(super) checkout_url: PaymentPageUrl,
    pub(super) created_at: Option<Timestamp>,
    pub(super) merchant_id: Option<String>,
    pub(super) organization_id: Option<String>,
    pub(super) plan_id: Option<PlanId>,
}

pub(super) struct Card {
    pub(super) client_secret: ClientSecret,
    pub(super) publishable_key: Option<String>,
    pub(super) appearance: Option<Appearance>,
}

impl Opened {
    pub(super) const fn checkout_url(&self) -> Option<&PaymentPageUrl> {
        match &self.handoff {
            ClientHandoff::Page(page) => Some(&page.checkout_url),
            ClientHandoff::Card(_) => None,
        }
    }
}

/// What the order records of a call that opened nothing usable.
pub(super) enum AttemptResult {
    /// Nothing happened at lomi; the same call may be made again.
    Untouched,
    /// lomi refused. The next call needs a fresh key, because lomi may repeat its refusal under this one.
    Rejected,
    /// The outcome is unknown.
    InDoubt { fresh_key: bool },
}

pub(super) struct Failure {
    pub(super) result: AttemptResult,
    pub(super) cool_down_ms: i64,
    pub(super) error: CreateError,
    /// What lomi opened and the caller must not receive.
    pub(super) discard: Option<OpenedPayment>,
}

impl Failure {
    const fn new(result: AttemptResult, cool_down_ms: i64, error: CreateError) -> Self {
        Self { result, cool_down_ms, error, discard: None }
    }
}

pub(super) async fn open(
    context: &Context,
    request: &CreateCheckout,
    claimed: &ClaimedOrder,
    deadline: Instant,
) -> Result<Opened, Failure> {
    match &request.mode {
        CheckoutMode::Page(page) => page::open(context, request, page, claimed, deadline).await,
        CheckoutMode::Card(card) => card::open(context, card, claimed, deadline).await,
    }
}

/// The same order and attempt number always make the same key and body, so lomi answers with the same page.
fn key(order: &Order) -> Result<IdempotencyKey, Failure> {
    IdempotencyKey::parse(&format!("{}-{}", order.id(), order.attempt_number())).map_err(|_| unsendable())
}

/// lomi's API of 2025 takes fifty fields, and up to three are ours. The order stores all of the merchant's.
const MAX_LABELS: usize = 47;

/// The merchant's labels and ours. Ours win: they lead the event back to its order and prove its environment. A link of
/// an earlier release may have a label that is reserved by now; it is not sent. A shopper's notes are not sent either.
fn metadata(order: &Order) -> BTreeMap<String, String> {
    let labels = order.metadata().iter().filter(|(name, _)| !is_reserved_label(name)).take(MAX_LABELS);
    let mut metadata: BTreeMap<_, _> = labels.map(|(name, value)| (name.clone(), value.clone())).collect();
    metadata.insert("order_id".to_owned(), order.id().to_string());
    let environment = units::environment_to_lomi(order.environment());
    metadata.insert("payment_environment".to_owned(), environment.to_owned());
    metadata
}

/// The outer `None` is an unreadable id.
#[expect(clippy::option_option, reason = "no customer is a request, an unreadable one is not")]
fn customer_id(request: &CreateCheckout) -> Option<Option<CustomerId>> {
    request.details.customer_id.as_deref().map(CustomerId::parse).transpose().ok()
}

const fn unsendable() -> Failure {
    Failure::new(AttemptResult::Untouched, 0, CreateError::Unsendable)
}

fn wrong_payment(discard: Option<OpenedPayment>) -> Failure {
    Failure { discard, ..Failure::new(AttemptResult::Rejected, COOL_DOWN_MS, CreateError::WrongPayment) }
}

fn failure(error: Error) -> Failure {
    let requested_ms = error.retry_after().and_then(|wait| i64::try_from(wait.as_millis()).ok());
    let cool_down_ms = requested_ms.unwrap_or(COOL_DOWN_MS).clamp(COOL_DOWN_MS, MAX_COOL_DOWN_MS);
    let result = match error.outcome() {
        Outcome::NotSent => AttemptResult::Untouched,
        // lomi refuses our key. A rotated one is in use within a minute.
        Outcome::Rejected if error.is_retryable() || matches!(error.status(), Some(401 | 403)) => {
            AttemptResult::Untouched
        }
        Outcome::Rejected => AttemptResult::Rejected,
        // An error that lomi replays from its idempotency cache is replayed for a day. A replayed success that could
        // not be read is no such error: the page exists, and a fresh key would open a second one.
        Outcome::Unknown => {
            AttemptResult::InDoubt { fresh_key: error.is_replay() && error.kind() == ErrorKind::Refused }
        }
    };
    if matches!(result, AttemptResult::Rejected) {
        return Failure::new(result, 0, CreateError::ProviderRejected(error));
    }
    let retry_after_s = u32::try_from(cool_down_ms / 1000).unwrap_or_default();
    Failure::new(result, cool_down_ms, CreateError::ProviderUnavailable { retry_after_s, error })
}
