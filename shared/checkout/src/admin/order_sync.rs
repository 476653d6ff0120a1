//! The look at one order that somebody asks for by hand.

use super::OperationError;
use crate::Context;
use crate::lookup::{LookupError, LookupResult, is_unknown_to_lomi};
use crate::reconcile::{Report, counted, refunds, tell};
use domain::Order;
use lomi_client::Client;
use tokio::time::Instant;

/// Asks lomi. about `order` now, whatever its schedule says, in a bounded number of calls: up to sixty, and ten for each payment that lomi. calls refunded. What lomi. says goes through the
/// same judgement as everything that the reconciler finds.
///
/// The order's turn to be asked about is not taken, and its schedule does not move: nothing is written unless something is
/// changes, so asking often costs calls and changes nothing. The gateway's throttle bounds the calls.
///
/// A case that fails holds up none of the others.
///
/// # Errors
/// That of the first case that failed. What the others brought is written all the same, and in `report`.
pub(super) async fn ask_about(
    context: &Context,
    lomi: &Client,
    order: &Order,
    deadline: Instant,
    report: &mut Report,
) -> Result<(), OperationError> {
    // 1 Payments that name it, in lomi.'s list: the page of an order that is over may have been paid all the same.
    let listed = counted(context.identify(lomi, order, deadline).await, calls, report);
    let has_news = told(&listed, report);
    // 2 What it is to be paid on, where the list shows nothing.
    let single = if has_news || is_asked_by_list(order) {
        Ok(())
    } else {
        let found = counted(context.lookup(lomi, order, deadline).await, calls, report);
        told(&found, report);
        unless_unknown(found)
    };
    // 3 What became of its refunds.
    let refunds = if order.awaits_refund_updates() {
        refunds::look_at(context, lomi, order, deadline, report).await.map(|_| ())
    } else {
        Ok(())
    };
    listed?;
    single?;
    Ok(refunds?)
}

/// Whether there was anything to tell.
fn told(found: &Result<LookupResult, LookupError>, report: &mut Report) -> bool {
    let settled = found.as_ref().map_or(&[][..], |found| &found.settled);
    tell(settled, report);
    !settled.is_empty()
}

/// That lomi. knows no such thing is an answer.
fn unless_unknown(found: Result<LookupResult, LookupError>) -> Result<(), LookupError> {
    match found {
        Err(LookupError::Lomi(error)) if is_unknown_to_lomi(&error) => Ok(()),
        found => found.map(|_| ()),
    }
}

const fn calls(found: &LookupResult) -> u32 {
    found.calls
}

/// Whether nothing but the list can tell who paid.
fn is_asked_by_list(order: &Order) -> bool {
    order.payment_intent_id().is_none() && (order.status().is_paid() || order.checkout_session_id().is_none())
}
