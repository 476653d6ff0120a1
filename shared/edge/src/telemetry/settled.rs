//! What became of a fact about an order, as fields and counters: the same whether an event or a poll brought it.

use super::{Counter, Field, Telemetry};
use domain::{Happened, Order, OutboxEvent};
use flows::Settled;

impl Telemetry {
    /// Counts what became of a fact, and says it in one word.
    pub fn settled(&mut self, settled: &Settled) -> &'static str {
        match settled {
            Settled::Applied(order, outbox) => {
                self.applied(order, outbox.as_ref());
                "applied"
            }
            Settled::Duplicate => "duplicate",
            Settled::Ignored => "ignored",
            Settled::Mismatched(mismatch) => {
                if mismatch.is_about_money() {
                    self.count(Counter::AmountMismatch);
                }
                self.quarantined()
            }
            Settled::UnknownOrder => self.quarantined(),
        }
    }

    /// Counts evidence that is kept for a person to look at.
    pub fn quarantined(&mut self) -> &'static str {
        self.count(Counter::Quarantined);
        "quarantined"
    }

    fn applied(&mut self, order: &Order, event: Option<&OutboxEvent>) {
        self.word(Field::OrderStatus, order.status().as_str());
        match (event, order.last_news()) {
            (Some(OutboxEvent::OrderPaid), _) => {
                self.count(Counter::PaymentsApplied);
                if order.is_paid_after_cancel() {
                    self.count(Counter::PaidAfterCancel);
                }
            }
            (Some(OutboxEvent::OrderRefunded(_)), _) if order.is_over_refunded() => self.count(Counter::OverRefunded),
            (_, Some(Happened::Mismatch)) => self.count(Counter::AmountMismatch),
            (_, Some(Happened::RefundFailed)) => self.count(Counter::RefundFailed),
            (None, Some(Happened::PaidAgain)) => self.count(Counter::Overpaid),
            _ => {}
        }
    }
}
