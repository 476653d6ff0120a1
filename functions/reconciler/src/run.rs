//! Schedule <-> use case.

use edge::lomi::{Lomi, LomiSettings};
use edge::scheduled::Failed;
use edge::telemetry::{Counter, Field, Gauge, Telemetry};
use edge::wiring::{Connected, TableName};
use flows::World;
use flows::pulse::silence_s;
use flows::reconcile::{Report, reconcile};
use std::time::Duration;
use tokio::time::Instant;

/// The next run comes within a minute: this one is over by then.
pub(crate) const BUDGET: Duration = Duration::from_secs(45);

pub(crate) struct App {
    world: World,
    lomi: Lomi,
}

impl App {
    pub(crate) fn new(connected: &Connected, table: TableName, lomi: LomiSettings) -> Self {
        Self { world: connected.world(table), lomi: connected.lomi(lomi) }
    }

    pub(crate) async fn run(&self, deadline: Instant, event: &mut Telemetry) -> Result<(), Failed> {
        self.measure_silence(event).await;
        let lomi = self.lomi.client(deadline, event).await.ok_or(Failed)?;
        let mut report = Report::default();
        let finished = reconcile(&self.world, &lomi, deadline, &mut report).await;
        if let Err(error) = finished {
            event.word(Field::ProblemCause, error.reason());
            event.count(Counter::OwnFailures);
        }
        tell(report, event);
        // Whatever could not be looked at stays due; the platform's error count is what wakes somebody up.
        if finished.is_ok() && report.failed == 0 { Ok(()) } else { Err(Failed) }
    }

    /// First of all, so that a run that fails measures it, too. Without an answer from the table there is no measurement.
    async fn measure_silence(&self, event: &mut Telemetry) {
        match silence_s(&self.world).await {
            Ok(Some(silence_s)) => event.measure(Gauge::WebhookSilenceS, silence_s),
            Ok(None) => {}
            Err(_) => event.count(Counter::OwnFailures),
        }
    }
}

fn tell(report: Report, event: &mut Telemetry) {
    event.number(Field::ReconcileDue, report.due);
    event.number(Field::ReconcileRepaired, report.repaired);
    event.number(Field::ReconcileSkipped, report.skipped);
    event.number(Field::ReconcileFailed, report.failed);
    event.found(report);
}
