//! Attributes payments that carry no order id, or do not prove whose they are.
//!
//! A payment by one of lomi's own links carries no order id. lomi knows the page that it was made on, and that page
//! knows its link: such a payment becomes an order. Any other payment (a till, another system of the merchant's) is not
//! an order. For an event that does not prove whose money it is, the payment is read with our own key: what lomi shows
//! is ours, and what lomi denies is another organisation's.

mod import;
mod link_pages;
mod quarantined;
mod unproven;

use crate::keys::{held_key, payment_key, unattributed_key};
use crate::lookup::refund_report::RefundReport;
use crate::lookup::refunded_payment::is_applied;
use crate::lookup::{CLOCK_SKEW_MS, LookupError, LookupResult, PAID_OR_HELD, order_of, payments_call, poll_event};
use crate::provider_error::is_about_one_thing;
use crate::reason::UNATTRIBUTED;
use crate::run::Run;
use crate::{ApplyOutcome, Context};
use domain::{AttributionCase, OrderId, PaymentRef, QuarantineId, Timestamp};
pub(crate) use link_pages::LinkPages;
use link_pages::{competing_payments, may_match};
use lomi_client::{
    CheckoutSession, CheckoutSessionId, Client, RefundId, Transaction, TransactionId, TransactionStatus,
};
use quarantined::quarantine_entries;
use store::{Recorded, StoreError};
use tokio::time::Instant;

/// How long before the last poll a payment may have been created that lomi completed after it.
const LATE_MS: i64 = 150 * 60 * 1000;
/// Between two polls.
const POLL_PAUSE_MS: i64 = 5 * 60 * 1000;
/// The longest time that one poll reads, when the last one was long ago.
const POLL_STEP_MS: i64 = 6 * 60 * 60 * 1000;
/// Pages per poll, fifty payments each. A shop that sells more than that needs its webhooks.
const MAX_LISTED_PAGES: u32 = 40;

#[derive(Default)]
pub(crate) struct PollResult {
    pub(crate) calls: u32,
    /// There were more payments than could be read: webhooks are missing, so the run counts as failed.
    pub(crate) is_cut_short: bool,
}

/// Whose the payment of a case is.
enum Answer {
    /// The payment is this order's.
    Order(OrderId),
    /// Not an order of this stack, as far as lomi shows: not every generation names the link behind a page. A
    /// quarantined event stays quarantined, for the operator.
    Foreign,
    /// lomi does not have the object, or not for our key.
    Denied,
    /// lomi does not say yet.
    NotYet,
}

impl Context {
    /// Lists recent payments that name no order, and opens a case for each. A long backlog is read in steps.
    pub(crate) async fn poll_native_links(&self, lomi: &Client, deadline: Instant) -> Result<PollResult, LookupError> {
        let Some(since) = self.store.native_links_cursor().await? else { return Ok(PollResult::default()) };
        let now = self.clock.now();
        let until = since.plus_ms(POLL_STEP_MS).min(now);
        let mut result = PollResult::default();
        let read = self.open_cases(lomi, (since.plus_ms(-LATE_MS), until), deadline, &mut result).await;
        // The next run resolves its cases first, also after a failure.
        let (reached, pause_ms) = match &read {
            Ok(()) if until < now => (until, 0),
            Ok(()) => (until, POLL_PAUSE_MS),
            Err(_) => (since, POLL_PAUSE_MS),
        };
        self.store.move_native_links_cursor(reached, now.plus_ms(pause_ms)).await?;
        read.map(|()| result)
    }

    async fn open_cases(
        &self,
        lomi: &Client,
        (from, until): (Timestamp, Timestamp),
        deadline: Instant,
        result: &mut PollResult,
    ) -> Result<(), LookupError> {
        let now = self.clock.now();
        let end = until.plus_ms(CLOCK_SKEW_MS).to_rfc3339();
        let mut listing = payments_call(lomi, from).end_date(&end).deadline(deadline).stream();
        for _ in 0..MAX_LISTED_PAGES {
            result.calls += 1;
            let page = listing.next_page().await?;
            for transaction in page.rows.iter().filter(|transaction| order_of(transaction).is_none()) {
                self.store.open_case(&AttributionCase::new(transaction.transaction_id.to_string(), None, now)).await?;
            }
            if page.is_last() {
                return Ok(());
            }
        }
        result.is_cut_short = true;
        Ok(())
    }

    /// Reads whose payment it is, and applies it when it is an order's.
    async fn resolve_case(
        &self,
        lomi: &Client,
        case: &AttributionCase,
        pages: &mut LinkPages,
        deadline: Instant,
        found: &mut LookupResult,
    ) -> Result<(), LookupError> {
        let answer = match self.attribute(lomi, case, pages, deadline, found).await {
            // lomi fails on this one object: it must not hide others, and is read again a bounded number of times.
            Err(LookupError::Lomi(error)) if is_about_one_thing(&error) => {
                found.calls = found.calls.max(error.attempts());
                let is_denied = error.status() == Some(404) && !error.is_unknown_route();
                if is_denied { Answer::Denied } else { Answer::NotYet }
            }
            answer => answer?,
        };
        Ok(self.close(case, &answer, found).await?)
    }

    async fn attribute(
        &self,
        lomi: &Client,
        case: &AttributionCase,
        pages: &mut LinkPages,
        deadline: Instant,
        found: &mut LookupResult,
    ) -> Result<Answer, LookupError> {
        // 1 Read the payment.
        let Some(id) = &case.transaction_id else {
            return self.attribute_page(lomi, case, deadline, found).await;
        };
        let Ok(id) = TransactionId::parse(id) else { return Ok(Answer::Foreign) };
        found.calls += 1;
        let transaction = lomi.transactions().get(&id).deadline(deadline).send().await?;
        let answer = if PAID_OR_HELD.contains(&transaction.status) {
            self.attribute_payment(lomi, case, &transaction, (pages, deadline), found).await?
        } else if case.is_failure {
            self.attribute_failure(lomi, &transaction, found).await?
        } else if case.kept.is_some() {
            self.order_of_unpaid(&transaction).await?
        } else {
            Answer::NotYet
        };
        // 4 Replay the quarantined event about it.
        match (&case.kept, answer) {
            (Some(kept), Answer::Order(id)) => self.replay_quarantined(lomi, kept, id, &transaction, found).await,
            (_, answer) => Ok(answer),
        }
    }

    async fn attribute_payment(
        &self,
        lomi: &Client,
        case: &AttributionCase,
        transaction: &Transaction,
        (pages, deadline): (&mut LinkPages, Instant),
        found: &mut LookupResult,
    ) -> Result<Answer, LookupError> {
        // 2 Find its order: the one that recorded it, the one it names, or the one that its page makes.
        let answer = self.find_order(lomi, case, transaction, (pages, deadline), &mut found.calls).await?;
        let Answer::Order(id) = &answer else { return Ok(answer) };
        // 3 Apply it like any payment, and any refund.
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
            is_counted &= self.apply_refund_of(lomi, id, refund_id, deadline, found).await?;
        }
        Ok(if is_counted { answer } else { Answer::NotYet })
    }

    /// Reads the refund of a case and applies it. Returns whether it was understood.
    async fn apply_refund_of(
        &self,
        lomi: &Client,
        order_id: &OrderId,
        refund_id: &str,
        deadline: Instant,
        found: &mut LookupResult,
    ) -> Result<bool, LookupError> {
        let Ok(refund_id) = RefundId::parse(refund_id) else { return Ok(false) };
        found.calls += 1;
        let row = lomi.refunds().get(&refund_id).deadline(deadline).send().await?;
        let refund = self.apply_refund(lomi, order_id, &row).await?;
        if let Some(report) = RefundReport::of_row(&row) {
            self.archive_known(refund.as_ref(), order_id, report.natural_key(), &report.summary()).await?;
        }
        let is_understood = is_applied(refund.as_ref());
        found.outcomes.extend(refund);
        Ok(is_understood)
    }

    async fn find_order(
        &self,
        lomi: &Client,
        case: &AttributionCase,
        transaction: &Transaction,
        (pages, deadline): (&mut LinkPages, Instant),
        calls: &mut u32,
    ) -> Result<Answer, LookupError> {
        if let Some(id) = self.order_on_record(transaction).await? {
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
        // Mobile money names no page. Where one page of a link and one payment fit each other and nothing else, they
        // belong together.
        let pages = pages.read(lomi, self.clock.now(), deadline, calls).await?;
        let Some(page) = self.unique_match(transaction, pages).await? else { return Ok(Answer::NotYet) };
        let Some(competing_payments) = competing_payments(lomi, transaction, deadline, calls).await? else {
            return Ok(Answer::NotYet);
        };
        if self.is_ambiguous(page, &competing_payments).await? {
            return Ok(Answer::NotYet);
        }
        // The list may mix test and live. A page of the other environment cannot be read by its id.
        *calls += 1;
        let page = lomi.checkout_sessions().get(&page.checkout_session_id).deadline(deadline).send().await?;
        Ok(self.import(lomi, &page).await?.map_or(Answer::NotYet, Answer::Order))
    }

    /// The order that has recorded the payment.
    async fn order_on_record(&self, transaction: &Transaction) -> Result<Option<OrderId>, StoreError> {
        let id = transaction.transaction_id.as_str();
        match self.store.order_of_event(&payment_key(id)).await? {
            Some(order) => Ok(Some(order)),
            None => self.store.order_of_event(&held_key(id)).await,
        }
    }

    /// The only page that fits this payment and that no other payment has paid.
    async fn unique_match<'a>(
        &self,
        transaction: &Transaction,
        pages: &'a [CheckoutSession],
    ) -> Result<Option<&'a CheckoutSession>, StoreError> {
        let mut free = Vec::new();
        for page in pages.iter().filter(|page| may_match(page, transaction, self.environment)) {
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

    /// Whether another payment without an order fits the page, too.
    async fn is_ambiguous(
        &self,
        page: &CheckoutSession,
        competing_payments: &[Transaction],
    ) -> Result<bool, StoreError> {
        for other in competing_payments.iter().filter(|other| may_match(page, other, self.environment)) {
            if self.order_on_record(other).await?.is_none() {
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
            Ok(session) => Ok(self.import(lomi, &session).await?.map_or(Answer::Foreign, Answer::Order)),
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
            for (natural_key, reason, source) in quarantine_entries(case) {
                let entry = QuarantineId::of(&natural_key, reason, source.as_str());
                self.resolve_quarantined_event(&entry, Some(id)).await?;
            }
        }
        let is_unresolved = match answer {
            Answer::Order(_) => false,
            // An event without proof raised no alarm when it was quarantined. Any other did.
            Answer::Foreign => case.is_unproven,
            Answer::Denied | Answer::NotYet => after.due_at.is_none(),
        };
        if is_unresolved && case.is_idle {
            self.dismiss(case).await?;
        } else if is_unresolved {
            self.quarantine_unattributed(case, found).await?;
        }
        // A signed event that came meanwhile knows more: it keeps the case due.
        self.store.save_case(&after).await.map(drop)
    }

    /// Leaves the payment to the operator. A case that was reopened and failed again raises no second alarm.
    async fn quarantine_unattributed(
        &self,
        case: &AttributionCase,
        found: &mut LookupResult,
    ) -> Result<(), StoreError> {
        let summary = format!("nobody knows whose payment {} is", case.name());
        let provider_event = poll_event(unattributed_key(case), &summary, self.clock.now());
        if self.quarantine(&provider_event, UNATTRIBUTED, None).await? == Recorded::Applied {
            found.outcomes.push(ApplyOutcome::UnknownOrder);
        }
        Ok(())
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
