//! Every exchange of the client with the newest generation, held against the contract that stands beside the stand-in.
//!
//! `LOMI_OPENAPI=<file>` takes another copy of the contract; a relative path begins at the root of the project.

mod answers;
mod bodies;
mod deviations;
mod document;
mod exchange;
mod planted;

use std::collections::BTreeSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use bytes::Bytes;
use futures::future::{LocalBoxFuture, join_all};
use http::{Request, Response};
use lomi_client::{Wire, WireError};
use lomi_sandbox::Sim;
use serde_json::Value;
use tests::Http;

use self::deviations::DEVIATIONS;
use self::document::Document;
use crate::infrastructure::{read, tools::variable};

const COMMITTED: &str = "infra/lomi-sandbox/contract/lomi-api-1.2.0.json";

static CONTRACT: LazyLock<Document> =
    LazyLock::new(|| Document::parse(&read(variable("LOMI_OPENAPI").as_deref().unwrap_or(COMMITTED))));

/// What the client has used of the contract so far, in any test.
#[derive(Debug)]
struct Used {
    operations: BTreeSet<String>,
    /// Of these operations, those that lomi.'s own document lacks.
    absent: BTreeSet<String>,
    /// By their place in the table.
    deviations: BTreeSet<usize>,
}

static USED: Mutex<Used> =
    Mutex::new(Used { operations: BTreeSet::new(), absent: BTreeSet::new(), deviations: BTreeSet::new() });

/// A wire to this stand-in. An exchange that breaks the contract ends the test that asked for it.
pub(super) fn wire(sim: &Sim) -> Wire {
    let (sim, http) = (sim.clone(), Http::default());
    Wire::new(move |request| {
        let (sim, http) = (sim.clone(), http.clone());
        async move { exchange(&sim, &http, request).await }
    })
}

async fn exchange(sim: &Sim, http: &Http, request: Request<Bytes>) -> Result<Response<Bytes>, WireError> {
    let before = struck(sim);
    let answer = forwarded(http, &request).await;
    // What a fault answers is not the stand-in's own.
    let own = answer.as_ref().ok().filter(|_| struck(sim) == before);
    if !pages_otherwise(sim) {
        hold(&request, own);
    }
    answer
}

/// Whether the stand-in plays a reading of lists that is not the contract's. The client follows it.
fn pages_otherwise(sim: &Sim) -> bool {
    let ledger = sim.state();
    ["lists_page_as_before", "list_places_ignored"].iter().any(|quirk| ledger["quirks"][quirk] == true)
}

/// How often a planted fault took an answer's place. A delay changes none, nor does what befalls a webhook.
fn struck(sim: &Sim) -> u64 {
    let ledger = sim.state();
    let faults = ledger["faults"].as_array().unwrap().iter();
    let counts = |fault: &&Value| fault["kind"] != "latency_ms" && fault["target"] != "webhook";
    faults.filter(counts).filter_map(|fault| fault["fired"].as_u64()).sum()
}

async fn forwarded(http: &Http, request: &Request<Bytes>) -> Result<Response<Bytes>, WireError> {
    let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    let headers: Vec<_> = headers.collect();
    let (method, url) = (request.method().as_str(), request.uri().to_string());
    let answer = http
        .try_send(method, &url, &headers, request.body().clone())
        .await
        .map_err(|error| if error.is_connect() { WireError::NotSent } else { WireError::Interrupted })?;
    let mut response = Response::new(answer.body);
    *response.status_mut() = answer.status.try_into().unwrap();
    *response.headers_mut() = answer.headers;
    Ok(response)
}

/// Fails for everything that is neither in the contract nor among the deviations.
#[track_caller]
fn hold(request: &Request<Bytes>, answer: Option<&Response<Bytes>>) {
    let mut used = USED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(operation) = CONTRACT.operation(request.method(), request.uri().path()) {
        used.operations.insert(operation.name());
        used.absent.extend(operation.is_absent.then(|| operation.name()));
    }
    let mut broken = Vec::new();
    for violation in exchange::violations(&CONTRACT, request, answer) {
        let excuses: Vec<_> = (0..DEVIATIONS.len()).filter(|&at| DEVIATIONS[at].excuses(&violation)).collect();
        match excuses.is_empty() {
            true => broken.push(violation.to_string()),
            false => used.deviations.extend(excuses),
        }
    }
    drop(used);
    let text = |body: &Bytes| String::from_utf8_lossy(body).into_owned();
    let (asked, answered) = (text(request.body()), answer.map(|answer| text(answer.body())));
    assert!(broken.is_empty(), "{broken:#?}\n{} {}\n{asked}\n{answered:?}", request.method(), request.uri());
}

/// Every test of the client in the newest generation, once more: only all of them together show what nobody needs.
#[tokio::test]
async fn every_deviation_from_the_contract_is_needed() {
    let all: Vec<LocalBoxFuture<'_, ()>> = vec![
        Box::pin(bodies::in_current()),
        Box::pin(super::account::in_current()),
        Box::pin(super::card_charges::in_current()),
        Box::pin(super::checkout_sessions::in_current()),
        Box::pin(super::customers::in_current()),
        Box::pin(super::delivery_logs::in_current()),
        Box::pin(super::faults::in_current()),
        Box::pin(super::payment_links::in_current()),
        Box::pin(super::refunds::in_current()),
        Box::pin(super::refusals::in_current()),
        Box::pin(super::transactions::in_current()),
        Box::pin(super::webhook_endpoints::in_current()),
        Box::pin(super::webhooks::in_current()),
    ];
    join_all(all).await;
    let used = USED.lock().unwrap_or_else(PoisonError::into_inner);
    let needless = DEVIATIONS.iter().enumerate().filter(|(at, _)| !used.deviations.contains(at));
    let needless: Vec<_> = needless.map(|(_, deviation)| deviation.to_string()).collect();
    assert!(needless.is_empty(), "nobody needs these any more: {needless:#?}");
    assert_eq!(Vec::from_iter(&used.absent), ["GET /me"], "what lomi.'s own document lacks of {:#?}", used.operations);
}
