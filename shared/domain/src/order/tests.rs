use super::*;
use crate::OrderToken;

const T0: Timestamp = Timestamp::from_ms(1_800_000_000_000);
const MINUTE_MS: i64 = 60_000;

fn francs(amount: i64) -> Money {
    Money::new(amount, Currency::Xof).unwrap()
}

fn creating() -> Order {
    let new = NewOrder {
        order_id: OrderId::from_entropy([1; 32]),
        environment: Environment::Live,
        cart: PricedCart::from_merchant(francs(25_000), None),
        details: OrderDetails::default(),
        token_hash: OrderToken::from_entropy([2; 32]).hash(),
        attempt_id: AttemptId::from_entropy([3; 32]),
        lease_until: T0.plus_ms(30_000),
    };
    Order::create(new, T0)
}

fn open() -> Order {
    let session = OpenedPayment {
        id: PaymentRef::CheckoutSession("session-1".into()),
        expires_at: T0.plus_ms(60 * MINUTE_MS),
        amount: Some(francs(25_000)),
    };
    creating().opened(session, T0)
}

fn payment(id: &str, money: Money, environment: Environment, session: Option<&str>) -> OrderEvent {
    OrderEvent::PaymentSucceeded(ConfirmedPayment {
        transaction_id: id.into(),
        gross_minor: money.amount_minor(),
        currency: money.currency(),
        discount: Discount::NotReported,
        environment,
        checkout_session_id: session.map(str::to_owned),
        payment: Payment {
            provider_code: Some("WAVE".into()),
            payment_method_code: None,
            paid_at: T0,
            public_id: None,
            discount_minor: 0,
            is_discount_within_gross: false,
        },
    })
}

/// A payment with this gross amount and discount.
fn with_coupon(gross_minor: i64, discount: Discount) -> OrderEvent {
    match paid("tx-1") {
        OrderEvent::PaymentSucceeded(settled) => {
            OrderEvent::PaymentSucceeded(ConfirmedPayment { gross_minor, discount, ..settled })
        }
        other => other,
    }
}

fn paid(id: &str) -> OrderEvent {
    payment(id, francs(25_000), Environment::Live, None)
}

fn failed() -> OrderEvent {
    OrderEvent::PaymentFailed { transaction_id: "tx-1".into(), environment: Environment::Live }
}

fn session_completed() -> OrderEvent {
    OrderEvent::Completed {
        payable: PaymentRef::CheckoutSession("session-1".into()),
        money: francs(25_000),
        environment: Environment::Live,
    }
}

/// Everything that must not depend on the order of the events, and how many `order.paid` were published. (Refund
/// events, the only ones that may move an order back, have their own tests.)
fn end_state(order: &Order, order_events: &[OrderEvent]) -> (OrderStatus, bool, bool, Vec<String>, usize) {
    let mut order = order.clone();
    let mut told = 0;
    for order_event in order_events {
        match order.transition(order_event, Source::Webhook, T0) {
            Transition::Changed(next, event) => {
                assert!(next.status >= order.status, "an event moved an order back");
                told += usize::from(event == Some(OutboxEvent::OrderPaid));
                order = *next;
            }
            Transition::Refused(_, Some(next)) => order = *next,
            Transition::Refused(_, None) | Transition::Unchanged | Transition::DiscountUnknown => {}
        }
    }
    (order.status, order.overpaid, order.mismatch, order.payments.keys().cloned().collect(), told)
}

fn permutations(order_events: &[OrderEvent]) -> Vec<Vec<OrderEvent>> {
    if order_events.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for index in 0..order_events.len() {
        let mut rest = order_events.to_vec();
        let first = rest.remove(index);
        for mut tail in permutations(&rest) {
            tail.insert(0, first.clone());
            all.push(tail);
        }
    }
    all
}

#[test]
fn a_coupon_is_part_of_the_gross_amount_or_taken_off_it() {
    let taking = Order { allows_coupons: true, ..open() };
    for (gross, discount, paid_minor) in [
        (25_000, 0, Some(25_000)),
        (25_000, 2_500, Some(22_500)),
        (22_500, 2_500, Some(22_500)),
        (25_000, 25_000, Some(0)),
        (22_500, 0, None),
        (22_500, 2_499, None),
        (27_500, 2_500, None),
        (1, 25_000, None),
        (0, 25_000, Some(0)),
        (0, 12_500, None),
    ] {
        let transition = taking.transition(&with_coupon(gross, Discount::Minor(discount)), Source::Poll, T0);
        let found = match &transition {
            Transition::Changed(order, Some(OutboxEvent::OrderPaid)) => order.paid_minor("tx-1"),
            Transition::Refused(Mismatch::Amount, _) => None,
            other => panic!("{other:?}"),
        };
        assert_eq!(found, paid_minor, "{gross} {discount}");
    }
}

#[test]
fn a_payment_with_an_undecided_discount_pays_nothing() {
    let taking = Order { allows_coupons: true, ..open() };
    let told = (with_coupon(25_000, Discount::Minor(0)), Source::Webhook);
    for (order_event, source) in [told, (with_coupon(25_000, Discount::NotReported), Source::Poll)] {
        assert_eq!(taking.transition(&order_event, source, T0), Transition::DiscountUnknown);
    }
    assert_eq!(taking.transition(&session_completed(), Source::Poll, T0), Transition::Unchanged);
}

#[test]
fn a_coupon_that_was_not_allowed_pays_nothing() {
    for (gross, discount) in [(25_000, 2_500), (22_500, 2_500), (0, 25_000)] {
        let transition = open().transition(&with_coupon(gross, Discount::Minor(discount)), Source::Poll, T0);
        assert!(matches!(transition, Transition::Refused(Mismatch::Amount, _)), "{transition:?}");
    }
}

#[test]
fn a_discount_that_cannot_be_read_pays_nothing() {
    for order in [open(), Order { allows_coupons: true, ..open() }] {
        let transition = order.transition(&with_coupon(25_000, Discount::Unreadable), Source::Poll, T0);
        assert!(matches!(transition, Transition::Refused(Mismatch::Amount, _)), "{transition:?}");
    }
}

#[test]
fn a_counted_payment_stays_counted_under_later_rules() {
    let Transition::Changed(counted, _) = open().transition(&paid("tx-1"), Source::Webhook, T0) else {
        panic!("it pays")
    };
    let told_again = with_coupon(25_000, Discount::Minor(2_500));
    assert_eq!(counted.transition(&told_again, Source::Poll, T0), Transition::Unchanged);
}

/// lomi treats a refund of all that was paid as partial, and a partial refund of a Wave payment is a payout.
#[test]
fn a_refund_is_partial_when_the_gross_includes_a_coupon() {
    let taking = Order { allows_coupons: true, ..open() };
    for (gross, is_part) in [(25_000, true), (22_500, false)] {
        let order_event = with_coupon(gross, Discount::Minor(2_500));
        let Transition::Changed(order, _) = taking.transition(&order_event, Source::Poll, T0) else {
            panic!("it pays")
        };
        let refund = Refund {
            refund_id: None,
            transaction_id: "tx-1".into(),
            amount_minor: 22_500,
            status: RefundStatus::Requested,
            reason: None,
            requested_at: T0,
            request: None,
            released_at: None,
            execution: None,
        };
        assert_eq!((order.paid_minor("tx-1"), order.is_paid_out(&refund)), (Some(22_500), is_part), "{gross}");
        assert_eq!(order.whole_refund_minor("tx-1").is_none(), is_part, "{gross}");
    }
}

#[test]
fn order_state_does_not_depend_on_the_order_of_events() {
    let wrong = payment("tx-9", francs(1), Environment::Live, None);
    let order_events = [paid("tx-1"), paid("tx-1"), failed(), session_completed(), OrderEvent::SessionExpired, wrong];
    for order_events in permutations(&order_events) {
        let state = end_state(&open(), &order_events);
        assert_eq!(state, (OrderStatus::Paid, false, true, vec!["tx-1".into()], 1), "{order_events:?}");
    }
}

#[test]
fn a_second_payment_is_flagged_and_emitted_once() {
    for order_events in permutations(&[paid("tx-1"), paid("tx-2"), session_completed()]) {
        let state = end_state(&open(), &order_events);
        assert_eq!(state, (OrderStatus::Paid, true, false, vec!["tx-1".into(), "tx-2".into()], 1));
    }
}

#[test]
fn a_payment_before_the_page_is_recorded_counts() {
    let Transition::Changed(paid, _) = creating().transition(&paid("tx-1"), Source::Webhook, T0) else {
        panic!("not paid")
    };
    let session = OpenedPayment { id: PaymentRef::CheckoutSession("s".into()), expires_at: T0, amount: None };
    assert_eq!(paid.opened(session, T0).status, OrderStatus::Paid);
}

#[test]
fn a_mismatched_provider_event_pays_nothing() {
    let order = open();
    for (order_event, mismatch) in [
        (payment("t", francs(24_999), Environment::Live, None), Mismatch::Amount),
        (payment("t", Money::new(25_000, Currency::Eur).unwrap(), Environment::Live, None), Mismatch::Currency),
        (payment("t", francs(25_000), Environment::Sandbox, None), Mismatch::Environment),
        (payment("t", francs(25_000), Environment::Live, Some("session-2")), Mismatch::PaymentRef),
    ] {
        let Transition::Refused(found, marked) = order.transition(&order_event, Source::Webhook, T0) else {
            panic!("accepted {order_event:?}")
        };
        assert_eq!(found, mismatch);
        assert!(marked.is_none_or(|order| order.mismatch && order.status == OrderStatus::Open));
    }
}

#[test]
fn an_order_is_not_paid_before_lomis_price_is_known() {
    let mut order = creating();
    order.amount = None;
    assert!(matches!(
        order.transition(&paid("tx-1"), Source::Webhook, T0),
        Transition::Refused(Mismatch::NoExpectation, None)
    ));
    let session = OpenedPayment {
        id: PaymentRef::CheckoutSession("session-1".into()),
        expires_at: T0,
        amount: Some(francs(25_000)),
    };
    assert!(matches!(
        order.opened(session, T0).transition(&paid("tx-1"), Source::Poll, T0),
        Transition::Changed(_, Some(_))
    ));
}

#[test]
fn a_cancelled_order_that_is_paid_after_all_is_paid_and_flagged() {
    let Transition::Changed(cancelled, None) = open().transition(&OrderEvent::Cancelled, Source::Storefront, T0) else {
        panic!("not cancelled")
    };
    let Transition::Changed(paid, Some(OutboxEvent::OrderPaid)) =
        cancelled.transition(&paid("tx-1"), Source::Webhook, T0)
    else {
        panic!("not paid")
    };
    assert!(paid.paid_after_cancel);
    assert_eq!(paid.transition(&OrderEvent::Cancelled, Source::Storefront, T0), Transition::Unchanged);
}

#[test]
fn a_returned_page_is_not_opened_again() {
    let attempt = AttemptId::from_entropy([9; 32]);
    assert!(open().taken_over_by(attempt.clone(), T0, T0).is_none());
    assert!(creating().in_doubt(false, T0).taken_over_by(attempt.clone(), T0, T0).is_some());
    assert!(creating().rejected(T0).taken_over_by(attempt, T0, T0).is_some());
}

#[test]
fn only_an_order_in_doubt_shows_since_when() {
    assert_eq!((creating().in_doubt_since(), open().in_doubt_since()), (None, None));
    let doubtful = creating().in_doubt(false, T0);
    assert_eq!(doubtful.in_doubt_since(), Some(T0));
    assert_eq!(doubtful.polled(T0.plus_ms(60_000)).in_doubt_since(), Some(T0));
}

#[test]
fn orders_are_polled_until_no_payment_can_arrive() {
    let mut order = open();
    let mut looks = 0;
    let mut longest_wait_ms = 0;
    while let Some(due) = order.due_at {
        longest_wait_ms = longest_wait_ms.max(due.as_ms() - order.updated_at.as_ms());
        if order.is_past_its_end(due)
            && let Transition::Changed(next, _) = order.transition(&OrderEvent::SessionExpired, Source::Reconciler, due)
        {
            order = *next;
        }
        order = order.polled(due);
        looks += 1;
        assert!(looks < 50, "looked at for ever");
    }
    assert_eq!(order.status, OrderStatus::Expired);
    assert!(longest_wait_ms <= 10 * MINUTE_MS, "{longest_wait_ms}");
    let Transition::Changed(paid, _) = open().transition(&paid("tx-1"), Source::Webhook, T0) else {
        panic!("not paid")
    };
    let at_its_end = paid.due_at.unwrap();
    assert!(paid.is_past_its_end(at_its_end));
    // lomi may complete a pending payment for two hours after the page's end.
    let looked_at = paid.polled(at_its_end);
    let last_look = looked_at.due_at.unwrap();
    assert!(last_look >= paid.payable_until().plus_ms(2 * 60 * MINUTE_MS) && looked_at.money_may_come(last_look));
    assert!(!looked_at.awaits_only_refunds() && looked_at.polled(last_look).awaits_only_refunds());
    assert_eq!(looked_at.polled(last_look).due_at, None);
    assert_eq!(paid.poll_after_ms(T0), None);
}

#[test]
fn a_paid_order_without_a_transaction_stays_polled() {
    let Transition::Changed(paid, _) = open().transition(&session_completed(), Source::Poll, T0) else {
        panic!("not paid")
    };
    let mut order = *paid;
    let mut pauses_ms = Vec::new();
    while let Some(due) = order.due_at {
        pauses_ms.push(due.as_ms() - order.updated_at.as_ms());
        order = order.polled(due);
        assert!(pauses_ms.len() < 60, "looked for for ever");
    }
    let lasted_ms = order.updated_at.as_ms() - order.payable_until().as_ms();
    assert!((7..8).contains(&(lasted_ms / (24 * 60 * MINUTE_MS))), "{lasted_ms}");
    // The first check comes when the page has ended.
    assert!(pauses_ms[1..].is_sorted() && pauses_ms[1] == 10 * MINUTE_MS, "{pauses_ms:?}");
    assert_eq!(pauses_ms.last(), Some(&(6 * 60 * MINUTE_MS)));
}

#[test]
fn a_known_transaction_is_not_looked_up_again() {
    let Transition::Changed(order, _) = open().transition(&session_completed(), Source::Poll, T0) else {
        panic!("not paid")
    };
    let order = order.polled(order.due_at.unwrap());
    let now = order.due_at.expect("its transaction is looked for");
    let Transition::Changed(known, None) = order.transition(&paid("tx-1"), Source::Poll, now) else {
        panic!("not identified")
    };
    assert!(order.is_unidentified() && !known.is_unidentified());
    let last_look = known.due_at.expect("a second payment is looked for");
    assert!(last_look > now.plus_ms(60 * MINUTE_MS));
    assert_eq!(known.polled(last_look).due_at, None);
}

#[test]
fn every_status_has_its_own_name_and_rank() {
    for (index, status) in OrderStatus::ALL.into_iter().enumerate() {
        assert_eq!(OrderStatus::from_name(status.as_str()), Some(status));
        assert!(OrderStatus::ALL.iter().skip(index + 1).all(|higher| *higher > status));
    }
}

#[test]
fn a_waiting_shopper_does_not_postpone_the_reconciler() {
    let order = open();
    let asked = order.poll_slot_taken(T0.plus_ms(30_000));
    assert_eq!(asked.due_at, order.due_at);
    assert!(!asked.may_be_polled(T0.plus_ms(31_000)));
}

#[test]
fn endless_attempts_leave_room_for_the_payment() {
    let mut order = creating();
    for attempt in 0..200 {
        let id = AttemptId::from_entropy([attempt; 32]);
        order = order.taken_over_by(id, T0, T0).unwrap().in_doubt(false, T0);
    }
    let Transition::Changed(paid, _) = order.transition(&paid("tx-1"), Source::Webhook, T0) else { panic!("not paid") };
    assert_eq!(paid.timeline.last().unwrap().what, TimelineEvent::Paid);
}

#[test]
fn unknown_timeline_entries_do_not_make_an_order_unreadable() {
    let mut json = serde_json::to_value(open()).unwrap();
    json["timeline"][0]["what"] = "teleported".into();
    json["timeline"][0]["source"] = "oracle".into();
    let order: Order = serde_json::from_value(json).unwrap();
    assert_eq!(order.timeline[0].what, TimelineEvent::Other);
}
