//! Which customers are asked for, and which page of them.
//!
//! Our cursor holds lomi.'s own place in its list together with the page size that it belongs to: where lomi. counts
//! pages, the same number at another size would be another place.

use edge::http::{DEFAULT_LIMIT, FOREIGN_CURSOR, MAX_LIMIT, Request};
use edge::language::Text;
use edge::problem::Problem;
use lomi_client::customers::Customers;
use lomi_client::{Call, CustomerActivity, CustomerPage, CustomerType, ListPlace};

const MAX_SEARCH_CHARS: usize = 200;

/// A question about many customers.
pub(crate) struct Question {
    search: Option<String>,
    customer_type: Option<CustomerType>,
    status: Option<CustomerActivity>,
    page: Page,
}

/// A page of lomi.'s.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Page {
    size: u8,
    /// `None` for the first.
    place: Option<ListPlace>,
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
        Ok(Self { search, customer_type, status, page: Page::read(request)? })
    }

    /// The question in lomi.'s words.
    pub(crate) fn call(&self, customers: &Customers) -> Call<CustomerPage> {
        let mut call = customers.list().page_size(self.page.size.into());
        if let Some(place) = &self.page.place {
            call = call.starting_at(place);
        }
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

    /// The cursor of the page that begins at this place of lomi.'s.
    pub(crate) fn cursor(&self, place: &ListPlace) -> String {
        format!("{}.{}", self.page.size, place.to_text())
    }
}

impl Page {
    fn read(request: &Request) -> Result<Self, Problem> {
        let limit = request.limit()?;
        let page = request.query_as("cursor", Self::of_cursor, FOREIGN_CURSOR)?;
        match (page, limit) {
            (None, limit) => Ok(Self { size: limit.unwrap_or(DEFAULT_LIMIT), place: None }),
            (Some(page), limit) if limit.is_none_or(|limit| limit == page.size) => Ok(page),
            (Some(_), _) => Err(Problem::invalid("/cursor", FOREIGN_CURSOR)),
        }
    }

    fn of_cursor(cursor: &str) -> Option<Self> {
        let (size, place) = cursor.split_once('.')?;
        let size = size.parse().ok().filter(|size| (1..=MAX_LIMIT).contains(size))?;
        Some(Self { size, place: Some(ListPlace::parse(place)?) })
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
        for place in ["p3", "o40", "ceyJvZmZzZXQiOjJ9", "ca.b=="] {
            let page = Page { size: 20, place: ListPlace::parse(place) };
            assert_eq!(Page::of_cursor(&format!("20.{place}")), Some(page), "{place}");
        }
        for wrong in ["", ".", "20", "20.", "20.1", "0.p2", "101.p2", "20.p", "20.p2.2", "a.p2", "20.p-2", "20.c"] {
            assert_eq!(Page::of_cursor(wrong), None, "{wrong}");
        }
    }
}
