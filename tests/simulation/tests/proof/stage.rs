//! One stack in virtual time with planned kills, and the people who use it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use lomi_sandbox::{Delivery, Profile};
use serde_json::{Value, json};
use simulation::{Answers, Blow, Bought, Faults, Payable, Stack, requests};
use tokio::time::sleep;

/// Operations that a process may repeat without changing anything.
const READS: [&str; 5] = ["GetItem", "BatchGetItem", "Query", "GetSecretValue", "GET"];

/// Kills one process of this name, counted from 0 since the plan was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strike {
    pub(crate) name: &'static str,
    pub(crate) index: u32,
    /// The offset of its clock.
    pub(crate) skew_ms: i64,
    /// The step at which it is killed.
    pub(crate) step: Option<u32>,
}

impl Strike {
    pub(crate) const fn crash(name: &'static str, index: u32, step: u32) -> Self {
        Self { name, index, skew_ms: 0, step: Some(step) }
    }
}

#[derive(Default)]
struct Plan {
    strikes: Vec<Strike>,
    started: BTreeMap<&'static str, u32>,
}

impl Plan {
    fn next(&mut self, name: &'static str) -> (i64, Vec<(u32, Blow)>) {
        let index = self.started.entry(name).or_default();
        let strike = self.strikes.iter().find(|strike| strike.name == name && strike.index == *index);
        *index += 1;
        strike.map_or((0, Vec::new()), |strike| {
            (strike.skew_ms, strike.step.map(|step| (step, Blow::Crash)).into_iter().collect())
        })
    }
}

pub(crate) struct Stage {
    pub(crate) stack: Stack,
    pub(crate) answers: Answers,
    pub(crate) profile: Profile,
    plan: Rc<RefCell<Plan>>,
    planned_at: RefCell<usize>,
    traced_at: RefCell<usize>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::of(Profile::Current)
    }

    /// The same with this generation of lomi.
    pub(crate) fn of(profile: Profile) -> Self {
        let stack = Stack::new(7, profile, Faults::fair(7));
        let plan = Rc::<RefCell<Plan>>::default();
        let blows = Rc::clone(&plan);
        stack.strike(move |name, _| blows.borrow_mut().next(name));
        let (planned_at, traced_at) = (RefCell::default(), RefCell::default());
        Self { stack, answers: Answers::default(), profile, plan, planned_at, traced_at }
    }

    /// From now on these kills happen, and the steps of processes are counted.
    pub(crate) fn plan(&self, strikes: &[Strike]) {
        *self.plan.borrow_mut() = Plan { strikes: strikes.to_vec(), started: BTreeMap::new() };
        *self.planned_at.borrow_mut() = self.stack.steps().len();
        *self.traced_at.borrow_mut() = self.stack.trace.lines().len();
    }

    /// The number of steps of every finished process of this name since the plan was made.
    pub(crate) fn steps_of(&self, name: &str) -> Vec<u32> {
        let steps = self.stack.steps();
        steps.iter().skip(*self.planned_at.borrow()).filter(|(of, _)| *of == name).map(|(_, steps)| *steps).collect()
    }

    /// For each of the same processes, the steps at which it had just written to the table or at lomi.
    pub(crate) fn writes_of(&self, name: &str) -> Vec<Vec<u32>> {
        let mut writes = BTreeMap::<u32, Vec<u32>>::new();
        for line in self.stack.trace.lines().iter().skip(*self.traced_at.borrow()) {
            let mut words = line.split_whitespace().skip(2);
            let place = words.next().and_then(|place| place.strip_prefix(name)?.strip_prefix('#')?.split_once('.'));
            let (Some((process, step)), Some(side), Some(what)) = (place, words.next(), words.next()) else { continue };
            let writes = writes.entry(process.parse().expect("a number")).or_default();
            let is_read = READS.contains(&what.trim_end_matches(':'));
            if side == "after" && !is_read {
                writes.push(step.parse().expect("a number"));
            }
        }
        writes.into_values().collect()
    }

    /// A shop requests a page or a card form. `None` without a final answer.
    pub(crate) async fn ask(&self, key: &str, by_card: bool) -> Option<Bought> {
        let request = if by_card { requests::card(key, 2_500) } else { requests::page(key, 2_500) };
        self.answers.created(key, &self.stack.create(&request).await)
    }

    /// The same when no fault can occur.
    pub(crate) async fn buy(&self, key: &str, by_card: bool) -> Bought {
        self.ask(key, by_card).await.expect("nothing is in the way")
    }

    pub(crate) async fn pay(&self, bought: &Bought) {
        match &bought.payable {
            Payable::Page(id) => self.pay_page(id).await,
            Payable::Card(id, secret) => {
                let card =
                    json!({ "client_secret": secret, "card_number": "4242424242424242", "exp": "12/34", "cvc": "123" });
                self.act(&format!("/_sim/card/{id}/confirm"), &card).await;
            }
        }
    }

    pub(crate) async fn pay_page(&self, session_id: &str) {
        let how = json!({ "method": "wave", "outcome": "approve" });
        self.act(&format!("/_sim/sessions/{session_id}/pay"), &how).await;
    }

    /// A person's action at lomi, which must succeed.
    pub(crate) async fn act(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.stack.lomi.act(path, body).await;
        assert!(status < 300, "{path}: {status} {answer}");
        answer
    }

    pub(crate) async fn clear_faults(&self) {
        self.stack.lomi.clear_faults().await;
    }

    pub(crate) async fn deliver(&self) {
        loop {
            let deliveries = self.stack.lomi.take_due();
            if deliveries.is_empty() {
                return;
            }
            for delivery in deliveries {
                let answer = self.stack.receive(&delivery).await;
                self.stack.lomi.settle(&delivery, &answer);
            }
        }
    }

    /// lomi's event of this name, without reporting its delivery to lomi.
    pub(crate) fn announced(&self, event: &str) -> Delivery {
        let mut due = self.stack.lomi.take_due().into_iter();
        let found = due.find(|delivery| self.stack.is_meant(delivery) && delivery.body.contains(event));
        found.unwrap_or_else(|| panic!("lomi. has no {event} to tell"))
    }

    pub(crate) async fn sweep(&self) {
        if self.is_due() {
            self.stack.reconcile().await;
        }
    }

    pub(crate) fn is_due(&self) -> bool {
        self.stack.due_in() == Some(Duration::ZERO)
    }

    /// The reconciler runs in the ten minutes within which every payment must be found.
    pub(crate) async fn first_ten_minutes(&self) -> Vec<String> {
        for minutes in [1, 1, 8] {
            sleep(Duration::from_secs(minutes * 60)).await;
            self.sweep().await;
        }
        simulation::audit::no_payment_is_lost(&self.stack)
    }

    /// The reconciler runs after the end of all pages, and when a refund that never reached lomi is released.
    pub(crate) async fn rest(&self) -> Vec<String> {
        for hours in [4, 22] {
            sleep(Duration::from_secs(hours * 3600)).await;
            self.sweep().await;
        }
        let mut findings = simulation::audit::books(&self.stack);
        findings.extend(self.answers.check());
        findings
    }

    pub(crate) fn orders(&self) -> Vec<Value> {
        self.stack.dynamodb.items("ORDER#")
    }

    pub(crate) fn at_lomi(&self, kind: &str) -> Vec<Value> {
        self.stack.lomi.ledger()[kind].as_array().cloned().unwrap_or_default()
    }
}
