//! The expiry of sessions and pending transactions.

use crate::clock::Timestamp;
use crate::context::Context;
use crate::model::{SessionStatus, TransactionStatus};
use crate::webhook::announce;
use crate::webhook::event::SESSION_EXPIRED;

/// Expires what has ended, if a sweep is due.
pub(crate) fn sweep(context: &mut Context, sweep_s: u64, now: Timestamp) {
    if now < context.next_sweep {
        return;
    }
    context.next_sweep = now.plus_s(sweep_s);
    while let Some((end, id)) = context.ends.first().cloned()
        && end <= now
    {
        context.ends.pop_first();
        expire_session(context, &id, now);
        expire_transaction(context, &id, now);
    }
}

/// Whether an open session was there to expire.
pub(crate) fn expire_session(context: &mut Context, id: &str, now: Timestamp) -> bool {
    let open = context.sessions.get_mut(id).filter(|session| session.status == SessionStatus::Open);
    let Some(session) = open else { return false };
    session.status = SessionStatus::Expired;
    session.expires_at = session.expires_at.min(now);
    session.updated_at = now;
    announce::session_ended(context, id, SESSION_EXPIRED, now);
    true
}

fn expire_transaction(context: &mut Context, id: &str, now: Timestamp) {
    let pending = context.transactions.get_mut(id).filter(|row| row.status == TransactionStatus::Pending);
    if let Some(transaction) = pending {
        transaction.status = TransactionStatus::Expired;
        transaction.updated_at = now;
    }
}
