//! Shoppers, whose browsers do what a good storefront does: they repeat the same `Idempotency-Key` until there is an
//! answer.

use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;
use tokio::time::timeout;

use super::{Scene, office, pause};
use crate::audit::is_paid;
use crate::card::CardOrder;
use crate::http::Answer;
use crate::shop::Created;

/// How long a browser waits for an answer before it retries.
const PATIENCE_MS: [u64; 2] = [300, 2_500];
/// Between two attempts: a `Retry-After` of seconds in the faster time of the test.
const RETRY_MS: [u64; 2] = [40, 250];
/// After this many attempts the shopper leaves.
const MAX_TRIES: u32 = 40;
/// How often a return page polls its order.
const LOOKS: u32 = 6;
const METHODS: [&str; 3] = ["card", "wave", "mtn"];
const GOOD_CARD: &str = "4242424242424242";
const BAD_CARD: &str = "4000000000000002";

/// One shopper after another, until the end of the test.
pub(super) async fn keep_coming(scene: &Scene<'_>) {
    while !scene.is_over() {
        let mut rng = scene.rng();
        let patience = Duration::from_millis(rng.u64(PATIENCE_MS[0]..PATIENCE_MS[1]));
        let (key, is_card) = (scene.app.fresh_key(), rng.u8(..100) < 35);
        let quantity = rng.u32(1..=3);
        let cart = if is_card { scene.app.card_cart(quantity) } else { scene.app.cart(quantity) };
        Shopper { scene, rng, patience, key, is_card, cart }.live().await;
    }
}

struct Shopper<'a> {
    scene: &'a Scene<'a>,
    rng: Rng,
    patience: Duration,
    key: String,
    is_card: bool,
    cart: Value,
}

struct Bought {
    order: Created,
    card: Option<CardOrder>,
}

impl Shopper<'_> {
    async fn live(mut self) {
        let Some(bought) = self.buy().await else { return self.scene.count("shoppers who gave up") };
        match self.rng.u8(..100) {
            0..8 => {}
            8..16 => self.cancel(&bought).await,
            16..30 => {
                self.cancel(&bought).await;
                self.pay(&bought).await;
            }
            30..42 => self.pay_late(&bought).await,
            42..54 => {
                self.pay(&bought).await;
                self.pay(&bought).await;
            }
            _ => self.pay(&bought).await,
        }
        self.come_back(&bought.order).await;
        if self.rng.u8(..100) < 30 {
            // A second click on the button. The audit checks that the answer is the same.
            let _ = self.ask().await;
        }
        if self.rng.u8(..100) < 35 {
            office::refund(self.scene, &mut self.rng, self.patience, &bought.order).await;
        }
    }

    /// Repeats the same request under the same key until it is answered; one in five shoppers clicks twice.
    async fn buy(&mut self) -> Option<Bought> {
        for _ in 0..MAX_TRIES {
            let clicks_twice = self.rng.u8(..100) < 20;
            let answers = if clicks_twice {
                let (first, second) = tokio::join!(self.ask(), self.ask());
                [first, second]
            } else {
                [self.ask().await, None]
            };
            if let Some(answer) = answers.iter().flatten().find(|answer| answer.status == 201) {
                return Some(self.bought(answer));
            }
            pause(&mut self.rng, RETRY_MS).await;
        }
        None
    }

    fn bought(&self, answer: &Answer) -> Bought {
        self.scene.count("creates that were answered");
        let card = self.is_card.then(|| CardOrder::of(answer));
        let order = card.as_ref().map_or_else(|| Created::of(answer), |card| card.order.clone());
        self.scene.orders.borrow_mut().push(order.order_id.clone());
        Bought { order, card }
    }

    /// One request; `None` for a failure that a browser simply retries.
    async fn ask(&self) -> Option<Answer> {
        self.scene.count("create requests");
        let app = self.scene.app;
        let asked = async {
            if self.is_card {
                app.create_intent(&self.cart, &self.key).await
            } else {
                app.create(&self.cart, &self.key).await
            }
        };
        let answer = timeout(self.patience, asked).await.ok()?;
        assert!(answer.status == 201 || is_passing(&answer), "{} {}", answer.status, answer.text());
        Some(answer)
    }

    async fn cancel(&mut self, bought: &Bought) {
        for _ in 0..MAX_TRIES {
            match timeout(self.patience, self.scene.app.cancel(&bought.order)).await {
                Ok(answer) if answer.status == 200 => return self.scene.count("cancellations"),
                Ok(answer) => assert!(is_passing(&answer), "{} {}", answer.status, answer.text()),
                Err(_) => {}
            }
            pause(&mut self.rng, RETRY_MS).await;
        }
    }

    /// Pays with the shopper's one card, or with any method of the page. A card form may be closed by then.
    async fn pay(&mut self, bought: &Bought) {
        let lomi = &self.scene.app.lomi;
        let Some(card) = &bought.card else {
            let method = METHODS[self.rng.usize(..METHODS.len())];
            let step = lomi.pay(&bought.order.session_id, method).await;
            assert_eq!(step["step"], "paid", "{step}");
            return self.scene.count("payments made");
        };
        if self.rng.u8(..100) < 20 {
            lomi.present_card(&card.intent_id, &card.client_secret, BAD_CARD).await;
        }
        let told = lomi.present_card(&card.intent_id, &card.client_secret, GOOD_CARD).await;
        if told["paymentIntent"]["status"] == "succeeded" {
            self.scene.count("payments made");
        }
    }

    /// Pays after the page has ended. A card form does not end on its own.
    async fn pay_late(&mut self, bought: &Bought) {
        if bought.card.is_some() {
            pause(&mut self.rng, RETRY_MS).await;
            return self.pay(bought).await;
        }
        self.scene.app.lomi.expire(&bought.order.session_id).await;
        pause(&mut self.rng, RETRY_MS).await;
        self.scene.app.lomi.late_approve(&bought.order.session_id).await;
        self.scene.count("payments made");
    }

    async fn come_back(&mut self, order: &Created) {
        let mut was_paid = false;
        for _ in 0..LOOKS {
            if let Ok(answer) = timeout(self.patience, self.scene.app.status(order)).await {
                assert!(answer.status == 200 || is_passing(&answer), "{} {}", answer.status, answer.text());
                let is_paid = answer.status == 200 && is_paid(&answer.json());
                assert!(is_paid || !was_paid || answer.status != 200, "paid, and then {}", answer.text());
                was_paid |= is_paid;
            }
            pause(&mut self.rng, RETRY_MS).await;
        }
        if was_paid {
            self.scene.count("orders that a shopper saw paid");
            self.scene.seen_paid.borrow_mut().insert(order.order_id.clone());
        }
    }
}

/// Whether a storefront retries: another request holds the lease, or a service is unreachable.
pub(super) fn is_passing(answer: &Answer) -> bool {
    answer.status >= 500 || (answer.status == 409 && answer.json()["code"] == "idempotency_in_progress")
}
