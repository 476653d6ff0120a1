//! The answers about a checkout session.

use strum::{AsRefStr, EnumString};

use crate::check::is_web_url;
use crate::ids::{CheckoutSessionId, CustomerId, PaymentLinkId, PlanId, ProductId, SubscriptionId};
use crate::key::Environment;
use crate::listing::ListRow;
use crate::open_enum::as_str;
use crate::paging::Paging;
use crate::row::{Resource, Row, Unusable};
use crate::{Amount, CurrencyCode, CustomerDetails, Metadata};

/// The status of a session. There is no "cancelled": after a shopper cancels, the session stays open and payable.
#[derive(Debug, Clone, PartialEq, Eq, Hash, AsRefStr, EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum SessionStatus {
    /// Payable until `expires_at`; may stay `open` for a while after it.
    Open,
    /// Paid.
    Completed,
    /// Expired. A late confirmation can still complete it.
    Expired,
    /// Any other, as sent.
    #[strum(default, transparent)]
    Other(String),
}

as_str!(SessionStatus);

/// A checkout session. Fields missing in the answer are `None`: a read has fewer than a create.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CheckoutSession {
    /// Its id.
    pub checkout_session_id: CheckoutSessionId,
    /// Its page, an absolute http(s) URL. Not every generation returns it in reads: keep it from the create.
    pub checkout_url: Option<String>,
    /// Its status.
    pub status: SessionStatus,
    /// The amount, in lomi's own unit.
    pub amount: Option<Amount>,
    /// The currency of `amount`.
    pub currency_code: Option<CurrencyCode>,
    /// Its end, ISO 8601 UTC as sent.
    pub expires_at: Option<String>,
    /// Heading of the page.
    pub title: Option<String>,
    /// Text on the page (`description`, earlier `public_description`).
    pub public_description: Option<String>,
    /// The pre-filled contact details.
    pub customer: CustomerDetails,
    /// The customer it is for.
    pub customer_id: Option<CustomerId>,
    /// The payment link that opened it.
    pub payment_link_id: Option<PaymentLinkId>,
    /// The product that sets the amount.
    pub product_id: Option<ProductId>,
    /// The subscription that it pays for.
    pub subscription_id: Option<SubscriptionId>,
    /// The plan of a subscription (first generation only).
    pub plan_id: Option<PlanId>,
    /// Providers that the page may offer (first generation only); empty otherwise.
    pub allowed_providers: Vec<String>,
    /// Whether the shopper may enter a coupon, and so change the amount.
    pub allow_coupon_code: Option<bool>,
    /// Return page after a payment, as the merchant sent it.
    pub success_url: Option<String>,
    /// Return page after cancelling.
    pub cancel_url: Option<String>,
    /// The merchant's metadata; the first generation omits it in the answer to a create.
    pub metadata: Metadata,
    /// The merchant account; since 2026 only in reads.
    pub merchant_id: Option<String>,
    /// The owning organisation.
    pub organization_id: Option<String>,
    /// The environment, if the answer says; reads do not.
    pub environment: Option<Environment>,
    /// Time of creation, ISO 8601 UTC as sent.
    pub created_at: Option<String>,
    /// Time of the last change, ISO 8601 UTC as sent.
    pub updated_at: Option<String>,
}

impl Resource for CheckoutSession {
    /// A session without a status is unusable: it would look like an unpaid one.
    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        Self::with_status(row, row.required(&["status"])?)
    }
}

impl CheckoutSession {
    fn with_status(row: &Row<'_>, status: SessionStatus) -> Result<Self, Unusable> {
        Ok(Self {
            checkout_session_id: row.required(&["checkout_session_id", "id"])?,
            checkout_url: row.text(&["checkout_url", "url"]).filter(|url| is_web_url(url)),
            status,
            amount: row.amount(&["amount"])?,
            currency_code: row.currency(&["currency_code", "currency"])?,
            expires_at: row.text(&["expires_at"]),
            title: row.text(&["title"]),
            public_description: row.text(&["description", "public_description"]),
            customer: CustomerDetails::read(row),
            customer_id: row.parsed(&["customer_id"]),
            payment_link_id: row.parsed(&["payment_link_id"]),
            product_id: row.parsed(&["product_id"]),
            subscription_id: row.parsed(&["subscription_id"]),
            plan_id: row.parsed(&["plan_id"]),
            allowed_providers: row.texts("allowed_providers").unwrap_or_default(),
            allow_coupon_code: row.flag("allow_coupon_code"),
            success_url: row.text(&["success_url"]),
            cancel_url: row.text(&["cancel_url"]),
            metadata: row.metadata(),
            merchant_id: row.text(&["merchant_id"]),
            organization_id: row.text(&["organization_id"]),
            environment: row.environment(),
            created_at: row.text(&["created_at"]),
            updated_at: row.text(&["updated_at"]),
        })
    }
}

impl ListRow for CheckoutSession {
    const PAGING: Paging = Paging::Offset { limit: 20 };

    fn id(&self) -> &str {
        self.checkout_session_id.as_str()
    }
}

/// The result of a create: not always a session.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub enum CreatedCheckoutSession {
    /// A session that can be paid.
    Session(Box<NewCheckoutSession>),
    /// No session: this customer or subscription has an unpaid invoice with its own page.
    InvoicePaymentRequired(BlockingInvoice),
}

/// A new session with its page, which not every generation returns in reads.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NewCheckoutSession {
    /// The hosted page, an absolute http(s) URL: send the shopper there; do not parse it.
    pub checkout_url: String,
    /// The session.
    pub session: CheckoutSession,
}

/// The invoice that must be paid before lomi creates a session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockingInvoice {
    /// Its id.
    pub invoice_id: Option<String>,
    /// Its invoice number.
    pub invoice_number: Option<String>,
    /// The unpaid amount, in lomi's own unit.
    pub amount_remaining: Option<Amount>,
    /// The currency of `amount_remaining`.
    pub currency_code: Option<CurrencyCode>,
    /// Its page.
    pub checkout_url: Option<String>,
}

impl Resource for CreatedCheckoutSession {
    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        if row.flag("payment_required") == Some(true) {
            return BlockingInvoice::read(row).map(Self::InvoicePaymentRequired);
        }
        let status = row.parsed(&["status"]).unwrap_or(SessionStatus::Open);
        let session = CheckoutSession::with_status(row, status)?;
        let checkout_url = session.checkout_url.clone().ok_or(Unusable("checkout_url"))?;
        Ok(Self::Session(Box::new(NewCheckoutSession { checkout_url, session })))
    }
}

impl BlockingInvoice {
    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        let invoice = row.row("blocking_invoice").ok_or(Unusable("blocking_invoice"))?;
        Ok(Self {
            invoice_id: invoice.text(&["invoice_id"]),
            invoice_number: invoice.text(&["invoice_number"]),
            amount_remaining: invoice.amount(&["amount_remaining"])?,
            currency_code: invoice.currency(&["currency_code"])?,
            checkout_url: invoice.text(&["checkout_url"]).filter(|url| is_web_url(url)),
        })
    }
}
