//! The two answers to a refund request.

use serde::Serialize;

use super::Refund;
use crate::check::is_visible_ascii;
use crate::opaque_debug::opaque_debug;
use crate::row::{Resource, Row, Unusable};
use crate::{Amount, CurrencyCode};

/// The longest confirmation token.
const MAX_TOKEN_CHARS: usize = 1024;

/// The result of `POST /refunds`. Only the body says which: generations and keys differ in whether they require a
/// confirmation.
#[derive(Debug, Clone, PartialEq)]
pub enum RefundAnswer {
    /// lomi recorded the refund.
    Executed(Refund),
    /// No money has moved. The same request with the token executes the refund.
    Preview(RefundPreview),
}

/// What lomi would do. Every field but the token may be missing.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RefundPreview {
    /// Executes this refund.
    pub token: ConfirmationToken,
    /// The end of the token's validity, ISO 8601 as sent.
    pub expires_at: Option<String>,
    /// The payment.
    pub transaction_id: Option<String>,
    /// The refund, in lomi's own unit.
    pub amount: Option<Amount>,
    /// lomi's fee, in the same unit.
    pub fee_amount: Option<Amount>,
    /// The currency of both.
    pub currency_code: Option<CurrencyCode>,
}

/// Confirms a refund. It moves money together with the secret key, so `Debug` does not show it. 1 to 1 024 visible
/// ASCII characters.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ConfirmationToken(String);

impl ConfirmationToken {
    /// `None` if the text is not 1 to 1 024 visible ASCII characters.
    pub fn parse(text: &str) -> Option<Self> {
        is_visible_ascii(text, MAX_TOKEN_CHARS).then(|| Self(text.to_owned()))
    }
}

opaque_debug!(ConfirmationToken);

impl Resource for RefundAnswer {
    /// A body with both a refund and a request for confirmation is unusable.
    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        match (row.flag("requires_confirmation"), row.text(&["refund_id"])) {
            (Some(true), None) => RefundPreview::read(row).map(Self::Preview),
            (Some(true), Some(_)) => Err(Unusable("requires_confirmation")),
            (Some(false) | None, _) => Refund::read(row).map(Self::Executed),
        }
    }
}

impl RefundPreview {
    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        let token = row.text(&["confirmation_token"]).and_then(|text| ConfirmationToken::parse(&text));
        let nested = row.row("preview");
        let shown = nested.as_ref().unwrap_or(row);
        Ok(Self {
            token: token.ok_or(Unusable("confirmation_token"))?,
            expires_at: row.text(&["expires_at"]),
            transaction_id: shown.text(&["transaction_id"]),
            amount: shown.amount(&["amount", "refund_amount"])?,
            fee_amount: shown.amount(&["fee_amount"])?,
            currency_code: shown.currency(&["currency_code", "currency"])?,
        })
    }
}
