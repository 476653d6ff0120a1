//! Waits for asynchronous results.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Far longer than anything takes, so that only a missing result fails.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(15);

/// Polls until the result is there; fails with `what` after 20 s.
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
