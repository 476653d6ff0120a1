//! The merchant's customers and their transactions.

mod customer;
mod transaction;
mod write;

pub use customer::{Customer, CustomerPage};
pub use transaction::CustomerTransaction;
pub use write::{CreateCustomer, CustomerProfile, CustomerText, UpdateCustomer};

use strum::Display;

use crate::call::Call;
use crate::client::Client;
use crate::ids::CustomerId;
use crate::{listing, paging, row};

const PATH: &str = "/customers";

/// `/customers`. lomi ignores idempotency keys here: a write is never retried once sent.
#[derive(Debug, Clone)]
pub struct Customers(Client);

/// The type of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Display)]
#[strum(serialize_all = "lowercase")]
pub enum CustomerType {
    /// `is_business` is true.
    Business,
    /// `is_business` is false.
    Individual,
}

/// Whether a customer has ever tried to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Display)]
#[strum(serialize_all = "lowercase")]
pub enum CustomerActivity {
    /// Has at least one transaction.
    Active,
    /// Has none.
    Inactive,
}

impl Customers {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    /// `POST /customers`. Two calls create two customers, even with the same e-mail; hosted checkout and card charges
    /// find one by phone or e-mail instead.
    pub fn create(&self, customer: &CreateCustomer) -> Call<Customer> {
        Call::post(self.0.clone(), PATH.to_owned(), customer.to_body(), row::decode)
    }

    /// `GET /customers/{id}`. A deleted customer is a 404. Older generations answer a public id (`cus_...`) with 400 or
    /// 500; that 500 is not retried.
    pub fn get(&self, id: &CustomerId) -> Call<Customer> {
        Call::get(self.0.clone(), format!("{PATH}/{id}"), row::decode).by_id(id.is_uuid())
    }

    /// `GET /customers`: one page and the total count. Rows have no metadata.
    pub fn list(&self) -> Call<CustomerPage> {
        Call::get(self.0.clone(), PATH.to_owned(), CustomerPage::decode)
    }

    /// `PATCH /customers/{id}`: changes what is set and leaves the rest.
    pub fn update(&self, id: &CustomerId, changes: &UpdateCustomer) -> Call<Customer> {
        Call::patch(self.0.clone(), format!("{PATH}/{id}"), changes.to_body(), row::decode)
    }

    /// `DELETE /customers/{id}`: hides the customer from every read and keeps the transactions. Cannot be undone
    /// through this API.
    pub fn delete(&self, id: &CustomerId) -> Call<()> {
        Call::delete(self.0.clone(), format!("{PATH}/{id}"), |_| Ok(()))
    }

    /// `GET /customers/{id}/transactions`: all of them in one answer of at most 1 MiB.
    pub fn transactions(&self, id: &CustomerId) -> Call<Vec<CustomerTransaction>> {
        Call::get(self.0.clone(), format!("{PATH}/{id}/transactions"), listing::rows)
    }
}

impl Call<CustomerPage> {
    /// Only customers with this in their name or e-mail. It becomes part of the URL.
    pub fn search(self, text: &str) -> Self {
        self.with_query("search", text.to_owned())
    }

    /// Only businesses or only individuals; all when not set.
    pub fn customer_type(self, customer_type: CustomerType) -> Self {
        self.with_query("type", customer_type.to_string())
    }

    /// Only customers with or only customers without a transaction; all when not set.
    pub fn status(self, activity: CustomerActivity) -> Self {
        self.with_query("status", activity.to_string())
    }

    /// Rows per page; 20 or 50 when not set, at most 100 in the newest generation. A page of more than 1 MiB is an
    /// error.
    pub fn page_size(self, page_size: u32) -> Self {
        paging::with_size(self, page_size)
    }
}
