//! Which customers are asked for, and which page of them.
//!
//! lomi. counts pages; ours are followed by a cursor, which holds lomi.'s page number together with the page size it
//! belongs to: the same number at another size would be another place.

use edge::http::{DEFAULT_LIMIT, FOREIGN_CURSOR, MAX_LIMIT, Request};
use edge::language::Text;
use edge::problem::Problem;
use lomi_client::customers::Customers;
use lomi_client::{Call, CustomerActivity, CustomerPage, CustomerType};

const MAX_SEARCH_CHARS: usize = 200;
/// Ten million customers at the largest size.
const MAX_PAGE: u32 = 100_000;

/// A question about many customers.
pub(crate) struct Question {
    search: Option<String>,
    customer_type: Option<CustomerType>,
    status: Option<CustomerActivity>,
    place: Place,
}

/// A page of lomi.'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    /// From 1.
    page: u32,
    size: u8,
}

impl Question {
    /// Reads `search`, `type`, `status`, `limit` and `cursor`.
    pub(crate) fn read(request: &Request) -> Result<Self, Problem> {
        let long = Text { en: "1 to 200 characters.", fr: "De 1 à 200 caractères." };
        let search = request.query_as("search", search, long)?;
        let types = Text { en: "business, individual or all.", fr: "business, individual ou all." };
        let customer_type = request.query_as("type", customer_type, types)?.flatten();
        let statuses = Text { en: "active, inactive or all.", fr: "active, inactive ou all." };
        let status = request.query_as("status", activity, statuses)?.flatten();
        Ok(Self { search, customer_type, status, place: Place::read(request)? })
    }

    /// The question in lomi.'s words.
    pub(crate) fn call(&self, customers: &Customers) -> Call<CustomerPage> {
        let mut call = customers.list().page(self.place.page).page_size(self.place.size.into());
        if let Some(search) = &self.search {
            call = call.search(search);
        }
        if let Some(customer_type) = self.customer_type {
            call = call.customer_type(customer_type);
        }
        match self.status {
            Some(status) => call.status(status),
            None => call,
        }
    }

    /// The cursor of the page after this one, if there is one.
    pub(crate) fn next(&self, page: &CustomerPage) -> Option<String> {
        let next = Place { page: self.place.page + 1, ..self.place };
        (self.place.has_next(page) && next.page <= MAX_PAGE).then(|| next.to_cursor())
    }
}

impl Place {
    fn read(request: &Request) -> Result<Self, Problem> {
        let limit = request.limit()?;
        let place = request.query_as("cursor", Self::of_cursor, FOREIGN_CURSOR)?;
        match (place, limit) {
            (None, limit) => Ok(Self { page: 1, size: limit.unwrap_or(DEFAULT_LIMIT) }),
            (Some(place), limit) if limit.is_none_or(|limit| limit == place.size) => Ok(place),
            (Some(_), _) => Err(Problem::invalid("/cursor", FOREIGN_CURSOR)),
        }
    }

    fn of_cursor(cursor: &str) -> Option<Self> {
        let (size, page) = cursor.split_once('.')?;
        let (size, page) = (size.parse().ok()?, page.parse().ok()?);
        let fits = (1..=MAX_LIMIT).contains(&size) && (2..=MAX_PAGE).contains(&page);
        fits.then_some(Self { page, size })
    }

    fn to_cursor(self) -> String {
        format!("{}.{}", self.size, self.page)
    }

    /// By lomi.'s own count of pages, where it can be right: past the end it is 0. Without one, a full page has a next.
    fn has_next(self, page: &CustomerPage) -> bool {
        let rows = page.customers.len();
        match page.total_pages.filter(|total| *total >= self.page) {
            Some(total) => rows > 0 && total > self.page,
            None => rows >= usize::from(self.size),
        }
    }
}

fn search(text: &str) -> Option<String> {
    let fits = text.chars().count() <= MAX_SEARCH_CHARS && !text.contains(char::is_control);
    fits.then(|| text.to_owned())
}

#[expect(clippy::option_option, reason = "`all` is a word of the question, another word is none")]
fn customer_type(text: &str) -> Option<Option<CustomerType>> {
    match text {
        "business" => Some(Some(CustomerType::Business)),
        "individual" => Some(Some(CustomerType::Individual)),
        "all" => Some(None),
        _ => None,
    }
}

#[expect(clippy::option_option, reason = "`all` is a word of the question, another word is none")]
fn activity(text: &str) -> Option<Option<CustomerActivity>> {
    match text {
        "active" => Some(Some(CustomerActivity::Active)),
        "inactive" => Some(Some(CustomerActivity::Inactive)),
        "all" => Some(None),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_to_its_place_and_nothing_else_does() {
        let place = Place { page: 3, size: 20 };
        assert_eq!(Place::of_cursor(&place.to_cursor()), Some(place));
        for wrong in ["", ".", "20", "20.", "20.1", "20.0", "0.2", "101.2", "20.100001", "20.2.2", "a.2", "20.-2"] {
            assert_eq!(Place::of_cursor(wrong), None, "{wrong}");
        }
    }
}
