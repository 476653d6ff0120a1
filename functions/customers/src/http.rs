//! The routes, and their mapping to calls of lomi.

use crate::body::Body;
use crate::query::CustomerListQuery;
use crate::view::{CustomerList, CustomerView, TransactionList};
use lambda_kit::http::{Limits, Queries, Request, Response, json};
use lambda_kit::language::Text;
use lambda_kit::lomi::{Lomi, LomiSettings, report};
use lambda_kit::problem::{Code, FieldError, Problem};
use lambda_kit::telemetry::{Counter, Field, Telemetry};
use lambda_kit::wiring::Connected;
use lomi_client::customers::Customers;
use lomi_client::{Customer, CustomerId, Error, Outcome, UpdateCustomer};
use std::time::Duration;

/// A profile with every field at its longest is below.
pub(crate) const LIMITS: Limits = Limits { body_bytes: 16 * 1024, budget: Duration::from_secs(8), queries: QUERIES };

const QUERIES: Queries =
    &[("GET /admin/customers", &["search", "type", "status", "page", "pageSize", "limit", "cursor"])];

pub(crate) struct App {
    lomi: Lomi,
}

impl App {
    pub(crate) fn new(connected: &Connected, lomi: LomiSettings) -> Self {
        Self { lomi: connected.lomi(lomi) }
    }

    pub(crate) async fn handle(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        match request.route.as_str() {
            "POST /admin/customers" => self.create(request, telemetry).await,
            "GET /admin/customers" => self.list(request, telemetry).await,
            "GET /admin/customers/{customer_id}" => self.get(request, telemetry).await,
            "PATCH /admin/customers/{customer_id}" => self.update(request, telemetry).await,
            "DELETE /admin/customers/{customer_id}" => self.delete(request, telemetry).await,
            "GET /admin/customers/{customer_id}/transactions" => self.transactions(request, telemetry).await,
            _ => Err(Problem::new(Code::NotFound)),
        }
    }

    async fn create(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        let customer = json::<Body>(request)?.into_new()?;
        let call = self.customers(request, telemetry).await?.create(&customer);
        let created = call.deadline(request.deadline).send().await.map_err(|error| not_created(error, telemetry))?;
        telemetry.id(Field::CustomerId, created.customer_id.as_str());
        Response::json(201, &CustomerView::of(&created))
    }

    async fn list(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        let query = CustomerListQuery::read(request)?;
        let customers = self.customers(request, telemetry).await?;
        let page = query.page.of(|size, place| query.list(&customers, (size, place), request)).await;
        let page = page.map_err(|error| failed(error, telemetry))?;
        Response::json(200, &CustomerList::of(&page, &query.page))
    }

    async fn get(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        let id = customer_id(request, telemetry)?;
        let customers = self.customers(request, telemetry).await?;
        Response::json(200, &CustomerView::of(&read(&customers, &id, request, telemetry).await?))
    }

    async fn update(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        let id = customer_id(request, telemetry)?;
        let changes = json::<Body>(request)?.into_changes()?;
        let customers = self.customers(request, telemetry).await?;
        let id = uuid(&customers, id, request, telemetry).await?;
        let call = customers.update(&id, &changes).deadline(request.deadline);
        let customer = call.send().await.map_err(|error| failed(error, telemetry))?;
        match kept_texts(&changes, &customer) {
            errors if errors.is_empty() => Response::json(200, &CustomerView::of(&customer)),
            errors => Err(Problem::new(Code::CustomerTextKept).about(errors)),
        }
    }

    async fn delete(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        let id = customer_id(request, telemetry)?;
        let customers = self.customers(request, telemetry).await?;
        let id = uuid(&customers, id, request, telemetry).await?;
        let call = customers.delete(&id).deadline(request.deadline);
        call.send().await.map_err(|error| failed(error, telemetry))?;
        Ok(Response::no_content())
    }

    async fn transactions(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        let id = customer_id(request, telemetry)?;
        let customers = self.customers(request, telemetry).await?;
        let id = uuid(&customers, id, request, telemetry).await?;
        let call = customers.transactions(&id).deadline(request.deadline);
        let transactions = call.send().await.map_err(|error| failed(error, telemetry))?;
        Response::json(200, &TransactionList::of(&transactions))
    }

    async fn customers(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Customers, Problem> {
        Ok(self.lomi.client_or_refusal(request.deadline, telemetry).await?.customers())
    }
}

/// `not_found` without a call for what cannot be a customer id of lomi.
fn customer_id(request: &Request, telemetry: &mut Telemetry) -> Result<CustomerId, Problem> {
    let is_printed = |id: &CustomerId| id.is_uuid() || id.as_str().starts_with("cus_");
    let id = CustomerId::parse(request.path("customer_id")).ok().filter(is_printed);
    let id = id.ok_or(Problem::new(Code::NotFound))?;
    telemetry.id(Field::CustomerId, id.as_str());
    Ok(id)
}

async fn read(
    customers: &Customers,
    id: &CustomerId,
    request: &Request,
    telemetry: &mut Telemetry,
) -> Result<Customer, Problem> {
    let customer = customers.get(id).deadline(request.deadline).send().await;
    customer.map_err(|error| {
        report(&error, telemetry);
        Problem::of_read(error, id.is_uuid())
    })
}

/// The customer's UUID. A public id is resolved with a read first: if a change failed at a public id, its outcome would
/// be unknown.
async fn uuid(
    customers: &Customers,
    id: CustomerId,
    request: &Request,
    telemetry: &mut Telemetry,
) -> Result<CustomerId, Problem> {
    if id.is_uuid() {
        return Ok(id);
    }
    let id = read(customers, &id, request, telemetry).await?.customer_id;
    telemetry.id(Field::CustomerId, id.as_str());
    Ok(id)
}

/// The texts that the change should clear and that lomi's answer still has.
fn kept_texts(changes: &UpdateCustomer, customer: &Customer) -> Vec<FieldError> {
    let kept = changes.cleared.iter().filter(|text| text.of(&customer.profile).is_some());
    let detail = Text { en: "lomi. kept the old value.", fr: "lomi. a gardé l'ancienne valeur." };
    kept.map(|text| FieldError { pointer: format!("/{}", text.as_str()), detail }).collect()
}

/// For reads, changes and deletes, which may be repeated.
fn failed(error: Error, telemetry: &mut Telemetry) -> Problem {
    report(&error, telemetry);
    error.into()
}

/// For creates: lomi takes no idempotency key here, so a repeated call would create a second customer.
fn not_created(error: Error, telemetry: &mut Telemetry) -> Problem {
    report(&error, telemetry);
    if error.outcome() == Outcome::Unknown {
        telemetry.count(Counter::InDoubt);
    }
    Problem::of_creation(error)
}
