//! A webhook delivery, from its bytes to its effect on an order.

use crate::bytes::{first_line, number, one_byte_off};
use crate::cart_token::order_for;
use checkout::webhooks::{Reading, read};
use domain::{
    ConfirmedPayment, Currency, Environment, Money, OpenedPayment, Order, OrderEvent, OutboxEvent, PaymentRef,
    PricedCart, Source, Timestamp, Transition,
};
use lomi_client::Amount;
use lomi_client::webhook::{EventKind, Secrets, Signatures, WebhookEvent, WebhookSecret, sign, sign_v1, verify};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

const CURRENT: &str = "whsec_current";
const PREVIOUS: &str = "whsec_previous";
const RETIRED: &str = "whsec_retired";
const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);
const NOW_S: u64 = 1_800_000_000;
const SESSION: &str = "5b1f6f0e-6f1c-4a53-9f0e-0d5a7b8c9d10";
const PRICE_MINOR: i64 = 25_000;
/// DynamoDB's limit on a sort key in bytes, less the rest of the key.
const MAX_NATURAL_KEY_BYTES: usize = 2048 - 256;

/// Any delivery: one line for each signature header, the older first, then the body.
pub fn webhook(data: &[u8]) {
    let (legacy, rest) = first_line(data);
    let (v1, body) = first_line(rest);
    let headers = (std::str::from_utf8(legacy).ok(), std::str::from_utf8(v1).ok());
    let Some(secrets) = live_secrets() else { return };
    only_a_signature_verifies(headers, body, &secrets);
    nothing_but_the_signed_bytes_verifies(body, &secrets);
    means_the_same_in_every_envelope(body, &secrets);
}

fn live_secrets() -> Option<Secrets> {
    let secrets = [CURRENT, PREVIOUS].map(WebhookSecret::parse);
    Secrets::new(secrets.into_iter().collect::<Result<_, _>>().ok()?).ok()
}

fn only_a_signature_verifies((legacy, v1): (Option<&str>, Option<&str>), body: &[u8], secrets: &Secrets) {
    if verify(Signatures { legacy, v1 }, body, secrets).is_err() {
        return;
    }
    let held = [CURRENT, PREVIOUS].iter().filter_map(|secret| WebhookSecret::parse(secret).ok()).any(|secret| {
        let contains =
            |header: Option<&str>, digest: &str| header.is_some_and(|h| h.to_ascii_lowercase().contains(digest));
        let is_dated =
            v1.and_then(|v1| v1.split(',').find_map(|part| part.trim().strip_prefix("t="))).is_some_and(|time| {
                let dated = [time.as_bytes(), b".", body].concat();
                contains(v1, &sign(&secret, &dated))
            });
        is_dated || contains(legacy, &sign(&secret, body))
    });
    assert!(held, "verified without a signature of a live secret");
}

fn nothing_but_the_signed_bytes_verifies(body: &[u8], secrets: &Secrets) {
    for (secret, is_live) in [(CURRENT, true), (PREVIOUS, true), (RETIRED, false)] {
        let Ok(secret) = WebhookSecret::parse(secret) else { continue };
        let (legacy, v1) = (sign(&secret, body), sign_v1(&secret, NOW_S, body));
        for signatures in [Signatures { legacy: Some(&legacy), v1: None }, Signatures { legacy: None, v1: Some(&v1) }] {
            assert_eq!(verify(signatures, body, secrets).is_ok(), is_live);
            let longer = [body, b"\n"].concat();
            assert!(verify(signatures, &longer, secrets).is_err(), "a body with a line end more verifies");
            if let Some(changed) = one_byte_off(body, number(body)) {
                assert!(verify(signatures, &changed, secrets).is_err(), "a body that differs in one byte verifies");
            }
        }
    }
}

fn means_the_same_in_every_envelope(body: &[u8], secrets: &Secrets) {
    let Some(event) = signed_event(body, secrets) else { return };
    let again = in_another_envelope(body).and_then(|body| signed_event(&body, secrets));
    for own in [Environment::Sandbox, Environment::Live] {
        let reading = read(&event, own, NOW);
        if let Some(again) = &again {
            assert_eq!(as_settled(&read(again, own, NOW)), as_settled(&reading), "another envelope, another meaning");
        }
        says_no_more_than_the_event(&event, own, &reading);
        for order in Currency::ALL.into_iter().filter_map(|currency| open_order(own, currency)) {
            pays_only_its_own_price(&order, &reading);
        }
    }
}

fn signed_event(body: &[u8], secrets: &Secrets) -> Option<WebhookEvent> {
    let header = sign(&WebhookSecret::parse(CURRENT).ok()?, body);
    let verified = verify(Signatures { legacy: Some(&header), v1: None }, body, secrets).ok()?;
    WebhookEvent::parse(verified).ok()
}

/// The same event as lomi resends it: another id, another time, the fields in another order.
fn in_another_envelope(body: &[u8]) -> Option<Vec<u8>> {
    let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(body).ok()?;
    for name in ["id", "timestamp"] {
        members.insert(name.to_owned(), RawValue::from_string(format!("\"another {name}\"")).ok()?);
    }
    serde_json::to_vec(&members).ok()
}

/// What orders depend on; the rest is stored and has no effect.
fn as_settled(reading: &Reading) -> Option<(String, String)> {
    match reading {
        Reading::OrderEvent(order_event, natural_key) => Some((natural_key.clone(), format!("{order_event:?}"))),
        Reading::Refund(news) => Some((news.natural_key(), format!("{news:?}"))),
        Reading::DisputeOrRisk(told) => Some((told.payment().to_owned(), format!("{told:?}"))),
        Reading::SessionEvent | Reading::Irrelevant | Reading::Unusable(_) => None,
    }
}

fn says_no_more_than_the_event(event: &WebhookEvent, own: Environment, reading: &Reading) {
    if let Some((natural_key, _)) = as_settled(reading) {
        assert!(natural_key.len() <= MAX_NATURAL_KEY_BYTES, "a key of {} bytes", natural_key.len());
    }
    let (gross_minor, currency, environment) = match reading {
        Reading::OrderEvent(
            OrderEvent::PaymentSucceeded(ConfirmedPayment {
                gross_minor, currency, environment, transaction_id, ..
            }),
            _,
        ) => {
            assert_eq!(event.kind, EventKind::PaymentSucceeded);
            assert_eq!(Some(transaction_id), event.data.transaction_id.as_ref());
            assert!(event.data.status.as_deref().is_none_or(|status| status == "completed"));
            (*gross_minor, *currency, environment)
        }
        _ => return,
    };
    assert_eq!(Amount::from_scaled(gross_minor, currency.exponent()), event.data.amount, "an amount was rounded");
    assert_eq!(event.data.currency_code.as_ref().map(|code| code.as_str()), Some(currency.code()));
    match event.environment() {
        Some(said) => assert_eq!(said == lomi_client::Environment::Live, *environment == Environment::Live),
        None => assert_eq!((own, *environment), (Environment::Sandbox, Environment::Sandbox), "money out of nowhere"),
    }
}

/// An order that waits for a payment on [`SESSION`].
fn open_order(environment: Environment, currency: Currency) -> Option<Order> {
    let price = Money::new(PRICE_MINOR, currency)?;
    let id = PaymentRef::CheckoutSession(SESSION.to_owned());
    let payable = OpenedPayment { id, expires_at: NOW.plus_ms(60 * 60 * 1000), amount: Some(price) };
    Some(order_for(PricedCart::from_merchant(price, None), environment, NOW).opened(payable, NOW))
}

fn pays_only_its_own_price(order: &Order, reading: &Reading) {
    let order_event = match reading {
        Reading::OrderEvent(order_event, _) => Some(order_event.clone()),
        Reading::Refund(news) => news.order_event(order),
        Reading::DisputeOrRisk(told) => Some(told.order_event(order, told.payment())),
        Reading::SessionEvent | Reading::Irrelevant | Reading::Unusable(_) => None,
    };
    let Some(order_event) = order_event else { return };
    let Transition::Changed(next, told) = order.transition(&order_event, Source::Webhook, NOW) else { return };
    assert!(next.status() >= order.status(), "an order went back");
    assert_eq!(next.expected(), order.expected(), "an event changed the price");
    assert_eq!(next.status().is_paid(), told == Some(OutboxEvent::OrderPaid), "paid and told of must be one");
    if next.status().is_paid() {
        let (money, environment, session) = match &order_event {
            OrderEvent::PaymentSucceeded(paid) => {
                let money = Money::new(paid.gross_minor, paid.currency);
                (money, paid.environment, paid.checkout_session_id.as_deref())
            }
            other => unreachable!("{other:?} is no money"),
        };
        assert_eq!((money, environment), (order.expected(), order.environment()));
        assert!(session.is_none_or(|session| session == SESSION || !is_uuid(session)), "paid on another page");
    }
    assert!(
        !matches!(next.transition(&order_event, Source::Webhook, NOW), Transition::Changed(..)),
        "the same order_event counts twice"
    );
}

/// A page may also be named by a public id, which does not say that it is another page.
fn is_uuid(text: &str) -> bool {
    let is_hyphen = |place: usize| matches!(place, 8 | 13 | 18 | 23);
    text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(place, byte)| (byte == b'-') == is_hyphen(place) && (is_hyphen(place) || byte.is_ascii_hexdigit()))
}
