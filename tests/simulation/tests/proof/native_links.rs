//! Payments by native links, which only the poll for native links can find.

use std::time::Duration;

use futures::future::join;
use lomi_sandbox::Profile;
use simulation::{Fault, Faults, Line, Stack, in_virtual_time};
use tokio::time::sleep;

/// Found by seed 4017: the first write of the polling cursor met another transaction, was taken for done, and a
/// payment was lost.
#[test]
fn a_conflict_on_the_polling_cursor_creates_no_link() {
    in_virtual_time(async || {
        let stack = Stack::new(7, Profile::Current, Faults::fair(7));
        stack.faults.turn(Line::DynamoDb, 0, Fault::Conflicts);
        let until_it_struck = async {
            while stack.faults.struck() == 0 {
                sleep(Duration::from_millis(1)).await;
            }
            stack.faults.calm();
        };
        let (made, ()) = join(stack.make_native_link("k", 500), until_it_struck).await;
        assert_eq!(stack.faults.struck(), 1, "one conflict");
        let is_watched = !stack.dynamodb.items("CURSOR#").is_empty();
        assert!(is_watched || made.expect("no crash").is_err(), "a link that nobody watches");
        let again = stack.make_native_link("k", 500).await.expect("no crash");
        assert!(again.is_ok() && !stack.dynamodb.items("CURSOR#").is_empty(), "the same key makes it");
    });
}
