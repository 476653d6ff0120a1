//! The query of the customer list.

use lambda_kit::http::Request;
use lambda_kit::language::Text;
use lambda_kit::paging::PageRequest;
use lambda_kit::problem::Problem;
use lomi_client::customers::Customers;
use lomi_client::{Customer, CustomerActivity, CustomerType, ListPlace, Listing};

/// The default of lomi's customers document.
const DEFAULT_PAGE_SIZE: u8 = 50;
const MAX_SEARCH_CHARS: usize = 200;

pub(crate) struct CustomerListQuery {
    search: Option<String>,
    customer_type: Option<CustomerType>,
    status: Option<CustomerActivity>,
    pub(crate) page: PageRequest,
}

impl CustomerListQuery {
    pub(crate) fn read(request: &Request) -> Result<Self, Problem> {
        let long = Text { en: "1 to 200 characters.", fr: "De 1 à 200 caractères." };
        let search = request.query_as("search", search, long)?;
        let types = Text { en: "business, individual or all.", fr: "business, individual ou all." };
        let customer_type = request.query_as("type", customer_type, types)?.flatten();
        let statuses = Text { en: "active, inactive or all.", fr: "active, inactive ou all." };
        let status = request.query_as("status", activity, statuses)?.flatten();
        Ok(Self { search, customer_type, status, page: PageRequest::read(request, DEFAULT_PAGE_SIZE)? })
    }

    /// The filtered list at lomi, from `place` on.
    pub(crate) fn list(
        &self,
        customers: &Customers,
        (size, place): (u8, Option<&ListPlace>),
        request: &Request,
    ) -> Listing<Customer> {
        let mut call = customers.list().page_size(size.into()).deadline(request.deadline);
        if let Some(place) = place {
            call = call.starting_at(place);
        }
        if let Some(search) = &self.search {
            call = call.search(search);
        }
        if let Some(customer_type) = self.customer_type {
            call = call.customer_type(customer_type);
        }
        if let Some(status) = self.status {
            call = call.status(status);
        }
        call.stream()
    }
}

fn search(text: &str) -> Option<String> {
    let fits = text.chars().count() <= MAX_SEARCH_CHARS && !text.contains(char::is_control);
    fits.then(|| text.to_owned())
}

#[expect(clippy::option_option, reason = "the outer None is an unknown word, the inner one is `all`")]
fn customer_type(text: &str) -> Option<Option<CustomerType>> {
    match text {
        "business" => Some(Some(CustomerType::Business)),
        "individual" => Some(Some(CustomerType::Individual)),
        "all" => Some(None),
        _ => None,
    }
}

#[expect(clippy::option_option, reason = "the outer None is an unknown word, the inner one is `all`")]
fn activity(text: &str) -> Option<Option<CustomerActivity>> {
    match text {
        "active" => Some(Some(CustomerActivity::Active)),
        "inactive" => Some(Some(CustomerActivity::Inactive)),
        "all" => Some(None),
        _ => None,
    }
}
