//! Asking lomi. about an order. The answers are event like any event.

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

/// Rows per page of lomi.'s lists, as far as lomi. follows.
pub(crate) const PAGE_SIZE: u32 = 50;
/// Pages that are read for the payment of one order.
const MAX_PAGES: u32 = 5;
/// lomi. makes no transaction of a page so long after the page's end.
const LATEST_PAYMENT_MS: i64 = 3 * 60 * 60 * 1000;
/// What an order has to know of: its shopper has paid.
pub(crate) const PAID_OR_HELD: [TransactionStatus; 3] =
    [TransactionStatus::Completed, TransactionStatus::Refunded, TransactionStatus::Held];
/// Our clock and lomi.'s may differ by this much.
pub(crate) const CLOCK_SKEW_MS: i64 = 10 * 60 * 1000;

/// Why an inquiry brought nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookupError {
    /// lomi. did not answer.
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

/// What lomi. said about one order.
#[derive(Debug, Default)]
pub(crate) struct LookupResult {
    /// What became of each event.
    pub(crate) outcomes: Vec<ApplyOutcome>,
    /// Calls to lomi. made.
    pub(crate) calls: u32,
    /// There was more than could be read: what was not found may be there all the same.
    pub(crate) is_cut_short: bool,
}

impl Context {
    /// Asks lomi. about what `order`'s shopper was to pay on, and about the transactions when that is paid.
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
        let asked = self.lookup_payable(lomi, order, deadline).await?;
        Ok(LookupResult { calls: found.calls + asked.calls, ..asked })
    }

    async fn lookup_payable(
        &self,
        lomi: &Client,
        order: &Order,
        deadline: Instant,
    ) -> Result<LookupResult, LookupError> {
        if let Some(intent) = order.payment_intent_id().and_then(|id| PaymentIntentId::parse(id).ok()) {
            return self.lookup_intent(lomi, order, &intent, deadline).await;
        }
        // A paid page may have been paid twice, and its session says no more than that it is completed.
        if order.status().is_paid() {
            return self.identify(lomi, order, deadline).await;
        }
        match order.checkout_session_id().and_then(|id| CheckoutSessionId::parse(id).ok()) {
            Some(session) => self.lookup_session(lomi, order, &session, deadline).await,
            // Whatever was opened for it is in nobody's hands, and lomi.'s list would show its payment.
            None => self.identify(lomi, order, deadline).await,
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
            // The session is completed all the same, but its money may be held, or let go: only a payment says that it is not,
            // and only a list that was read that there is none.
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

    /// Takes a page that is paid for event about this order.
    async fn apply_page(
        &self,
        lomi: &Client,
        id: &OrderId,
        session: &CheckoutSession,
    ) -> Result<Option<ApplyOutcome>, StoreError> {
        let said = Said {
            price: (session.amount, session.currency_code.as_ref()),
            environment: session.environment,
            organization_id: session.organization_id.as_deref(),
        };
        completed(self, lomi, id, PaymentRef::CheckoutSession(session.checkout_session_id.to_string()), said).await
    }

    /// Looks for the order's transactions among all that the time of its page brought.
    pub(crate) async fn identify(
        &self,
        lomi: &Client,
        order: &Order,
        deadline: Instant,
    ) -> Result<LookupResult, LookupError> {
        let mut found = LookupResult::default();
        self.apply_listed(lomi, order, deadline, &mut found).await??;
        Ok(found)
    }

    /// Reads lomi.'s list of that time until it shows the order's payment. What is wrong with the list is told apart from
    /// what is wrong with the payment.
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
            self.apply_those_of(order, lomi, &page.rows, deadline, found).await?;
            if !found.outcomes.is_empty() || page.is_last() {
                return Ok(Ok(()));
            }
        }
        found.is_cut_short = true;
        Ok(Ok(()))
    }

    async fn apply_those_of(
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

    /// Takes a payment for what it is: event about the order it names, and so is what went back of it. Anything else
    /// brings nothing: that the list was asked for payments only is no proof that it holds nothing else.
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

    /// Takes a payment whose order is known for event about that one. `None` for anything else. What a list's row leaves
    /// open of a discount is read from the transaction itself.
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
        let whole = whole(lomi, transaction, deadline, calls).await?;
        Ok(self.apply_paid(lomi, id, &whole, Discount::Minor(0)).await?)
    }

    /// `otherwise` is the discount of a row that tells none.
    async fn apply_paid(
        &self,
        lomi: &Client,
        id: &OrderId,
        transaction: &Transaction,
        otherwise: Discount,
    ) -> Result<Option<ApplyOutcome>, StoreError> {
        if !is_paid(transaction) {
            return Ok(None);
        }
        let Some(payment) = self.read_payment(lomi, transaction, otherwise) else { return Ok(None) };
        let said = format!("transaction {} completed", payment.transaction_id);
        let provider_event = poll(payment_key(&payment.transaction_id), &said, self.clock.now());
        self.apply_said_of(lomi, id, transaction, &OrderEvent::PaymentSucceeded(payment), &provider_event)
            .await
            .map(Some)
    }

    /// The payment in our words; `None` when the row is none, or its amount cannot be read.
    fn read_payment(&self, lomi: &Client, transaction: &Transaction, otherwise: Discount) -> Option<ConfirmedPayment> {
        let (gross, told) = (transaction.gross_amount, transaction.discount_amount);
        let paid = units::paid_from_lomi(gross, told, transaction.currency_code.as_ref())?;
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
            discount: if discount == Discount::NotReported { otherwise } else { discount },
            environment: self.environment_behind(lomi, transaction.environment),
            checkout_session_id: None,
            payment,
        })
    }

    /// Settles what a row says, unless it is another organisation's.
    async fn apply_said_of(
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

    /// What an answer says of itself, else what the key sees that fetched it: the edge lets only a key of this stack's
    /// environment through.
    pub(crate) fn environment_behind(&self, lomi: &Client, said: Option<lomi_client::Environment>) -> Environment {
        said.or_else(|| lomi.environment()).map_or(self.environment, units::environment_from_lomi)
    }
}

/// The transaction itself, where a list's row leaves something open.
async fn whole(
    lomi: &Client,
    row: &Transaction,
    deadline: Instant,
    calls: &mut u32,
) -> Result<Transaction, lomi_client::Error> {
    *calls += 1;
    lomi.transactions().get(&row.transaction_id).deadline(deadline).send().await
}

/// What lomi. says of something that is paid on, besides that.
pub(crate) struct Said<'a> {
    /// In the merchant's currency, in lomi.'s own unit.
    pub(crate) price: (Option<Amount>, Option<&'a CurrencyCode>),
    pub(crate) environment: Option<lomi_client::Environment>,
    pub(crate) organization_id: Option<&'a str>,
}

/// lomi. says that what was to be paid on is paid, and of no transaction. `None` when the price cannot be read.
pub(crate) async fn completed(
    context: &Context,
    lomi: &Client,
    id: &OrderId,
    payable: PaymentRef,
    said: Said<'_>,
) -> Result<Option<ApplyOutcome>, StoreError> {
    let Some(money) = units::from_lomi(said.price.0, said.price.1) else { return Ok(None) };
    let environment = context.environment_behind(lomi, said.environment);
    let (key, name) = match &payable {
        PaymentRef::CheckoutSession(id) => (format!("CHECKOUT_COMPLETED#{id}"), id),
        PaymentRef::PaymentIntent(id) => (format!("INTENT_SUCCEEDED#{id}"), id),
    };
    let provider_event = poll(key, &format!("{name} completed"), context.clock.now());
    let Some(ours) = context.ours_by_answer(lomi, said.organization_id).await? else {
        return context.refuse_foreign(id, &provider_event).await.map(Some);
    };
    context.apply(id, &OrderEvent::Completed { payable, money, environment }, &provider_event, ours).await.map(Some)
}

/// The payments that can belong to orders made from `since` on, newest first.
pub(crate) fn payments_call(lomi: &Client, since: Timestamp) -> Call<Vec<Transaction>> {
    let start = earliest_payment(since).to_rfc3339();
    // What was given back was paid before, and its order may not have heard of either; what is held may be paid.
    let paid = lomi.transactions().list().status(&PAID_OR_HELD);
    paid.start_date(&start).page_size(PAGE_SIZE)
}

/// The earliest time, by lomi.'s clock, of a payment for an order that was made at `created_at` by ours.
pub(crate) const fn earliest_payment(created_at: Timestamp) -> Timestamp {
    created_at.plus_ms(-CLOCK_SKEW_MS)
}

/// The last change of what was given back is that: its payment was no earlier than it was made, and hardly later.
fn paid_at(transaction: &Transaction) -> Option<Timestamp> {
    let is_given_back = transaction.status == TransactionStatus::Refunded;
    let time = if is_given_back { &transaction.created_at } else { &transaction.updated_at };
    Timestamp::parse_rfc3339(time.as_deref()?)
}

/// What was given back was paid before.
const fn is_paid(transaction: &Transaction) -> bool {
    matches!(transaction.status, TransactionStatus::Completed | TransactionStatus::Refunded)
}

/// The order that a transaction names in its metadata.
pub(crate) fn order_of(transaction: &Transaction) -> Option<OrderId> {
    OrderId::parse(transaction.metadata.text("order_id")?)
}

pub(crate) fn poll(natural_key: String, said: &str, received_at: Timestamp) -> ProviderEvent {
    let event = natural_key.split('#').next().unwrap_or_default().to_owned();
    ProviderEvent {
        natural_key,
        event,
        source: Source::Poll,
        raw: said.as_bytes().to_vec(),
        received_at,
        is_quarantined: false,
    }
}
