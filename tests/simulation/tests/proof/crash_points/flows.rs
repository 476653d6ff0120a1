//! The use cases whose crash points are tested, and their recovery.

use lomi_sandbox::Profile;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Flow {
    Page,
    Card,
    Payment,
    Unproven,
    RefundElsewhere,
    Status,
    Cancel,
    CancelIntent,
    Refund,
    Link,
    OpenLink,
    NativeLink,
    FindPaid,
    FindUnproven,
    FindInDoubt,
    FindOrphan,
    FindRefund,
    FindNameless,
    ReplayEvent,
    ReplayFinding,
    Ask,
    Resend,
    Retell,
    Register,
    RegisterTwice,
    Rotate,
    RotateTwice,
    RotateAgain,
    Mend,
    Replace,
    Remove,
}

/// What recovers from a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rescuer {
    /// The caller repeats its request: the same key, the same event, the same order.
    Caller,
    /// The reconciler alone; lomi's events are lost and the caller does not return.
    Reconciler,
    /// The scheduled run that checks the webhook; the caller does not return.
    Schedule,
}

impl Flow {
    pub(super) const ALL: [Self; 31] = [
        Self::Page,
        Self::Card,
        Self::Payment,
        Self::Unproven,
        Self::RefundElsewhere,
        Self::Status,
        Self::Cancel,
        Self::CancelIntent,
        Self::Refund,
        Self::Link,
        Self::OpenLink,
        Self::NativeLink,
        Self::FindPaid,
        Self::FindUnproven,
        Self::FindInDoubt,
        Self::FindOrphan,
        Self::FindRefund,
        Self::FindNameless,
        Self::ReplayEvent,
        Self::ReplayFinding,
        Self::Ask,
        Self::Resend,
        Self::Retell,
        Self::Register,
        Self::RegisterTwice,
        Self::Rotate,
        Self::RotateTwice,
        Self::RotateAgain,
        Self::Mend,
        Self::Replace,
        Self::Remove,
    ];

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Page => "create a page",
            Self::Card => "create a card form",
            Self::Payment => "webhook of a payment",
            Self::Unproven => "webhook, organisation unknown",
            Self::RefundElsewhere => "webhook of a refund",
            Self::Status => "status asks lomi.",
            Self::Cancel => "cancel an order",
            Self::CancelIntent => "cancel an intent",
            Self::Refund => "refund",
            Self::Link => "make a managed link",
            Self::OpenLink => "open a managed link",
            Self::NativeLink => "make a native link",
            Self::FindPaid => "reconcile: paid unheard",
            Self::FindUnproven => "reconcile: learn whose it is",
            Self::FindInDoubt => "reconcile: in doubt",
            Self::FindOrphan => "reconcile: orphaned intent",
            Self::FindRefund => "reconcile: refund in doubt",
            Self::FindNameless => "reconcile: nameless payment",
            Self::ReplayEvent => "replay an event put aside",
            Self::ReplayFinding => "replay what a poll found",
            Self::Ask => "ask lomi. about an order",
            Self::Resend => "have lomi. send again",
            Self::Retell => "tell an order's events again",
            Self::Register => "register the webhook",
            Self::RegisterTwice => "register it, two at once",
            Self::Rotate => "rotate its secret",
            Self::RotateTwice => "rotate it while a run is on",
            Self::RotateAgain => "rotate it once more",
            Self::Mend => "mend a paused webhook",
            Self::Replace => "replace a deleted webhook",
            Self::Remove => "remove the webhook",
        }
    }

    pub(super) const fn process(self) -> &'static str {
        match self {
            Self::Page | Self::Card => "create",
            Self::Payment | Self::Unproven | Self::RefundElsewhere => "webhook",
            Self::Status => "status",
            Self::Cancel => "cancel",
            Self::CancelIntent => "cancel_intent",
            Self::Refund => "refund",
            Self::Link => "link",
            Self::OpenLink => "open_link",
            Self::NativeLink => "native_link",
            Self::FindPaid | Self::FindUnproven | Self::FindInDoubt => "reconcile",
            Self::FindOrphan | Self::FindRefund | Self::FindNameless => "reconcile",
            Self::ReplayEvent | Self::ReplayFinding => "replay",
            Self::Ask => "ask",
            Self::Resend => "resend",
            Self::Retell => "republish",
            Self::Register | Self::RegisterTwice | Self::Rotate | Self::RotateTwice => "endpoint",
            Self::RotateAgain | Self::Mend | Self::Replace | Self::Remove => "endpoint",
        }
    }

    pub(super) fn is_of_the_reconciler(self) -> bool {
        self.process() == "reconcile"
    }

    pub(super) fn is_of_the_webhook(self) -> bool {
        self.process() == "endpoint"
    }

    /// Only lomi's redelivery recovers a refund made in its dashboard, and only the operator repeats a republishing;
    /// a deleted stack has no schedule.
    pub(super) fn rescuers(self) -> &'static [Rescuer] {
        match self {
            Self::RefundElsewhere | Self::Retell | Self::Remove => &[Rescuer::Caller],
            Self::Register | Self::RegisterTwice | Self::Mend | Self::Replace => &[Rescuer::Schedule],
            Self::Rotate | Self::RotateTwice | Self::RotateAgain => &[Rescuer::Caller, Rescuer::Schedule],
            _ if self.is_of_the_reconciler() => &[Rescuer::Reconciler],
            _ => &[Rescuer::Caller, Rescuer::Reconciler],
        }
    }

    /// Whether this generation of lomi supports the use case.
    pub(super) fn is_possible_in(self, profile: Profile) -> bool {
        match self {
            // Only the newest generation sends refund events.
            Self::RefundElsewhere => profile == Profile::Current,
            // The oldest generation requires the payment methods, and a link names none. Nor does it return the
            // native link behind a page: an operator attributes the payment.
            Self::OpenLink | Self::NativeLink | Self::FindNameless => profile != Profile::Seeds,
            // The server of June 2026 neither creates nor changes a webhook by API.
            Self::Register | Self::RegisterTwice => true,
            _ => profile != Profile::June2026 || !self.is_of_the_webhook(),
        }
    }
}

impl Rescuer {
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Reconciler => "reconciler",
            Self::Schedule => "schedule",
        }
    }
}
