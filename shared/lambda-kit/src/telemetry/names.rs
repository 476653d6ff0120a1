//! The names of all fields and metrics. A unit is the last part of a name.

/// A field of the log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own name, with a dot after the first word")]
pub enum Field {
    RequestId,
    RequestBodyBytes,
    HttpRoute,
    HttpStatus,
    ColdStart,
    DurationMs,
    Outcome,
    ProblemCode,
    ProblemCause,
    OrderId,
    OrderStatus,
    OrderAmountMinor,
    OrderCurrency,
    CustomerId,
    RefundStatus,
    RefundAmountMinor,
    IdempotencyReplayed,
    LomiCalls,
    LomiStatus,
    LomiErrorCode,
    LomiRequestId,
    WebhookOutcome,
    WebhookReason,
    WebhookEndpointStatus,
    QuarantineId,
    QuarantineOutcome,
    DeliveriesReplayed,
    DeliveriesFailed,
    DeliveriesSkipped,
    EventsReplayed,
    ReconcileDue,
    ReconcileRepaired,
    ReconcileSkipped,
    ReconcileFailed,
}

impl Field {
    /// The name in the log line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequestId => "request.id",
            Self::RequestBodyBytes => "request.body_bytes",
            Self::HttpRoute => "http.route",
            Self::HttpStatus => "http.status",
            Self::ColdStart => "cold_start",
            Self::DurationMs => "duration_ms",
            Self::Outcome => "outcome",
            Self::ProblemCode => "problem.code",
            Self::ProblemCause => "problem.cause",
            Self::OrderId => "order.id",
            Self::OrderStatus => "order.status",
            Self::OrderAmountMinor => "order.amount_minor",
            Self::OrderCurrency => "order.currency",
            Self::CustomerId => "customer.id",
            Self::RefundStatus => "refund.status",
            Self::RefundAmountMinor => "refund.amount_minor",
            Self::IdempotencyReplayed => "idempotency.replayed",
            Self::LomiCalls => "lomi.calls",
            Self::LomiStatus => "lomi.status",
            Self::LomiErrorCode => "lomi.error_code",
            Self::LomiRequestId => "lomi.request_id",
            Self::WebhookOutcome => "webhook.outcome",
            Self::WebhookReason => "webhook.reason",
            Self::WebhookEndpointStatus => "webhook_endpoint.status",
            Self::QuarantineId => "quarantine.id",
            Self::QuarantineOutcome => "quarantine.outcome",
            Self::DeliveriesReplayed => "deliveries.replayed",
            Self::DeliveriesFailed => "deliveries.failed",
            Self::DeliveriesSkipped => "deliveries.skipped",
            Self::EventsReplayed => "events.replayed",
            Self::ReconcileDue => "reconcile.due",
            Self::ReconcileRepaired => "reconcile.repaired",
            Self::ReconcileSkipped => "reconcile.skipped",
            Self::ReconcileFailed => "reconcile.failed",
        }
    }
}

/// A metric: how often something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Counter {
    /// An order became paid.
    PaymentsApplied,
    /// An authentic event could not be applied and was quarantined.
    Quarantined,
    /// The amount or the currency of a payment is not that of the order.
    AmountMismatch,
    /// lomi opened a payment page or intent that differs from the request; it was not returned to the caller.
    WrongPage,
    /// lomi's answer to a create was lost.
    InDoubt,
    /// The reconciler found a payment that no webhook had reported.
    ReconcileRepairs,
    /// The signature of a webhook verifies with no known secret.
    SignatureRejected,
    /// An order was paid after the shopper had cancelled it.
    PaidAfterCancel,
    /// An order was paid through a link that had reached its limit.
    BeyondLinkLimit,
    /// An order was paid twice.
    Overpaid,
    /// lomi's answer to a refund was lost.
    RefundInDoubt,
    /// A refund failed, or failed after it had completed.
    RefundFailed,
    /// More was refunded than was paid.
    OverRefunded,
    /// A dispute was opened or changed.
    Disputed,
    /// The webhook is not registered at lomi as it should be, and the next runs may not repair it.
    WebhookEndpointFailed,
    /// A poll found that an order was paid, and no webhook reported it.
    PaidWithoutWebhook,
    /// A failure without a part of lomi: AWS refused or did not answer, or a defect of this backend.
    OwnFailures,
    /// A handler panicked.
    Panicked,
    /// The work was cut off at its deadline.
    TimedOut,
}

impl Counter {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 19] = [
        Self::PaymentsApplied,
        Self::Quarantined,
        Self::AmountMismatch,
        Self::WrongPage,
        Self::InDoubt,
        Self::ReconcileRepairs,
        Self::SignatureRejected,
        Self::PaidAfterCancel,
        Self::BeyondLinkLimit,
        Self::Overpaid,
        Self::RefundInDoubt,
        Self::RefundFailed,
        Self::OverRefunded,
        Self::Disputed,
        Self::WebhookEndpointFailed,
        Self::PaidWithoutWebhook,
        Self::OwnFailures,
        Self::Panicked,
        Self::TimedOut,
    ];

    /// The name in CloudWatch.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PaymentsApplied => "PaymentsApplied",
            Self::Quarantined => "Quarantined",
            Self::AmountMismatch => "AmountMismatch",
            Self::WrongPage => "WrongPage",
            Self::InDoubt => "InDoubt",
            Self::ReconcileRepairs => "ReconcileRepairs",
            Self::SignatureRejected => "SignatureRejected",
            Self::PaidAfterCancel => "PaidAfterCancel",
            Self::BeyondLinkLimit => "BeyondLinkLimit",
            Self::Overpaid => "Overpaid",
            Self::RefundInDoubt => "RefundInDoubt",
            Self::RefundFailed => "RefundFailed",
            Self::OverRefunded => "OverRefunded",
            Self::Disputed => "Disputed",
            Self::WebhookEndpointFailed => "WebhookEndpointFailed",
            Self::PaidWithoutWebhook => "PaidWithoutWebhook",
            Self::OwnFailures => "OwnFailures",
            Self::Panicked => "Panicked",
            Self::TimedOut => "TimedOut",
        }
    }
}

impl Counter {
    /// Whether an operator must check it, so that an alarm watches it: all counters but those of ordinary work.
    #[must_use]
    pub const fn is_anomaly(self) -> bool {
        !matches!(self, Self::PaymentsApplied | Self::ReconcileRepairs)
    }
}

/// A metric: the current value of something, an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gauge {
    /// The time since lomi last delivered an authentic event. Not measured before the first one.
    SecondsSinceWebhook,
}

impl Gauge {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::SecondsSinceWebhook];

    /// The name in CloudWatch, which stores the unit separately.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SecondsSinceWebhook => "SecondsSinceWebhook",
        }
    }

    /// CloudWatch's name of the unit.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::SecondsSinceWebhook => "Seconds",
        }
    }
}
