//! Compares the granted permissions with the recorded calls.

use std::collections::BTreeSet;

use tests::calls::Call;

/// Every difference, as a sentence that names the function, the action and the key.
pub(crate) fn findings(granted: &BTreeSet<Call>, made: &BTreeSet<Call>) -> Vec<String> {
    let missing = made.difference(granted);
    let missing = missing.map(|call| format!("{} calls {call}, which the template does not allow it", call.function));
    let unused = granted.difference(made);
    let unused = unused.map(|call| format!("{} may call {call}, which no test ever made it do", call.function));
    missing.chain(unused).collect()
}
