//! A function that is invoked without a route: by CloudFormation, by an operator, by a schedule with its own input.

use crate::config::Function;
use crate::invocation::{Deadlines, is_cold_start, run_with_deadline};
use crate::start::StartError;
use crate::telemetry::{Counter, Field, Outcome, Telemetry};
use lambda_http::lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::time::Instant;

/// The work failed; the handler has reported why. Lambda counts it as an error of the function, and the invoker may
/// retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

/// Serves until Lambda ends the process. `handler` gets the event and its deadline, at most `budget` ahead; its result
/// is the response of the invocation.
pub async fn serve<E, A, H>(function: Function, budget: Duration, handler: H) -> Result<(), StartError>
where
    E: DeserializeOwned,
    A: Serialize,
    H: AsyncFn(E, Instant, &mut Telemetry) -> Result<A, Failed>,
{
    let (function, handler) = (&function, &handler);
    let service = service_fn(async |event: LambdaEvent<E>| invoke(function.clone(), budget, handler, event).await);
    Runtime::new(service).run().await.map_err(|_| StartError::Runtime)
}

async fn invoke<E, A, H>(
    function: Function,
    budget: Duration,
    handler: &H,
    event: LambdaEvent<E>,
) -> Result<A, Diagnostic>
where
    H: AsyncFn(E, Instant, &mut Telemetry) -> Result<A, Failed>,
{
    let mut telemetry = Telemetry::start(function);
    telemetry.id(Field::RequestId, &event.context.request_id);
    telemetry.flag(Field::ColdStart, is_cold_start());
    let deadlines = Deadlines::new(budget, event.context.deadline);
    let (answer, outcome) =
        match run_with_deadline(deadlines.hard, handler(event.payload, deadlines.use_case, &mut telemetry)).await {
            Ok(Ok(answer)) => (Some(answer), Outcome::Ok),
            Ok(Err(Failed)) => (None, Outcome::Failed),
            Err(interrupted) => (None, interrupted),
        };
    telemetry.finish(outcome);
    // A constant: the details are in the log line.
    let failure = || Diagnostic { error_type: "Failed".to_owned(), error_message: "see the log".to_owned() };
    answer.ok_or_else(failure)
}

/// Runs a part of an invocation whose failure must not stop the parts that follow. `None`, counted in `telemetry`, when it
/// panicked or did not end before `deadline`.
pub async fn run_isolated<T>(
    deadline: Instant,
    telemetry: &mut Telemetry,
    work: impl AsyncFnOnce(&mut Telemetry) -> T,
) -> Option<T> {
    match run_with_deadline(deadline, work(&mut *telemetry)).await {
        Ok(done) => return Some(done),
        Err(Outcome::Panicked) => telemetry.count(Counter::Panicked),
        Err(_) => telemetry.count(Counter::TimedOut),
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::StackName;
    use domain::Environment;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(20)
    }

    #[tokio::test]
    async fn a_step_that_panics_or_hangs_is_isolated_and_counted() {
        let stack = StackName::parse("lomi-checkout").unwrap();
        let mut telemetry = Telemetry::start(Function { name: "example", environment: Environment::Sandbox, stack });
        assert_eq!(run_isolated(soon(), &mut telemetry, async |_| 7).await, Some(7));
        assert_eq!(run_isolated(soon(), &mut telemetry, async |_| panic!("contained")).await, None::<u8>);
        assert_eq!(run_isolated(soon(), &mut telemetry, async |_| std::future::pending().await).await, None::<u8>);
        assert_eq!((telemetry.counted(Counter::Panicked), telemetry.counted(Counter::TimedOut)), (1, 1));
    }
}
