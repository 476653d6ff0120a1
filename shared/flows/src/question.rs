//! Payments that name no order of ours, or not whose they are: whose are they?
//!
//! A payment by one of lomi.'s own links carries nothing of ours. lomi. knows which page it was made on, and that page knows
//! its link: such a payment becomes an order. Anything else that arrives (a till, another system of the merchant's) is not ours.
//! An event that does not prove whose money it is about is asked about with our own key: what lomi. tells it is ours, and what
//! lomi. denies to it is another organisation's.

mod adopted;
mod kept;
mod pages;
mod unproven;

use crate::ingest::{held_key, payment_key};
use crate::inquiry::given_back::is_judged;
use crate::inquiry::{
    CLOCK_SKEW_MS, Findings, InquiryError, PAID_OR_HELD, is_about_one_thing, order_of, payments_call, poll,
};
use crate::refund::words::Words;
use crate::{Settled, World};
use domain::{OrderId, PayableId, QuarantineId, Question, Timestamp};
use kept::kept_aside;
use lomi_client::{
    CheckoutSession, CheckoutSessionId, Client, RefundId, Transaction, TransactionId, TransactionStatus,
};
pub(crate) use pages::LinkPages;
use pages::{may_be_of, rivals};
use store::{Recorded, StoreError};
use tokio::time::Instant;

/// Under this reason an event is kept aside that names no order of ours.
pub(crate) const UNKNOWN_ORDER: &str = "unknown_order";
/// Under this reason an event is kept aside that does not say whether its money is real.
pub(crate) const ENVIRONMENT_UNPROVEN: &str = "environment_unproven";
/// Under this reason a payment is kept aside of which lomi. does not say whose it is.
const UNATTRIBUTED: &str = "unattributed_payment";
/// Under this reason an event is kept aside that names its payment by a public id alone.
pub(crate) const PAYMENT_UNIDENTIFIED: &str = "payment_unidentified";
/// Under this reason a payment is put aside whose order takes coupons, until our own key was told for how much it was.
pub(crate) const DISCOUNT_UNPROVEN: &str = "discount_unproven";
/// Under this reason an event is kept aside that is about a refund of a payment we have not heard of.
pub(crate) const UNKNOWN_PAYMENT: &str = "unknown_payment";

/// How far before the last look a payment may have been made that lomi. completed after it.
const LATE_MS: i64 = 150 * 60 * 1000;
/// Between two looks for payments that nobody told of.
const WATCH_PAUSE_MS: i64 = 5 * 60 * 1000;
/// How much is looked at in one step when the last look was long ago.
const WATCH_STEP_MS: i64 = 6 * 60 * 60 * 1000;
/// Pages of the listing per step, fifty payments each. A shop that sells more than that needs its events.
const MAX_LISTED_PAGES: u32 = 40;

/// What became of a look for payments that nobody told of.
#[derive(Default)]
pub(crate) struct Watched {
    pub(crate) calls: u32,
    /// There were more than could be read: events are missing, and somebody has to know.
    pub(crate) is_cut_short: bool,
}

/// What became of a question.
enum Answer {
    /// The payment is this order's.
    Order(OrderId),
    /// It is no order of ours, as far as lomi. tells: not every generation names the link behind a page. What was put aside
    /// stays so, for a person.
    Foreign,
    /// lomi. has no such thing, or not for our key.
    Denied,
    /// lomi. does not know yet.
    NotYet,
}

impl World {
    /// Looks for payments that name no order, and asks about each once. What lies far back is read in steps, so that it is
    /// caught up with.
    pub(crate) async fn watch_links(&self, lomi: &Client, deadline: Instant) -> Result<Watched, InquiryError> {
        let Some(since) = self.store.links_watched_since().await? else { return Ok(Watched::default()) };
        let now = self.clock.now();
        let until = since.plus_ms(WATCH_STEP_MS).min(now);
        let mut watched = Watched::default();
        let read = self.read_nameless(lomi, (since.plus_ms(-LATE_MS), until), deadline, &mut watched).await;
        // Whatever became of it, the questions of the next run come first.
        let (reached, pause_ms) = match &read {
            Ok(()) if until < now => (until, 0),
            Ok(()) => (until, WATCH_PAUSE_MS),
            Err(_) => (since, WATCH_PAUSE_MS),
        };
        self.store.links_watched(reached, now.plus_ms(pause_ms)).await?;
        read.map(|()| watched)
    }

    async fn read_nameless(
        &self,
        lomi: &Client,
        (from, until): (Timestamp, Timestamp),
        deadline: Instant,
        watched: &mut Watched,
    ) -> Result<(), InquiryError> {
        let now = self.clock.now();
        let end = until.plus_ms(CLOCK_SKEW_MS).to_rfc3339();
        let mut listing = payments_call(lomi, from).end_date(&end).deadline(deadline).stream();
        for _ in 0..MAX_LISTED_PAGES {
            watched.calls += 1;
            let page = listing.next_page().await?;
            for transaction in page.rows.iter().filter(|transaction| order_of(transaction).is_none()) {
                self.store.ask(&Question::new(transaction.transaction_id.to_string(), None, now)).await?;
            }
            if page.is_last() {
                return Ok(());
            }
        }
        watched.is_cut_short = true;
        Ok(())
    }

    /// Asks lomi. whose payment it is, and settles it where it is ours.
    pub(crate) async fn look_into(
        &self,
        lomi: &Client,
        question: &Question,
        pages: &mut LinkPages,
        deadline: Instant,
        findings: &mut Findings,
    ) -> Result<(), InquiryError> {
        let answer = match self.answer(lomi, question, pages, deadline, findings).await {
            // lomi. fails on this one thing: it must not hide the others, and is asked again a bounded number of times.
            Err(InquiryError::Lomi(error)) if is_about_one_thing(&error) => {
                findings.calls = findings.calls.max(error.attempts());
                let is_denied = error.status() == Some(404) && !error.is_unknown_route();
                if is_denied { Answer::Denied } else { Answer::NotYet }
            }
            answer => answer?,
        };
        Ok(self.close(question, &answer, findings).await?)
    }

    async fn answer(
        &self,
        lomi: &Client,
        question: &Question,
        pages: &mut LinkPages,
        deadline: Instant,
        findings: &mut Findings,
    ) -> Result<Answer, InquiryError> {
        // 1 The payment itself, in lomi.'s own words.
        let Some(id) = &question.transaction_id else {
            return self.answer_about_page(lomi, question, deadline, findings).await;
        };
        let Ok(id) = TransactionId::parse(id) else { return Ok(Answer::Foreign) };
        findings.calls += 1;
        let transaction = lomi.transactions().get(&id).deadline(deadline).send().await?;
        let answer = if PAID_OR_HELD.contains(&transaction.status) {
            self.answer_about_payment(lomi, question, &transaction, (pages, deadline), findings).await?
        } else if question.is_failure {
            self.answer_about_failure(lomi, &transaction, findings).await?
        } else if question.kept.is_some() {
            self.order_of_unpaid(&transaction).await?
        } else {
            Answer::NotYet
        };
        // 4 What was told of it before counts now.
        match (&question.kept, answer) {
            (Some(kept), Answer::Order(id)) => self.take_up(lomi, kept, id, &transaction, findings).await,
            (_, answer) => Ok(answer),
        }
    }

    async fn answer_about_payment(
        &self,
        lomi: &Client,
        question: &Question,
        transaction: &Transaction,
        (pages, deadline): (&mut LinkPages, Instant),
        findings: &mut Findings,
    ) -> Result<Answer, InquiryError> {
        // 2 Its order: the one it was counted for, the one it names, or the one that its page makes.
        let answer = self.order_behind(lomi, question, transaction, (pages, deadline), &mut findings.calls).await?;
        let Answer::Order(id) = &answer else { return Ok(answer) };
        // 3 The same judgement as for any payment, and for any refund.
        if question.refund_id.is_none() && transaction.status == TransactionStatus::Refunded {
            let is_counted = self.settle_given_back(lomi, id, transaction, deadline, findings).await?;
            return Ok(if is_counted { answer } else { Answer::NotYet });
        }
        let payment = match transaction.status {
            TransactionStatus::Held => self.settle_held(lomi, id, transaction, deadline, &mut findings.calls).await?,
            _ => self.settle_payment(lomi, id, transaction, deadline, &mut findings.calls).await?,
        };
        let mut is_counted = is_judged(payment.as_ref());
        findings.settled.extend(payment);
        if let Some(refund_id) = &question.refund_id {
            let Ok(refund_id) = RefundId::parse(refund_id) else { return Ok(Answer::NotYet) };
            findings.calls += 1;
            let row = lomi.refunds().get(&refund_id).deadline(deadline).send().await?;
            let refund = self.settle_refund(lomi, id, &row).await?;
            if let Some(words) = Words::of_row(&row) {
                self.note_known(refund.as_ref(), id, words.natural_key(), &words.said()).await?;
            }
            is_counted &= is_judged(refund.as_ref());
            findings.settled.extend(refund);
        }
        Ok(if is_counted { answer } else { Answer::NotYet })
    }

    async fn order_behind(
        &self,
        lomi: &Client,
        question: &Question,
        transaction: &Transaction,
        (pages, deadline): (&mut LinkPages, Instant),
        calls: &mut u32,
    ) -> Result<Answer, InquiryError> {
        if let Some(id) = self.order_that_counted(transaction).await? {
            return Ok(Answer::Order(id));
        }
        if let Some(id) = order_of(transaction) {
            let order = self.order(&id).await?;
            return Ok(order.map_or(Answer::Foreign, |order| Answer::Order(order.id().clone())));
        }
        if let Some(session) = &question.checkout_session_id {
            *calls += 1;
            return self.order_of_page(lomi, session, deadline).await;
        }
        // Mobile money names no page. Where one page of a link and one payment fit each other and nothing else, they belong
        // together.
        let pages = pages.read(lomi, self.clock.now(), deadline, calls).await?;
        let Some(page) = self.only_page_of(transaction, pages).await? else { return Ok(Answer::NotYet) };
        let Some(rivals) = rivals(lomi, transaction, deadline, calls).await? else { return Ok(Answer::NotYet) };
        if self.is_contested(page, &rivals).await? {
            return Ok(Answer::NotYet);
        }
        // The list may mix test and live; a page of the other environment cannot be read alone.
        *calls += 1;
        let page = lomi.checkout_sessions().get(&page.checkout_session_id).deadline(deadline).send().await?;
        Ok(self.adopt(lomi, &page).await?.map_or(Answer::NotYet, Answer::Order))
    }

    /// The order on whose record the payment is.
    async fn order_that_counted(&self, transaction: &Transaction) -> Result<Option<OrderId>, StoreError> {
        let id = transaction.transaction_id.as_str();
        match self.store.order_of_evidence(&payment_key(id)).await? {
            Some(order) => Ok(Some(order)),
            None => self.store.order_of_evidence(&held_key(id)).await,
        }
    }

    /// The one page that fits this payment and was not paid by another.
    async fn only_page_of<'a>(
        &self,
        transaction: &Transaction,
        pages: &'a [CheckoutSession],
    ) -> Result<Option<&'a CheckoutSession>, StoreError> {
        let mut free = Vec::new();
        for page in pages.iter().filter(|page| may_be_of(page, transaction, self.environment)) {
            let payable = PayableId::CheckoutSession(page.checkout_session_id.to_string());
            let order = match self.store.order_of(&payable).await? {
                Some(id) => self.order(&id).await?,
                None => None,
            };
            if order.is_none_or(|order| order.payments().is_empty() && order.held_payments().is_empty()) {
                free.push(page);
            }
        }
        Ok(if let [page] = free[..] { Some(page) } else { None })
    }

    /// Whether another payment that counts for no order fits the page, too.
    async fn is_contested(&self, page: &CheckoutSession, rivals: &[Transaction]) -> Result<bool, StoreError> {
        for rival in rivals.iter().filter(|rival| may_be_of(page, rival, self.environment)) {
            if self.order_that_counted(rival).await?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn order_of_page(&self, lomi: &Client, session: &str, deadline: Instant) -> Result<Answer, InquiryError> {
        if let Some(id) = self.store.order_of(&PayableId::CheckoutSession(session.to_owned())).await? {
            return Ok(Answer::Order(id));
        }
        let Ok(id) = CheckoutSessionId::parse(session) else { return Ok(Answer::Foreign) };
        match lomi.checkout_sessions().get(&id).deadline(deadline).send().await {
            Ok(session) => Ok(self.adopt(lomi, &session).await?.map_or(Answer::Foreign, Answer::Order)),
            Err(error) if matches!(error.status(), Some(400 | 404)) => Ok(Answer::Foreign),
            Err(error) => Err(error.into()),
        }
    }

    async fn close(&self, question: &Question, answer: &Answer, findings: &mut Findings) -> Result<(), StoreError> {
        let now = self.clock.now();
        let after = match answer {
            Answer::NotYet => question.asked_in_vain(now),
            Answer::Denied => question.denied(now),
            Answer::Foreign => question.answered(None),
            Answer::Order(id) => question.answered(Some(id.clone())),
        };
        if let Answer::Order(id) = answer {
            for (natural_key, reason, source) in kept_aside(question) {
                let kept = QuarantineId::of(&natural_key, reason, source.as_str());
                self.resolve(&kept, Some(id)).await?;
            }
        }
        let is_told = match answer {
            Answer::Order(_) => true,
            // Where it was put aside, somebody was told; of what proved nothing, nobody was.
            Answer::Foreign => !question.is_unproven,
            Answer::Denied | Answer::NotYet => after.due_at.is_some(),
        };
        if !is_told && question.is_idle {
            self.let_be(question).await?;
        } else if !is_told {
            // From here on it is a person's.
            let said = format!("nobody knows whose payment {} is", question.name());
            let evidence = poll(unattributed_key(question), &said, now);
            // A question that was raised again, and again in vain, is no news.
            if self.quarantine(&evidence, UNATTRIBUTED, None).await? == Recorded::Applied {
                findings.settled.push(Settled::UnknownOrder);
            }
        }
        // Signed news that came meanwhile knows more, and is asked about at once.
        self.store.put_question(&after).await.map(drop)
    }
}

/// The name of the question that was given up, and left this in quarantine.
pub(crate) fn question_behind(natural_key: &str) -> Option<&str> {
    natural_key.strip_prefix(UNATTRIBUTED)?.strip_prefix('#')
}

fn unattributed_key(question: &Question) -> String {
    format!("{UNATTRIBUTED}#{}", question.name())
}
