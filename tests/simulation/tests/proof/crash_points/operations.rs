//! The operator's actions: the preparation, one attempt, and its promises.

use std::cell::{Cell, RefCell};

use checkout::admin::ReplayOutcome;
use domain::{OrderId, QuarantineId};
use serde_json::{Value, json};

use super::flows::Flow;
use super::play::Play;

/// The objects of an operator's actions.
#[derive(Default)]
pub(super) struct Desk {
    aside: RefCell<Option<QuarantineId>>,
    /// The orders and their events before the republishing.
    before: RefCell<(Vec<Value>, Vec<Value>)>,
    is_order_changed: Cell<bool>,
}

impl Play {
    pub(super) async fn prepare_operation(&self) {
        self.buy(false).await;
        let id = self.order().0;
        match self.flow {
            Flow::ReplayEvent => self.put_event_aside(&id).await,
            Flow::ReplayFinding => self.put_finding_aside(&id).await,
            Flow::Ask => self.pay().await,
            Flow::Resend => self.fail_to_deliver().await,
            _ => {
                self.pay().await;
                self.stage.deliver().await;
            }
        }
        *self.desk.before.borrow_mut() = (self.stage.orders(), self.events().0);
        if let Flow::ReplayEvent | Flow::ReplayFinding = self.flow {
            *self.desk.aside.borrow_mut() = self.stage.stack.waiting().first().cloned();
            self.watch_quarantine();
        }
    }

    pub(super) async fn attempt_operation(&self) -> bool {
        let stack = &self.stage.stack;
        let order = OrderId::parse(&self.order().0).expect("an order's id");
        match self.flow {
            Flow::ReplayEvent | Flow::ReplayFinding => {
                let id = self.desk.aside.borrow().clone().expect("something was put aside");
                let replayed = stack.replay(&id).await;
                matches!(replayed, Some(Ok(done)) if !matches!(done.outcome, ReplayOutcome::Quarantined(_)))
            }
            Flow::Ask => matches!(stack.look_at(&order).await, Some(Ok(asked)) if asked.order.status().is_paid()),
            Flow::Resend => matches!(stack.resend().await, Some(Ok(done)) if done.failed.is_empty()),
            _ => {
                let told = stack.republish(&order).await;
                let is_changed = self.stage.orders() != self.desk.before.borrow().0;
                self.desk.is_order_changed.set(self.desk.is_order_changed.get() || is_changed);
                matches!(told, Some(Ok(told)) if told.len() == 1)
            }
        }
    }

    /// Delivers the event while its order is missing, as after a table was restored.
    async fn put_event_aside(&self, id: &str) {
        self.pay().await;
        let delivery = self.stage.announced("PAYMENT_SUCCEEDED");
        let order = self.stage.stack.dynamodb.take_order(id);
        self.stage.stack.receive(&delivery).await;
        self.stage.stack.dynamodb.put_order(order);
    }

    /// A poll finds a mismatched payment, because the order was changed for a while.
    async fn put_finding_aside(&self, id: &str) {
        let order = self.stage.stack.dynamodb.take_order(id);
        let mut other = order.clone();
        other["amount"] = json!({ "N": "2499" });
        self.stage.stack.dynamodb.put_order(other);
        self.pay().await;
        let id = OrderId::parse(id).expect("an order's id");
        self.stage.stack.look_at(&id).await.expect("no crash").expect("lomi. answers");
        self.stage.stack.dynamodb.put_order(order);
    }

    /// lomi signs with a wrong secret for a while and logs the refused deliveries.
    async fn fail_to_deliver(&self) {
        let fault = json!({ "target": "webhook", "kind": "bad_signature", "times": null });
        self.stage.act("/_sim/faults", &fault).await;
        self.pay().await;
        self.stage.deliver().await;
        self.stage.clear_faults().await;
    }

    /// A quarantined item is resolved when its payment counts or later, and never before.
    fn watch_quarantine(&self) {
        let table = self.stage.stack.dynamodb.clone();
        self.stage.stack.watch(move || {
            let is_closed = table.items("QUARANTINE#").iter().any(|item| !item["resolved_at_ms"].is_null());
            let counts = table.items("ORDER#").iter().any(tests::audit::is_paid);
            let is_early = is_closed && !counts;
            is_early.then(|| "what was put aside is closed and does not count".to_owned()).into_iter().collect()
        });
    }

    fn events(&self) -> (Vec<Value>, Vec<Option<u64>>) {
        let mut events = self.stage.stack.dynamodb.items("OUTBOX#");
        let counts = events.iter_mut().filter_map(Value::as_object_mut).filter_map(|event| event.remove("replays"));
        let counts = counts.map(|count| count.as_u64()).collect();
        (events, counts)
    }

    pub(super) fn broken_operation(&self) -> Vec<String> {
        let stack = &self.stage.stack;
        let mut broken = Vec::new();
        let mut holds = |what: &str, is_so: bool| {
            if !is_so {
                broken.push(format!("broken: {what}: {:?}", self.stage.orders()));
            }
        };
        let orders = self.stage.orders();
        let payments = orders[0]["payments"].as_object().map_or(0, serde_json::Map::len);
        holds("paid once", orders.len() == 1 && orders[0]["status"] == "paid" && payments == 1);
        if self.is_answered.get() {
            holds("nothing waits that counts", stack.waiting().is_empty());
        }
        if self.flow == Flow::Retell {
            let (events, counts) = self.events();
            holds("the order is what it was", !self.desk.is_order_changed.get());
            holds("its events are what they were", events == self.desk.before.borrow().1);
            holds("they were told again, at least once", counts.len() == 1 && counts[0] >= Some(1));
        }
        broken
    }
}
