//! Fixed-window rate limits per client address and route.

use std::collections::HashMap;

use http::StatusCode;
use serde_json::json;

use super::error::ApiError;
use crate::clock::Timestamp;

/// Bounds the windows in memory. When full, expired windows are dropped.
const MAX_WINDOWS: usize = 10_000;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub(crate) limit: u32,
    pub(crate) window_s: u64,
}

impl Budget {
    fn headers(self, error: ApiError) -> ApiError {
        error
            .with_header("x-ratelimit-limit", self.limit)
            .with_header("x-ratelimit-policy", "fixed-window")
            .with_header("x-ratelimit-window-seconds", self.window_s)
    }

    /// The refusal names the whole window, not the remaining time.
    fn refusal(self) -> ApiError {
        let details = json!({"retry_after_seconds": self.window_s, "limit": self.limit});
        let error = ApiError::plain(StatusCode::TOO_MANY_REQUESTS, "Too many requests").with_details(details);
        self.headers(error.with_header("retry-after", self.window_s))
    }
}

#[derive(Debug)]
struct Window {
    ends_at: Timestamp,
    used: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Limits(HashMap<String, Window>);

impl Limits {
    /// Counts one request and returns how many remain.
    pub(crate) fn spend(&mut self, client: &str, route: &str, budget: Budget, now: Timestamp) -> Result<u32, ApiError> {
        if self.0.len() >= MAX_WINDOWS {
            self.0.retain(|_, window| window.ends_at > now);
        }
        let fresh = || Window { ends_at: now.plus_s(budget.window_s), used: 0 };
        let window = self.0.entry(format!("{client} {route}")).or_insert_with(fresh);
        if window.ends_at <= now {
            *window = fresh();
        }
        if window.used >= budget.limit {
            return Err(budget.refusal());
        }
        window.used += 1;
        Ok(budget.limit - window.used)
    }
}
