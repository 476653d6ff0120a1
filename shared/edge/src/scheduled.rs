//! A function that a schedule starts.

use crate::config::Function;
use crate::invocation::{Deadlines, contain, is_cold_start};
use crate::start::StartError;
use crate::telemetry::{Field, Outcome, Telemetry};
use lambda_http::lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde::de::IgnoredAny;
use std::time::Duration;
use tokio::time::Instant;

/// The work could not be done; the handler has put into the event why. The platform counts it as an error of the
/// function, and the schedule comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

/// Serves until the platform ends the process. `handler` gets the instant at which it has to be done, at most `budget`
/// ahead; what the schedule sends does not matter.
///
/// # Errors
/// When the Runtime API breaks off.
pub async fn serve<H>(function: Function, budget: Duration, handler: H) -> Result<(), StartError>
where
    H: AsyncFn(Instant, &mut Telemetry) -> Result<(), Failed>,
{
    let (function, handler) = (&function, &handler);
    let service =
        service_fn(async |event: LambdaEvent<IgnoredAny>| invoke(function.clone(), budget, handler, event).await);
    Runtime::new(service).run().await.map_err(|_| StartError::Runtime)
}

async fn invoke<H>(
    function: Function,
    budget: Duration,
    handler: &H,
    event: LambdaEvent<IgnoredAny>,
) -> Result<(), Diagnostic>
where
    H: AsyncFn(Instant, &mut Telemetry) -> Result<(), Failed>,
{
    let mut telemetry = Telemetry::start(function);
    telemetry.id(Field::RequestId, &event.context.request_id);
    telemetry.flag(Field::ColdStart, is_cold_start());
    let deadlines = Deadlines::new(budget, event.context.deadline);
    let outcome = match contain(deadlines.edge, handler(deadlines.flow, &mut telemetry)).await {
        Ok(Ok(())) => Outcome::Ok,
        Ok(Err(Failed)) => Outcome::Failed,
        Err(interrupted) => interrupted,
    };
    telemetry.finish(outcome);
    match outcome {
        Outcome::Ok => Ok(()),
        // A constant: the details are in the event.
        _ => Err(Diagnostic { error_type: "Failed".to_owned(), error_message: "see the log".to_owned() }),
    }
}
