//! All cases of which the other proofs test only the distinct ones.

use crate::crash_points::{Pairs, prove};
use crate::orders::assert_one_end_in_every_way;
use lomi_sandbox::Profile;

#[test]
#[ignore = "takes minutes: cargo xtask all-proofs"]
fn no_pair_of_crashes_at_all_breaks_a_promise() {
    prove(Profile::Current, Pairs::All);
}

#[test]
#[ignore = "takes minutes: cargo xtask all-proofs"]
fn it_ends_alike_in_every_order_however_often_and_by_whichever_way() {
    assert_one_end_in_every_way();
}
