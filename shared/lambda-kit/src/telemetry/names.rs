//! Every name that an event may carry. Units stand last.

/// A field of the event.
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
    /// As in the event.
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
    /// An authentic event that could not be used was kept aside.
    Quarantined,
    /// The amount or the currency paid is not the one that was asked.
    AmountMismatch,
    /// lomi. opened another page than asked for; it was handed to nobody.
    WrongPage,
    /// lomi. may or may not have acted.
    InDoubt,
    /// The reconciler found what no webhook had told.
    ReconcileRepairs,
    /// A webhook whose signature no known secret explains.
    SignatureRejected,
    /// Paid although the shopper had cancelled.
    PaidAfterCancel,
    /// Paid through a link that had taken its last payment.
    BeyondLinkLimit,
    /// Paid twice.
    Overpaid,
    /// lomi. may or may not have given money back.
    RefundInDoubt,
    /// Money that was to go back stays, or came back.
    RefundFailed,
    /// More went back than was paid.
    OverRefunded,
    /// A payment is disputed, or the dispute moved on.
    Disputed,
    /// The webhook is not registered at lomi. as it should be, and waiting alone may not mend it.
    WebhookEndpointFailed,
    /// An order was paid, asking lomi. told so, and no event has come since.
    PaidWithoutWebhook,
    /// Something failed and lomi. had no part in it: AWS refused or did not answer, or a defect of ours.
    OwnFailures,
    /// A defect of ours, contained.
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

    /// As in CloudWatch.
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
    /// Whether a person must look at it, and an alarm therefore watches it: everything but the stack's ordinary work.
    #[must_use]
    pub const fn is_anomaly(self) -> bool {
        !matches!(self, Self::PaymentsApplied | Self::ReconcileRepairs)
    }
}

/// A metric: what something stands at, an integer of the unit that its name ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gauge {
    /// How long ago lomi. last delivered an authentic event. Not measured before the first one.
    SecondsSinceWebhook,
}

impl Gauge {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::SecondsSinceWebhook];

    /// As in CloudWatch, which keeps the unit apart from the name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SecondsSinceWebhook => "SecondsSinceWebhook",
        }
    }

    /// CloudWatch's word for the unit.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::SecondsSinceWebhook => "Seconds",
        }
    }
}
