//! The clock and randomness: what a use case cannot make for itself.

use domain::Timestamp;
use std::sync::Arc;

/// The time of day. Waits and deadlines use `tokio::time` instead, which never jumps.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// A clock that reads `now`.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The moment of this call.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

/// Unpredictable bytes for ids and tokens.
#[derive(Clone)]
pub struct Entropy(Arc<dyn Fn() -> [u8; 32] + Send + Sync>);

impl Entropy {
    /// A source that draws from `draw`; every call must give fresh bytes.
    pub fn new(draw: impl Fn() -> [u8; 32] + Send + Sync + 'static) -> Self {
        Self(Arc::new(draw))
    }

    /// 256 fresh bits.
    #[must_use]
    pub fn bytes(&self) -> [u8; 32] {
        (self.0)()
    }
}
