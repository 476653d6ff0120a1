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
/// After so long, whoever has not paid is in no hurry.
const BUSY_MS: i64 = 10 * 60 * 1000;
/// After the last trouble, every payment is known within so many minutes of sweeping.
const MINUTES_TO_PAID: u32 = 10;
/// After so long a page is over and everything that can still come has come.
const HOURS_TO_REST: u64 = 5;
/// After so long a refund that never reached lomi is given up, by a reconciler that comes once a day.
const TWO_DAYS: Duration = Duration::from_secs(50 * 3600);
const NEXT_SECRET: &str = "whsec_sim_the_next_one_0123456789abcdef";
/// A back office gives a link up after so many tries.
const MAX_LINK_TRIES: u32 = 12;
const MONTH: Duration = Duration::from_secs(31 * 24 * 3600);

/// What became of a schedule.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// What must not be. Empty when everything holds.
    pub findings: Vec<String>,
    /// What happened.
    pub trace: Trace,
    /// What was seen on the way.
    pub tally: Tally,
}

/// How much happened in a schedule, so that a run of many can show that trouble was met.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Orders in the table.
    pub orders: usize,
    /// Those that are paid, or were.
    pub paid: usize,
    /// Refunds at lomi.
    pub refunds: usize,
    /// Processes that died or froze.
    pub blows: usize,
    /// Exchanges that the faults struck.
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

/// Runs the schedule of `seed` to its end, in no time.
#[must_use]
pub fn run(seed: u64) -> Outcome {
    in_virtual_time(async || Schedule::new(seed).run().await)
}

/// How far a schedule has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Pace {
    /// People are about, and whatever can break does.
    #[default]
    Trouble,
    /// Nothing breaks any more, and what is open gets finished.
    Quiet,
    /// Pages end.
    Rest,
    /// Nothing happens for long.
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
        // In some schedules lomi looks at most payments before the merchant has them. Older generations know nothing of it, and
        // announce a completed page, which pays.
        if self.draw(0..6) == 0 {
            let (from, is_announced) = (100 * self.draw(0..300), self.chance.borrow_mut().bool());
            if self.profile == Profile::Current {
                quirks["held_from"] = from.into();
                quirks["held_announced"] = is_announced.into();
            }
        }
        // In some it names payments by their public ids alone, which only its newest generation has.
        if self.draw(0..4) == 0 && self.profile == Profile::Current {
            quirks["payments_by_public_id"] = true.into();
        }
        self.stack.lomi.act("/_sim/profile", &json!({ "quirks": quirks })).await;
        // In some schedules the first shoppers are there before the reconciler's first run.
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
            // Most flows are over after a dozen steps; a run of the reconciler takes many more.
            let last = if name == "reconcile" { 60 } else { 16 };
            (skew_ms, vec![(dice.u32(1..last), blow)])
        });
    }

    /// People first, then quiet, then the books.
    async fn story(&self) -> Vec<String> {
        // One shopper mostly, sometimes two or three.
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

    /// Every event comes once more: nothing changes.
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

    /// In some schedules, everybody was sent a payment link.
    async fn link(&self) -> Option<Link> {
        let kind = self.draw(0..8);
        let (francs, payments) = (i64::from(100 * self.draw(1..500)), self.draw(1..3));
        for number in 0..MAX_LINK_TRIES {
            // lomi takes no key for a link of its own: a try of which nobody knows the end needs another one here.
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

    /// In some schedules the merchant rotates the webhook's secret: first here, then at lomi.
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

    /// In some schedules another merchant pays himself, to the franc of our orders, and has lomi tell us of it.
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
            // One charge at a time: the moment names its key.
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// lomi decides about payments that it holds, some of them soon.
    async fn review(&self) {
        for _ in 0..self.draw(0..4) {
            sleep(Duration::from_millis(u64::from(self.draw(1_000..180_000)))).await;
            self.decide_held(2).await;
        }
    }

    /// Every payment that is held, or one in so many, is completed, or let go.
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

    /// In some schedules somebody sits in the back office.
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

    /// The reconciler on its schedule. A run that would find nothing due is left out; sometimes two overlap. While a shopper
    /// lets an hour pass, and at rest, it comes only now and then: what it has to do does not run away.
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
            // In the quiet, only money that is not known yet is worth every minute's run.
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
    // Sometimes no webhook comes at all.
    if chance.u32(0..8) == 0 { Mail { lost: 1000, ..mail } } else { mail }
}
