//! A function that a schedule starts.

pub use crate::event_function::Failed;

use crate::config::Function;
use crate::event_function;
use crate::start::StartError;
use crate::telemetry::Telemetry;
use serde::de::IgnoredAny;
use std::time::Duration;
use tokio::time::Instant;

/// Serves until Lambda ends the process. `handler` gets its deadline, at most `budget` ahead. The schedule's input is
/// ignored, and a run has no response.
pub async fn serve<H>(function: Function, budget: Duration, handler: H) -> Result<(), StartError>
where
    H: AsyncFn(Instant, &mut Telemetry) -> Result<(), Failed>,
{
    let handler =
        async |_: IgnoredAny, deadline: Instant, telemetry: &mut Telemetry| handler(deadline, telemetry).await;
    event_function::serve(function, budget, handler).await
}
