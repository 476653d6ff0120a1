//! Payments that name no order of ours: whose are they?
//!
//! A payment by one of lomi.'s own links carries nothing of ours. lomi. knows which page it was made on, and that page knows
//! its link: such a payment becomes an order. Anything else that arrives (a till, another system of the merchant's) is not ours.

use crate::ingest::payment_key;
use crate::inquiry::{Findings, InquiryError, completed_page, is_last_page, order_of, poll};
use crate::refund::words::Words;
use crate::{Settled, World, units};
use domain::{
    AttemptId, Fact, NewOrder, OpenedPayable, Order, OrderId, OrderToken, Origin, PayableId, PricedCart, Question,
    Timestamp,
};
use lomi_client::{
    CheckoutSession, CheckoutSessionId, Client, CurrencyCode, Error, RefundId, SessionStatus, Transaction,
    TransactionId, TransactionStatus,
};
use store::StoreError;
use tokio::time::Instant;

/// Under this reason an event is kept aside that names no order of ours.
pub(crate) const UNKNOWN_ORDER: &str = "unknown_order";
/// Under this reason an event is kept aside that is about a refund of a payment we have not heard of.
pub(crate) const UNKNOWN_PAYMENT: &str = "unknown_payment";

/// Completed sessions read at once.
const MAX_PAGES_READ: u32 = 100;
/// A page lives an hour, and lomi. may complete a payment two hours after it.
const LONGEST_LIFE_MS: i64 = 26 * 60 * 60 * 1000;
/// How far before the last look a payment may have been made that lomi. completed after it.
const LATE_MS: i64 = 150 * 60 * 1000;
/// Between two looks for payments that nobody told of.
const WATCH_PAUSE_MS: i64 = 5 * 60 * 1000;
/// Pages of the listing per look, fifty payments each.
const MAX_LISTED_PAGES: u32 = 10;

/// What became of a question.
enum Answer {
    /// The payment is this order's.
    Order(OrderId),
    /// It is no order of ours.
    Foreign,
    /// lomi. does not know yet.
    NotYet,
}

/// The paid pages of lomi.'s own links, read at most once per run.
#[derive(Default)]
pub(crate) struct LinkPages(Option<Vec<CheckoutSession>>);

impl LinkPages {
    async fn read(&mut self, lomi: &Client, deadline: Instant, calls: &mut u32) -> Result<&[CheckoutSession], Error> {
        let mut pages = self.0.take().unwrap_or_default();
        if pages.is_empty() {
            *calls += 1;
            let list = lomi.checkout_sessions().list().status(&SessionStatus::Completed).limit(MAX_PAGES_READ);
            pages = list.deadline(deadline).send().await?;
            pages.retain(|page| page.status == SessionStatus::Completed && page.payment_link_id.is_some());
        }
        Ok(self.0.insert(pages))
    }
}

/// Whether the page may be the one that this was paid on: the same price, and opened before.
fn may_be_of(page: &CheckoutSession, transaction: &Transaction) -> bool {
    let price = |amount, currency: Option<&CurrencyCode>| units::from_lomi(amount, currency);
    let paid = price(transaction.gross_amount, transaction.currency_code.as_ref());
    let is_price = paid.is_some() && paid == price(page.amount, page.currency_code.as_ref());
    let time = |text: Option<&str>| text.and_then(Timestamp::parse_rfc3339);
    let opened = time(page.created_at.as_deref()).zip(time(transaction.created_at.as_deref()));
    let is_time = opened.is_none_or(|(opened, paid)| opened <= paid && paid <= opened.plus_ms(LONGEST_LIFE_MS));
    is_price && is_time
}

impl World {
    /// Looks for payments of the last minutes that name no order, and asks about each once.
    pub(crate) async fn watch_links(&self, lomi: &Client, deadline: Instant) -> Result<u32, InquiryError> {
        let Some(since) = self.store.links_watched_since().await? else { return Ok(0) };
        let (now, mut calls) = (self.clock.now(), 0);
        let from = since.plus_ms(-LATE_MS);
        for page in 1..=MAX_LISTED_PAGES {
            calls += 1;
            let transactions = completed_page(lomi, from, page, deadline).await?;
            for transaction in transactions.iter().filter(|transaction| order_of(transaction).is_none()) {
                self.store.ask(&Question::new(transaction.transaction_id.to_string(), None, now)).await?;
            }
            if is_last_page(&transactions) {
                break;
            }
        }
        self.store.links_watched(now, now.plus_ms(WATCH_PAUSE_MS)).await?;
        Ok(calls)
    }

    /// Asks lomi. whose payment it is, and settles it where it is ours.
    pub(crate) async fn look_into(
        &self,
        lomi: &Client,
        question: &Question,
        pages: &mut LinkPages,
        deadline: Instant,
    ) -> Result<Findings, InquiryError> {
        let mut findings = Findings { calls: 1, ..Findings::default() };
        // 1 The payment itself, in lomi.'s own words.
        let Ok(id) = TransactionId::parse(&question.transaction_id) else {
            return self.close(question, &Answer::Foreign).await.map(|()| findings);
        };
        let transaction = match lomi.transactions().get(&id).deadline(deadline).send().await {
            Ok(transaction) => transaction,
            Err(error) if matches!(error.status(), Some(404)) => {
                return self.close(question, &Answer::NotYet).await.map(|()| findings);
            }
            Err(error) => return Err(error.into()),
        };
        // 2 Its order: the one it was counted for, the one it names, or the one that its page makes.
        let is_paid = matches!(transaction.status, TransactionStatus::Completed | TransactionStatus::Refunded);
        let answer = if is_paid {
            self.order_behind(lomi, question, &transaction, (pages, deadline), &mut findings.calls).await?
        } else {
            Answer::NotYet
        };
        // 3 The same judgement as for any payment, and for any refund.
        if let Answer::Order(id) = &answer {
            findings.settled.extend(self.settle_payment(lomi, id, &transaction).await?);
            if let Some(refund_id) = question.refund_id.as_deref().and_then(|id| RefundId::parse(id).ok()) {
                findings.calls += 1;
                let row = lomi.refunds().get(&refund_id).deadline(deadline).send().await?;
                findings.settled.extend(self.settle_refund(lomi, id, &row).await?);
            }
        }
        self.close(question, &answer).await?;
        Ok(findings)
    }

    async fn order_behind(
        &self,
        lomi: &Client,
        question: &Question,
        transaction: &Transaction,
        (pages, deadline): (&mut LinkPages, Instant),
        calls: &mut u32,
    ) -> Result<Answer, InquiryError> {
        if let Some(id) = self.store.order_of_evidence(&payment_key(&question.transaction_id)).await? {
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
        // Mobile money names no page. The one page of a link that was paid at this price, and for no other payment, is it.
        let pages = pages.read(lomi, deadline, calls).await?;
        match self.only_page_of(transaction, pages).await? {
            Some(page) => Ok(self.adopt(lomi, page).await?.map_or(Answer::Foreign, Answer::Order)),
            None => Ok(Answer::NotYet),
        }
    }

    async fn only_page_of<'a>(
        &self,
        transaction: &Transaction,
        pages: &'a [CheckoutSession],
    ) -> Result<Option<&'a CheckoutSession>, StoreError> {
        let fitting = || pages.iter().filter(|page| may_be_of(page, transaction));
        let is_theirs =
            |page: &&CheckoutSession| page.customer_id.is_some() && page.customer_id == transaction.customer_id;
        let is_known_payer = fitting().any(|page| is_theirs(&page));
        let mut free = Vec::new();
        for page in fitting().filter(|page| !is_known_payer || is_theirs(page)) {
            let payable = PayableId::CheckoutSession(page.checkout_session_id.to_string());
            let order = match self.store.order_of(&payable).await? {
                Some(id) => self.order(&id).await?,
                None => None,
            };
            if order.is_none_or(|order| order.payments().is_empty()) {
                free.push(page);
            }
        }
        Ok(if let [page] = free[..] { Some(page) } else { None })
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

    /// Makes an order of a page that one of lomi.'s own links opened. `None` for any other page.
    async fn adopt(&self, lomi: &Client, session: &CheckoutSession) -> Result<Option<OrderId>, StoreError> {
        let amount = units::from_lomi(session.amount, session.currency_code.as_ref());
        let environment = self.environment_behind(lomi, session.environment);
        let (Some(link), Some(amount), true) = (&session.payment_link_id, amount, environment == self.environment)
        else {
            return Ok(None);
        };
        let (now, page) = (self.clock.now(), session.checkout_session_id.to_string());
        let new = NewOrder {
            order_id: OrderId::of_page(&page),
            environment,
            cart: PricedCart::from_merchant(amount, None),
            origin: Origin {
                title: session.title.clone(),
                customer_id: session.customer_id.as_ref().map(ToString::to_string),
                payment_link_id: Some(link.to_string()),
                ..Origin::default()
            },
            token_hash: OrderToken::from_entropy(self.entropy.bytes()).hash(),
            attempt_id: AttemptId::from_entropy(self.entropy.bytes()),
            lease_until: now,
        };
        let expires_at = session.expires_at.as_deref().and_then(Timestamp::parse_rfc3339).unwrap_or(now);
        let payable = OpenedPayable { id: PayableId::CheckoutSession(page), expires_at, amount: Some(amount) };
        let order = Order::found_at_lomi(new, payable, now);
        self.store.adopt(&order).await?;
        Ok(Some(order.id().clone()))
    }

    async fn settle_refund(
        &self,
        lomi: &Client,
        id: &OrderId,
        row: &lomi_client::Refund,
    ) -> Result<Option<Settled>, StoreError> {
        let Some(order) = self.order(id).await? else { return Ok(None) };
        let words = Words::of_row(row);
        let told = words.as_ref().and_then(|words| words.about(&order, self.environment_behind(lomi, None)));
        let (Some(words), Some(told)) = (words, told) else { return Ok(None) };
        let evidence = poll(words.natural_key(), &words.said(), self.clock.now());
        self.settle(id, &Fact::Refund(told), &evidence).await.map(Some)
    }

    async fn close(&self, question: &Question, answer: &Answer) -> Result<(), InquiryError> {
        let now = self.clock.now();
        let after = match answer {
            Answer::NotYet => question.asked_in_vain(now),
            Answer::Order(_) | Answer::Foreign => question.answered(),
        };
        if let Answer::Order(id) = answer {
            for (natural_key, reason) in kept_aside(question) {
                self.store.settle_quarantined(&natural_key, reason, id, now).await?;
            }
        }
        Ok(self.store.put_question(question, &after).await?)
    }
}

/// Where the events that raised the question were put aside, and why.
fn kept_aside(question: &Question) -> Vec<(String, &'static str)> {
    match &question.refund_id {
        None => vec![(payment_key(&question.transaction_id), UNKNOWN_ORDER)],
        Some(refund) => {
            let names = ["REFUND_CREATED", "REFUND_COMPLETED", "REFUND_FAILED"];
            names.map(|name| (format!("{name}#{refund}"), UNKNOWN_PAYMENT)).into()
        }
    }
}
