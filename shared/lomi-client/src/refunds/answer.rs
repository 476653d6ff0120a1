//! The two answers to a request for a refund.

use std::fmt;

use serde::{Serialize, Serializer};

use super::Refund;
use crate::row::{Row, Unusable};
use crate::{Amount, CurrencyCode};

/// The most characters of a token that is taken for one.
const MAX_TOKEN_CHARS: usize = 1024;

/// What became of `POST /refunds`. The body says it, not the environment: generations and keys differ in whether they ask
/// for a confirmation first.
#[derive(Debug, Clone, PartialEq)]
pub enum RefundAnswer {
    /// lomi recorded the refund.
    Executed(Refund),
    /// Nothing has moved. The same request with the token executes.
    Preview(RefundPreview),
}

/// What lomi would do. It promises no member of it, so all but the token may be missing.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RefundPreview {
    /// Executes the refund that it was given for.
    pub token: ConfirmationToken,
    /// Until when it does, ISO 8601 as sent.
    pub expires_at: Option<String>,
    /// The payment.
    pub transaction_id: Option<String>,
    /// What would go back, in lomi's own unit.
    pub amount: Option<Amount>,
    /// What lomi would keep of it, in the same unit.
    pub fee_amount: Option<Amount>,
    /// The currency of both.
    pub currency_code: Option<CurrencyCode>,
}

/// Moves money together with the secret key; it is shown in no `Debug`. 1 to 1 024 visible ASCII characters.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfirmationToken(String);

impl ConfirmationToken {
    /// `None` for a text that is none.
    pub fn parse(text: &str) -> Option<Self> {
        let is_token = (1..=MAX_TOKEN_CHARS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_token.then(|| Self(text.to_owned()))
    }
}

impl Serialize for ConfirmationToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Debug for ConfirmationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConfirmationToken(..)")
    }
}

impl RefundAnswer {
    /// A body that names a refund and asks for a confirmation as well says neither.
    pub(crate) fn decode(text: &str) -> Result<Self, Unusable> {
        let row = Row::enveloped(text).ok_or(Unusable("body"))?;
        match (row.flag("requires_confirmation"), row.text(&["refund_id"])) {
            (Some(true), None) => RefundPreview::read(&row).map(Self::Preview),
            (Some(true), Some(_)) => Err(Unusable("requires_confirmation")),
            (Some(false) | None, _) => Refund::decode(text).map(Self::Executed),
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
