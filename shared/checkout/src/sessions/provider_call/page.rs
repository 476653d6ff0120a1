//! A hosted page at lomi.

use super::{AttemptResult, ClientHandoff, Failure, Opened, Page, failure, key, unsendable, wrong_payment};
use crate::sessions::{ClaimedOrder, CreateCheckout, CreateError, PageDetails};
use crate::{Context, units};
use domain::{Environment, LomiCart, LomiLine, Money, OpenedPayment, Order, PaymentPageUrl, PaymentRef, Timestamp};
use lomi_client::{
    CreateCheckoutSession, CreatedCheckoutSession, CurrencyCode, LineItem, NewCheckoutSession, PriceId, ProductId,
};
use std::num::NonZeroU32;
use tokio::time::Instant;

/// Used when lomi does not say when the page ends: its own fixed life of a session.
const DEFAULT_LIFE_MS: i64 = 60 * 60 * 1000;

pub(super) async fn open(
    context: &Context,
    request: &CreateCheckout,
    page: &PageDetails,
    claimed: &ClaimedOrder,
    deadline: Instant,
) -> Result<Opened, Failure> {
    let session = session_of(request, page, claimed).ok_or_else(unsendable)?;
    let call =
        claimed.lomi.checkout_sessions().create(&session).idempotency_key(key(&claimed.order)?).deadline(deadline);
    match call.send().await.map_err(failure)? {
        CreatedCheckoutSession::Session(new) => {
            accept(&claimed.order, &new, context.clock.now()).ok_or_else(|| wrong_payment(None))
        }
        CreatedCheckoutSession::InvoicePaymentRequired(_) => {
            Err(Failure::new(AttemptResult::Rejected, 0, CreateError::InvoicePaymentRequired))
        }
    }
}

/// `None` when the page is not the requested one.
fn accept(order: &Order, new: &NewCheckoutSession, now: Timestamp) -> Option<Opened> {
    let session = &new.session;
    let amount = units::from_lomi(session.amount, session.currency_code.as_ref());
    let same_price = match (order.expected(), amount) {
        (Some(expected), Some(amount)) => expected == amount,
        // lomi may leave the amount out of its answer, but only when it does not set the amount.
        (Some(_), None) => session.amount.is_none(),
        // lomi sets the amount, in the requested currency.
        (None, amount) => {
            amount.is_some_and(|amount| order.currency().is_none_or(|requested| requested == amount.currency()))
        }
    };
    let environment = session.environment.map(units::environment_from_lomi);
    if !same_price || environment.is_some_and(|environment| environment != order.environment()) {
        return None;
    }
    let checkout_url = PaymentPageUrl::parse(&new.checkout_url, order.environment() == Environment::Sandbox)?;
    let expires_at = session.expires_at.as_deref().and_then(Timestamp::parse_rfc3339);
    Some(Opened {
        payment: OpenedPayment {
            id: PaymentRef::CheckoutSession(session.checkout_session_id.to_string()),
            expires_at: expires_at.unwrap_or_else(|| now.plus_ms(DEFAULT_LIFE_MS)),
            amount,
        },
        handoff: ClientHandoff::Page(Box::new(Page {
            checkout_url,
            created_at: session.created_at.as_deref().and_then(Timestamp::parse_rfc3339),
            merchant_id: session.merchant_id.clone(),
            organization_id: session.organization_id.clone(),
            plan_id: session.plan_id.clone(),
        })),
    })
}

/// The request body, the same to the byte at every attempt.
fn session_of(request: &CreateCheckout, page: &PageDetails, claimed: &ClaimedOrder) -> Option<CreateCheckoutSession> {
    let order = &claimed.order;
    let url = |url: &domain::AllowedUrl| url.for_order(order.id(), &claimed.claim.order_token);
    let mut session = CreateCheckoutSession {
        allowed_providers: page.allowed_providers.clone(),
        title: request.details.title.clone(),
        public_description: page.public_description.clone(),
        customer: page.customer.clone(),
        expiration_minutes: page.expiration_minutes,
        require_name: Some(page.required.name),
        require_email: Some(page.required.email),
        require_phone: Some(page.required.phone),
        require_billing_address: Some(page.required.billing_address),
        // Always sent: a generation may take coupons by default.
        allow_coupon_code: order.allows_coupons(),
        customer_id: super::customer_id(request)?,
        product_id: page.records.product_id.clone(),
        subscription_id: page.records.subscription_id.clone(),
        plan_id: page.records.plan_id.clone(),
        metadata: super::metadata(order),
        ..CreateCheckoutSession::new(url(&page.success_url), url(&page.cancel_url))
    };
    match order.lomi_cart() {
        Some(cart) => {
            set_lomi_cart(&mut session, cart)?;
            // Some generations require it, others use the organisation's currency.
            session.currency_code = order.currency().and_then(|currency| CurrencyCode::parse(currency.code()).ok());
        }
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
