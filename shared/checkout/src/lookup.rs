//! Reads from lomi what became of an order. An answer is applied like a webhook event.

pub(crate) mod held;
pub(crate) mod intent;
pub(crate) mod refund_report;
pub(crate) mod refunded_payment;

use crate::apply::ApplyOutcome;
use crate::keys::payment_key;
use crate::provider_error::is_answer;
use crate::{Context, units};
use domain::{
    ConfirmedPayment, Discount, Environment, Order, OrderEvent, OrderId, Payment, PaymentRef, Source, Timestamp,
};
use lomi_client::{
    Amount, Call, CheckoutSession, CheckoutSessionId, Client, CurrencyCode, PaymentIntentId, SessionStatus,
    Transaction, TransactionStatus,
};
use store::{ProviderEvent, StoreError};
use tokio::time::Instant;

/// Rows per page of lomi's lists, where lomi respects it.
pub(crate) const PAGE_SIZE: u32 = 50;
/// Pages read for the payment of one order.
const MAX_PAGES: u32 = 5;
/// lomi creates no transaction of a page later than this after the page's end.
const LATEST_PAYMENT_MS: i64 = 3 * 60 * 60 * 1000;
/// Transactions that an order must have on record: its shopper has paid.
pub(crate) const PAID_OR_HELD: [TransactionStatus; 3] =
    [TransactionStatus::Completed, TransactionStatus::Refunded, TransactionStatus::Held];
/// The most by which our clock and lomi's may differ.
pub(crate) const CLOCK_SKEW_MS: i64 = 10 * 60 * 1000;

/// Why a lookup failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookupError {
    /// lomi did not answer, or answered an error.
    #[error(transparent)]
    Lomi(#[from] lomi_client::Error),
    /// DynamoDB did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LookupError {
    /// Calls to lomi that were made, at least.
    pub(crate) fn calls(&self) -> u32 {
        match self {
            Self::Lomi(error) => error.attempts(),
            Self::Store(_) => 1,
        }
    }
}

/// What a lookup found about one order.
#[derive(Debug, Default)]
pub(crate) struct LookupResult {
    /// What became of each event.
    pub(crate) outcomes: Vec<ApplyOutcome>,
    /// Calls made to lomi.
    pub(crate) calls: u32,
    /// lomi's list was not read to its end: a payment that was not found may exist.
    pub(crate) is_cut_short: bool,
}

impl Context {
    /// Reads the order's held payments, then its page or card form, and the transactions when that is paid.
    pub(crate) async fn lookup(
        &self,
        lomi: &Client,
        order: &Order,
        deadline: Instant,
    ) -> Result<LookupResult, LookupError> {
        let found = self.lookup_held(lomi, order, deadline).await?;
        if !found.outcomes.is_empty() {
            return Ok(found);
        }
        let looked_up = self.lookup_payment_ref(lomi, order, deadline).await?;
        Ok(LookupResult { calls: found.calls + looked_up.calls, ..looked_up })
    }

    async fn lookup_payment_ref(
        &self,
        lomi: &Client,
        order: &Order,
        deadline: Instant,
    ) -> Result<LookupResult, LookupError> {
        if let Some(intent) = order.payment_intent_id().and_then(|id| PaymentIntentId::parse(id).ok()) {
            return self.lookup_intent(lomi, order, &intent, deadline).await;
        }
        // A paid page may have been paid twice, and its session says only that it is completed.
        if order.status().is_paid() {
            return self.find_payments(lomi, order, deadline).await;
        }
        match order.checkout_session_id().and_then(|id| CheckoutSessionId::parse(id).ok()) {
            Some(session) => self.lookup_session(lomi, order, &session, deadline).await,
            // What was opened for it was never returned to the shopper, and lomi's list would show a payment.
            None => self.find_payments(lomi, order, deadline).await,
        }
    }

    async fn lookup_session(
        &self,
        lomi: &Client,
        order: &Order,
        id: &CheckoutSessionId,
        deadline: Instant,
    ) -> Result<LookupResult, LookupError> {
        let mut found = LookupResult { calls: 1, ..LookupResult::default() };
        let session = lomi.checkout_sessions().get(id).deadline(deadline).send().await?;
        if session.status != SessionStatus::Completed {
            return Ok(found);
        }
        match self.apply_listed(lomi, order, deadline, &mut found).await? {
            Ok(()) => {}
            // The session is completed all the same, but its money may be held or released: only a payment proves the
            // opposite, and only a list that was read proves that there is none.
            Err(error) if is_answer(&error) => found.is_cut_short = true,
            Err(error) => return Err(error.into()),
        }
        if found.outcomes.is_empty()
            && !found.is_cut_short
            && self.proves_payment(lomi, order, id.as_str(), deadline, &mut found).await?
        {
            found.outcomes.extend(self.apply_page(lomi, order.id(), &session).await?);
        }
        Ok(found)
    }

    /// Applies a completed page.
    async fn apply_page(
        &self,
        lomi: &Client,
        id: &OrderId,
        session: &CheckoutSession,
    ) -> Result<Option<ApplyOutcome>, StoreError> {
        let payment = PaymentRef::CheckoutSession(session.checkout_session_id.to_string());
        let completed = CompletedPayment {
            price: (session.amount, session.currency_code.as_ref()),
            environment: session.environment,
            organization_id: session.organization_id.as_deref(),
        };
        apply_completed(self, lomi, id, payment, completed).await
    }

    /// Finds the order's payments in lomi's list of the time in which its page could be paid.
    pub(crate) async fn find_payments(
        &self,
        lomi: &Client,
        order: &Order,
        deadline: Instant,
    ) -> Result<LookupResult, LookupError> {
        let mut found = LookupResult::default();
        self.apply_listed(lomi, order, deadline, &mut found).await??;
        Ok(found)
    }

    /// Reads lomi's list of that time until it shows the order's payment. The inner error is the list's, the outer one
    /// the payment's.
    async fn apply_listed(
        &self,
        lomi: &Client,
        order: &Order,
        deadline: Instant,
        found: &mut LookupResult,
    ) -> Result<Result<(), lomi_client::Error>, LookupError> {
        let end = order.payable_until().plus_ms(LATEST_PAYMENT_MS).to_rfc3339();
        let mut listing = payments_call(lomi, order.created_at()).end_date(&end).deadline(deadline).stream();
        for _ in 0..MAX_PAGES {
            found.calls += 1;
            let page = match listing.next_page().await {
                Ok(page) => page,
                Err(error) => return Ok(Err(error)),
            };
            self.apply_matching(order, lomi, &page.rows, deadline, found).await?;
            if !found.outcomes.is_empty() || page.is_last() {
                return Ok(Ok(()));
            }
        }
        found.is_cut_short = true;
        Ok(Ok(()))
    }

    async fn apply_matching(
        &self,
        order: &Order,
        lomi: &Client,
        transactions: &[Transaction],
        deadline: Instant,
        found: &mut LookupResult,
    ) -> Result<(), LookupError> {
        for transaction in transactions.iter().filter(|transaction| order_of(transaction).as_ref() == Some(order.id()))
        {
            self.apply_transaction(lomi, transaction, deadline, found).await?;
        }
        Ok(())
    }

    /// Applies a listed payment, with its refunds, to the order that it names. Any other row does nothing: that the
    /// call filters by status does not prove that the list respects it.
    pub(crate) async fn apply_transaction(
        &self,
        lomi: &Client,
        transaction: &Transaction,
        deadline: Instant,
        found: &mut LookupResult,
    ) -> Result<(), LookupError> {
        let Some(id) = order_of(transaction) else { return Ok(()) };
        match transaction.status {
            TransactionStatus::Refunded => {
                self.apply_refunded_payment(lomi, &id, transaction, deadline, found).await?;
            }
            TransactionStatus::Held => {
                let held = self.apply_held(lomi, &id, transaction, deadline, &mut found.calls).await?;
                found.outcomes.extend(held);
            }
            _ => {
                let paid = self.apply_payment(lomi, &id, transaction, deadline, &mut found.calls).await?;
                found.outcomes.extend(paid);
            }
        }
        Ok(())
    }

    /// Applies a payment to the order. `None` when the row is no payment. A discount that the list's row leaves open is
    /// read from the transaction itself.
    pub(crate) async fn apply_payment(
        &self,
        lomi: &Client,
        id: &OrderId,
        transaction: &Transaction,
        deadline: Instant,
        calls: &mut u32,
    ) -> Result<Option<ApplyOutcome>, LookupError> {
        let applied = self.apply_paid(lomi, id, transaction, Discount::NotReported).await?;
        if !matches!(applied, Some(ApplyOutcome::DiscountUnknown)) {
            return Ok(applied);
        }
        let complete = read_transaction(lomi, transaction, deadline, calls).await?;
        Ok(self.apply_paid(lomi, id, &complete, Discount::Minor(0)).await?)
    }

    /// `default_discount` is the discount of a row that names none.
    async fn apply_paid(
        &self,
        lomi: &Client,
        id: &OrderId,
        transaction: &Transaction,
        default_discount: Discount,
    ) -> Result<Option<ApplyOutcome>, StoreError> {
        if !is_paid(transaction) {
            return Ok(None);
        }
        let Some(payment) = self.to_confirmed_payment(lomi, transaction, default_discount) else { return Ok(None) };
        let summary = format!("transaction {} completed", payment.transaction_id);
        let provider_event = poll_event(payment_key(&payment.transaction_id), &summary, self.clock.now());
        self.apply_row(lomi, id, transaction, &OrderEvent::PaymentSucceeded(payment), &provider_event).await.map(Some)
    }

    /// `None` when the row is no payment, or its amount cannot be read.
    fn to_confirmed_payment(
        &self,
        lomi: &Client,
        transaction: &Transaction,
        default_discount: Discount,
    ) -> Option<ConfirmedPayment> {
        let (gross, discount) = (transaction.gross_amount, transaction.discount_amount);
        let paid = units::paid_from_lomi(gross, discount, transaction.currency_code.as_ref())?;
        let (gross_minor, currency, discount) = paid;
        let is_payment = matches!(transaction.transaction_type.as_deref(), None | Some("payment" | "instalment"));
        let payment = Payment {
            provider_code: transaction.provider_code.clone(),
            payment_method_code: transaction.payment_method_code.clone(),
            paid_at: paid_at(transaction).unwrap_or(self.clock.now()),
            public_id: transaction.public_id.as_ref().map(ToString::to_string),
            discount_minor: 0,
            is_discount_within_gross: false,
        };
        is_payment.then(|| ConfirmedPayment {
            transaction_id: transaction.transaction_id.to_string(),
            gross_minor,
            currency,
            discount: if discount == Discount::NotReported { default_discount } else { discount },
            environment: self.environment_of_answer(lomi, transaction.environment),
            checkout_session_id: None,
            payment,
        })
    }

    /// Applies a row, unless it is another organisation's.
    async fn apply_row(
        &self,
        lomi: &Client,
        id: &OrderId,
        transaction: &Transaction,
        order_event: &OrderEvent,
        provider_event: &ProviderEvent,
    ) -> Result<ApplyOutcome, StoreError> {
        match self.ours_by_answer(lomi, transaction.organization_id.as_deref()).await? {
            Some(ours) => self.apply(id, order_event, provider_event, ours).await,
            None => self.refuse_foreign(id, provider_event).await,
        }
    }

    /// The environment that an answer names, else that of the key that fetched it: configuration admits only a key of
    /// this stack's environment.
    pub(crate) fn environment_of_answer(&self, lomi: &Client, named: Option<lomi_client::Environment>) -> Environment {
        named.or_else(|| lomi.environment()).map_or(self.environment, units::environment_from_lomi)
    }
}

/// Reads the transaction itself, where a list's row leaves something open.
async fn read_transaction(
    lomi: &Client,
    row: &Transaction,
    deadline: Instant,
    calls: &mut u32,
) -> Result<Transaction, lomi_client::Error> {
    *calls += 1;
    lomi.transactions().get(&row.transaction_id).deadline(deadline).send().await
}

/// A completed page or card form, for which lomi names no transaction.
pub(crate) struct CompletedPayment<'a> {
    /// In the merchant's currency and lomi's unit.
    pub(crate) price: (Option<Amount>, Option<&'a CurrencyCode>),
    pub(crate) environment: Option<lomi_client::Environment>,
    pub(crate) organization_id: Option<&'a str>,
}

/// Applies a completed page or card form without a transaction. `None` when the price cannot be read.
pub(crate) async fn apply_completed(
    context: &Context,
    lomi: &Client,
    id: &OrderId,
    payable: PaymentRef,
    completed: CompletedPayment<'_>,
) -> Result<Option<ApplyOutcome>, StoreError> {
    let Some(money) = units::from_lomi(completed.price.0, completed.price.1) else { return Ok(None) };
    let environment = context.environment_of_answer(lomi, completed.environment);
    let (key, name) = match &payable {
        PaymentRef::CheckoutSession(id) => (format!("CHECKOUT_COMPLETED#{id}"), id),
        PaymentRef::PaymentIntent(id) => (format!("INTENT_SUCCEEDED#{id}"), id),
    };
    let provider_event = poll_event(key, &format!("{name} completed"), context.clock.now());
    let Some(ours) = context.ours_by_answer(lomi, completed.organization_id).await? else {
        return context.refuse_foreign(id, &provider_event).await.map(Some);
    };
    context.apply(id, &OrderEvent::Completed { payable, money, environment }, &provider_event, ours).await.map(Some)
}

/// The payments that can belong to orders made from `since` on, newest first.
pub(crate) fn payments_call(lomi: &Client, since: Timestamp) -> Call<Vec<Transaction>> {
    let start = earliest_payment(since).to_rfc3339();
    // A refunded payment was paid before, and its order may know of neither. A held one may be paid later.
    let paid = lomi.transactions().list().status(&PAID_OR_HELD);
    paid.start_date(&start).page_size(PAGE_SIZE)
}

/// The earliest time, by lomi's clock, of a payment for an order that was created at `created_at` by ours.
pub(crate) const fn earliest_payment(created_at: Timestamp) -> Timestamp {
    created_at.plus_ms(-CLOCK_SKEW_MS)
}

/// The last change of a refunded payment is its refund. It was paid when it was created, or hardly later.
fn paid_at(transaction: &Transaction) -> Option<Timestamp> {
    let is_refunded = transaction.status == TransactionStatus::Refunded;
    let time = if is_refunded { &transaction.created_at } else { &transaction.updated_at };
    Timestamp::parse_rfc3339(time.as_deref()?)
}

/// A refunded payment was paid before.
const fn is_paid(transaction: &Transaction) -> bool {
    matches!(transaction.status, TransactionStatus::Completed | TransactionStatus::Refunded)
}

/// The order that a transaction names in its metadata.
pub(crate) fn order_of(transaction: &Transaction) -> Option<OrderId> {
    OrderId::parse(transaction.metadata.text("order_id")?)
}

/// The event of a poll. `summary` is archived in place of a webhook's body.
pub(crate) fn poll_event(natural_key: String, summary: &str, received_at: Timestamp) -> ProviderEvent {
    let event = natural_key.split('#').next().unwrap_or_default().to_owned();
    ProviderEvent {
        natural_key,
        event,
        source: Source::Poll,
        raw: summary.as_bytes().to_vec(),
        received_at,
        is_quarantined: false,
    }
}
