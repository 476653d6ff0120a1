//! Wire <-> lomi.

use crate::body::Body;
use crate::query::Question;
use crate::view::{CustomerList, CustomerView, TransactionList};
use edge::http::{Limits, Queries, Request, Response, json};
use edge::lomi::{Lomi, LomiSettings, report};
use edge::problem::{Code, Problem};
use edge::telemetry::{Counter, Field, Telemetry};
use edge::wiring::Connected;
use lomi_client::customers::Customers;
use lomi_client::{CustomerId, Error, Outcome};
use std::time::Duration;

/// A profile with every member at its longest stays below.
pub(crate) const LIMITS: Limits = Limits { body_bytes: 16 * 1024, budget: Duration::from_secs(8), queries: QUERIES };

const QUERIES: Queries = &[("GET /admin/customers", &["search", "type", "status", "limit", "cursor"])];

pub(crate) struct App {
    lomi: Lomi,
}

impl App {
    pub(crate) fn new(connected: &Connected, lomi: LomiSettings) -> Self {
        Self { lomi: connected.lomi(lomi) }
    }

    pub(crate) async fn handle(&self, request: &Request, event: &mut Telemetry) -> Result<Response, Problem> {
        match request.route.as_str() {
            "POST /admin/customers" => self.create(request, event).await,
            "GET /admin/customers" => self.list(request, event).await,
            "GET /admin/customers/{customer_id}" => self.get(request, event).await,
            "PATCH /admin/customers/{customer_id}" => self.update(request, event).await,
            "DELETE /admin/customers/{customer_id}" => self.delete(request, event).await,
            "GET /admin/customers/{customer_id}/transactions" => self.transactions(request, event).await,
            _ => Err(Problem::new(Code::NotFound)),
        }
    }

    async fn create(&self, request: &Request, event: &mut Telemetry) -> Result<Response, Problem> {
        let customer = json::<Body>(request)?.into_new()?;
        let call = self.customers(request, event).await?.create(&customer);
        let created = call.deadline(request.deadline).send().await.map_err(|error| not_created(error, event))?;
        event.id(Field::CustomerId, created.customer_id.as_str());
        Response::json(201, &CustomerView::of(&created))
    }

    async fn list(&self, request: &Request, event: &mut Telemetry) -> Result<Response, Problem> {
        let question = Question::read(request)?;
        let call = question.call(&self.customers(request, event).await?);
        let mut listing = call.deadline(request.deadline).stream();
        let page = listing.next_page().await.map_err(|error| failed(error, event))?;
        let next_cursor = page.next.as_ref().map(|place| question.cursor(place));
        Response::json(200, &CustomerList::of(&page.rows, next_cursor))
    }

    async fn get(&self, request: &Request, event: &mut Telemetry) -> Result<Response, Problem> {
        let id = customer_id(request, event)?;
        let call = self.customers(request, event).await?.get(&id);
        let customer = call.deadline(request.deadline).send().await.map_err(|error| failed(error, event))?;
        Response::json(200, &CustomerView::of(&customer))
    }

    async fn update(&self, request: &Request, event: &mut Telemetry) -> Result<Response, Problem> {
        let id = customer_id(request, event)?;
        let changes = json::<Body>(request)?.into_changes()?;
        let call = self.customers(request, event).await?.update(&id, &changes);
        let customer = call.deadline(request.deadline).send().await.map_err(|error| failed(error, event))?;
        Response::json(200, &CustomerView::of(&customer))
    }

    async fn delete(&self, request: &Request, event: &mut Telemetry) -> Result<Response, Problem> {
        let id = customer_id(request, event)?;
        let call = self.customers(request, event).await?.delete(&id);
        call.deadline(request.deadline).send().await.map_err(|error| failed(error, event))?;
        Ok(Response::no_content())
    }

    async fn transactions(&self, request: &Request, event: &mut Telemetry) -> Result<Response, Problem> {
        let id = customer_id(request, event)?;
        let call = self.customers(request, event).await?.transactions(&id);
        let transactions = call.deadline(request.deadline).send().await.map_err(|error| failed(error, event))?;
        Response::json(200, &TransactionList::of(&transactions))
    }

    async fn customers(&self, request: &Request, event: &mut Telemetry) -> Result<Customers, Problem> {
        Ok(self.lomi.client_or_refusal(request.deadline, event).await?.customers())
    }
}

/// What is no UUID is nobody's, and lomi. need not be asked: some of its generations answer 500 to it.
fn customer_id(request: &Request, event: &mut Telemetry) -> Result<CustomerId, Problem> {
    // lomi. takes nothing else here.
    let id = CustomerId::parse(request.path("customer_id")).ok().filter(CustomerId::is_uuid);
    let id = id.ok_or(Problem::new(Code::NotFound))?;
    event.id(Field::CustomerId, id.as_str());
    Ok(id)
}

/// Reading, changing and deleting may be asked for again without harm.
fn failed(error: Error, event: &mut Telemetry) -> Problem {
    report(&error, event);
    error.into()
}

/// Creating may not: lomi. takes no idempotency key here, and asked twice it makes two customers.
fn not_created(error: Error, event: &mut Telemetry) -> Problem {
    report(&error, event);
    if error.outcome() == Outcome::Unknown {
        event.count(Counter::InDoubt);
    }
    Problem::of_creation(error)
}
