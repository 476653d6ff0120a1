//! A refund as lomi reports it, in an event or in an answer, before it is applied to an order.

use crate::units;
use domain::{Environment, Order, ProviderRefund, RefundStatus};
use lomi_client::{Amount, CurrencyCode};

/// One refund, in lomi's ids and units.
#[derive(Clone, Debug)]
pub(crate) struct RefundReport {
    pub(crate) refund_id: String,
    pub(crate) transaction_id: String,
    /// The organisation that owns the refund, where lomi names it.
    pub(crate) organization_id: Option<String>,
    pub(crate) status: RefundStatus,
    /// In lomi's unit; more than 0.
    pub(crate) amount: Option<Amount>,
    /// Usually not named: a refund is in its payment's currency.
    pub(crate) currency: Option<CurrencyCode>,
}

impl RefundReport {
    /// `None` when the row does not name its payment.
    pub(crate) fn of_row(row: &lomi_client::Refund) -> Option<Self> {
        let transaction_id = row.transaction_id.as_ref()?;
        Some(Self::of(row, transaction_id.as_str()))
    }

    /// The answer to a call about a refund of this payment of the order. `None` when it names another payment. A public
    /// id that is not known here does not count as another: the call was about this payment.
    pub(crate) fn of_answer(row: &lomi_client::Refund, order: &Order, transaction_id: &str) -> Option<Self> {
        let named = row.transaction_id.as_ref();
        let is_other_payment = named.is_some_and(|named| order.is_another_payment(named.as_str(), transaction_id));
        (!is_other_payment).then(|| Self::of(row, transaction_id))
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

    /// The refund as the order records it. `None` when the amount is not an amount of a known currency.
    pub(crate) fn for_order(&self, order: &Order, environment: Environment) -> Option<ProviderRefund> {
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

    /// One line for the archive.
    pub(crate) fn summary(&self) -> String {
        format!("refund {} of {} {}", self.refund_id, self.transaction_id, self.status.as_str())
    }

    /// The natural key of this update. It is the same in an event and in an answer.
    pub(crate) fn natural_key(&self) -> String {
        let name = match self.status {
            RefundStatus::Completed => "REFUND_COMPLETED",
            RefundStatus::Failed => "REFUND_FAILED",
            RefundStatus::Requested | RefundStatus::InDoubt | RefundStatus::Pending => "REFUND_CREATED",
        };
        format!("{name}#{}", self.refund_id)
    }
}

/// The requested amount, which identifies a refund. The amount paid out does not: it is 0 at first, and may lack lomi's
/// fee afterwards.
pub(crate) fn requested_amount(row: &lomi_client::Refund) -> Option<Amount> {
    row.amount.and_then(positive)
}

/// `None` for an amount of 0 or less: lomi refunds no such amount, so it carries no information.
pub(crate) fn positive(amount: Amount) -> Option<Amount> {
    amount.is_positive().then_some(amount)
}

/// An unknown status counts as undecided.
pub(crate) fn status_of(word: &str) -> RefundStatus {
    match word {
        "completed" => RefundStatus::Completed,
        "failed" => RefundStatus::Failed,
        _ => RefundStatus::Pending,
    }
}
