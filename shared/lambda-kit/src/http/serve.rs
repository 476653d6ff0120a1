//! The loop around a handler.

use super::{Queries, Request, Response, gateway};
use crate::config::Function;
use crate::invocation::{Deadlines, is_cold_start, run_with_deadline};
use crate::language::Language;
use crate::problem::{Code, Problem};
use crate::start::StartError;
use crate::telemetry::{Field, Outcome, Telemetry};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde_json::value::RawValue;
use std::time::Duration;

/// The limits of one function's routes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest body, in bytes after decoding.
    pub body_bytes: usize,
    /// Longest time to an answer. Lambda's time-out, less a margin, counts when it is shorter.
    pub budget: Duration,
    /// The query parameters that its routes under `/admin` take.
    pub queries: Queries,
}

/// Serves until Lambda ends the process. A problem, a panic and a passed deadline are answered with a response too.
pub async fn serve<H>(function: Function, limits: Limits, handler: H) -> Result<(), StartError>
where
    H: AsyncFn(Request, &mut Telemetry) -> Result<Response, Problem>,
{
    let (function, handler) = (&function, &handler);
    let service = service_fn(async |event: LambdaEvent<Box<RawValue>>| {
        let telemetry = Telemetry::start(function.clone());
        Ok::<_, Diagnostic>(invoke(telemetry, limits, handler, event).await)
    });
    Runtime::new(service).run().await.map_err(|_| StartError::Runtime)
}

async fn invoke<H>(
    mut telemetry: Telemetry,
    limits: Limits,
    handler: &H,
    event: LambdaEvent<Box<RawValue>>,
) -> ApiGatewayV2httpResponse
where
    H: AsyncFn(Request, &mut Telemetry) -> Result<Response, Problem>,
{
    let request_id = event.context.request_id;
    let deadlines = Deadlines::new(limits.budget, event.context.deadline);
    telemetry.id(Field::RequestId, &request_id);
    telemetry.flag(Field::ColdStart, is_cold_start());

    let mut language = Language::default();
    let answered = run_with_deadline(deadlines.hard, async {
        let event = gateway::parse(event.payload.get()).ok_or(Problem::new(Code::InternalError))?;
        language = gateway::language(&event);
        telemetry.route(event.route_key.as_deref().unwrap_or_default());
        let request = gateway::request(event, deadlines.use_case, limits)?;
        telemetry.number(Field::RequestBodyBytes, request.body.len());
        handler(request, &mut telemetry).await
    })
    .await;

    let (result, interrupted) = match answered {
        Ok(result) => (result, None),
        Err(Outcome::TimedOut) => (Err(Problem::new(Code::Timeout)), Some(Outcome::TimedOut)),
        Err(interrupted) => (Err(Problem::new(Code::InternalError)), Some(interrupted)),
    };
    let response = result.unwrap_or_else(|problem| {
        telemetry.problem(&problem);
        problem.to_response(&request_id, language)
    });
    telemetry.number(Field::HttpStatus, response.status());
    telemetry.finish(interrupted.unwrap_or(outcome_of(response.status())));
    gateway::response(response)
}

const fn outcome_of(status: u16) -> Outcome {
    match status {
        ..400 => Outcome::Ok,
        400..500 => Outcome::Refused,
        500.. => Outcome::Failed,
    }
}
