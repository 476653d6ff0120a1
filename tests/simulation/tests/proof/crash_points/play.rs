//! One run of a use case: the preparation, one attempt, and the following actions.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join;
use lomi_client::CardChargeStatus;
use lomi_sandbox::{Answer, Delivery, Profile};
use serde_json::Value;
use simulation::{Bought, Payable, requests};
use tokio::time::sleep;

use super::endpoint::Registry;
use super::flows::Flow;
use super::operations::Desk;
use crate::stage::{Stage, Strike};

/// At this step a create has called lomi: its key, its order and the call come before, with two steps each.
const ASKED_TO_CREATE: u32 = 6;
/// The same for a refund: the order, the payment, the reservation, the preview, the two writes about it, the call.
/// Without previews, the list of refunds and a second read of the order and the payment come before it.
const ASKED_TO_REFUND: u32 = 14;
const KEY: &str = "shop-1";

/// One run of a use case.
pub(super) struct Play {
    pub(super) flow: Flow,
    pub(super) stage: Stage,
    bought: RefCell<Option<Bought>>,
    delivery: RefCell<Option<Delivery>>,
    code: RefCell<String>,
    pub(super) said: RefCell<BTreeSet<String>>,
    pub(super) is_answered: Cell<bool>,
    is_tried: Cell<bool>,
    pub(super) desk: Desk,
    pub(super) registry: Registry,
}

impl Play {
    pub(super) async fn prepare(flow: Flow, profile: Profile) -> Self {
        let play = Self {
            flow,
            stage: Stage::of(profile),
            bought: RefCell::default(),
            delivery: RefCell::default(),
            code: RefCell::default(),
            said: RefCell::default(),
            is_answered: Cell::default(),
            is_tried: Cell::default(),
            desk: Desk::default(),
            registry: Registry::default(),
        };
        match flow {
            Flow::Page | Flow::Card | Flow::Link | Flow::NativeLink => {}
            Flow::Payment => {
                play.buy_and_pay().await;
                *play.delivery.borrow_mut() = Some(play.stage.announced("PAYMENT_SUCCEEDED"));
            }
            Flow::Unproven => {
                play.pay_unlearned().await;
                *play.delivery.borrow_mut() = Some(play.stage.announced("PAYMENT_SUCCEEDED"));
            }
            Flow::FindUnproven => {
                play.pay_unlearned().await;
                play.stage.deliver().await;
            }
            Flow::RefundElsewhere => play.refund_elsewhere().await,
            Flow::Status => play.buy_and_pay().await,
            Flow::Cancel => play.buy(false).await,
            Flow::CancelIntent => play.buy(true).await,
            Flow::Refund => {
                play.buy_and_pay().await;
                play.stage.deliver().await;
            }
            Flow::OpenLink => {
                let made = play.stage.stack.make_link("link-1", 2_500, 1).await.expect("alive").expect("a link");
                *play.code.borrow_mut() = made.answer.body;
            }
            Flow::FindPaid => play.buy_and_pay().await,
            Flow::FindInDoubt => play.leave_in_doubt().await,
            Flow::FindOrphan => play.orphan().await,
            Flow::FindRefund => play.leave_refund_in_doubt().await,
            Flow::FindNameless => {
                play.attempt_native_link().await;
                play.pay_by_native_links().await;
                play.stage.deliver().await;
            }
            Flow::ReplayEvent | Flow::ReplayFinding | Flow::Ask | Flow::Resend | Flow::Retell => {
                play.prepare_operation().await;
            }
            _ => play.prepare_webhook().await,
        }
        if flow == Flow::Status || flow == Flow::Refund {
            sleep(Duration::from_secs(10)).await;
        }
        if flow.is_of_the_reconciler() {
            sleep(play.stage.stack.due_in().expect("something is left to do")).await;
        }
        play
    }

    /// One attempt. Returns whether no further attempt is needed.
    pub(super) async fn attempt(&self) -> bool {
        let stack = &self.stage.stack;
        let is_final = match self.flow {
            Flow::Page | Flow::Card => {
                let bought = self.stage.ask(KEY, self.flow == Flow::Card).await;
                let is_final = bought.is_some();
                self.bought.replace(bought);
                is_final
            }
            Flow::Payment | Flow::Unproven | Flow::RefundElsewhere => {
                let delivery = self.delivery.borrow().clone().expect("an event");
                matches!(stack.receive(&delivery).await, Answer::Status { status: 200, .. })
            }
            Flow::Status => {
                let (id, token) = self.order();
                matches!(stack.status(&id, &token).await, Some(Ok(shown)) if shown.order.status().is_paid())
            }
            Flow::Cancel => {
                let (id, token) = self.order();
                matches!(stack.cancel(&id, &token).await, Some(Ok(_)))
            }
            Flow::CancelIntent => {
                let cancelled = stack.cancel_intent(&self.intent()).await;
                matches!(cancelled, Some(Ok(done)) if done.status == CardChargeStatus::Canceled)
            }
            Flow::Refund => self.attempt_refund().await,
            Flow::Link => match stack.make_link(KEY, 2_500, 1).await {
                Some(Ok(made)) => {
                    self.said.borrow_mut().insert(made.answer.body);
                    true
                }
                _ => false,
            },
            Flow::OpenLink => {
                let code = self.code.borrow().clone();
                let opened = stack.open_link(&code).await;
                let bought = if let Some(Ok(created)) = &opened { Some(Bought::read(created)) } else { None };
                let is_final = bought.is_some();
                self.bought.replace(bought);
                is_final
            }
            Flow::NativeLink => self.attempt_native_link().await,
            Flow::ReplayEvent | Flow::ReplayFinding | Flow::Ask | Flow::Resend | Flow::Retell => {
                self.attempt_operation().await
            }
            flow if flow.is_of_the_webhook() => self.attempt_webhook(!self.is_tried.replace(true)).await,
            _ => stack.reconcile().await.is_some(),
        };
        self.is_answered.set(self.is_answered.get() || is_final);
        is_final
    }

    /// The following actions of people. `is_told`: whether lomi's events arrive.
    pub(super) async fn go_on(&self, is_told: bool) {
        match self.flow {
            Flow::FindInDoubt => {
                // The shop's client got no answer and retries.
                let bought = self.stage.ask(KEY, false).await.expect("nothing is in the way");
                self.stage.pay(&bought).await;
                self.is_answered.set(true);
            }
            Flow::Page | Flow::Card | Flow::OpenLink | Flow::Cancel => {
                let bought = self.bought.borrow().clone();
                if let Some(bought) = bought {
                    self.stage.pay(&bought).await;
                }
            }
            Flow::NativeLink => self.pay_by_native_links().await,
            flow if flow.is_of_the_webhook() && flow != Flow::Remove => self.pay_and_look_after().await,
            _ => {}
        }
        if is_told {
            self.stage.deliver().await;
        }
    }

    pub(super) async fn buy(&self, by_card: bool) {
        self.bought.replace(Some(self.stage.buy(KEY, by_card).await));
    }

    pub(super) async fn buy_and_pay(&self) {
        self.buy(false).await;
        self.pay().await;
    }

    /// A payment before the stack has learned the organisation of its key.
    async fn pay_unlearned(&self) {
        self.buy(false).await;
        self.stage.stack.dynamodb.forget_organisation();
        self.pay().await;
    }

    pub(super) async fn pay(&self) {
        let bought = self.bought.borrow().clone().expect("bought");
        self.stage.pay(&bought).await;
    }

    async fn refund_elsewhere(&self) {
        self.buy_and_pay().await;
        self.stage.deliver().await;
        let transaction = self.stage.at_lomi("transactions")[0]["transaction_id"].clone();
        self.stage.stack.lomi.refund_in_dashboard(&transaction, 2_500).await;
        *self.delivery.borrow_mut() = Some(self.stage.announced("REFUND_COMPLETED"));
    }

    async fn leave_in_doubt(&self) {
        self.stage.plan(&[Strike::crash("create", 0, ASKED_TO_CREATE)]);
        assert!(self.stage.ask(KEY, false).await.is_none());
        assert_eq!(self.stage.at_lomi("sessions").len(), 1, "lomi. was asked");
        assert_eq!(self.stage.orders()[0]["status"], "creating");
        self.stage.plan(&[]);
    }

    /// A second attempt takes over from one that is still running, much later by its own clock, and opens another form.
    async fn orphan(&self) {
        self.stage.plan(&[Strike { name: "create", index: 1, skew_ms: 50 * 60_000, step: None }]);
        let late = async {
            sleep(Duration::from_millis(40)).await;
            self.stage.ask(KEY, true).await
        };
        let (early, late) = join(self.stage.ask(KEY, true), late).await;
        assert!(early.is_none());
        self.bought.replace(Some(late.expect("the second try has the key")));
        assert_eq!(self.stage.orders()[0]["orphaned_intents"].as_array().map(Vec::len), Some(1));
        self.stage.plan(&[]);
    }

    async fn leave_refund_in_doubt(&self) {
        self.buy_and_pay().await;
        self.stage.deliver().await;
        self.stage.plan(&[Strike::crash("refund", 0, ASKED_TO_REFUND)]);
        self.attempt_refund().await;
        assert_eq!(self.stage.at_lomi("refunds").len(), 1, "lomi. was asked");
        self.stage.plan(&[]);
    }

    async fn attempt_refund(&self) -> bool {
        let (id, _) = self.order();
        let answer = self.stage.stack.refund(&requests::refund(&id, KEY, None)).await;
        self.stage.answers.refunded(KEY, &answer);
        matches!(answer, Some(Ok(_)))
    }

    async fn attempt_native_link(&self) -> bool {
        match self.stage.stack.make_native_link(KEY, 2_500).await {
            Some(Ok(made)) => {
                self.said.borrow_mut().insert(made.answer.body);
                true
            }
            // The outcome is unknown and stays so under this key.
            Some(Err(checkout::payment_links::LinkError::OutcomeUnknown(_))) => true,
            _ => false,
        }
    }

    async fn pay_by_native_links(&self) {
        for link in self.stage.at_lomi("payment_links") {
            let id = link["link_id"].as_str().expect("an id").to_owned();
            let opened = self.stage.act(&format!("/_sim/links/{id}/open"), &Value::Null).await;
            self.stage.pay_page(opened["checkout_session_id"].as_str().expect("a page")).await;
        }
    }

    pub(super) fn order(&self) -> (String, String) {
        let bought = self.bought.borrow();
        let bought = bought.as_ref().expect("bought");
        (bought.order_id.clone(), bought.order_token.clone())
    }

    fn intent(&self) -> String {
        match self.bought.borrow().as_ref().map(|bought| bought.payable.clone()) {
            Some(Payable::Card(id, _)) => id,
            other => panic!("no card form: {other:?}"),
        }
    }
}
