//! Finds out what became of refunds.

use super::listing::{ListError, Listing};
use crate::lookup::refund_report::RefundReport;
use crate::lookup::{LookupError, poll_event};
use crate::run::{Run, RunError};
use domain::{Order, OrderEvent, OrderId, Refund, RefundStatus, Source, Timestamp};
use lomi_client::RefundId;
use store::StoreError;

impl Run<'_> {
    /// Reads what lomi says of the order's open refunds. One that lomi fails on delays no other.
    pub(crate) async fn check_refunds(&mut self, order: &Order) -> Result<(), RunError> {
        // 1 A request whose lease has ended is in doubt.
        for (id, _) in order.refunds().iter().filter(|(_, refund)| refund.status == RefundStatus::Requested) {
            self.mark_in_doubt(order.id(), id).await?;
        }
        // 2 Those that lomi has given an id.
        for refund in order.refunds().values().filter(|refund| refund.status == RefundStatus::Pending) {
            self.read_refund(order, refund).await?;
        }
        // 3 Those without an id, and those that were released before they got one.
        let now = self.context.clock.now();
        let unnamed = order.refunds().values().filter(|refund| refund.may_be_listed() && !refund.is_running(now));
        match unnamed.map(|refund| refund.requested_at).min() {
            Some(since) => self.find_refunds(order, since).await,
            None => Ok(()),
        }
    }

    async fn mark_in_doubt(&mut self, order_id: &OrderId, id: &str) -> Result<(), StoreError> {
        let now = self.context.clock.now();
        let change = |order: &Order| {
            let is_left = order.refunds().get(id).is_some_and(|refund| !refund.is_running(now));
            is_left.then(|| order.refund_in_doubt(id, now)).flatten()
        };
        let order = self.context.change_order(order_id, change).await?;
        let status = order.as_ref().and_then(|order| order.refunds().get(id)).map(|refund| refund.status);
        self.report.refunds_in_doubt += u32::from(status == Some(RefundStatus::InDoubt));
        Ok(())
    }

    async fn read_refund(&mut self, order: &Order, refund: &Refund) -> Result<(), RunError> {
        let Some(id) = refund.refund_id.as_deref().and_then(|id| RefundId::parse(id).ok()) else { return Ok(()) };
        self.take_call()?;
        match self.lomi.refunds().get(&id).deadline(self.deadline).send().await {
            Ok(row) => {
                if let Some(report) = RefundReport::of_answer(&row, order, &refund.transaction_id) {
                    self.apply_report(order, &report).await?;
                }
                Ok(())
            }
            Err(error) => self.record_and_continue(error),
        }
    }

    async fn find_refunds(&mut self, order: &Order, since: Timestamp) -> Result<(), RunError> {
        let called_at = self.context.clock.now();
        match self.list_refunds(order, since).await {
            Ok(listing) => {
                if self.apply_reports(order, &listing).await? {
                    self.release_lost(order, &listing, called_at).await?;
                }
                Ok(())
            }
            Err(ListError::NoCallsLeft) => Err(RunError::NoCallsLeft),
            Err(ListError::Lomi(error)) => self.record_and_continue(error),
        }
    }

    /// Applies lomi's list, and returns whether it was read to its end and has no row that could be this refund.
    pub(super) async fn is_unlisted(&mut self, order: &Order, refund: &Refund) -> Result<bool, RunError> {
        let listing = self.list_refunds(order, refund.requested_at).await.map_err(|_| RunError::Lomi)?;
        let is_understood = self.apply_reports(order, &listing).await?;
        let now = self.context.order(order.id()).await?;
        Ok(is_understood && now.is_some_and(|now| !listing.may_hold(refund, order, &now)))
    }

    /// Applies the refunds of the order's payments in lomi's list, whoever made them. `true` when the list was read to
    /// its end and each of its rows is understood.
    pub(super) async fn apply_all_refunds(&mut self, order: &Order) -> Result<bool, LookupError> {
        match self.list_refunds(order, order.created_at()).await {
            Ok(listing) => Ok(self.apply_reports(order, &listing).await?),
            Err(ListError::NoCallsLeft) => Ok(false),
            Err(ListError::Lomi(error)) => Err(error.into()),
        }
    }

    /// `true` when the list was read to its end and each of its rows is understood.
    async fn apply_reports(&mut self, order: &Order, listing: &Listing) -> Result<bool, StoreError> {
        let mut is_understood = listing.is_complete;
        for report in listing.reports() {
            is_understood &= self.apply_report(order, &report).await?;
        }
        Ok(is_understood)
    }

    /// Applies a refund like a webhook. `false` when it is unclear which refund it is: its id is unknown here, and it
    /// has no amount.
    async fn apply_report(&mut self, order: &Order, report: &RefundReport) -> Result<bool, StoreError> {
        let context = self.context;
        let Some(refund) = report.for_order(order, context.environment_of_answer(self.lomi, None)) else {
            return Ok(false);
        };
        let is_understood = refund.money.is_some() || order.refund_called(&refund.refund_id).is_some();
        let event = poll_event(report.natural_key(), &report.summary(), context.clock.now());
        let outcome = match context.ours_by_answer(self.lomi, report.organization_id.as_deref()).await? {
            Some(ours) => context.apply(order.id(), &OrderEvent::Refund(refund), &event, ours).await?,
            None => context.refuse_foreign(order.id(), &event).await?,
        };
        self.count(std::slice::from_ref(&outcome));
        Ok(is_understood)
    }

    /// Releases requests that lomi's list does not show long after they were sent. Not a partial refund that lomi pays
    /// out: its money leaves before the refund is recorded, so it stays in doubt until lomi names it.
    async fn release_lost(
        &mut self,
        before: &Order,
        listing: &Listing,
        called_at: Timestamp,
    ) -> Result<(), StoreError> {
        let context = self.context;
        let Some(order) = context.order(before.id()).await? else { return Ok(()) };
        let is_lost = |refund: &Refund| {
            refund.may_be_released(called_at) && !order.is_paid_out(refund) && !listing.may_hold(refund, before, &order)
        };
        for (id, _) in order.refunds().iter().filter(|(_, refund)| is_lost(refund)) {
            let change = |order: &Order| order.refund_released(id, Source::Reconciler, context.clock.now());
            context.change_order(order.id(), change).await?;
            self.report.refunds_failed += 1;
        }
        Ok(())
    }
}
