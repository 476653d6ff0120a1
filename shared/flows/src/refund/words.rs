//! What lomi. says of a refund, in an event or in an answer, before it is held against an order.

use crate::units;
use domain::{Environment, Order, RefundStatus, SettledRefund};
use lomi_client::{Amount, CurrencyCode};

/// lomi.'s words about one refund.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    pub(crate) refund_id: String,
    pub(crate) transaction_id: String,
    pub(crate) status: RefundStatus,
    /// In lomi.'s own unit.
    pub(crate) amount: Option<Amount>,
    /// Usually not named: a refund has its payment's currency.
    pub(crate) currency: Option<CurrencyCode>,
}

impl Words {
    /// An answer's words; `None` when it does not say which payment it is about.
    pub(crate) fn of_row(row: &lomi_client::Refund) -> Option<Self> {
        Some(Self {
            refund_id: row.refund_id.to_string(),
            transaction_id: row.transaction_id.as_ref()?.to_string(),
            status: status_of(row.status.as_str()),
            amount: row.refunded_amount.or(row.amount),
            currency: None,
        })
    }

    /// The fact that they are about `order`, whose payment it is. `None` when the amount is none of a currency we know.
    pub(crate) fn about(&self, order: &Order, environment: Environment) -> Option<SettledRefund> {
        let money = match (self.amount, &self.currency, order.expected()) {
            (None, _, _) | (_, None, None) => None,
            (amount, Some(currency), _) => Some(units::from_lomi(amount, Some(currency))?),
            (Some(amount), None, Some(expected)) => Some(units::from_lomi_in(amount, expected.currency())?),
        };
        Some(SettledRefund {
            refund_id: self.refund_id.clone(),
            transaction_id: self.transaction_id.clone(),
            money,
            environment,
            status: self.status,
        })
    }

    /// The words in one line, as they are kept.
    pub(crate) fn said(&self) -> String {
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

/// A word that nobody knows yet is taken for "not decided".
pub(crate) fn status_of(word: &str) -> RefundStatus {
    match word {
        "completed" => RefundStatus::Completed,
        "failed" => RefundStatus::Failed,
        _ => RefundStatus::Pending,
    }
}
