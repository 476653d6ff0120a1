//! The answers about a checkout session.

use crate::check::is_web_url;
use crate::ids::{CheckoutSessionId, CustomerId, PaymentLinkId, PlanId, ProductId, SubscriptionId};
use crate::key::Environment;
use crate::listing::Listed;
use crate::open_enum::open_enum;
use crate::paging::{Page, Paging};
use crate::row::{Row, Unusable};
use crate::{Amount, CurrencyCode, CustomerDetails, Metadata};

open_enum! {
    /// Where a session stands. There is no "cancelled": a shopper who gives up leaves it open and payable.
    SessionStatus {
        /// Payable until `expires_at`; may still read so for a while after it.
        Open = "open",
        /// Paid.
        Completed = "completed",
        /// Its time ran out. A payment confirmed late can still complete it.
        Expired = "expired",
    }
}

/// A session as lomi knows it. What lomi leaves out of an answer is `None`: reads carry less than creation.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CheckoutSession {
    /// Its id.
    pub checkout_session_id: CheckoutSessionId,
    /// Its page. Not every generation tells it in reads: keep the one from creation. Absolute http(s) URL.
    pub checkout_url: Option<String>,
    /// Where it stands.
    pub status: SessionStatus,
    /// What it collects, in lomi's own unit.
    pub amount: Option<Amount>,
    /// The currency of `amount`.
    pub currency_code: Option<CurrencyCode>,
    /// From when on it cannot be paid, ISO 8601 UTC as sent.
    pub expires_at: Option<String>,
    /// Heading of the page.
    pub title: Option<String>,
    /// Text on the page (`description`, earlier `public_description`).
    pub public_description: Option<String>,
    /// What was pre-filled.
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
    /// Rails that the page may offer (first generation only); empty otherwise.
    pub allowed_providers: Vec<String>,
    /// Whether the shopper may enter a coupon, and so change the amount.
    pub allow_coupon_code: Option<bool>,
    /// Where a payment leads, as the merchant sent it.
    pub success_url: Option<String>,
    /// Where giving up leads.
    pub cancel_url: Option<String>,
    /// What the merchant attached; the first generation does not send it back on creation.
    pub metadata: Metadata,
    /// The merchant account that made it; since 2026 only in reads.
    pub merchant_id: Option<String>,
    /// The owning organisation.
    pub organization_id: Option<String>,
    /// Test or live, when the answer says; reads do not.
    pub environment: Option<Environment>,
    /// Time of creation, ISO 8601 UTC as sent.
    pub created_at: Option<String>,
    /// Time of the last change, ISO 8601 UTC as sent.
    pub updated_at: Option<String>,
}

impl CheckoutSession {
    /// A read without a status would be taken for "nothing happened", so it is unusable.
    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        let status = row.text(&["status"]).ok_or(Unusable("status"))?;
        Self::with_status(row, SessionStatus::from_wire(status))
    }

    fn with_status(row: &Row<'_>, status: SessionStatus) -> Result<Self, Unusable> {
        let id = row.id(&["checkout_session_id", "id"]);
        Ok(Self {
            checkout_session_id: id.ok_or(Unusable("checkout_session_id"))?,
            checkout_url: row.text(&["checkout_url", "url"]).filter(|url| is_web_url(url)),
            status,
            amount: row.amount(&["amount"])?,
            currency_code: row.currency(&["currency_code", "currency"])?,
            expires_at: row.text(&["expires_at"]),
            title: row.text(&["title"]),
            public_description: row.text(&["description", "public_description"]),
            customer: CustomerDetails::read(row),
            customer_id: row.id(&["customer_id"]),
            payment_link_id: row.id(&["payment_link_id"]),
            product_id: row.id(&["product_id"]),
            subscription_id: row.id(&["subscription_id"]),
            plan_id: row.id(&["plan_id"]),
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

    pub(crate) fn decode(text: &str) -> Result<Self, Unusable> {
        Self::read(&Row::enveloped(text).ok_or(Unusable("body"))?)
    }
}

impl Listed for Vec<CheckoutSession> {
    type Row = CheckoutSession;
    const PAGING: Paging = Paging::Offset { limit: 20 };

    fn read_page(text: &str) -> Result<Page<CheckoutSession>, Unusable> {
        Page::read(text, CheckoutSession::read)
    }

    fn id(row: &CheckoutSession) -> &str {
        row.checkout_session_id.as_str()
    }
}

/// What a 2xx to a create means: not always a session.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub enum CreatedCheckoutSession {
    /// A session that can be paid.
    Session(Box<NewCheckoutSession>),
    /// No session: this customer or subscription has an unpaid invoice, which has a page of its own.
    InvoicePaymentRequired(BlockingInvoice),
}

/// A fresh session together with its page, which not every generation tells again.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NewCheckoutSession {
    /// The hosted page: send the shopper there, do not take it apart. Absolute http(s) URL.
    pub checkout_url: String,
    /// The session.
    pub session: CheckoutSession,
}

/// The invoice that has to be paid before lomi makes a session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockingInvoice {
    /// Its id.
    pub invoice_id: Option<String>,
    /// Its number for humans.
    pub invoice_number: Option<String>,
    /// What is still to pay, in lomi's own unit.
    pub amount_remaining: Option<Amount>,
    /// The currency of `amount_remaining`.
    pub currency_code: Option<CurrencyCode>,
    /// The page where it can be paid.
    pub checkout_url: Option<String>,
}

impl CreatedCheckoutSession {
    pub(crate) fn decode(text: &str) -> Result<Self, Unusable> {
        let row = Row::enveloped(text).ok_or(Unusable("body"))?;
        if row.flag("payment_required") == Some(true) {
            return BlockingInvoice::read(&row).map(Self::InvoicePaymentRequired);
        }
        let status = row.text(&["status"]).map_or(SessionStatus::Open, SessionStatus::from_wire);
        let session = CheckoutSession::with_status(&row, status)?;
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
