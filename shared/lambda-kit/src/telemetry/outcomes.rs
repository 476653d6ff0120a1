//! The outcomes of events about orders, as fields and counters: the same for a webhook and for a poll.

use super::{Counter, Field, Telemetry};
use checkout::ApplyOutcome;
use checkout::reconcile::Report;
use domain::{Order, OutboxEvent, TimelineEvent};

impl Telemetry {
    /// Counts the outcome of an event, and returns its name.
    pub fn settled(&mut self, settled: &ApplyOutcome) -> &'static str {
        match settled {
            ApplyOutcome::Applied(order, outbox) => {
                self.applied(order, outbox.as_ref());
                "applied"
            }
            ApplyOutcome::Duplicate => "duplicate",
            ApplyOutcome::Ignored | ApplyOutcome::DiscountUnknown => "ignored",
            ApplyOutcome::Mismatched(mismatch) => {
                if mismatch.is_about_money() {
                    self.count(Counter::AmountMismatch);
                }
                self.quarantined()
            }
            ApplyOutcome::Foreign { is_new: false } => "duplicate",
            ApplyOutcome::Foreign { is_new: true } | ApplyOutcome::UnknownOrder => self.quarantined(),
        }
    }

    /// Counts what a poll of lomi found.
    pub fn found(&mut self, report: Report) {
        self.number(Field::LomiCalls, report.lomi_calls);
        self.count_many(Counter::ReconcileRepairs, report.repaired);
        self.count_many(Counter::PaymentsApplied, report.repaired);
        self.count_many(Counter::PaidAfterCancel, report.paid_after_cancel);
        self.count_many(Counter::BeyondLinkLimit, report.beyond_link_limit);
        self.count_many(Counter::PaidWithoutWebhook, report.paid_without_webhook);
        self.count_many(Counter::Overpaid, report.overpaid);
        self.count_many(Counter::InDoubt, report.in_doubt);
        self.count_many(Counter::RefundInDoubt, report.refunds_in_doubt);
        self.count_many(Counter::RefundFailed, report.refunds_failed);
        self.count_many(Counter::OverRefunded, report.over_refunded);
        self.count_many(Counter::Disputed, report.disputed);
        self.count_many(Counter::Quarantined, report.mismatched);
        self.count_many(Counter::AmountMismatch, report.wrong_amounts);
        self.count_many(Counter::OwnFailures, report.store_failed);
    }

    /// Counts an event that was quarantined.
    pub fn quarantined(&mut self) -> &'static str {
        self.count(Counter::Quarantined);
        "quarantined"
    }

    fn applied(&mut self, order: &Order, event: Option<&OutboxEvent>) {
        self.word(Field::OrderStatus, order.status().as_str());
        match (event, order.last_event()) {
            (Some(OutboxEvent::OrderPaid), _) => {
                self.count(Counter::PaymentsApplied);
                if order.is_paid_after_cancel() {
                    self.count(Counter::PaidAfterCancel);
                }
                if order.is_beyond_link_limit() {
                    self.count(Counter::BeyondLinkLimit);
                }
            }
            (Some(OutboxEvent::Disputed(_)), _) => {
                self.count_many(Counter::Disputed, u32::from(order.is_disputed()));
            }
            (Some(OutboxEvent::OrderRefunded(_)), _) if order.is_over_refunded() => self.count(Counter::OverRefunded),
            (_, Some(TimelineEvent::Mismatch)) => self.count(Counter::AmountMismatch),
            (_, Some(TimelineEvent::RefundFailed)) => self.count(Counter::RefundFailed),
            (None, Some(TimelineEvent::PaidAgain)) => self.count(Counter::Overpaid),
            _ => {}
        }
    }
}
