//! What became of a fact about an order, as fields and counters: the same whether an event or a poll brought it.

use super::{Counter, Field, Telemetry};
use domain::Order;
use flows::Settled;

impl Telemetry {
    /// Counts what became of a fact, and says it in one word.
    pub fn settled(&mut self, settled: &Settled) -> &'static str {
        match settled {
            Settled::Applied(order, outbox) => {
                self.applied(order, outbox.is_some());
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

    fn applied(&mut self, order: &Order, is_first_payment: bool) {
        self.word(Field::OrderStatus, order.status().as_str());
        if is_first_payment {
            self.count(Counter::PaymentsApplied);
            if order.is_paid_after_cancel() {
                self.count(Counter::PaidAfterCancel);
            }
            if order.is_beyond_link_limit() {
                self.count(Counter::BeyondLinkLimit);
            }
        } else if order.is_overpaid() {
            self.count(Counter::Overpaid);
        }
    }
}
