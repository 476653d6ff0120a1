//! The check of one order that an operator requests.

use super::OperationError;
use crate::lookup::LookupError;
use crate::provider_error::is_unknown_to_lomi;
use crate::run::{Run, RunError};
use domain::Order;

impl Run<'_> {
    /// Reads what lomi says about `order` now, whatever its schedule says, in a bounded number of calls: up to sixty,
    /// and ten for each payment that lomi calls refunded. The answers go through the same code as in the reconciler.
    ///
    /// Nothing is written unless something changed, so a repetition costs calls and changes nothing; the order's poll
    /// slot and schedule stay. The gateway's throttle bounds the calls. A call that fails does not prevent the others.
    ///
    /// # Errors
    /// The error of the first call that failed. What the others brought is written, and counted in the report.
    pub(super) async fn sync_order(&mut self, order: &Order) -> Result<(), OperationError> {
        let (context, lomi) = (self.context, self.lomi);
        // 1 Payments that name it, in lomi's list: the page of an order that is over may have been paid all the same.
        let identified = context.find_payments(lomi, order, self.deadline).await;
        let listed = self.finish(identified);
        let has_changed = listed.as_ref().is_ok_and(|found| !found.outcomes.is_empty());
        // 2 Its page or card form, where the list shows nothing.
        let single = if has_changed || is_found_by_list_only(order) {
            Ok(())
        } else {
            let looked_up = context.lookup(lomi, order, self.deadline).await;
            match self.finish(looked_up) {
                // lomi's answer that it knows no such object is an answer.
                Err(LookupError::Lomi(error)) if is_unknown_to_lomi(&error) => Ok(()),
                looked_up => looked_up.map(drop),
            }
        };
        // 3 Its refunds.
        let refunds = if order.awaits_refund_updates() { self.check_refunds(order).await } else { Ok(()) };
        listed?;
        single?;
        match refunds {
            Err(RunError::NoCallsLeft) => Ok(()),
            refunds => Ok(refunds?),
        }
    }
}

/// Whether only lomi's list can show who paid.
fn is_found_by_list_only(order: &Order) -> bool {
    order.payment_intent_id().is_none() && (order.status().is_paid() || order.checkout_session_id().is_none())
}
