use super::*;
use crate::order::{NewOrder, OrderDetails, OrderEvent};
use crate::{AttemptId, Currency, OrderId, OrderToken, PricedCart};

const T0: Timestamp = Timestamp::from_ms(1_800_000_000_000);

fn order() -> Order {
    let new = NewOrder {
        order_id: OrderId::from_entropy([1; 32]),
        environment: Environment::Live,
        cart: PricedCart::from_merchant(Money::new(10_000, Currency::Xof).unwrap(), None),
        details: OrderDetails::default(),
        token_hash: OrderToken::from_entropy([2; 32]).hash(),
        attempt_id: AttemptId::from_entropy([3; 32]),
        lease_until: T0.plus_ms(30_000),
    };
    Order::create(new, T0)
}

fn told(stage: DisputeStage, status: &str) -> DisputeUpdate {
    DisputeUpdate {
        dispute_id: Some("d-1".into()),
        transaction_id: "tx-1".into(),
        environment: Environment::Live,
        stage,
        status: ShortText::of(status),
        reason: None,
        money: None,
        changed_at: None,
    }
}

/// The order after the events, and the names of the outbox events.
fn after(order_events: impl IntoIterator<Item = DisputeUpdate>) -> (Order, Vec<String>) {
    let (mut order, mut events) = (order(), Vec::new());
    for order_event in order_events {
        if let Transition::Changed(next, event) =
            order.transition(&OrderEvent::Dispute(order_event), Source::Webhook, T0)
        {
            events.extend(event.as_ref().map(OutboxEvent::name));
            order = *next;
        }
    }
    (order, events)
}

#[test]
fn each_dispute_event_is_emitted_once_without_status_change() {
    let opened = told(DisputeStage::Opened, "needs_response");
    let review = told(DisputeStage::Updated, "under_review");
    let lost = told(DisputeStage::Closed, "lost");
    let with_reason = DisputeUpdate { reason: ShortText::of("fraudulent"), ..opened.clone() };
    let order_events = [&opened, &opened, &review, &review, &lost, &with_reason, &lost];
    let (order, events) = after(order_events.into_iter().cloned());
    let names = ["opened#needs_response", "updated#under_review", "closed#lost"];
    assert_eq!(events, names.map(|name| format!("order.disputed#d-1#{name}")));
    let happened: Vec<_> = order.timeline.iter().skip(1).map(|entry| entry.what).collect();
    assert_eq!(happened, [TimelineEvent::DisputeOpened, TimelineEvent::DisputeUpdated, TimelineEvent::DisputeClosed]);
    assert_eq!((order.status, order.version), (crate::OrderStatus::Creating, 5));
    let publishable_events: Vec<_> = order.publishable_events().iter().map(OutboxEvent::name).collect();
    assert!(events.iter().all(|name| publishable_events.contains(name)), "{publishable_events:?}");
}

#[test]
fn a_dispute_ends_the_same_in_every_order_of_its_events() {
    let at = |ms, told: DisputeUpdate| DisputeUpdate { changed_at: Some(T0.plus_ms(ms)), ..told };
    let sum = |amount, told: DisputeUpdate| DisputeUpdate { money: Money::new(amount, Currency::Xof), ..told };
    let order_events = [
        sum(9_000, told(DisputeStage::Opened, "needs_response")),
        sum(10_000, told(DisputeStage::Opened, "needs_response")),
        told(DisputeStage::Updated, "under_review"),
        at(5, told(DisputeStage::Updated, "seen_by_nobody")),
        DisputeUpdate { reason: ShortText::of("fraudulent"), ..told(DisputeStage::Closed, "") },
    ];
    let end = after(order_events.clone()).0.disputes;
    for turns in 0..order_events.len() {
        let mut forth = order_events.clone();
        forth.rotate_left(turns);
        let back = forth.clone().into_iter().rev();
        assert_eq!(after(forth.clone()).0.disputes, end);
        assert_eq!(after(back.chain(forth)).0.disputes, end);
    }
    let dispute = &end["d-1"];
    assert_eq!(dispute.status().map(ShortText::as_str), Some("seen_by_nobody"));
    assert_eq!((dispute.amount_minor(), dispute.is_closed()), (Some(10_000), true));
    assert_eq!(dispute.reason().map(ShortText::as_str), Some("fraudulent"));
}

#[test]
fn only_a_won_dispute_stops_counting() {
    for (stage, status, is_disputed) in [
        (DisputeStage::Opened, "needs_response", true),
        (DisputeStage::Closed, "lost", true),
        (DisputeStage::Closed, "", true),
        (DisputeStage::Closed, "settled_somehow", true),
        (DisputeStage::Closed, "won", false),
        (DisputeStage::Closed, "WARNING_CLOSED", false),
    ] {
        let (order, _) = after([told(stage, status), told(DisputeStage::Opened, "needs_response")]);
        assert_eq!(order.is_disputed(), is_disputed, "{stage:?} {status}");
    }
    assert!(!order().is_disputed());
    let other = DisputeUpdate { dispute_id: None, ..told(DisputeStage::Opened, "") };
    assert!(after([told(DisputeStage::Closed, "won"), other]).0.is_disputed(), "one of two is open");
}

#[test]
fn a_dispute_of_another_environment_is_refused() {
    let odd = DisputeUpdate { environment: Environment::Sandbox, ..told(DisputeStage::Opened, "") };
    let transition = order().transition(&OrderEvent::Dispute(odd), Source::Webhook, T0);
    assert_eq!(transition, Transition::Refused(Mismatch::Environment, None));
}

#[test]
fn disputes_and_their_events_are_bounded() {
    let stage_number = |number: usize| told(DisputeStage::Updated, &number.to_string());
    let other = |number: usize| DisputeUpdate { dispute_id: Some(number.to_string()), ..stage_number(0) };
    assert_eq!(after((0..50).map(stage_number)).1.len(), MAX_STEPS);
    let (full, events) = after((0..50).map(other));
    assert_eq!((full.disputes.len(), events.len()), (MAX_DISPUTES, MAX_DISPUTES));
    let transition = full.transition(&OrderEvent::Dispute(other(50)), Source::Webhook, T0);
    assert_eq!(transition, Transition::Refused(Mismatch::TooManyDisputes, None));
}

#[test]
fn money_of_another_currency_counts_as_absent() {
    let odd = DisputeUpdate { money: Money::new(1_000, Currency::Eur), ..told(DisputeStage::Opened, "") };
    assert_eq!(after([odd]).0.disputes["d-1"].amount_minor(), None);
}

#[test]
fn a_short_text_is_one_legible_line() {
    let text = |text: &str| ShortText::of(text).map(|text| text.as_str().to_owned());
    assert_eq!(text(" product \n not  received "), Some("product not received".into()));
    assert_eq!(text(&"é".repeat(300)), Some("é".repeat(MAX_TEXT_CHARS)));
    for nothing in ["", " \t", "a\0b", "\u{1b}[31m"] {
        assert_eq!(text(nothing), None, "{nothing:?}");
    }
}

#[test]
fn a_risky_payment_is_in_the_timeline_once() {
    let risk = |is_blocked| {
        OrderEvent::PaymentRisk(RiskUpdate {
            transaction_id: "tx-1".into(),
            environment: Environment::Live,
            is_blocked,
        })
    };
    let Transition::Changed(flagged, None) = order().transition(&risk(false), Source::Webhook, T0) else {
        panic!("no news")
    };
    assert_eq!(flagged.last_event(), Some(TimelineEvent::PaymentRiskFlagged));
    assert_eq!(flagged.transition(&risk(false), Source::Webhook, T0), Transition::Unchanged);
    assert!(matches!(flagged.transition(&risk(true), Source::Webhook, T0), Transition::Changed(_, None)));
    assert_eq!((flagged.status, flagged.is_disputed()), (crate::OrderStatus::Creating, false));
}
