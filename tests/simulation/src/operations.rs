//! The actions of an operator on the stack.

use std::future::ready;
use std::pin::pin;

use checkout::admin::{OperationError, OrderSync, Replayed, Resend, Resent, replay, republish, resend, sync};
use checkout::reconcile::Report;
use domain::{OrderId, QuarantineId, Timestamp};
use futures::future::{Either, select};
use store::Republished;

use crate::stack::{CREATE, Stack};

/// The default when the caller names no limit.
const DELIVERIES: u8 = 10;

impl Stack {
    /// `POST /admin/quarantine/{id}/replay`.
    pub async fn replay(&self, id: &QuarantineId) -> Option<Result<Replayed, OperationError>> {
        self.invoke("replay", CREATE, async |deadline| {
            let lomi = async || Some(self.client.clone());
            replay(&self.context, id, lomi, deadline, &mut Report::default()).await
        })
        .await
    }

    /// `POST /admin/orders/{order_id}/sync`.
    pub async fn look_at(&self, id: &OrderId) -> Option<Result<OrderSync, OperationError>> {
        self.invoke("ask", CREATE, async |deadline| {
            let lomi = || ready(Some(self.client.clone()));
            sync(&self.context, id, async || lomi().await, deadline, &mut Report::default()).await
        })
        .await
    }

    /// `POST /admin/webhook-deliveries/replay` over all of lomi's log. The stack receives what lomi sends meanwhile.
    pub async fn resend(&self) -> Option<Result<Resent, OperationError>> {
        let wanted = Resend { since: Timestamp::from_ms(0), limit: DELIVERIES, after: None };
        let work = pin!(self.invoke("resend", CREATE, async |deadline| {
            resend(&self.context, &wanted, async || Some(self.client.clone()), deadline).await
        }));
        let post = pin!(async {
            loop {
                let (delivery, answer) = self.lomi.sent_by_hand().await;
                // The caller may have timed out.
                drop(answer.send(self.receive(&delivery).await));
            }
        });
        match select(work, post).await {
            Either::Left((done, _)) => done,
            Either::Right((never, _)) => never,
        }
    }

    /// `POST /admin/orders/{order_id}/events/replay`.
    pub async fn republish(&self, id: &OrderId) -> Option<Result<Vec<Republished>, OperationError>> {
        self.invoke("republish", CREATE, async |_| republish(&self.context, id).await).await
    }

    /// The unresolved items in quarantine.
    #[must_use]
    pub fn waiting(&self) -> Vec<QuarantineId> {
        let items = self.dynamodb.items("QUARANTINE#");
        let open = items.iter().filter(|item| item["resolved_at_ms"].is_null());
        let text = |item: &serde_json::Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
        open.map(|item| QuarantineId::of(&text(item, "natural_key"), &text(item, "reason"), &text(item, "source")))
            .collect()
    }
}
