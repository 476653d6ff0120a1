//! An authenticated request.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Extension;
use serde_json::Value;

use super::error::ApiError;
use crate::clock::Timestamp;
use crate::model::{Caller, Environment};
use crate::settings::Profile;

/// Bounds the rows of one page.
const MAX_PAGE: usize = 1000;

/// The address of the other end of the connection. Absent when there is no connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// The id of the request: the caller's, or a new one.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// How long the fault `latency_ms` delays the effect.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause(pub(crate) u64);

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) caller: Caller,
    pub(crate) profile: Profile,
    /// Method and path pattern.
    pub(crate) route: String,
    /// Null when no body was sent.
    pub(crate) body: Value,
    pub(crate) query: HashMap<String, String>,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) request_id: String,
    pub(crate) pause_ms: u64,
}

/// The argument of a handler.
pub(crate) type Admitted = Extension<Arc<Call>>;

impl Call {
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// A page size or an offset.
    pub(crate) fn whole(&self, name: &str, default: usize) -> Result<usize, ApiError> {
        let Some(text) = self.query(name) else { return Ok(default) };
        text.parse().map_err(|_| ApiError::bad_request("Validation failed (numeric string is expected)"))
    }

    pub(crate) fn limit(&self, name: &str, default: usize) -> Result<usize, ApiError> {
        Ok(self.whole(name, default)?.min(MAX_PAGE))
    }

    /// A date of a filter, ISO 8601.
    pub(crate) fn instant(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        // An unencoded plus sign arrives as a space.
        let read = |text: &str| {
            let instant = Timestamp::parse(&text.replace(' ', "+"));
            instant.ok_or_else(|| ApiError::bad_request(format!("{name} must be an ISO date")))
        };
        self.query(name).map(read).transpose()
    }

    /// Whether a row of this owner and environment belongs to the key.
    pub(crate) fn covers(&self, organization_id: &str, environment: Environment) -> bool {
        self.owns(organization_id) && self.caller.environment == environment
    }

    /// Whether the row belongs to the organisation, whatever its environment.
    pub(crate) fn owns(&self, organization_id: &str) -> bool {
        self.caller.organization_id == organization_id
    }
}
