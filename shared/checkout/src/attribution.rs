//! Payments that name no order of ours, or not whose they are: whose are they?
//!
//! A payment by one of lomi.'s own links carries nothing of ours. lomi. knows which page it was made on, and that page knows
//! its link: such a payment becomes an order. Anything else that arrives (a till, another system of the merchant's) is not ours.
//! An event that does not prove whose money it is about is asked about with our own key: what lomi. tells it is ours, and what
//! lomi. denies to it is another organisation's.

mod import;
mod link_pages;
mod quarantined;
mod unproven;

use crate::keys::{held_key, payment_key, unattributed_key};
use crate::lookup::refund_report::RefundReport;
use crate::lookup::refunded_payment::is_applied;
use crate::lookup::{CLOCK_SKEW_MS, LookupError, LookupResult, PAID_OR_HELD, order_of, payments_call, poll};
use crate::provider_error::is_about_one_thing;
use crate::reason::UNATTRIBUTED;
use crate::run::Run;
use crate::{ApplyOutcome, Context};
use domain::{AttributionCase, OrderId, PaymentRef, QuarantineId, Timestamp};
pub(crate) use link_pages::LinkPages;
use link_pages::{competing_payments, may_be_of};
use lomi_client::{
    CheckoutSession, CheckoutSessionId, Client, RefundId, Transaction, TransactionId, TransactionStatus,
};
use quarantined::quarantined_under;
use store::{Recorded, StoreError};
use tokio::time::Instant;

/// How far before the last look a payment may have been made that lomi. completed after it.
const LATE_MS: i64 = 150 * 60 * 1000;
/// Between two looks for payments that nobody told of.
const POLL_PAUSE_MS: i64 = 5 * 60 * 1000;
/// How much is looked at in one step when the last look was long ago.
const POLL_STEP_MS: i64 = 6 * 60 * 60 * 1000;
/// Pages of the listing per step, fifty payments each. A shop that sells more than that needs its events.
const MAX_LISTED_PAGES: u32 = 40;

/// What became of a look for payments that nobody told of.
#[derive(Default)]
pub(crate) struct PollResult {
    pub(crate) calls: u32,
    /// There were more than could be read: events are missing, and somebody has to know.
    pub(crate) is_cut_short: bool,
}

/// What became of a case.
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

impl Context {
    /// Looks for payments that name no order, and asks about each once. What lies far back is read in steps, so that it is
    /// caught up with.
    pub(crate) async fn poll_native_links(&self, lomi: &Client, deadline: Instant) -> Result<PollResult, LookupError> {
        let Some(since) = self.store.native_links_cursor().await? else { return Ok(PollResult::default()) };
        let now = self.clock.now();
        let until = since.plus_ms(POLL_STEP_MS).min(now);
        let mut watched = PollResult::default();
        let read = self.read_nameless(lomi, (since.plus_ms(-LATE_MS), until), deadline, &mut watched).await;
        // Whatever became of it, the questions of the next run come first.
        let (reached, pause_ms) = match &read {
            Ok(()) if until < now => (until, 0),
            Ok(()) => (until, POLL_PAUSE_MS),
            Err(_) => (since, POLL_PAUSE_MS),
        };
        self.store.move_native_links_cursor(reached, now.plus_ms(pause_ms)).await?;
        read.map(|()| watched)
    }

    async fn read_nameless(
        &self,
        lomi: &Client,
        (from, until): (Timestamp, Timestamp),
        deadline: Instant,
        watched: &mut PollResult,
    ) -> Result<(), LookupError> {
        let now = self.clock.now();
        let end = until.plus_ms(CLOCK_SKEW_MS).to_rfc3339();
        let mut listing = payments_call(lomi, from).end_date(&end).deadline(deadline).stream();
        for _ in 0..MAX_LISTED_PAGES {
            watched.calls += 1;
            let page = listing.next_page().await?;
            for transaction in page.rows.iter().filter(|transaction| order_of(transaction).is_none()) {
                self.store.open_case(&AttributionCase::new(transaction.transaction_id.to_string(), None, now)).await?;
            }
            if page.is_last() {
                return Ok(());
            }
        }
        watched.is_cut_short = true;
        Ok(())
    }

    /// Asks lomi. whose payment it is, and settles it where it is ours.
    async fn resolve_case(
        &self,
        lomi: &Client,
        case: &AttributionCase,
        pages: &mut LinkPages,
        deadline: Instant,
        found: &mut LookupResult,
    ) -> Result<(), LookupError> {
        let answer = match self.answer(lomi, case, pages, deadline, found).await {
            // lomi. fails on this one thing: it must not hide the others, and is asked again a bounded number of times.
            Err(LookupError::Lomi(error)) if is_about_one_thing(&error) => {
                found.calls = found.calls.max(error.attempts());
                let is_denied = error.status() == Some(404) && !error.is_unknown_route();
                if is_denied { Answer::Denied } else { Answer::NotYet }
            }
            answer => answer?,
        };
        Ok(self.close(case, &answer, found).await?)
    }

    async fn answer(
        &self,
        lomi: &Client,
        case: &AttributionCase,
        pages: &mut LinkPages,
        deadline: Instant,
        found: &mut LookupResult,
    ) -> Result<Answer, LookupError> {
        // 1 The payment itself, in lomi.'s own words.
        let Some(id) = &case.transaction_id else {
            return self.answer_about_page(lomi, case, deadline, found).await;
        };
        let Ok(id) = TransactionId::parse(id) else { return Ok(Answer::Foreign) };
        found.calls += 1;
        let transaction = lomi.transactions().get(&id).deadline(deadline).send().await?;
        let answer = if PAID_OR_HELD.contains(&transaction.status) {
            self.answer_about_payment(lomi, case, &transaction, (pages, deadline), found).await?
        } else if case.is_failure {
            self.answer_about_failure(lomi, &transaction, found).await?
        } else if case.kept.is_some() {
            self.order_of_unpaid(&transaction).await?
        } else {
            Answer::NotYet
        };
        // 4 What was told of it before counts now.
        match (&case.kept, answer) {
            (Some(kept), Answer::Order(id)) => self.take_up(lomi, kept, id, &transaction, found).await,
            (_, answer) => Ok(answer),
        }
    }

    async fn answer_about_payment(
        &self,
        lomi: &Client,
        case: &AttributionCase,
        transaction: &Transaction,
        (pages, deadline): (&mut LinkPages, Instant),
        found: &mut LookupResult,
    ) -> Result<Answer, LookupError> {
        // 2 Its order: the one it was counted for, the one it names, or the one that its page makes.
        let answer = self.order_behind(lomi, case, transaction, (pages, deadline), &mut found.calls).await?;
        let Answer::Order(id) = &answer else { return Ok(answer) };
        // 3 The same judgement as for any payment, and for any refund.
        if case.refund_id.is_none() && transaction.status == TransactionStatus::Refunded {
            let is_counted = self.apply_refunded_payment(lomi, id, transaction, deadline, found).await?;
            return Ok(if is_counted { answer } else { Answer::NotYet });
        }
        let payment = match transaction.status {
            TransactionStatus::Held => self.apply_held(lomi, id, transaction, deadline, &mut found.calls).await?,
            _ => self.apply_payment(lomi, id, transaction, deadline, &mut found.calls).await?,
        };
        let mut is_counted = is_applied(payment.as_ref());
        found.outcomes.extend(payment);
        if let Some(refund_id) = &case.refund_id {
            let Ok(refund_id) = RefundId::parse(refund_id) else { return Ok(Answer::NotYet) };
            found.calls += 1;
            let row = lomi.refunds().get(&refund_id).deadline(deadline).send().await?;
            let refund = self.apply_refund(lomi, id, &row).await?;
            if let Some(words) = RefundReport::of_row(&row) {
                self.note_known(refund.as_ref(), id, words.natural_key(), &words.summary()).await?;
            }
            is_counted &= is_applied(refund.as_ref());
            found.outcomes.extend(refund);
        }
        Ok(if is_counted { answer } else { Answer::NotYet })
    }

    async fn order_behind(
        &self,
        lomi: &Client,
        case: &AttributionCase,
        transaction: &Transaction,
        (pages, deadline): (&mut LinkPages, Instant),
        calls: &mut u32,
    ) -> Result<Answer, LookupError> {
        if let Some(id) = self.order_that_counted(transaction).await? {
            return Ok(Answer::Order(id));
        }
        if let Some(id) = order_of(transaction) {
            let order = self.order(&id).await?;
            return Ok(order.map_or(Answer::Foreign, |order| Answer::Order(order.id().clone())));
        }
        if let Some(session) = &case.checkout_session_id {
            *calls += 1;
            return self.order_of_page(lomi, session, deadline).await;
        }
        // Mobile money names no page. Where one page of a link and one payment fit each other and nothing else, they belong
        // together.
        let pages = pages.read(lomi, self.clock.now(), deadline, calls).await?;
        let Some(page) = self.unique_match(transaction, pages).await? else { return Ok(Answer::NotYet) };
        let Some(competing_payments) = competing_payments(lomi, transaction, deadline, calls).await? else {
            return Ok(Answer::NotYet);
        };
        if self.is_ambiguous(page, &competing_payments).await? {
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
        match self.store.order_of_event(&payment_key(id)).await? {
            Some(order) => Ok(Some(order)),
            None => self.store.order_of_event(&held_key(id)).await,
        }
    }

    /// The one page that fits this payment and was not paid by another.
    async fn unique_match<'a>(
        &self,
        transaction: &Transaction,
        pages: &'a [CheckoutSession],
    ) -> Result<Option<&'a CheckoutSession>, StoreError> {
        let mut free = Vec::new();
        for page in pages.iter().filter(|page| may_be_of(page, transaction, self.environment)) {
            let payable = PaymentRef::CheckoutSession(page.checkout_session_id.to_string());
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
    async fn is_ambiguous(
        &self,
        page: &CheckoutSession,
        competing_payments: &[Transaction],
    ) -> Result<bool, StoreError> {
        for rival in competing_payments.iter().filter(|rival| may_be_of(page, rival, self.environment)) {
            if self.order_that_counted(rival).await?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn order_of_page(&self, lomi: &Client, session: &str, deadline: Instant) -> Result<Answer, LookupError> {
        if let Some(id) = self.store.order_of(&PaymentRef::CheckoutSession(session.to_owned())).await? {
            return Ok(Answer::Order(id));
        }
        let Ok(id) = CheckoutSessionId::parse(session) else { return Ok(Answer::Foreign) };
        match lomi.checkout_sessions().get(&id).deadline(deadline).send().await {
            Ok(session) => Ok(self.adopt(lomi, &session).await?.map_or(Answer::Foreign, Answer::Order)),
            Err(error) if matches!(error.status(), Some(400 | 404)) => Ok(Answer::Foreign),
            Err(error) => Err(error.into()),
        }
    }

    async fn close(&self, case: &AttributionCase, answer: &Answer, found: &mut LookupResult) -> Result<(), StoreError> {
        let now = self.clock.now();
        let after = match answer {
            Answer::NotYet => case.with_attempt(now),
            Answer::Denied => case.denied(now),
            Answer::Foreign => case.answered(None),
            Answer::Order(id) => case.answered(Some(id.clone())),
        };
        if let Answer::Order(id) = answer {
            for (natural_key, reason, source) in quarantined_under(case) {
                let kept = QuarantineId::of(&natural_key, reason, source.as_str());
                self.resolve(&kept, Some(id)).await?;
            }
        }
        let is_told = match answer {
            Answer::Order(_) => true,
            // Where it was put aside, somebody was told; of what proved nothing, nobody was.
            Answer::Foreign => !case.is_unproven,
            Answer::Denied | Answer::NotYet => after.due_at.is_some(),
        };
        if !is_told && case.is_idle {
            self.let_be(case).await?;
        } else if !is_told {
            // From here on it is a person's.
            let said = format!("nobody knows whose payment {} is", case.name());
            let provider_event = poll(unattributed_key(case), &said, now);
            // A case that was raised again, and again in vain, is no news.
            if self.quarantine(&provider_event, UNATTRIBUTED, None).await? == Recorded::Applied {
                found.outcomes.push(ApplyOutcome::UnknownOrder);
            }
        }
        // Signed news that came meanwhile knows more, and is asked about at once.
        self.store.save_case(&after).await.map(drop)
    }
}

impl Run<'_> {
    /// Resolves a case, and counts what that found and called.
    pub(crate) async fn resolve(&mut self, case: &AttributionCase, pages: &mut LinkPages) -> Result<(), LookupError> {
        let mut found = LookupResult::default();
        let resolved = self.context.resolve_case(self.lomi, case, pages, self.deadline, &mut found).await;
        self.charge(found.calls);
        self.count(&found.outcomes);
        resolved
    }
}
