use super::*;
use crate::order::{
    ConfirmedPayment, Discount, NewOrder, OrderDetails, OrderEvent, OutboxEvent, Payment, Source, TimelineEvent,
    Transition,
};
use crate::{AttemptId, Currency, Money, OrderToken, PricedCart};
use proptest::prelude::*;

const T0: Timestamp = Timestamp::from_ms(1_800_000_000_000);
const MINUTE_MS: i64 = 60_000;
const PRICE: i64 = 10_000;

fn unpaid() -> Order {
    let new = NewOrder {
        order_id: OrderId::from_entropy([1; 32]),
        environment: Environment::Live,
        cart: PricedCart::from_merchant(Money::new(PRICE, Currency::Xof).unwrap(), None),
        details: OrderDetails::default(),
        token_hash: OrderToken::from_entropy([2; 32]).hash(),
        attempt_id: AttemptId::from_entropy([3; 32]),
        lease_until: T0.plus_ms(30_000),
    };
    Order::create(new, T0)
}

fn payment(id: &str) -> OrderEvent {
    OrderEvent::PaymentSucceeded(ConfirmedPayment {
        transaction_id: id.into(),
        gross_minor: PRICE,
        currency: Currency::Xof,
        discount: Discount::NotReported,
        environment: Environment::Live,
        checkout_session_id: None,
        payment: Payment {
            provider_code: None,
            payment_method_code: None,
            paid_at: T0,
            public_id: None,
            discount_minor: 0,
            is_discount_within_gross: false,
        },
    })
}

fn told(refund_id: &str, transaction_id: &str, amount: i64, status: RefundStatus) -> ProviderRefund {
    ProviderRefund {
        refund_id: refund_id.into(),
        transaction_id: transaction_id.into(),
        money: Money::new(amount, Currency::Xof),
        environment: Environment::Live,
        status,
    }
}

fn news(refund_id: &str, amount: i64, status: RefundStatus) -> OrderEvent {
    OrderEvent::Refund(told(refund_id, "tx-1", amount, status))
}

/// The order after the events, and the names of the outbox events.
fn after<'a>(order: &Order, order_events: impl IntoIterator<Item = &'a OrderEvent>) -> (Order, Vec<String>) {
    let (mut order, mut events) = (order.clone(), Vec::new());
    for order_event in order_events {
        if let Transition::Changed(next, event) = order.transition(order_event, Source::Webhook, T0) {
            assert_eq!(next.version, order.version + 1);
            events.extend(event.as_ref().map(OutboxEvent::name));
            order = *next;
        }
    }
    (order, events)
}

fn paid(transactions: &[&str]) -> Order {
    let order_events: Vec<_> = transactions.iter().map(|id| payment(id)).collect();
    after(&unpaid(), &order_events).0
}

fn wish(amount_minor: Option<i64>) -> NewRefund {
    NewRefund {
        transaction_id: None,
        amount_minor,
        reason: None,
        request: RefundRequest {
            fingerprint: Fingerprint::of("refund", &serde_json::json!({})),
            lease_until: T0.plus_ms(30_000),
        },
    }
}

fn changed(transition: Transition) -> (Order, Option<OutboxEvent>) {
    let Transition::Changed(order, event) = transition else { panic!("{transition:?}") };
    (*order, event)
}

/// The statuses by lomi's id, sorted; a request without an id is called `-`.
fn shown(order: &Order) -> Vec<(String, RefundStatus)> {
    let name = |refund: &Refund| refund.refund_id.clone().unwrap_or_else(|| "-".to_owned());
    let mut all: Vec<_> = order.refunds.values().map(|refund| (name(refund), refund.status)).collect();
    all.sort();
    all
}

#[test]
fn the_status_follows_from_the_unrefunded_amount() {
    for (payments, refunded, status) in [
        (1, 0, OrderStatus::Paid),
        (1, 1, OrderStatus::PartiallyRefunded),
        (1, PRICE, OrderStatus::Refunded),
        (1, PRICE + 1, OrderStatus::Refunded),
        (2, PRICE, OrderStatus::Paid),
        (2, PRICE + 1, OrderStatus::PartiallyRefunded),
        (2, 2 * PRICE, OrderStatus::Refunded),
    ] {
        let order = paid(["tx-1", "tx-2"].get(..payments).unwrap());
        let (order, _) = after(&order, [&news("r", refunded, RefundStatus::Completed)]);
        assert_eq!(order.status(), status, "{payments} payments, {refunded} refunded");
        assert_eq!(order.is_over_refunded(), refunded > PRICE * i64::try_from(payments).unwrap());
    }
}

#[test]
fn a_refund_of_an_uncounted_payment_changes_nothing() {
    let foreign = OrderEvent::Refund(told("r", "tx-9", PRICE, RefundStatus::Completed));
    let (order, _) = after(&paid(&["tx-1"]), [&foreign]);
    assert_eq!((order.status(), order.amount_refunded()), (OrderStatus::Paid, 0));
    let (order, events) = after(&unpaid(), [&foreign, &payment("tx-9")]);
    assert_eq!(order.status(), OrderStatus::Refunded);
    assert_eq!(events, ["order.refunded#r", "order.paid"]);
}

#[test]
fn reservations_never_exceed_the_refundable_amount() {
    let order = paid(&["tx-1"]).with_refund("a", wish(Some(6_000)), T0).unwrap();
    let refused = |order: &Order, amount| order.with_refund("b", wish(Some(amount)), T0).unwrap_err();
    assert_eq!(refused(&order, 4_001), RefundRefusal::ExceedsPayment);
    let doubtful = order.refund_in_doubt("a", T0).unwrap();
    assert_eq!(refused(&doubtful, 4_001), RefundRefusal::ExceedsPayment);
    let rest = doubtful.with_refund("b", wish(None), T0).unwrap();
    assert_eq!(rest.refunds["b"].amount_minor, 4_000);
    assert_eq!(refused(&rest, 1), RefundRefusal::ExceedsPayment);
    let released = doubtful.refund_released("a", Source::Reconciler, T0).unwrap();
    assert!(released.with_refund("b", wish(Some(PRICE)), T0).is_ok());
    assert!(order.without_refund("a", T0).unwrap().with_refund("b", wish(Some(PRICE)), T0).is_ok());
    assert_eq!(unpaid().with_refund("a", wish(None), T0).unwrap_err(), RefundRefusal::Closed);
    let several = paid(&["tx-1", "tx-2"]);
    assert_eq!(several.with_refund("a", wish(None), T0).unwrap_err(), RefundRefusal::WhichPayment);
}

#[test]
fn a_refund_with_lomis_id_cannot_be_withdrawn() {
    let order = paid(&["tx-1"]).with_refund("a", wish(None), T0).unwrap();
    let (named, _) = after(&order, [&news("r", PRICE, RefundStatus::Pending)]);
    assert!(named.without_refund("a", T0).is_none());
    assert!(named.refund_in_doubt("a", T0).is_none());
    assert!(named.refund_released("a", Source::Reconciler, T0).is_none());
}

#[test]
fn an_event_before_the_answer_is_matched_and_emitted_once() {
    let order = paid(&["tx-1"]).with_refund("a", wish(None), T0).unwrap();
    let (order, events) = after(&order, [&news("r", PRICE, RefundStatus::Completed)]);
    assert_eq!(events, ["order.refunded#r"]);
    let answer = told("r", "tx-1", PRICE, RefundStatus::Completed);
    assert_eq!(order.refund_answered("a", &answer, T0), Transition::Unchanged);
    assert_eq!(shown(&order), [("r".to_owned(), RefundStatus::Completed)]);
}

#[test]
fn an_answer_reclaims_an_id_matched_to_another_refund() {
    let ask = |order: &Order, id: &str| order.with_refund(id, wish(Some(1_000)), T0).unwrap();
    let order = ask(&ask(&paid(&["tx-1"]), "a"), "b");
    // B's event arrives first and is matched to A; then both answers arrive.
    let (order, _) = after(&order, [&news("r-b", 1_000, RefundStatus::Completed)]);
    assert_eq!(order.refunds["a"].refund_id.as_deref(), Some("r-b"));
    let (order, event) = changed(order.refund_answered("b", &told("r-b", "tx-1", 1_000, RefundStatus::Completed), T0));
    assert_eq!((event, order.refunds["a"].status), (None, RefundStatus::InDoubt));
    assert!(order.refunds["a"].is_unnamed() && order.due_at <= Some(T0.plus_ms(MINUTE_MS)));
    let (order, event) = changed(order.refund_answered("a", &told("r-a", "tx-1", 1_000, RefundStatus::Completed), T0));
    assert_eq!(event.unwrap().name(), "order.refunded#r-a");
    assert_eq!(order.refunds["a"].refund_id.as_deref(), Some("r-a"));
    assert_eq!(order.refunds["b"].refund_id.as_deref(), Some("r-b"));
    assert_eq!(order.amount_refunded(), 2_000);
}

#[test]
fn two_refunds_with_swapped_ids_swap_them_back() {
    let ask = |order: &Order, id: &str| order.with_refund(id, wish(Some(1_000)), T0).unwrap();
    let order = ask(&ask(&paid(&["tx-1"]), "a"), "b");
    let wrong = [news("r-b", 1_000, RefundStatus::Completed), news("r-a", 1_000, RefundStatus::Pending)];
    let (order, _) = after(&order, &wrong);
    let (order, event) = changed(order.refund_answered("b", &told("r-b", "tx-1", 1_000, RefundStatus::Completed), T0));
    assert_eq!(event, None);
    let name = |id: &str| (order.refunds[id].refund_id.clone().unwrap(), order.refunds[id].status);
    assert_eq!(name("a"), ("r-a".to_owned(), RefundStatus::Pending));
    assert_eq!(name("b"), ("r-b".to_owned(), RefundStatus::Completed));
}

#[test]
fn a_concurrent_dashboard_refund_is_counted_separately() {
    let order = paid(&["tx-1"]).with_refund("a", wish(Some(1_000)), T0).unwrap();
    let (order, _) = after(&order, [&news("theirs", 1_000, RefundStatus::Completed)]);
    let ours = told("ours", "tx-1", 1_000, RefundStatus::Completed);
    let (order, event) = changed(order.refund_answered("a", &ours, T0));
    assert_eq!(event.unwrap().name(), "order.refunded#ours");
    assert_eq!(order.refunds["a"].refund_id.as_deref(), Some("ours"));
    assert!(order.refunds["theirs"].request.is_none());
    assert_eq!(order.amount_refunded(), 2_000);
}

#[test]
fn a_failed_unknown_refund_releases_nothing() {
    let order = paid(&["tx-1"]).with_refund("a", wish(None), T0).unwrap().refund_in_doubt("a", T0).unwrap();
    let (order, events) = after(&order, [&news("r", PRICE, RefundStatus::Failed)]);
    assert_eq!(shown(&order), [("-".to_owned(), RefundStatus::InDoubt), ("r".to_owned(), RefundStatus::Failed)]);
    assert!(events.is_empty());
    assert_eq!(order.with_refund("b", wish(Some(1)), T0).unwrap_err(), RefundRefusal::ExceedsPayment);
}

#[test]
fn a_refund_unknown_to_lomi_is_released_after_a_day() {
    let order = paid(&["tx-1"]).with_refund("a", wish(None), T0).unwrap().refund_in_doubt("a", T0).unwrap();
    let lost = &order.refunds()["a"];
    assert!(
        !lost.may_be_released(T0.plus_ms(23 * 60 * MINUTE_MS)),
        "lomi. may still reconcile what it answered with a 500"
    );
    assert!(lost.may_be_released(T0.plus_ms(24 * 60 * MINUTE_MS)));
}

#[test]
fn an_amount_from_an_event_survives_an_answer_without_one() {
    let order = paid(&["tx-1"]).with_refund("a", wish(Some(1_000)), T0).unwrap();
    let (order, _) = after(&order, [&news("r", 1_500, RefundStatus::Completed)]);
    let answer = ProviderRefund { money: None, ..told("r", "tx-1", 1, RefundStatus::Completed) };
    let (order, event) = changed(order.refund_answered("a", &answer, T0));
    assert_eq!((event, order.amount_refunded(), order.refunds.len()), (None, 1_500, 1));
}

#[test]
fn of_two_amounts_for_a_refund_the_larger_counts() {
    for amounts in [[1_000, 2_000], [2_000, 1_000]] {
        let order_events = amounts.map(|amount| news("r", amount, RefundStatus::Completed));
        let (order, events) = after(&paid(&["tx-1"]), &order_events);
        assert_eq!((order.amount_refunded(), order.has_mismatch()), (2_000, true));
        assert_eq!(events, ["order.refunded#r"]);
    }
}

#[test]
fn an_open_refund_keeps_a_paid_order_due_at_growing_pauses() {
    let mut order = paid(&["tx-1"]).with_refund("a", wish(None), T0).unwrap().refund_in_doubt("a", T0).unwrap();
    let mut pauses = Vec::new();
    for _ in 0..40 {
        let due = order.due_at.expect("a refund in doubt is due");
        pauses.push(due.as_ms() - order.updated_at.as_ms());
        order = order.polled(due);
    }
    // The first check after the page's end falls in between.
    let refunds: Vec<_> = pauses.iter().filter(|pause| **pause >= 30_000).collect();
    assert!(*refunds[0] <= MINUTE_MS && refunds.iter().all(|pause| **pause <= 60 * MINUTE_MS), "{pauses:?}");
    assert!(order.awaits_only_refunds());
    let released = order.refund_released("a", Source::Reconciler, order.updated_at).unwrap();
    // lomi may still report it: it is looked up ever more rarely until it is a month old.
    let mut looked_at = released.clone();
    let mut looks = 0;
    while let Some(due) = looked_at.due_at {
        assert!(due <= looked_at.updated_at.plus_ms(24 * 60 * MINUTE_MS));
        looked_at = looked_at.polled(due);
        looks += 1;
    }
    assert!((28..60).contains(&looks), "{looks} looks");
    assert_eq!(released.last_event(), Some(TimelineEvent::RefundFailed));
}

#[test]
fn a_long_pending_refund_is_no_longer_polled() {
    let (mut order, _) = after(&paid(&["tx-1"]), [&news("r", 1_000, RefundStatus::Pending)]);
    let mut looks = 0;
    while let Some(due) = order.due_at {
        order = order.polled(due);
        looks += 1;
        assert!(looks < 500, "asked for ever");
    }
    assert!(looks > 50, "{looks}");
}

#[test]
fn a_refund_id_depends_only_on_the_order_and_the_key() {
    let name = |order: u8, key: &str| {
        let (order, key) = (OrderId::from_entropy([order; 32]), IdempotencyKey::parse(key).unwrap());
        Refund::own_id(Environment::Live, &order, &key)
    };
    assert_eq!(name(1, "k"), name(1, "k"));
    assert!(name(1, "k").len() == 36 && name(1, "k") != name(2, "k") && name(1, "k") != name(1, "l"));
}

fn any_fact() -> impl Strategy<Value = OrderEvent> {
    let status = prop_oneof![Just(RefundStatus::Pending), Just(RefundStatus::Completed), Just(RefundStatus::Failed)];
    prop_oneof![
        (1..3).prop_map(|number| payment(&format!("tx-{number}"))),
        (1..4, 1..3, status).prop_map(|(number, of, status)| {
            OrderEvent::Refund(told(&format!("r-{number}"), &format!("tx-{of}"), 3_000 * i64::from(number), status))
        }),
    ]
}

proptest! {
    #[test]
    fn refund_state_does_not_depend_on_the_order_of_events(
        order_events in proptest::collection::vec(any_fact(), 1..8),
        seed in any::<u64>(),
    ) {
        // One refund belongs to one payment.
        let of = |order_event: &OrderEvent| match order_event {
            OrderEvent::Refund(told) => told.refund_id == "r-1" && told.transaction_id != "tx-1"
                || told.refund_id != "r-1" && told.transaction_id == "tx-1",
            _ => false,
        };
        let order_events: Vec<_> = order_events.into_iter().filter(|order_event| !of(order_event)).collect();
        let mut other = order_events.clone();
        other.extend(order_events.clone());
        let mut random = seed;
        for index in (1..other.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            other.swap(index, usize::try_from(random >> 33).unwrap() % (index + 1));
        }
        let (one, _) = after(&unpaid(), &order_events);
        let (two, events) = after(&unpaid(), &other);
        prop_assert_eq!(one.status(), two.status());
        prop_assert_eq!(one.amount_refunded(), two.amount_refunded());
        prop_assert_eq!(shown(&one), shown(&two));
        let mut once = events.clone();
        once.sort();
        once.dedup();
        prop_assert_eq!(once.len(), events.len());
    }
}
