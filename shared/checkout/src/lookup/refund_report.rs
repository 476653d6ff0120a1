//! What lomi. says of a refund, in an event or in an answer, before it is held against an order.

use crate::units;
use domain::{Environment, Order, ProviderRefund, RefundStatus};
use lomi_client::{Amount, CurrencyCode};

/// lomi.'s words about one refund.
#[derive(Clone, Debug)]
pub(crate) struct RefundReport {
    pub(crate) refund_id: String,
    pub(crate) transaction_id: String,
    /// The organisation that owns the refund, where lomi. says.
    pub(crate) organization_id: Option<String>,
    pub(crate) status: RefundStatus,
    /// What is to go back, in lomi.'s own unit; more than nothing.
    pub(crate) amount: Option<Amount>,
    /// Usually not named: a refund has its payment's currency.
    pub(crate) currency: Option<CurrencyCode>,
}

impl RefundReport {
    /// The words of a list's row; `None` when it does not say which payment it is about.
    pub(crate) fn of_row(row: &lomi_client::Refund) -> Option<Self> {
        let transaction_id = row.transaction_id.as_ref()?;
        Some(Self::of(row, transaction_id.as_str()))
    }

    /// The words of an answer about a refund of this payment of the order's; `None` when it is about another payment's. A
    /// public id that is not known here is no such word: we asked about this one.
    pub(crate) fn of_answer(row: &lomi_client::Refund, order: &Order, transaction_id: &str) -> Option<Self> {
        let told = row.transaction_id.as_ref();
        let is_anothers = told.is_some_and(|told| order.is_another_payment(told.as_str(), transaction_id));
        (!is_anothers).then(|| Self::of(row, transaction_id))
    }

    fn of(row: &lomi_client::Refund, transaction_id: &str) -> Self {
        Self {
            refund_id: row.refund_id.to_string(),
            transaction_id: transaction_id.to_owned(),
            organization_id: row.organization_id.clone(),
            status: status_of(row.status.as_str()),
            amount: requested_amount(row).or(row.refunded_amount).and_then(positive),
            currency: None,
        }
    }

    /// The event that they are about `order`, whose payment it is. `None` when the amount is none of a currency we know.
    pub(crate) fn about(&self, order: &Order, environment: Environment) -> Option<ProviderRefund> {
        let money = match (self.amount, &self.currency, order.expected()) {
            (None, _, _) | (_, None, None) => None,
            (amount, Some(currency), _) => Some(units::from_lomi(amount, Some(currency))?),
            (Some(amount), None, Some(expected)) => Some(units::from_lomi_in(amount, expected.currency())?),
        };
        Some(ProviderRefund {
            refund_id: self.refund_id.clone(),
            transaction_id: order.payment_called(&self.transaction_id).unwrap_or(&self.transaction_id).to_owned(),
            money,
            environment,
            status: self.status,
        })
    }

    /// The words in one line, as they are kept.
    pub(crate) fn summary(&self) -> String {
        format!("refund {} of {} {}", self.refund_id, self.transaction_id, self.status.as_str())
    }

    /// The natural key of this news, by whichever way it comes.
    pub(crate) fn natural_key(&self) -> String {
        let name = match self.status {
            RefundStatus::Completed => "REFUND_COMPLETED",
            RefundStatus::Failed => "REFUND_FAILED",
            RefundStatus::Requested | RefundStatus::InDoubt | RefundStatus::Pending => "REFUND_CREATED",
        };
        format!("{name}#{}", self.refund_id)
    }
}

/// What was asked for, which recognises a refund. What has been paid out does not: it is nothing at first, and may lack
/// lomi.'s fee afterwards.
pub(crate) fn requested_amount(row: &lomi_client::Refund) -> Option<Amount> {
    row.amount.and_then(positive)
}

/// No refund gives back nothing: such an amount says nothing.
pub(crate) fn positive(amount: Amount) -> Option<Amount> {
    amount.is_positive().then_some(amount)
}

/// A word that nobody knows yet is taken for "not decided".
pub(crate) fn status_of(word: &str) -> RefundStatus {
    match word {
        "completed" => RefundStatus::Completed,
        "failed" => RefundStatus::Failed,
        _ => RefundStatus::Pending,
    }
}
