//! Disputes (chargebacks).

use serde::Deserialize;

use crate::clock::Timestamp;
use crate::context::Context;
use crate::model::{Dispute, Transaction};
use crate::webhook::{announce, event};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Turn {
    Created,
    Updated,
    Closed,
}

impl Turn {
    const fn event(self) -> &'static str {
        match self {
            Self::Created => event::DISPUTE_CREATED,
            Self::Updated => event::DISPUTE_UPDATED,
            Self::Closed => event::DISPUTE_CLOSED,
        }
    }

    /// The status in the terms of the card processor.
    const fn usual_status(self) -> &'static str {
        match self {
            Self::Created => "needs_response",
            Self::Updated => "under_review",
            Self::Closed => "lost",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DisputeRefused {
    None,
    There,
}

/// Opens, updates or closes the dispute of the payment and announces it.
pub(crate) fn turn(
    context: &mut Context,
    transaction: &Transaction,
    turn: Turn,
    (status, reason): (Option<String>, Option<String>),
    now: Timestamp,
) -> Result<Dispute, DisputeRefused> {
    let known = of(context, &transaction.transaction_id).map(|dispute| dispute.dispute_id.clone());
    let id = match (known, turn) {
        (Some(_), Turn::Created) => return Err(DisputeRefused::There),
        (None, Turn::Updated | Turn::Closed) => return Err(DisputeRefused::None),
        (Some(id), _) => id,
        (None, Turn::Created) => open(context, transaction, now),
    };
    let dispute = context.disputes.get_mut(&id).ok_or(DisputeRefused::None)?;
    dispute.status = status.unwrap_or_else(|| turn.usual_status().to_owned());
    dispute.reason = reason.unwrap_or_else(|| dispute.reason.clone());
    dispute.is_closed |= turn == Turn::Closed;
    let dispute = dispute.clone();
    announce::dispute(context, &dispute, turn.event(), now);
    Ok(dispute)
}

pub(crate) fn of<'a>(context: &'a Context, transaction_id: &str) -> Option<&'a Dispute> {
    context.disputes.newest_first().find(|dispute| dispute.transaction_id == transaction_id)
}

fn open(context: &mut Context, transaction: &Transaction, now: Timestamp) -> String {
    let dispute = Dispute {
        dispute_id: context.ids.uuid(),
        transaction_id: transaction.transaction_id.clone(),
        organization_id: transaction.organization_id.clone(),
        environment: transaction.environment,
        amount: transaction.gross_amount,
        currency_code: transaction.currency_code,
        reason: "fraudulent".to_owned(),
        status: String::new(),
        is_closed: false,
        created_at: now,
    };
    context.disputes.insert(dispute.clone());
    dispute.dispute_id
}
