//! Waiting for what happens by itself.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Far longer than anything takes, so that only what never happens fails.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(15);

/// Asks until the answer is there, and fails with `what` when it does not come within 20 s.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "did not happen within {} s: {what}", PATIENCE.as_secs());
        sleep(PAUSE).await;
    }
}
