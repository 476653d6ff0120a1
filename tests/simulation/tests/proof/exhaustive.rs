//! All cases of which the other proofs test only the distinct ones.

use crate::crash_points::{Pairs, prove};
use crate::orders::assert_one_end_in_every_way;
use lomi_sandbox::Profile;

#[test]
#[ignore = "takes minutes: cargo xtask all-proofs"]
fn no_pair_of_crashes_breaks_a_promise() {
    prove(Profile::Current, Pairs::All);
}

#[test]
#[ignore = "takes minutes: cargo xtask all-proofs"]
fn repeated_reordered_events_end_in_the_same_state() {
    assert_one_end_in_every_way();
}
