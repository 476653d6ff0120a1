//! The look at one order that somebody asks for by hand.

use super::OperationError;
use crate::World;
use crate::inquiry::{Findings, InquiryError, is_unknown_to_lomi};
use crate::reconcile::{Report, counted, refunds, tell};
use domain::Order;
use lomi_client::Client;
use tokio::time::Instant;

/// Asks lomi. about `order` now, whatever its schedule says, in sixty calls at most. What lomi. says goes through the
/// same judgement as everything that the reconciler finds.
///
/// The order's turn to be asked about is not taken, and its schedule does not move: nothing is written unless something is
/// learnt, so asking often costs calls and changes nothing. The gateway's throttle bounds the calls.
///
/// # Errors
/// [`OperationError`]. What was learnt before it is written.
pub(super) async fn ask_about(
    world: &World,
    lomi: &Client,
    order: &Order,
    deadline: Instant,
    report: &mut Report,
) -> Result<(), OperationError> {
    // 1 Payments that name it, in lomi.'s list: the page of an order that is over may have been paid all the same.
    let listed = counted(world.identify(lomi, order, deadline).await, calls, report)?;
    tell(&listed.settled, report);
    // 2 What it is to be paid on, where the list shows nothing.
    if listed.settled.is_empty() && !is_asked_by_list(order) {
        match counted(world.inquire(lomi, order, deadline).await, calls, report) {
            Ok(found) => tell(&found.settled, report),
            Err(InquiryError::Lomi(error)) if is_unknown_to_lomi(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // 3 What became of its refunds.
    if order.has_open_refunds() {
        refunds::look_at(world, lomi, order, deadline, report).await?;
    }
    Ok(())
}

const fn calls(findings: &Findings) -> u32 {
    findings.calls
}

/// Whether nothing but the list can tell who paid.
fn is_asked_by_list(order: &Order) -> bool {
    order.is_unidentified() && order.payment_intent_id().is_none()
}
