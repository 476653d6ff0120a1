//! The delivery of lomi's webhooks: some are lost, duplicated, delayed or reordered.

use std::cell::RefCell;
use std::convert::Infallible;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::join;
use futures::stream::FuturesUnordered;
use lomi_sandbox::{Answer, Delivery};
use tokio::time::{sleep, timeout};

use crate::stack::Stack;

/// The probabilities of one schedule's delivery faults, in thousandths.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mail {
    /// The delivery is lost; lomi sees a broken connection.
    pub lost: u32,
    /// The delivery arrives twice at once.
    pub doubled: u32,
    /// The delivery is delayed by up to a minute and a half, and others overtake it.
    pub late: u32,
    /// The delivery is processed and its answer is lost.
    pub unanswered: u32,
}

/// The webhook delivery of one schedule.
#[derive(Debug)]
pub struct Post {
    mail: RefCell<Mail>,
    chance: RefCell<fastrand::Rng>,
    kept: RefCell<Vec<Delivery>>,
    /// lomi's signing secret, once it is no longer the first one.
    secret: RefCell<Option<String>>,
}

impl Post {
    /// Deliveries with the faults of `mail`.
    #[must_use]
    pub fn new(seed: u64, mail: Mail) -> Self {
        let chance = RefCell::new(fastrand::Rng::with_seed(seed ^ 0x9057));
        Self { mail: RefCell::new(mail), chance, kept: RefCell::default(), secret: RefCell::default() }
    }

    /// From now on every delivery arrives once, at once.
    pub fn calm(&self) {
        *self.mail.borrow_mut() = Mail::default();
    }

    /// From now on lomi signs with this secret.
    pub fn sign_with(&self, secret: &str) {
        *self.secret.borrow_mut() = Some(secret.to_owned());
    }

    async fn hand_over(&self, stack: &Stack, delivery: &Delivery) -> Answer {
        let secret = self.secret.borrow().clone();
        match secret {
            Some(secret) => stack.receive_signed(delivery, &secret).await,
            None => stack.receive(delivery).await,
        }
    }

    /// Carries every delivery of lomi for as long as it is polled.
    pub async fn run(&self, stack: &Stack) -> Infallible {
        let mut under_way = FuturesUnordered::new();
        loop {
            for delivery in stack.lomi.take_due() {
                self.kept.borrow_mut().push(delivery.clone());
                under_way.push(self.carry(stack, delivery));
            }
            tokio::select! {
                biased;
                Some(()) = under_way.next() => {}
                () = stack.lomi.stirs() => {}
            }
        }
    }

    /// Delivers everything once more that was ever sent.
    pub async fn replay(&self, stack: &Stack) {
        let kept = self.kept.borrow().clone();
        for delivery in &kept {
            self.hand_over(stack, delivery).await;
        }
    }

    async fn carry(&self, stack: &Stack, delivery: Delivery) {
        let mail = *self.mail.borrow();
        let answer = if self.strikes(mail.lost) {
            stack.trace.note(format_args!("a delivery is lost"));
            Answer::Failed("no route".to_owned())
        } else {
            let patience = Duration::from_millis(delivery.timeout_ms);
            timeout(patience, self.bring(stack, &delivery, mail)).await.unwrap_or(Answer::TimedOut)
        };
        stack.lomi.settle(&delivery, &answer);
    }

    async fn bring(&self, stack: &Stack, delivery: &Delivery, mail: Mail) -> Answer {
        if self.strikes(mail.late) {
            let wait = Duration::from_millis(self.chance.borrow_mut().u64(0..90_000));
            stack.trace.note(format_args!("a delivery waits {} ms", wait.as_millis()));
            sleep(wait).await;
        }
        let answer = if self.strikes(mail.doubled) {
            stack.trace.note(format_args!("a delivery comes twice"));
            join(self.hand_over(stack, delivery), self.hand_over(stack, delivery)).await.1
        } else {
            self.hand_over(stack, delivery).await
        };
        if self.strikes(mail.unanswered) { Answer::Failed("reset".to_owned()) } else { answer }
    }

    fn strikes(&self, thousandths: u32) -> bool {
        self.chance.borrow_mut().u32(0..1000) < thousandths
    }
}
