//! One schedule: everything that happens follows from one seed.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::pending;
use std::ops::Range;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures::future::{Either, join, join_all, join3, select};
use lomi_sandbox::Profile;
use lomi_sandbox::fixtures::ORGANIZATION_A;
use serde_json::json;
use tokio::time::sleep;

use crate::answers::Answers;
use crate::audit;
use crate::faults::Faults;
use crate::operator::Operator;
use crate::process::Blow;
use crate::shopper::{Link, Shopper};
use crate::stack::Stack;
use crate::time::in_virtual_time;
use crate::trace::Trace;
use crate::webhook_delivery::{Mail, Post};

/// The schedule of the reconciler in the template.
const MINUTE: Duration = Duration::from_secs(60);
/// After this time a shopper who has not paid is not in a hurry.
const BUSY_MS: i64 = 10 * 60 * 1000;
/// After the last fault, every payment must be found within this many minutes of reconciler runs.
const MINUTES_TO_PAID: u32 = 10;
/// After this time a page has ended and every late payment has arrived.
const HOURS_TO_REST: u64 = 5;
/// After this time a refund that never reached lomi is released, even by a reconciler that runs once a day.
const TWO_DAYS: Duration = Duration::from_secs(50 * 3600);
const NEXT_SECRET: &str = "whsec_sim_the_next_one_0123456789abcdef";
/// Attempts of a back office to create a link.
const MAX_LINK_TRIES: u32 = 12;
const MONTH: Duration = Duration::from_secs(31 * 24 * 3600);

/// The result of a schedule.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// The broken promises; empty when every promise holds.
    pub findings: Vec<String>,
    /// The trace of all events.
    pub trace: Trace,
    /// The counts.
    pub tally: Tally,
}

/// Counts per schedule, so that a run of many can show that faults occurred.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Orders in the table.
    pub orders: usize,
    /// Orders that are paid, or were.
    pub paid: usize,
    /// Refunds at lomi.
    pub refunds: usize,
    /// Processes that were killed or frozen.
    pub blows: usize,
    /// Exchanges with a fault.
    pub struck: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.orders += other.orders;
        self.paid += other.paid;
        self.refunds += other.refunds;
        self.blows += other.blows;
        self.struck += other.struck;
    }
}

/// Runs the schedule of `seed` to its end, in virtual time.
#[must_use]
pub fn run(seed: u64) -> Outcome {
    in_virtual_time(async || Schedule::new(seed).run().await)
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Pace {
    /// People act, and faults occur.
    #[default]
    Trouble,
    /// No more faults; open work is finished.
    Quiet,
    /// Pages end.
    Rest,
    /// The reconciler runs once a day.
    Daily,
}

struct Schedule {
    seed: u64,
    profile: Profile,
    stack: Stack,
    post: Post,
    answers: Answers,
    chance: RefCell<fastrand::Rng>,
    pace: Rc<Cell<Pace>>,
}

impl Schedule {
    fn new(seed: u64) -> Self {
        let mut chance = fastrand::Rng::with_seed(seed);
        let profile = [Profile::Current, Profile::Current, Profile::June2026, Profile::Seeds][chance.usize(0..4)];
        let stack = Stack::new(seed, profile, Faults::drawn(seed));
        stack.trace.note(format_args!("seed {seed}, {profile:?}"));
        Self {
            seed,
            profile,
            post: Post::new(seed, mail(&mut chance)),
            stack,
            answers: Answers::default(),
            chance: RefCell::new(chance),
            pace: Rc::default(),
        }
    }

    async fn run(self) -> Outcome {
        self.prepare().await;
        let findings = {
            let story = pin!(self.story());
            let context = pin!(join(self.post.run(&self.stack), self.sweep()));
            match select(story, context).await {
                Either::Left((findings, _)) => findings,
                Either::Right((never, _)) => match never.0 {},
            }
        };
        Outcome { seed: self.seed, findings, tally: self.tally(), trace: self.stack.trace.clone() }
    }

    async fn prepare(&self) {
        let mut quirks = json!({ "allow_double_pay": self.chance.borrow_mut().bool() });
        // In some schedules lomi reviews most payments before it completes them. Older generations have no reviews:
        // they send a completed page, which pays.
        if self.draw(0..6) == 0 {
            let (from, is_announced) = (100 * self.draw(0..300), self.chance.borrow_mut().bool());
            if self.profile == Profile::Current {
                quirks["held_from"] = from.into();
                quirks["held_announced"] = is_announced.into();
            }
        }
        // In some schedules lomi names payments only by their public ids, which only its newest generation has.
        if self.draw(0..4) == 0 && self.profile == Profile::Current {
            quirks["payments_by_public_id"] = true.into();
        }
        self.stack.lomi.act("/_sim/profile", &json!({ "quirks": quirks })).await;
        // In some schedules the first shoppers arrive before the reconciler's first run.
        if self.draw(0..4) == 0 {
            self.stack.dynamodb.forget_organisation();
        }
        let pace = Rc::clone(&self.pace);
        let dice = RefCell::new(self.chance.borrow_mut().fork());
        let one_in = dice.borrow_mut().u32(3..30);
        let skews = dice.borrow_mut().bool();
        self.stack.strike(move |name, _| {
            let mut dice = dice.borrow_mut();
            let skew_ms = if skews { dice.i64(-90_000..90_000) } else { 0 };
            if pace.get() != Pace::Trouble || dice.u32(0..one_in) != 0 {
                return (skew_ms, Vec::new());
            }
            let blow =
                if dice.u32(0..4) == 0 { Blow::Freeze(Duration::from_secs(dice.u64(1..60))) } else { Blow::Crash };
            // Most use cases end after a dozen steps; a reconciler run takes many more.
            let last = if name == "reconcile" { 60 } else { 16 };
            (skew_ms, vec![(dice.u32(1..last), blow)])
        });
    }

    /// First people act, then open work is finished, then the books are audited.
    async fn story(&self) -> Vec<String> {
        // Usually one shopper, sometimes two or three.
        let count = (self.draw(0..10) / 3).max(1);
        let link = self.link().await;
        let shoppers: Vec<_> = (0..count).map(|number| self.shopper(number, link.clone())).collect();
        let people = join3(join_all(shoppers.iter().map(Shopper::shop)), self.rotate_secret(), self.look_into_things());
        join3(people, self.meddle(), self.review()).await;
        self.decide_held(1).await;
        self.pace.set(Pace::Quiet);
        self.stack.faults.calm();
        self.post.calm();
        self.stack.trace.note(format_args!("quiet"));
        sleep(MINUTE * MINUTES_TO_PAID).await;
        let mut findings = audit::no_payment_is_lost(&self.stack);
        self.pace.set(Pace::Rest);
        sleep(Duration::from_secs(HOURS_TO_REST * 3600)).await;
        if self.stack.due_in().is_some() {
            self.pace.set(Pace::Daily);
            sleep(TWO_DAYS).await;
        }
        self.stack.trace.note(format_args!("rest"));
        findings.extend(audit::books(&self.stack));
        findings.extend(self.answers.check());
        if self.draw(0..8) == 0 {
            findings.extend(self.a_month_later().await);
        }
        findings
    }

    /// Every event is delivered once more and must change nothing.
    async fn a_month_later(&self) -> Vec<String> {
        let before = audit::state(&self.stack);
        self.pace.set(Pace::Daily);
        sleep(MONTH).await;
        self.post.replay(&self.stack).await;
        let mut findings = audit::books(&self.stack);
        if audit::state(&self.stack) != before {
            findings.push("events that came once more changed something".to_owned());
        }
        findings
    }

    /// In some schedules every shopper was sent a payment link.
    async fn link(&self) -> Option<Link> {
        let kind = self.draw(0..8);
        let (francs, payments) = (i64::from(100 * self.draw(1..500)), self.draw(1..3));
        for number in 0..MAX_LINK_TRIES {
            // lomi takes no key for a native link: after an unknown outcome the next attempt needs another key here.
            let key = format!("link-{number}");
            let made = match kind {
                0 => self.stack.make_link("link", francs, payments).await,
                1 => self.stack.make_native_link(&key, francs).await,
                _ => return None,
            };
            if let Some(Ok(made)) = made {
                let name = made.answer.body;
                return Some(if kind == 0 { Link::Managed(name) } else { Link::Native(name) });
            }
            sleep(Duration::from_secs(5)).await;
        }
        None
    }

    /// In some schedules the merchant rotates the webhook secret, first here and then at lomi.
    async fn rotate_secret(&self) {
        let waits: [u64; 2] = [0, 1].map(|_| u64::from(self.draw(0..90_000)));
        if self.draw(0..4) == 0 {
            sleep(Duration::from_millis(waits[0])).await;
            self.stack.rotate_secret(NEXT_SECRET);
            sleep(Duration::from_millis(waits[1])).await;
            self.post.sign_with(NEXT_SECRET);
            self.stack.trace.note(format_args!("lomi. signs with another secret"));
        }
    }

    /// In some schedules another merchant pays himself the exact amounts of our orders and has lomi notify this stack.
    async fn meddle(&self) {
        if self.draw(0..6) != 0 {
            return;
        }
        sleep(Duration::from_millis(u64::from(self.draw(1_000..60_000)))).await;
        for order in self.stack.dynamodb.items("ORDER#") {
            let Some(francs) = order["amount"].as_i64() else { continue };
            let metadata = json!({
                "organization_id": ORGANIZATION_A, "order_id": order["order_id"], "payment_environment": "test",
            });
            self.stack.lomi.charge_as_stranger(francs, &metadata).await;
            self.stack.trace.note(format_args!("a stranger pays himself for {}", order["order_id"]));
            // One charge at a time, because the time is part of the key.
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// lomi decides about held payments, some of them soon.
    async fn review(&self) {
        for _ in 0..self.draw(0..4) {
            sleep(Duration::from_millis(u64::from(self.draw(1_000..180_000)))).await;
            self.decide_held(2).await;
        }
    }

    /// Completes or releases every held payment, or one in `one_in` of them.
    async fn decide_held(&self, one_in: u32) {
        let ledger = self.stack.lomi.ledger();
        let rows = ledger["transactions"].as_array().into_iter().flatten().filter(|row| row["status"] == "held");
        for id in rows.filter_map(|row| row["transaction_id"].as_str()) {
            if self.draw(0..one_in) == 0 {
                let word = if self.draw(0..4) == 0 { "decline" } else { "approve" };
                let (status, _) = self.stack.lomi.act(&format!("/_sim/transactions/{id}/{word}"), &json!({})).await;
                self.stack.trace.note(format_args!("lomi. decides to {word} {id}: {status}"));
            }
        }
    }

    /// In some schedules an operator works in the back office.
    async fn look_into_things(&self) {
        if self.draw(0..8) == 0 {
            let chance = RefCell::new(self.chance.borrow_mut().fork());
            Operator { stack: &self.stack, chance }.work().await;
        }
    }

    fn shopper(&self, number: u32, link: Option<Link>) -> Shopper<'_> {
        let chance = RefCell::new(self.chance.borrow_mut().fork());
        Shopper { stack: &self.stack, answers: &self.answers, chance, name: format!("shopper-{number}"), link }
    }

    /// Runs the reconciler on its schedule. Runs that would find nothing due are skipped; sometimes two overlap. In
    /// long pauses and at rest it runs only now and then, because its work does not expire.
    async fn sweep(&self) -> Infallible {
        for minute in 0_u32.. {
            sleep(match self.pace.get() {
                Pace::Trouble | Pace::Quiet => MINUTE,
                Pace::Rest => MINUTE * 115,
                Pace::Daily => MINUTE * 60 * 24,
            })
            .await;
            if !minute.is_multiple_of(self.pause_min()) || self.stack.due_in() != Some(Duration::ZERO) {
                continue;
            }
            // In the quiet phase a run every minute matters only for payments that are not found yet.
            if self.pace.get() == Pace::Quiet && minute % 5 != 0 && audit::no_payment_is_lost(&self.stack).is_empty() {
                continue;
            }
            if self.pace.get() == Pace::Trouble && self.draw(0..6) == 0 {
                join(self.stack.reconcile(), self.stack.reconcile()).await;
            } else {
                self.stack.reconcile().await;
            }
        }
        pending().await
    }

    fn pause_min(&self) -> u32 {
        match self.pace.get() {
            Pace::Trouble if self.stack.time.elapsed_ms() > BUSY_MS => 15,
            Pace::Trouble | Pace::Quiet | Pace::Rest | Pace::Daily => 1,
        }
    }

    fn draw(&self, range: Range<u32>) -> u32 {
        self.chance.borrow_mut().u32(range)
    }

    fn tally(&self) -> Tally {
        let orders = self.stack.dynamodb.items("ORDER#");
        Tally {
            paid: orders.iter().filter(|order| tests::audit::is_paid(order)).count(),
            orders: orders.len(),
            refunds: self.stack.lomi.ledger()["refunds"].as_array().map_or(0, Vec::len),
            blows: usize::try_from(self.stack.hits()).unwrap_or_default(),
            struck: self.stack.faults.struck(),
        }
    }
}

fn mail(chance: &mut fastrand::Rng) -> Mail {
    let mut share = || if chance.bool() { chance.u32(0..400) } else { 0 };
    let mail = Mail { lost: share(), doubled: share(), late: share(), unanswered: share() };
    // Sometimes no webhook arrives at all.
    if chance.u32(0..8) == 0 { Mail { lost: 1000, ..mail } } else { mail }
}
