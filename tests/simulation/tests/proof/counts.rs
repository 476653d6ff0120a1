//! The number of exchanges per order without faults, so that no change makes an order more expensive unnoticed.

use simulation::in_virtual_time;

use crate::stage::Stage;

/// Exchanges of every process of this name so far: with lomi, writes to the table, reads of the table.
fn exchanges(stage: &Stage, name: &str) -> (usize, usize, usize) {
    let of_process = format!("{name}#");
    let lines = stage.stack.trace.lines();
    let asked: Vec<_> = lines
        .iter()
        .filter(|line| line.split_whitespace().nth(2).is_some_and(|place| place.starts_with(&of_process)))
        .filter_map(|line| line.split_once(" before ")?.1.split_whitespace().next())
        .collect();
    let count = |words: &[&str]| asked.iter().filter(|word| words.contains(word)).count();
    (count(&["GET", "POST"]), count(&["TransactWriteItems", "PutItem", "UpdateItem"]), count(&["GetItem", "Query"]))
}

#[test]
fn an_order_takes_no_unnecessary_requests() {
    for by_card in [false, true] {
        in_virtual_time(async || {
            let stage = Stage::new();
            let bought = stage.buy("shop-1", by_card).await;
            let (lomi, writes, _) = exchanges(&stage, "create");
            assert_eq!((lomi, writes), (1, 2), "one call to lomi. and two writes: {:?}", stage.stack.trace.lines());
            stage.pay(&bought).await;
            stage.deliver().await;
            let (lomi, writes, _) = exchanges(&stage, "webhook");
            assert_eq!((lomi, writes), (0, 1), "one transaction: {:?}", stage.stack.trace.lines());
            let shown = stage.stack.status(&bought.order_id, &bought.order_token).await.expect("alive").expect("shown");
            assert!(shown.order.status().is_paid());
            assert_eq!(exchanges(&stage, "status"), (0, 0, 1), "one read: {:?}", stage.stack.trace.lines());
        });
    }
}
