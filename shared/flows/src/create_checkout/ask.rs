//! Step 4: lomi. opens the page, or does not, or nobody knows.

use super::{COOL_DOWN_MS, CreateCheckout, CreateError, MAX_COOL_DOWN_MS, Work};
use crate::{World, units};
use domain::{Environment, LomiCart, LomiLine, Money, OpenedSession, Order, PaymentPageUrl, Timestamp};
use lomi_client::{
    CreateCheckoutSession, CreatedCheckoutSession, CurrencyCode, Error, ErrorKind, IdempotencyKey, LineItem,
    NewCheckoutSession, Outcome, PriceId, ProductId,
};
use std::num::NonZeroU32;
use tokio::time::Instant;

/// Used when lomi. does not say when the page ends: its own fixed life of a session.
const DEFAULT_LIFE_MS: i64 = 60 * 60 * 1000;

/// A page that is in nobody's hands yet.
pub(super) struct Page {
    pub(super) session: OpenedSession,
    pub(super) checkout_url: PaymentPageUrl,
}

/// What the order must remember of a call that brought no page.
pub(super) enum Mark {
    /// Nothing happened at lomi.; the same call may be made again.
    Untouched,
    /// lomi. refused; the next call needs a fresh key, because lomi. may remember its refusal under this one.
    Rejected,
    /// Nobody knows.
    InDoubt { fresh_key: bool },
}

pub(super) struct Failure {
    pub(super) mark: Mark,
    pub(super) cool_down_ms: i64,
    pub(super) error: CreateError,
}

pub(super) async fn open_page(
    world: &World,
    request: &CreateCheckout,
    work: &Work,
    deadline: Instant,
) -> Result<Page, Failure> {
    let order = &work.order;
    // The same order and number always make the same key and the same body: lomi. then answers with the same page.
    let key = IdempotencyKey::parse(&format!("{}-{}", order.id(), order.attempt_number()));
    let (Ok(key), Some(session)) = (key, session_of(request, work)) else {
        return Err(Failure { mark: Mark::Untouched, cool_down_ms: 0, error: CreateError::Unsendable });
    };
    let call = work.lomi.checkout_sessions().create(&session).idempotency_key(key).deadline(deadline);
    match call.send().await.map_err(failure)? {
        CreatedCheckoutSession::Session(new) => accept(order, &new, world.clock.now()).ok_or_else(wrong_page),
        CreatedCheckoutSession::InvoicePaymentRequired(_) => {
            Err(Failure { mark: Mark::Rejected, cool_down_ms: 0, error: CreateError::InvoicePaymentRequired })
        }
    }
}

/// `None` when the page is not the one that was asked for.
fn accept(order: &Order, new: &NewCheckoutSession, now: Timestamp) -> Option<Page> {
    let session = &new.session;
    let amount = units::from_lomi(session.amount, session.currency_code.as_ref());
    let same_price = match (order.expected(), amount) {
        (Some(expected), Some(amount)) => expected == amount,
        // lomi. may leave the amount out of its answer, but then it must not be lomi. that sets it.
        (Some(_), None) => session.amount.is_none(),
        (None, amount) => amount.is_some(),
    };
    let environment = session.environment.map(units::environment_from_lomi);
    if !same_price || environment.is_some_and(|environment| environment != order.environment()) {
        return None;
    }
    let checkout_url = PaymentPageUrl::parse(&new.checkout_url, order.environment() == Environment::Sandbox)?;
    let expires_at = session.expires_at.as_deref().and_then(Timestamp::parse_rfc3339);
    Some(Page {
        session: OpenedSession {
            checkout_session_id: session.checkout_session_id.to_string(),
            expires_at: expires_at.unwrap_or_else(|| now.plus_ms(DEFAULT_LIFE_MS)),
            amount,
        },
        checkout_url,
    })
}

fn wrong_page() -> Failure {
    Failure { mark: Mark::Rejected, cool_down_ms: COOL_DOWN_MS, error: CreateError::WrongPage }
}

fn failure(error: Error) -> Failure {
    let wish_ms = error.retry_after().and_then(|wait| i64::try_from(wait.as_millis()).ok());
    let cool_down_ms = wish_ms.unwrap_or(COOL_DOWN_MS).clamp(COOL_DOWN_MS, MAX_COOL_DOWN_MS);
    let mark = match error.outcome() {
        Outcome::NotSent => Mark::Untouched,
        // It is our key that lomi. refuses, and a rotated one is in use within a minute.
        Outcome::Rejected if error.is_retryable() || matches!(error.status(), Some(401 | 403)) => Mark::Untouched,
        Outcome::Rejected => Mark::Rejected,
        // An error that lomi. repeats from its memory will be repeated for a day. A repeated success whose answer could
        // not be read is none: the page exists, and a fresh key would open a second one.
        Outcome::Unknown => Mark::InDoubt { fresh_key: error.is_replay() && error.kind() == ErrorKind::Refused },
    };
    if matches!(mark, Mark::Rejected) {
        return Failure { mark, cool_down_ms: 0, error: CreateError::ProviderRejected(error) };
    }
    let retry_after_s = u32::try_from(cool_down_ms / 1000).unwrap_or_default();
    Failure { mark, cool_down_ms, error: CreateError::ProviderUnavailable { retry_after_s, error } }
}

/// lomi.'s request for the order; the same for every try, to the byte.
fn session_of(request: &CreateCheckout, work: &Work) -> Option<CreateCheckoutSession> {
    let (page, order) = (&request.page, &work.order);
    let url = |url: &domain::AllowedUrl| url.for_order(order.id(), &work.claim.order_token);
    let mut session = CreateCheckoutSession {
        allowed_providers: page.allowed_providers.clone(),
        title: page.title.clone(),
        public_description: page.public_description.clone(),
        customer: page.customer.clone(),
        expiration_minutes: page.expiration_minutes,
        metadata: page.metadata.clone(),
        ..CreateCheckoutSession::new(url(&page.success_url), url(&page.cancel_url))
    };
    // Ours win over the merchant's own: they lead the event back to its order and prove its environment.
    session.metadata.insert("order_id".to_owned(), order.id().to_string());
    let environment = units::environment_to_lomi(order.environment());
    session.metadata.insert("payment_environment".to_owned(), environment.to_owned());
    match order.lomi_cart() {
        Some(cart) => set_lomi_cart(&mut session, cart)?,
        None => set_price(&mut session, order.expected()?)?,
    }
    Some(session)
}

fn set_price(session: &mut CreateCheckoutSession, money: Money) -> Option<()> {
    session.amount = Some(units::to_lomi(money)?);
    session.currency_code = CurrencyCode::parse(money.currency().code()).ok();
    Some(())
}

fn set_lomi_cart(session: &mut CreateCheckoutSession, cart: &LomiCart) -> Option<()> {
    match cart {
        LomiCart::Product { product_id, quantity } => {
            session.product_id = Some(ProductId::parse(product_id).ok()?);
            session.quantity = NonZeroU32::new(*quantity);
        }
        LomiCart::Price(line) => {
            session.price_id = Some(PriceId::parse(&line.price_id).ok()?);
            session.quantity = NonZeroU32::new(line.quantity);
        }
        LomiCart::Lines(lines) => {
            session.line_items = lines.iter().map(line_item).collect::<Option<_>>()?;
        }
    }
    Some(())
}

fn line_item(line: &LomiLine) -> Option<LineItem> {
    Some(LineItem { price_id: PriceId::parse(&line.price_id).ok()?, quantity: NonZeroU32::new(line.quantity)? })
}
