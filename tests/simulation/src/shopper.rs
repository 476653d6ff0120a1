//! Shoppers, their shop and its back office: actions drawn from the schedule's seed.

use std::cell::RefCell;
use std::time::Duration;

use checkout::payment_links::OpenError;
use checkout::sessions::CreateCheckout;
use futures::future::join;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::answers::{Answers, Bought, Payable};
use crate::requests;
use crate::stack::Stack;

/// Attempts of a shop's client per request.
const MAX_TRIES: u32 = 12;
/// How often a return page polls its order.
const LOOKS: u32 = 4;

/// One shopper, and the shop's page that acts for them.
pub(crate) struct Shopper<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) answers: &'a Answers,
    pub(crate) chance: RefCell<fastrand::Rng>,
    pub(crate) name: String,
    /// The payment link that the shopper was sent, if any.
    pub(crate) link: Option<Link>,
}

#[derive(Clone, Debug)]
pub(crate) enum Link {
    /// A managed link: its code.
    Managed(String),
    /// A native link: its id.
    Native(String),
}

impl Shopper<'_> {
    /// From the cart to the return page, by the path that the seed selects.
    pub(crate) async fn shop(&self) {
        self.wait_ms(0..3_000).await;
        match &self.link {
            Some(Link::Managed(code)) => return self.follow(code).await,
            Some(Link::Native(id)) => return self.pay_at_lomi(id).await,
            None => {}
        }
        let by_card = self.one_in(4);
        let francs = 100 * self.draw(1..500);
        let key = format!("{}-1", self.name);
        if self.one_in(8) {
            let other = format!("{}-2", self.name);
            if self.one_in(2) {
                return self.buy_signed([&key, &other], francs, by_card).await;
            }
            join(self.buy(&key, francs, by_card), self.buy(&other, francs, false)).await;
        } else {
            self.buy(&key, francs, by_card).await;
        }
    }

    /// Every opening creates an order; a failed opening is retried.
    async fn follow(&self, code: &str) {
        for number in 1..=MAX_TRIES {
            let key = format!("{} opens for the {number}. time", self.name);
            match self.stack.open_link(code).await {
                Some(Ok(created)) => {
                    let Some(bought) = self.answers.created(&key, &Some(Ok(created))) else { return };
                    self.pay(&bought).await;
                    return self.return_to_shop(&bought).await;
                }
                Some(Err(OpenError::Refused(..))) => return,
                _ => self.wait_ms(500..12_000).await,
            }
        }
    }

    /// A native link: the stack learns of its payment from an event or from its poll.
    async fn pay_at_lomi(&self, link_id: &str) {
        let (_, opened) = self.stack.lomi.act(&format!("/_sim/links/{link_id}/open"), &Value::Null).await;
        let Some(session) = opened["checkout_session_id"].as_str() else { return };
        self.wait_ms(1_000..40_000).await;
        let methods = ["wave", "mtn", "card"];
        let method = methods[usize::try_from(self.draw(0..3)).unwrap_or_default()];
        let body =
            json!({ "method": method, "name": self.name, "phone": format!("+22507000000{}", self.draw(10..99)) });
        let (status, _) = self.stack.lomi.act(&format!("/_sim/sessions/{session}/pay"), &body).await;
        self.stack.trace.note(format_args!("{} pays by a link of lomi.'s: {status}", self.name));
    }

    async fn buy(&self, key: &str, francs: i64, by_card: bool) {
        let request = if by_card { requests::card(key, francs) } else { requests::page(key, francs) };
        let bought = if self.one_in(4) {
            let (one, other) = join(self.create(key, &request), self.create(key, &request)).await;
            one.or(other)
        } else {
            self.create(key, &request).await
        };
        if self.one_in(6) {
            self.change_cart(key, francs, by_card).await;
        }
        let Some(bought) = bought else { return };
        self.stack.trace.note(format_args!("{key} is order {}", bought.order_id));
        self.pay(&bought).await;
        self.return_to_shop(&bought).await;
        if self.one_in(3) {
            self.ask_money_back(&bought, francs).await;
        }
    }

    /// One signed cart in two independent tabs: at most one gets a payment page or card form.
    async fn buy_signed(&self, [key, other]: [&str; 2], francs: i64, by_card: bool) {
        let first = if by_card { requests::card(key, francs) } else { requests::page(key, francs) };
        let [first, second] =
            [first, requests::page(other, francs)].map(|request| requests::signed(request, &self.name, francs));
        let bought = join(self.create(key, &first), self.create(other, &second)).await;
        if let (Some(one), Some(other)) = &bought {
            self.answers.odd(format!("one cart is two orders: {} and {}", one.order_id, other.order_id));
        }
        let Some(bought) = bought.0.or(bought.1) else { return };
        self.pay(&bought).await;
        self.return_to_shop(&bought).await;
        // Long after the page has ended, the cart is submitted once more: a paid cart is not sold again.
        self.wait_ms(0..14_000_000).await;
        let again = requests::signed(requests::page(&format!("{key}-late"), francs), &self.name, francs);
        if let Some(bought) = self.create(&format!("{key}-late"), &again).await {
            self.pay(&bought).await;
            self.return_to_shop(&bought).await;
        }
    }

    /// Retries until there is an answer, as the snippet does that shops copy.
    async fn create(&self, key: &str, request: &CreateCheckout) -> Option<Bought> {
        for _ in 0..MAX_TRIES {
            let answer = self.stack.create(request).await;
            let said =
                answer.as_ref().map(|answer| answer.as_ref().map(|made| made.replayed).map_err(|e| e.to_string()));
            self.stack.trace.note(format_args!("{key} is answered {said:?}"));
            if let Some(bought) = self.answers.created(key, &answer) {
                return Some(bought);
            }
            self.wait_ms(500..12_000).await;
        }
        None
    }

    /// The same key for another cart must be refused, whatever happened to the first request.
    async fn change_cart(&self, key: &str, francs: i64, by_card: bool) {
        let other = if by_card { requests::card(key, francs + 5) } else { requests::page(key, francs + 5) };
        if let Some(Ok(_)) = self.stack.create(&other).await {
            self.answers.odd(format!("{key} took another cart"));
        }
    }

    async fn pay(&self, bought: &Bought) {
        self.wait_ms(1_000..40_000).await;
        match self.draw(0..12) {
            0 => self.give_up(bought).await,
            1 => {
                self.give_up(bought).await;
                self.press(bought, true).await;
            }
            2 => {
                self.press(bought, false).await;
                self.wait_ms(1_000..20_000).await;
                self.press(bought, true).await;
            }
            3 => {
                // The payment arrives long after the page has ended.
                sleep(Duration::from_secs(70 * 60)).await;
                self.arrive_late(bought).await;
            }
            4 => {
                self.press(bought, true).await;
                self.wait_ms(0..20_000).await;
                self.press(bought, true).await;
            }
            5 => {
                join(self.press(bought, true), self.give_up(bought)).await;
            }
            6 => {}
            _ => self.press(bought, true).await,
        }
    }

    async fn press(&self, bought: &Bought, succeeds: bool) {
        let (path, body) = match &bought.payable {
            Payable::Page(id) => {
                let method = ["WAVE", "MTN", "card"][usize::try_from(self.draw(0..3)).unwrap_or_default()];
                let outcome = if succeeds { "approve" } else { "decline" };
                // A payment with a phone number belongs to the customer of that number, so the number stays the
                // payer's.
                let phone = format!("+22507000000{:02}", self.draw(0..4));
                let form = json!({ "method": method.to_lowercase(), "outcome": outcome, "phone": phone });
                (format!("/_sim/sessions/{id}/pay"), form)
            }
            Payable::Card(id, secret) => {
                let number = if succeeds { "4242424242424242" } else { "4000000000000002" };
                let body = json!({ "client_secret": secret, "card_number": number, "exp": "12/34", "cvc": "123" });
                (format!("/_sim/card/{id}/confirm"), body)
            }
        };
        let (status, answer) = self.stack.lomi.act(&path, &body).await;
        self.stack.trace.note(format_args!("lomi. takes {path}: {status} {}", answer["step"]));
    }

    async fn arrive_late(&self, bought: &Bought) {
        if let Payable::Page(id) = &bought.payable {
            let (status, _) = self.stack.lomi.act(&format!("/_sim/sessions/{id}/late_approve"), &Value::Null).await;
            self.stack.trace.note(format_args!("money comes late: {status}"));
        } else {
            self.press(bought, true).await;
        }
    }

    async fn give_up(&self, bought: &Bought) {
        match &bought.payable {
            Payable::Card(id, _) if self.one_in(2) => drop(self.stack.cancel_intent(id).await),
            _ => drop(self.stack.cancel(&bought.order_id, &bought.order_token).await),
        }
    }

    async fn return_to_shop(&self, bought: &Bought) {
        let mut was_paid = false;
        for _ in 0..self.draw(0..i64::from(LOOKS)) {
            let shown = self.stack.status(&bought.order_id, &bought.order_token).await;
            if let Some(Ok(shown)) = shown {
                let is_paid = shown.order.status().is_paid();
                if was_paid && !is_paid {
                    self.answers.odd(format!(
                        "{} was shown paid, then {}",
                        bought.order_id,
                        shown.order.status().as_str()
                    ));
                }
                was_paid |= is_paid;
                self.stack.trace.note(format_args!("{} is shown {}", bought.order_id, shown.order.status().as_str()));
            }
            self.wait_ms(2_000..6_000).await;
        }
    }

    /// The back office refunds, and an impatient one repeats the request under the same key.
    async fn ask_money_back(&self, bought: &Bought, francs: i64) {
        self.wait_ms(5_000..120_000).await;
        for part in 1..=self.draw(1..3) {
            let key = format!("{}-refund-{part}-{}", self.name, bought.order_id);
            let amount = if self.one_in(2) { Some(francs / 2) } else { None };
            let request = requests::refund(&bought.order_id, &key, amount);
            let again = async || {
                for _ in 0..3 {
                    let answer = self.stack.refund(&request).await;
                    self.answers.refunded(&key, &answer);
                    if matches!(answer, Some(Ok(_))) {
                        return;
                    }
                    self.wait_ms(1_000..40_000).await;
                }
            };
            if self.one_in(3) {
                join(again(), again()).await;
            } else {
                again().await;
            }
        }
    }

    async fn wait_ms(&self, range: std::ops::Range<u64>) {
        let wait = self.chance.borrow_mut().u64(range);
        sleep(Duration::from_millis(wait)).await;
    }

    fn draw(&self, range: std::ops::Range<i64>) -> i64 {
        self.chance.borrow_mut().i64(range)
    }

    fn one_in(&self, count: u32) -> bool {
        self.chance.borrow_mut().u32(0..count) == 0
    }
}
