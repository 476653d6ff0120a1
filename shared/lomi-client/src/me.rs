//! `GET /me`.

use crate::key::Environment;
use crate::row::{Row, Unusable};

/// Whose key this is, as lomi sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Me {
    /// The organisation that owns everything made with this key; compare it with `organization_id` of events.
    pub organization_id: String,
    /// The organisation's display name.
    pub organization_name: Option<String>,
    /// The merchant account.
    pub merchant_id: Option<String>,
    /// The environment that the key really opens; `None` when lomi does not say.
    pub environment: Option<Environment>,
}

pub(crate) fn decode(text: &str) -> Result<Me, Unusable> {
    let row = Row::enveloped(text).ok_or(Unusable("body"))?;
    Ok(Me {
        organization_id: row.text(&["organization_id"]).ok_or(Unusable("organization_id"))?,
        organization_name: row.text(&["organization_name"]),
        merchant_id: row.text(&["merchant_id"]),
        environment: row.environment(),
    })
}
