//! Reading a verified event.

use super::kind::EventKind;
use super::signature::VerifiedBody;
use crate::ids::is_uuid;
use crate::key::Environment;
use crate::row::{Row, Unusable};
use crate::{Amount, CurrencyCode, Metadata};

/// An event that lomi signed. Only a verified body makes one.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct WebhookEvent {
    /// The envelope's id. Some deliveries of one event differ in it: recognise a repeat by the kind together
    /// with the transaction or refund, and keep this id for logs.
    pub id: Option<String>,
    /// What happened.
    pub kind: EventKind,
    /// The name as sent, before older names are folded into `kind`.
    pub name: String,
    /// When this attempt was made, ISO 8601 UTC as sent; differs between attempts.
    pub timestamp: Option<String>,
    /// What it happened to.
    pub data: EventData,
}

/// The object of an event: a transaction, a refund, a dispute or a session, whichever `kind` says.
///
/// Everything may be missing, and ids are texts as sent (1 to 255 bytes), because an authentic event that
/// cannot be understood has to be kept, not refused. Compare organisation, amount, currency and environment with your
/// own order before you believe it.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct EventData {
    /// The transaction: of a payment, or the one that is refunded. A UUID, so that one payment has one name, however it is
    /// told of.
    pub transaction_id: Option<String>,
    /// The transaction's public id (`txn_...`), where the event names it by that; which UUID it has, only lomi can say.
    pub public_id: Option<String>,
    /// The refund, on refund events.
    pub refund_id: Option<String>,
    /// The dispute, on dispute events.
    pub dispute_id: Option<String>,
    /// The session; mobile-money events do not name it.
    pub checkout_session_id: Option<String>,
    /// The organisation that owns the object.
    pub organization_id: Option<String>,
    /// The customer that lomi found or made for the payer.
    pub customer_id: Option<String>,
    /// The object's own status (`completed`, `failed`, ...); it may disagree with the event's name.
    pub status: Option<String>,
    /// Why money is given back, or wanted back.
    pub reason: Option<String>,
    /// What lomi decided about a risky payment.
    pub decision: Option<String>,
    /// What was paid (`gross_amount`, else `amount`), in lomi's own unit. On a refund: what is to be given
    /// back (`amount`, else `refunded_amount`). On a dispute: what is disputed, where it can be read.
    pub amount: Option<Amount>,
    /// Taken off by a coupon, on a payment by card. Mobile money tells nothing of it.
    pub discount_amount: Option<Amount>,
    /// The currency of `amount`. Refund events do not name one.
    pub currency_code: Option<CurrencyCode>,
    /// `WAVE`, `MTN`, `STRIPE` (cards), ...
    pub provider_code: Option<String>,
    /// `CARDS`, `MOBILE_MONEY`, ...
    pub payment_method_code: Option<String>,
    /// The merchant's metadata, joined by keys of the provider.
    pub metadata: Metadata,
    /// The object's own word on test or live. [`WebhookEvent::environment`] looks further.
    pub environment: Option<Environment>,
    /// Whether the object is marked as a sample (`test: true`, or `test_mode: true` in its metadata).
    pub has_test_marker: bool,
    /// Time of creation, ISO 8601 UTC as sent.
    pub created_at: Option<String>,
    /// Time of the last change, ISO 8601 UTC as sent.
    pub updated_at: Option<String>,
}

/// Why an authentic body is not an event that can be read. Keep the delivery: it will not come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// Not UTF-8.
    #[error("the event is not UTF-8")]
    NotUtf8,
    /// Not a JSON object.
    #[error("the event is not a JSON object")]
    NotAnObject,
    /// The member is missing or is not what it has to be.
    #[error("the event's {0} cannot be read")]
    Member(&'static str),
}

impl From<Unusable> for EventError {
    fn from(unusable: Unusable) -> Self {
        Self::Member(unusable.0)
    }
}

impl WebhookEvent {
    /// Reads a verified body. Unknown members and unknown events are fine; an amount or a currency that is there
    /// but cannot be read is an error, but on events of which no shape is published: there it counts as absent.
    pub fn parse(body: VerifiedBody<'_>) -> Result<Self, EventError> {
        let text = std::str::from_utf8(body.bytes()).map_err(|_| EventError::NotUtf8)?;
        let row = Row::parse(text).ok_or(EventError::NotAnObject)?;
        let name = short(&row, &["event", "type"]).ok_or(EventError::Member("event"))?;
        let kind = EventKind::from_wire(&name);
        let data = match (row.row("data"), &kind) {
            // The test delivery wraps its object once more.
            (Some(data), EventKind::Test) => data.row("object").unwrap_or(data),
            (Some(data), _) => data,
            (None, _) => return Err(EventError::Member("data")),
        };
        Ok(Self {
            id: short(&row, &["id"]),
            data: EventData::read(&data, &kind)?,
            timestamp: short(&row, &["timestamp"]),
            kind,
            name,
        })
    }

    /// Test or live, by the rule lomi routes events with: the object's `environment`, else
    /// `payment_environment` in its metadata, else test when `test_mode` there is `true`. `None` when nothing
    /// says; lomi then takes live, which is also what mobile-money events of the test environment look like.
    pub fn environment(&self) -> Option<Environment> {
        let metadata = &self.data.metadata;
        self.data
            .environment
            .or_else(|| Environment::from_wire(metadata.text("payment_environment")?))
            .or_else(|| metadata.is_true("test_mode").then_some(Environment::Test))
    }
}

impl EventData {
    fn read(row: &Row<'_>, kind: &EventKind) -> Result<Self, Unusable> {
        let metadata = row.metadata();
        let names = Names::of(kind);
        let (transaction_id, other) = match short(row, names.transaction_id) {
            Some(id) if is_uuid(&id) => (Some(id.to_ascii_lowercase()), None),
            other => (None, other),
        };
        Ok(Self {
            transaction_id,
            public_id: other.or_else(|| short(row, &["public_id"])),
            refund_id: short(row, names.refund_id),
            dispute_id: short(row, names.dispute_id),
            checkout_session_id: short(row, names.checkout_session_id),
            organization_id: short(row, &["organization_id"]),
            customer_id: short(row, &["customer_id"]),
            status: short(row, &["status"]),
            reason: short(row, &["reason"]),
            decision: short(row, &["decision"]),
            amount: if_shaped(kind, amount(row, kind))?,
            discount_amount: if_shaped(kind, row.amount(&["discount_amount"]))?,
            currency_code: if_shaped(kind, row.currency(&["currency_code", "currency"]))?,
            provider_code: short(row, &["provider_code"]),
            payment_method_code: short(row, &["payment_method_code"]),
            environment: row.environment(),
            has_test_marker: row.flag("test") == Some(true) || metadata.is_true("test_mode"),
            created_at: short(row, &["created_at"]),
            updated_at: short(row, &["updated_at"]),
            metadata,
        })
    }
}

/// Where each generation put the members that matter. A bare `id` is the object's own, so what it names depends on
/// what the object is.
struct Names {
    transaction_id: &'static [&'static str],
    refund_id: &'static [&'static str],
    dispute_id: &'static [&'static str],
    checkout_session_id: &'static [&'static str],
}

impl Names {
    fn of(kind: &EventKind) -> Self {
        let unowned = Self {
            transaction_id: &["transaction_id"],
            refund_id: &["refund_id"],
            dispute_id: &["dispute_id"],
            checkout_session_id: &["checkout_session_id"],
        };
        match kind {
            EventKind::PaymentSucceeded | EventKind::PaymentFailed | EventKind::PaymentCreated => {
                Self { transaction_id: &["transaction_id", "id"], ..unowned }
            }
            EventKind::RefundCreated | EventKind::RefundCompleted | EventKind::RefundFailed => {
                Self { refund_id: &["refund_id", "id"], ..unowned }
            }
            EventKind::CheckoutCompleted | EventKind::CheckoutExpired => {
                Self { checkout_session_id: &["checkout_session_id", "id"], ..unowned }
            }
            EventKind::DisputeCreated | EventKind::DisputeUpdated | EventKind::DisputeClosed => {
                Self { dispute_id: &["dispute_id", "id"], ..unowned }
            }
            // The object is lomi's assessment, which nobody asks for by its id.
            EventKind::PaymentRiskFlagged | EventKind::PaymentRiskBlocked => unowned,
            EventKind::Test | EventKind::Other(_) => unowned,
        }
    }
}

/// `refunded_amount` is zero before the money has left, and may lack lomi's fee afterwards: it recognises no refund.
fn amount(row: &Row<'_>, kind: &EventKind) -> Result<Option<Amount>, Unusable> {
    if !matches!(kind, EventKind::RefundCreated | EventKind::RefundCompleted | EventKind::RefundFailed) {
        return row.amount(&["gross_amount", "amount"]);
    }
    match row.amount(&["amount"])? {
        Some(amount) if amount.is_positive() => Ok(Some(amount)),
        nothing => Ok(row.amount(&["refunded_amount"])?.or(nothing)),
    }
}

/// Money that cannot be read makes an event unusable, but where nobody knows how it would be written.
fn if_shaped<T>(kind: &EventKind, read: Result<Option<T>, Unusable>) -> Result<Option<T>, Unusable> {
    if kind.is_without_shape() { Ok(read.unwrap_or_default()) } else { read }
}

/// A longer text is no id, name or time of lomi; it could only burst a key of the caller's store.
fn short(row: &Row<'_>, names: &[&'static str]) -> Option<String> {
    row.text(names).filter(|text| text.len() <= 255)
}
