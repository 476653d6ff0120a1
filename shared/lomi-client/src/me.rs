//! `GET /me`.

use crate::key::Environment;
use crate::row::{Resource, Row, Unusable};

/// The owner of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Me {
    /// The organisation that owns all objects of this key; compare it with `organization_id` of events.
    pub organization_id: String,
    /// The organisation's display name.
    pub organization_name: Option<String>,
    /// The merchant account.
    pub merchant_id: Option<String>,
    /// The environment of the key; `None` when lomi does not say.
    pub environment: Option<Environment>,
}

impl Resource for Me {
    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        Ok(Self {
            organization_id: row.required(&["organization_id"])?,
            organization_name: row.text(&["organization_name"]),
            merchant_id: row.text(&["merchant_id"]),
            environment: row.environment(),
        })
    }
}
