//! Kills and freezes processes while they work, a random moment after they were caught working.

use std::time::Duration;

use fastrand::Rng;
use futures::future::join_all;
use local::AtWork;
use tokio::time::{Instant, sleep};

use super::{Scene, pause};

/// The functions and their share of the kills in percent.
const PREY: [(&str, u32); 5] = [
    ("create-checkout-session", 30),
    ("create-payment-intent", 20),
    ("webhook-handler", 28),
    ("orders", 15),
    ("reconciler", 7),
];
/// An invocation takes about 10 ms, more on a bad connection: it is killed or frozen within this time.
const LATEST_MS: u64 = 60;
/// A function without requests is skipped after this time.
const PATIENCE: Duration = Duration::from_millis(400);
const KILL_PAUSE_MS: [u64; 2] = [10, 120];
const SLEEPERS: usize = 3;
/// A short freeze, and one that outlasts a lease.
const SLEEP_MS: [[u64; 2]; 2] = [[30, 400], [1_200, 2_500]];

/// Kills until this many processes have died while they worked.
pub(super) async fn kill(scene: &Scene<'_>, kills: u32) {
    let mut rng = scene.rng();
    while scene.tally.borrow().kills() < kills {
        if let Some((function, at_work)) = catch(scene, &mut rng).await
            && at_work.kill().await
        {
            scene.tally.borrow_mut().killed(function);
        }
        pause(&mut rng, KILL_PAUSE_MS).await;
    }
}

/// Freezes processes and thaws them, some after their lease has ended, until the end of the test.
pub(super) async fn freeze(scene: &Scene<'_>) {
    join_all((0..SLEEPERS).map(|_| freeze_one_by_one(scene))).await;
}

async fn freeze_one_by_one(scene: &Scene<'_>) {
    let mut rng = scene.rng();
    while !scene.is_over() {
        let Some((function, at_work)) = catch(scene, &mut rng).await else { continue };
        let sleep_ms = SLEEP_MS[rng.usize(..SLEEP_MS.len())];
        let Some(asleep) = at_work.freeze().await else { continue };
        pause(&mut rng, sleep_ms).await;
        if asleep.thaw().await {
            scene.tally.borrow_mut().frozen(function);
        }
    }
}

/// A working process, a moment later.
async fn catch(scene: &Scene<'_>, rng: &mut Rng) -> Option<(&'static str, AtWork)> {
    let function = prey(rng);
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        let mut at_work = scene.app.stack.at_work(function).expect("a function of the template");
        if !at_work.is_empty() {
            let caught = at_work.swap_remove(rng.usize(..at_work.len()));
            let latest_ms = rng.u64(..LATEST_MS);
            sleep(Duration::from_millis(rng.u64(..=latest_ms))).await;
            return Some((function, caught));
        }
        sleep(Duration::from_millis(1)).await;
    }
    None
}

fn prey(rng: &mut Rng) -> &'static str {
    let whole: u32 = PREY.iter().map(|(_, share)| share).sum();
    let mut lot = rng.u32(..whole);
    for (function, share) in PREY {
        if lot < share {
            return function;
        }
        lot -= share;
    }
    unreachable!("the lot is smaller than the sum of all shares")
}
