//! Step 4: lomi. opens what the shopper pays on, or does not, or nobody knows.

mod card;
mod page;

use super::{COOL_DOWN_MS, CheckoutMode, CreateCheckout, CreateError, MAX_COOL_DOWN_MS, Work};
use crate::{Context, units};
use domain::{OpenedPayment, Order, PaymentPageUrl, Timestamp, is_reserved_label};
use lomi_client::{Appearance, ClientSecret, CustomerId, Error, ErrorKind, IdempotencyKey, Outcome, PlanId};
use std::collections::BTreeMap;
use tokio::time::Instant;

/// Something to pay on that is in nobody's hands yet.
pub(super) struct Opened {
    pub(super) payable: OpenedPayment,
    pub(super) handle: ClientHandoff,
}

/// What the shopper needs in order to pay on it.
pub(super) enum ClientHandoff {
    Page(Box<Page>),
    Card(Box<Card>),
}

/// lomi.'s page, and what lomi. tells of its session that only the merchant is told, too.
pub(super) struct Page {
    pub(super) checkout_url: PaymentPageUrl,
    pub(super) created_at: Option<Timestamp>,
    pub(super) merchant_id: Option<String>,
    pub(super) organization_id: Option<String>,
    pub(super) plan_id: Option<PlanId>,
}

/// What the card form needs.
pub(super) struct Card {
    pub(super) client_secret: ClientSecret,
    pub(super) publishable_key: Option<String>,
    pub(super) appearance: Option<Appearance>,
}

impl Opened {
    pub(super) const fn checkout_url(&self) -> Option<&PaymentPageUrl> {
        match &self.handle {
            ClientHandoff::Page(page) => Some(&page.checkout_url),
            ClientHandoff::Card(_) => None,
        }
    }
}

/// What the order must remember of a call that brought nothing to hand out.
pub(super) enum AttemptResult {
    /// Nothing happened at lomi.; the same call may be made again.
    Untouched,
    /// lomi. refused; the next call needs a fresh key, because lomi. may remember its refusal under this one.
    Rejected,
    /// Nobody knows.
    InDoubt { fresh_key: bool },
}

pub(super) struct Failure {
    pub(super) mark: AttemptResult,
    pub(super) cool_down_ms: i64,
    pub(super) error: CreateError,
    /// What lomi. opened and nobody must get.
    pub(super) discard: Option<OpenedPayment>,
}

impl Failure {
    const fn new(mark: AttemptResult, cool_down_ms: i64, error: CreateError) -> Self {
        Self { mark, cool_down_ms, error, discard: None }
    }
}

pub(super) async fn open(
    context: &Context,
    request: &CreateCheckout,
    work: &Work,
    deadline: Instant,
) -> Result<Opened, Failure> {
    match &request.mode {
        CheckoutMode::Page(page) => page::open(context, request, page, work, deadline).await,
        CheckoutMode::Card(card) => card::open(context, card, work, deadline).await,
    }
}

/// The same order and number always make the same key and the same body: lomi. then answers with the same page.
fn key(order: &Order) -> Result<IdempotencyKey, Failure> {
    IdempotencyKey::parse(&format!("{}-{}", order.id(), order.attempt_number())).map_err(|_| unsendable())
}

/// lomi.'s API of 2025 takes fifty members, and up to three are ours. All of the merchant's stay with the order.
const MAX_LABELS: usize = 47;

/// The merchant's labels and ours. Ours win: they lead the event back to its order and prove its environment. A link of
/// an earlier release may have a label that is reserved by now; lomi gets none. A shopper's notes are no part of it.
fn metadata(order: &Order) -> BTreeMap<String, String> {
    let labels = order.metadata().iter().filter(|(name, _)| !is_reserved_label(name)).take(MAX_LABELS);
    let mut metadata: BTreeMap<_, _> = labels.map(|(name, value)| (name.clone(), value.clone())).collect();
    metadata.insert("order_id".to_owned(), order.id().to_string());
    let environment = units::environment_to_lomi(order.environment());
    metadata.insert("payment_environment".to_owned(), environment.to_owned());
    metadata
}

/// `None` for an id that is none.
#[expect(clippy::option_option, reason = "no customer is a request, an unreadable one is not")]
fn customer_id(request: &CreateCheckout) -> Option<Option<CustomerId>> {
    request.details.customer_id.as_deref().map(CustomerId::parse).transpose().ok()
}

const fn unsendable() -> Failure {
    Failure::new(AttemptResult::Untouched, 0, CreateError::Unsendable)
}

fn wrong(discard: Option<OpenedPayment>) -> Failure {
    Failure { discard, ..Failure::new(AttemptResult::Rejected, COOL_DOWN_MS, CreateError::WrongPayment) }
}

fn failure(error: Error) -> Failure {
    let wish_ms = error.retry_after().and_then(|wait| i64::try_from(wait.as_millis()).ok());
    let cool_down_ms = wish_ms.unwrap_or(COOL_DOWN_MS).clamp(COOL_DOWN_MS, MAX_COOL_DOWN_MS);
    let mark = match error.outcome() {
        Outcome::NotSent => AttemptResult::Untouched,
        // It is our key that lomi. refuses, and a rotated one is in use within a minute.
        Outcome::Rejected if error.is_retryable() || matches!(error.status(), Some(401 | 403)) => {
            AttemptResult::Untouched
        }
        Outcome::Rejected => AttemptResult::Rejected,
        // An error that lomi. repeats from its memory will be repeated for a day. A repeated success whose answer could
        // not be read is none: the page exists, and a fresh key would open a second one.
        Outcome::Unknown => {
            AttemptResult::InDoubt { fresh_key: error.is_replay() && error.kind() == ErrorKind::Refused }
        }
    };
    if matches!(mark, AttemptResult::Rejected) {
        return Failure::new(mark, 0, CreateError::ProviderRejected(error));
    }
    let retry_after_s = u32::try_from(cool_down_ms / 1000).unwrap_or_default();
    Failure::new(mark, cool_down_ms, CreateError::ProviderUnavailable { retry_after_s, error })
}
