//! Payments without events, long after the end of their page.

use std::time::Duration;

use lomi_sandbox::Profile;
use serde_json::{Value, json};
use simulation::{Bought, Faults, Payable, Stack, in_virtual_time, requests};
use tokio::time::sleep;

const MINUTE: Duration = Duration::from_secs(60);
/// One of the ten minutes is left for clocks that differ.
const RUNS_TO_PAID: u32 = 9;

#[test]
fn a_payment_after_the_pages_end_is_found_in_time() {
    for minutes in 58..=80 {
        in_virtual_time(async || {
            let stack = Stack::new(7, Profile::Current, Faults::fair(7));
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

/// One payment waits for approval in the wallet while another one completes: both take money.
#[test]
fn a_second_payment_is_found_whenever_it_comes() {
    for minutes in [20, 59, 61, 63, 80, 120, 178] {
        in_virtual_time(async || {
            let stack = Stack::new(7, Profile::Current, Faults::fair(7));
            let created = stack.create(&requests::page("late", 500)).await.expect("no crash").expect("a page");
            let Payable::Page(session) = &Bought::read(&created).payable else { panic!("not a page") };
            stack.lomi.act("/_sim/profile", &json!({ "quirks": { "allow_double_pay": true } })).await;
            for after in [1, minutes] {
                sweep(&stack, after).await;
                let (status, _) = stack.lomi.act(&format!("/_sim/sessions/{session}/late_approve"), &Value::Null).await;
                assert_eq!(status, 200);
            }
            sweep(&stack, 190).await;
            let order = &stack.dynamodb.items("ORDER#")[0];
            assert_eq!(
                (&order["status"], &order["overpaid"]),
                (&"paid".into(), &true.into()),
                "after {minutes} minutes"
            );
            assert!(order["due_at_ms"].is_null(), "nothing more can come");
        });
    }
}

async fn sweep(stack: &Stack, minutes: u32) {
    for _ in 0..minutes {
        sleep(MINUTE).await;
        stack.reconcile().await.expect("no crash");
    }
}
