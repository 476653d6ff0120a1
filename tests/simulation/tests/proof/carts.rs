//! One signed cart under two keys: the first order was refused by lomi and retries while a process of the second key,
//! which takes the cart over, is frozen.

use std::time::Duration;

use futures::future::join;
use serde_json::json;
use simulation::{Blow, in_virtual_time, requests};
use tokio::time::sleep;

use crate::stage::Stage;

const STEPS: u32 = 20;
/// Less than the time-out of a DynamoDB call.
const SLEEP: Duration = Duration::from_millis(900);
/// By then the other process is frozen; it wakes up after the retry.
const RETRY_AFTER: Duration = Duration::from_millis(90);

/// Which key gets a page when the second key's process is frozen at this step: [the refused order's, the other].
fn race(step: u32) -> [bool; 2] {
    in_virtual_time(async || {
        let stage = Stage::new();
        let wish = |key| requests::signed(requests::page(key, 2_500), "cart", 2_500);
        let refusal = json!({ "target": "POST /checkout-sessions", "kind": "status", "arg": 400, "times": 1 });
        stage.act("/_sim/faults", &refusal).await;
        assert!(stage.stack.create(&wish("one")).await.expect("alive").is_err(), "lomi. refuses the first try");
        stage.stack.strike(move |name, number| {
            let is_the_other = name == "create" && number == 2;
            (0, is_the_other.then_some((step, Blow::Freeze(SLEEP))).into_iter().collect())
        });
        let again = async {
            sleep(RETRY_AFTER).await;
            stage.stack.create(&wish("one")).await
        };
        let (other, again) = join(stage.stack.create(&wish("other")), again).await;
        [again, other].map(|created| created.expect("alive").is_ok())
    })
}

#[test]
fn of_two_orders_for_one_cart_at_most_one_wins() {
    let won: Vec<_> = (1..=STEPS).map(race).collect();
    println!("[the refused order, the other], by the step at which the other sleeps: {won:?}");
    // Where both must retry later, neither has a page.
    assert!(!won.contains(&[true, true]), "one cart, two pages: {won:?}");
    assert!(won.contains(&[true, false]) && won.contains(&[false, true]), "nobody raced: {won:?}");
}
