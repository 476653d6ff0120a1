//! Money that comes when the page has long ended, and of which no event tells.

use std::time::Duration;

use lomi_sandbox::Profile;
use serde_json::Value;
use simulation::{Bought, Payable, Stack, Weather, in_virtual_time, requests};
use tokio::time::sleep;

const MINUTE: Duration = Duration::from_secs(60);
/// One of the ten is left for clocks that differ.
const RUNS_TO_PAID: u32 = 9;

#[test]
fn money_that_comes_after_the_pages_end_is_known_within_ten_minutes_whenever_it_comes() {
    for minutes in 58..=80 {
        in_virtual_time(async || {
            let stack = Stack::new(7, Profile::Current, Weather::fair(7));
            let created = stack.create(&requests::page("late", 500)).await.expect("no crash").expect("a page");
            let bought = Bought::read(&created);
            let Payable::Page(session) = &bought.payable else { panic!("not a page") };
            sweep(&stack, minutes).await;
            let (status, _) = stack.lomi.act(&format!("/_sim/sessions/{session}/late_approve"), &Value::Null).await;
            assert_eq!(status, 200);
            sweep(&stack, RUNS_TO_PAID).await;
            assert_eq!(stack.dynamodb.items("ORDER#")[0]["status"], "paid", "money after {minutes} minutes");
        });
    }
}

async fn sweep(stack: &Stack, minutes: u32) {
    for _ in 0..minutes {
        sleep(MINUTE).await;
        stack.reconcile().await.expect("no crash");
    }
}
