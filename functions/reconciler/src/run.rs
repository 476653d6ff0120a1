//! One scheduled run.

use checkout::Context;
use checkout::reconcile::{Report, Run};
use checkout::webhooks::heartbeat::seconds_since_last_webhook;
use lambda_kit::lomi::{Lomi, LomiSettings};
use lambda_kit::scheduled::Failed;
use lambda_kit::telemetry::{Counter, Field, Gauge, Telemetry};
use lambda_kit::wiring::{Connected, TableName};
use std::time::Duration;
use tokio::time::Instant;

/// The next run starts within a minute; this one has ended by then.
pub(crate) const BUDGET: Duration = Duration::from_secs(45);

pub(crate) struct App {
    context: Context,
    lomi: Lomi,
}

impl App {
    pub(crate) fn new(connected: &Connected, table: TableName, lomi: LomiSettings) -> Self {
        Self { context: connected.context(table), lomi: connected.lomi(lomi) }
    }

    pub(crate) async fn run(&self, deadline: Instant, telemetry: &mut Telemetry) -> Result<(), Failed> {
        self.measure_webhook_age(telemetry).await;
        let lomi = self.lomi.client(deadline, telemetry).await.ok_or(Failed)?;
        let mut report = Report::default();
        let finished = Run::new(&self.context, &lomi, deadline, &mut report).reconcile().await;
        if let Err(error) = finished {
            telemetry.word(Field::ProblemCause, error.reason());
            telemetry.count(Counter::OwnFailures);
        }
        emit(report, telemetry);
        // An order that could not be checked stays due. The alarm watches Lambda's error count.
        if finished.is_ok() && report.failed == 0 { Ok(()) } else { Err(Failed) }
    }

    /// Runs first, so that a failing run measures it too. Nothing is measured when the table does not answer.
    async fn measure_webhook_age(&self, telemetry: &mut Telemetry) {
        match seconds_since_last_webhook(&self.context).await {
            Ok(Some(seconds_since_last_webhook)) => {
                telemetry.measure(Gauge::SecondsSinceWebhook, seconds_since_last_webhook)
            }
            Ok(None) => {}
            Err(_) => telemetry.count(Counter::OwnFailures),
        }
    }
}

fn emit(report: Report, telemetry: &mut Telemetry) {
    telemetry.number(Field::ReconcileDue, report.due);
    telemetry.number(Field::ReconcileRepaired, report.repaired);
    telemetry.number(Field::ReconcileSkipped, report.skipped);
    telemetry.number(Field::ReconcileFailed, report.failed);
    telemetry.found(report);
}
