//! One signed cart that two keys want: the order that lomi. refused tries again while another order takes its cart over.

use std::time::Duration;

use futures::future::join;
use serde_json::json;
use simulation::{in_virtual_time, requests};
use tokio::time::sleep;

use crate::stage::Stage;

/// By then the other order has its page.
const LATEST_MS: u64 = 400;

/// Who got a page when the refused order tried again so late after the other key came: [the refused one, the other].
fn race(late_ms: u64) -> [bool; 2] {
    in_virtual_time(async || {
        let stage = Stage::new();
        let wish = |key| requests::signed(requests::page(key, 2_500), "cart", 2_500);
        let refusal = json!({ "target": "POST /checkout-sessions", "kind": "status", "arg": 400, "times": 1 });
        stage.act("/_sim/faults", &refusal).await;
        assert!(stage.stack.create(&wish("one")).await.expect("alive").is_err(), "lomi. refuses the first try");
        let again = async {
            sleep(Duration::from_millis(late_ms)).await;
            stage.stack.create(&wish("one")).await
        };
        let (again, other) = join(again, stage.stack.create(&wish("other"))).await;
        [again, other].map(|created| created.expect("alive").is_ok())
    })
}

#[test]
fn of_two_orders_that_want_a_cart_exactly_one_gets_it() {
    let mut won = [0, 0];
    for late_ms in (0..LATEST_MS).step_by(2) {
        let has_page = race(late_ms);
        assert_ne!(has_page, [true, true], "{late_ms} ms: one cart is paid twice");
        won = [won[0] + u32::from(has_page[0]), won[1] + u32::from(has_page[1])];
    }
    println!("the refused order won {} times, the other {} times", won[0], won[1]);
    assert!(won.iter().all(|won| *won > 0), "nobody raced: {won:?}");
}
