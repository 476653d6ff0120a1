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
    /// The envelope's id. It can differ between deliveries of one event: detect duplicates by the kind and the
    /// transaction or refund, and use this id for logs only.
    pub id: Option<String>,
    /// What happened.
    pub kind: EventKind,
    /// The name as sent; `kind` has one value for all names of an event.
    pub name: String,
    /// Time of this attempt, ISO 8601 UTC as sent.
    pub timestamp: Option<String>,
    /// The object of the event.
    pub data: EventData,
}

/// The object of an event: a transaction, a refund, a dispute or a session, depending on `kind`.
///
/// Every field is optional, and ids are texts as sent (1 to 255 bytes): an authentic event must be kept even where it
/// is not understood. Compare organisation, amount, currency and environment with your order before you act on it.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct EventData {
    /// The transaction of the payment or refund. Always a UUID, so that one payment has one id here.
    pub transaction_id: Option<String>,
    /// The transaction's public id (`txn_...`), where the event carries it; only the API maps it to the UUID.
    pub public_id: Option<String>,
    /// The refund, on refund events.
    pub refund_id: Option<String>,
    /// The dispute, on dispute events.
    pub dispute_id: Option<String>,
    /// The session; missing in mobile-money events.
    pub checkout_session_id: Option<String>,
    /// The organisation that owns the object.
    pub organization_id: Option<String>,
    /// The customer that lomi found or created for the payer.
    pub customer_id: Option<String>,
    /// The object's own status (`completed`, `failed`, ...); it may disagree with the event's name.
    pub status: Option<String>,
    /// The reason of a refund or dispute.
    pub reason: Option<String>,
    /// lomi's decision on a risky payment.
    pub decision: Option<String>,
    /// The payment (`gross_amount`, else `amount`), in lomi's own unit. Of a refund event the requested refund
    /// (`amount`, else `refunded_amount`), of a dispute the disputed amount, where it is readable.
    pub amount: Option<Amount>,
    /// The discount of a coupon; only in events of card payments.
    pub discount_amount: Option<Amount>,
    /// The currency of `amount`; missing in refund events.
    pub currency_code: Option<CurrencyCode>,
    /// `WAVE`, `MTN`, `STRIPE` (cards), ...
    pub provider_code: Option<String>,
    /// `CARDS`, `MOBILE_MONEY`, ...
    pub payment_method_code: Option<String>,
    /// The merchant's metadata and keys that the provider adds.
    pub metadata: Metadata,
    /// The object's own environment. [`WebhookEvent::environment`] also reads the metadata.
    pub environment: Option<Environment>,
    /// Whether the object is a sample (`test: true`, or `test_mode: true` in its metadata).
    pub has_test_marker: bool,
    /// Time of creation, ISO 8601 UTC as sent.
    pub created_at: Option<String>,
    /// Time of the last change, ISO 8601 UTC as sent.
    pub updated_at: Option<String>,
}

/// Why an authentic body is not a readable event. Keep the delivery: lomi does not send it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// Not UTF-8.
    #[error("the event is not UTF-8")]
    NotUtf8,
    /// Not a JSON object.
    #[error("the event is not a JSON object")]
    NotAnObject,
    /// The field is missing or has the wrong form.
    #[error("the event's {0} cannot be read")]
    Field(&'static str),
}

impl From<Unusable> for EventError {
    fn from(unusable: Unusable) -> Self {
        Self::Field(unusable.0)
    }
}

impl WebhookEvent {
    /// Reads a verified body. Unknown fields and unknown events are fine. An unreadable amount or currency is an error,
    /// except in events without a documented shape: there it counts as absent.
    pub fn parse(body: VerifiedBody<'_>) -> Result<Self, EventError> {
        let text = std::str::from_utf8(body.bytes()).map_err(|_| EventError::NotUtf8)?;
        let row = Row::parse(text).ok_or(EventError::NotAnObject)?;
        let name = short(&row, &["event", "type"]).ok_or(EventError::Field("event"))?;
        let kind = EventKind::from(name.as_str());
        let data = match (row.row("data"), &kind) {
            // The test delivery has one envelope more.
            (Some(data), EventKind::Test) => data.row("object").unwrap_or(data),
            (Some(data), _) => data,
            (None, _) => return Err(EventError::Field("data")),
        };
        Ok(Self {
            id: short(&row, &["id"]),
            data: EventData::read(&data, &kind)?,
            timestamp: short(&row, &["timestamp"]),
            kind,
            name,
        })
    }

    /// The environment, by lomi's own rule: the object's `environment`, else `payment_environment` in its metadata,
    /// else test when `test_mode` there is `true`. Otherwise `None`: lomi then assumes live, although mobile-money
    /// events of the test environment look the same.
    pub fn environment(&self) -> Option<Environment> {
        let metadata = &self.data.metadata;
        self.data
            .environment
            .or_else(|| metadata.text("payment_environment")?.parse().ok())
            .or_else(|| metadata.is_true("test_mode").then_some(Environment::Test))
    }
}

impl EventData {
    fn read(row: &Row<'_>, kind: &EventKind) -> Result<Self, Unusable> {
        let metadata = row.metadata();
        let names = IdNames::of(kind);
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
            amount: strict_if_documented(kind, amount(row, kind))?,
            discount_amount: strict_if_documented(kind, row.amount(&["discount_amount"]))?,
            currency_code: strict_if_documented(kind, row.currency(&["currency_code", "currency"]))?,
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

/// Under which names the generations send the ids. A bare `id` belongs to the object, so its meaning depends on the
/// kind of event.
struct IdNames {
    transaction_id: &'static [&'static str],
    refund_id: &'static [&'static str],
    dispute_id: &'static [&'static str],
    checkout_session_id: &'static [&'static str],
}

impl IdNames {
    fn of(kind: &EventKind) -> Self {
        let full_names = Self {
            transaction_id: &["transaction_id"],
            refund_id: &["refund_id"],
            dispute_id: &["dispute_id"],
            checkout_session_id: &["checkout_session_id"],
        };
        match kind {
            EventKind::PaymentSucceeded | EventKind::PaymentFailed | EventKind::PaymentCreated => {
                Self { transaction_id: &["transaction_id", "id"], ..full_names }
            }
            EventKind::RefundCreated | EventKind::RefundCompleted | EventKind::RefundFailed => {
                Self { refund_id: &["refund_id", "id"], ..full_names }
            }
            EventKind::CheckoutCompleted | EventKind::CheckoutExpired => {
                Self { checkout_session_id: &["checkout_session_id", "id"], ..full_names }
            }
            EventKind::DisputeCreated | EventKind::DisputeUpdated | EventKind::DisputeClosed => {
                Self { dispute_id: &["dispute_id", "id"], ..full_names }
            }
            // The object is lomi's risk assessment; no route takes its id.
            EventKind::PaymentRiskFlagged | EventKind::PaymentRiskBlocked => full_names,
            EventKind::Test | EventKind::Other(_) => full_names,
        }
    }
}

/// `refunded_amount` is zero before the payout and may lack lomi's fee afterwards, so it does not identify a refund.
fn amount(row: &Row<'_>, kind: &EventKind) -> Result<Option<Amount>, Unusable> {
    if !matches!(kind, EventKind::RefundCreated | EventKind::RefundCompleted | EventKind::RefundFailed) {
        return row.amount(&["gross_amount", "amount"]);
    }
    match row.amount(&["amount"])? {
        Some(amount) if amount.is_positive() => Ok(Some(amount)),
        not_positive => Ok(row.amount(&["refunded_amount"])?.or(not_positive)),
    }
}

/// Unreadable money makes an event unusable, except where lomi documents no shape: there it counts as absent.
fn strict_if_documented<T>(kind: &EventKind, read: Result<Option<T>, Unusable>) -> Result<Option<T>, Unusable> {
    if kind.has_unknown_shape() { Ok(read.unwrap_or_default()) } else { read }
}

/// No id, name or time of lomi is longer; a longer text could exceed a key of the caller's database.
fn short(row: &Row<'_>, names: &[&'static str]) -> Option<String> {
    row.text(names).filter(|text| text.len() <= 255)
}
