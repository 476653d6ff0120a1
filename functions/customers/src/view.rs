//! The JSON of customers and their transactions.

use checkout::units::minor_units;
use domain::Timestamp;
use lambda_kit::paging::{ListedPage, PageRequest};
use lomi_client::{Customer, CustomerTransaction};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(crate) struct CustomerView<'a> {
    customer_id: &'a str,
    /// `customer_id`, under the name of lomi's customers document.
    id: &'a str,
    organization_id: Option<&'a str>,
    name: Option<&'a str>,
    email: Option<&'a str>,
    phone_number: Option<&'a str>,
    whatsapp_number: Option<&'a str>,
    country: Option<&'a str>,
    city: Option<&'a str>,
    address: Option<&'a str>,
    postal_code: Option<&'a str>,
    is_business: bool,
    /// `None` in lists, because lomi omits it there.
    metadata: Option<BTreeMap<&'a str, &'a Value>>,
    created_at: Option<String>,
    updated_at: Option<String>,
}

/// `customers` and `pagination` are the names of lomi's customers document.
#[derive(Serialize)]
pub(crate) struct CustomerList<'a> {
    data: Vec<CustomerView<'a>>,
    customers: Vec<CustomerView<'a>>,
    pagination: Pagination,
    next_cursor: Option<&'a str>,
}

/// A number that lomi does not send is null. So is the page number after a cursor.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    page: Option<u32>,
    page_size: u8,
    total_count: Option<u32>,
    total_pages: Option<u32>,
}

/// Without the metadata, which may hold the payer's phone number.
#[derive(Serialize)]
struct TransactionView<'a> {
    transaction_id: &'a str,
    status: &'a str,
    amount: Option<i64>,
    /// `amount`, under the name of lomi's customers document.
    gross_amount: Option<i64>,
    currency_code: Option<&'a str>,
    provider_code: Option<&'a str>,
    payment_method_code: Option<&'a str>,
    description: Option<&'a str>,
    created_at: Option<String>,
}

/// All transactions: lomi returns them in one answer. `next_cursor` is always null.
#[derive(Serialize)]
pub(crate) struct TransactionList<'a> {
    data: Vec<TransactionView<'a>>,
    next_cursor: Option<String>,
}

impl<'a> CustomerView<'a> {
    pub(crate) fn of(customer: &'a Customer) -> Self {
        Self { metadata: Some(customer.metadata.iter().collect()), ..Self::of_list(customer) }
    }

    fn of_list(customer: &'a Customer) -> Self {
        let profile = &customer.profile;
        Self {
            customer_id: customer.customer_id.as_str(),
            id: customer.customer_id.as_str(),
            organization_id: customer.organization_id.as_deref(),
            name: customer.name.as_deref(),
            email: profile.email.as_deref(),
            phone_number: profile.phone_number.as_deref(),
            whatsapp_number: profile.whatsapp_number.as_deref(),
            country: profile.country.as_deref(),
            city: profile.city.as_deref(),
            address: profile.address.as_deref(),
            postal_code: profile.postal_code.as_deref(),
            is_business: profile.is_business.unwrap_or_default(),
            metadata: None,
            created_at: time(customer.created_at.as_deref()),
            updated_at: time(customer.updated_at.as_deref()),
        }
    }
}

impl<'a> CustomerList<'a> {
    pub(crate) fn of(page: &'a ListedPage<Customer>, requested: &PageRequest) -> Self {
        let rows = || page.rows.iter().map(CustomerView::of_list).collect();
        let total_pages = page.total_count.map(|count| count.div_ceil(requested.size().into()));
        let pagination = Pagination {
            page: requested.number(),
            page_size: requested.size(),
            total_count: page.total_count,
            total_pages,
        };
        Self { data: rows(), customers: rows(), pagination, next_cursor: page.next_cursor.as_deref() }
    }
}

impl<'a> TransactionView<'a> {
    fn of(transaction: &'a CustomerTransaction) -> Self {
        let amount = minor_units(transaction.gross_amount, transaction.currency_code.as_ref());
        Self {
            transaction_id: transaction.transaction_id.as_str(),
            status: transaction.status.as_str(),
            amount,
            gross_amount: amount,
            currency_code: transaction.currency_code.as_ref().map(lomi_client::CurrencyCode::as_str),
            provider_code: transaction.provider_code.as_deref(),
            payment_method_code: transaction.payment_method_code.as_deref(),
            description: transaction.description.as_deref(),
            created_at: time(transaction.created_at.as_deref()),
        }
    }
}

impl<'a> TransactionList<'a> {
    pub(crate) fn of(transactions: &'a [CustomerTransaction]) -> Self {
        Self { data: transactions.iter().map(TransactionView::of).collect(), next_cursor: None }
    }
}

/// lomi's time in this API's format; `None` when it does not parse.
fn time(sent: Option<&str>) -> Option<String> {
    Timestamp::parse_rfc3339(sent?).map(Timestamp::to_rfc3339)
}
