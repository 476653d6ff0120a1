//! The answers about a customer.

use std::fmt;

use super::write::CustomerProfile;
use crate::Metadata;
use crate::ids::CustomerId;
use crate::key::Environment;
use crate::listing::{ListRow, Listed};
use crate::paging::{Page, PageInfo, Paging};
use crate::row::{Resource, Row, Unusable};

/// A customer. Personal data: `Debug` shows only the id.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Customer {
    /// Its id (`id` in the document, `customer_id` on the wire since June 2026).
    pub customer_id: CustomerId,
    /// The owning organisation.
    pub organization_id: Option<String>,
    /// Full name. A guest who pays with the same e-mail or phone can change it.
    pub name: Option<String>,
    /// Contact details.
    pub profile: CustomerProfile,
    /// The merchant's own keys; always empty in lists.
    pub metadata: Metadata,
    /// The environment, if the row says.
    pub environment: Option<Environment>,
    /// Time of creation, ISO 8601 UTC as sent.
    pub created_at: Option<String>,
    /// Time of the last change, ISO 8601 UTC as sent.
    pub updated_at: Option<String>,
}

impl Resource for Customer {
    fn read(row: &Row<'_>) -> Result<Self, Unusable> {
        Ok(Self {
            customer_id: row.required(&["customer_id", "id"])?,
            organization_id: row.text(&["organization_id"]),
            name: row.text(&["name"]),
            profile: CustomerProfile::read(row),
            metadata: row.metadata(),
            environment: row.environment(),
            created_at: row.text(&["created_at"]),
            updated_at: row.text(&["updated_at"]),
        })
    }
}

impl fmt::Debug for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Customer").field("customer_id", &self.customer_id).finish_non_exhaustive()
    }
}

/// One page of customers.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CustomerPage {
    /// The rows.
    pub customers: Vec<Customer>,
    /// The number of this page, from 1; not in the newest generation.
    pub page: Option<u32>,
    /// Rows per page.
    pub page_size: Option<u32>,
    /// How many customers match the filters. lomi reports 0 on a page past the end, so use it only when the page has
    /// rows.
    pub total_count: Option<u32>,
    /// The number of pages; 0 on a page past the end. Not in the newest generation.
    pub total_pages: Option<u32>,
}

impl CustomerPage {
    pub(crate) fn decode(text: &str) -> Result<Self, Unusable> {
        Self::read(&Row::parse(text).ok_or(Unusable("body"))?)
    }

    /// The newest generation sends the rows in `data`, and the counts beside them.
    fn read(outer: &Row<'_>) -> Result<Self, Unusable> {
        let rows = outer.rows("customers").or_else(|| outer.rows("data")).ok_or(Unusable("customers"))?;
        let number = |name| outer.row("pagination").and_then(|pagination| pagination.number(name));
        Ok(Self {
            customers: rows.iter().map(Customer::read).collect::<Result<_, _>>()?,
            page: number("page"),
            page_size: number("pageSize").or_else(|| outer.number("limit")),
            total_count: number("totalCount").or_else(|| outer.number("total_count")),
            total_pages: number("totalPages"),
        })
    }
}

impl ListRow for Customer {
    const PAGING: Paging = Paging::Numbered { size: 50 };

    fn id(&self) -> &str {
        self.customer_id.as_str()
    }
}

impl Listed for CustomerPage {
    type Row = Customer;

    fn read_page(text: &str) -> Result<Page<Customer>, Unusable> {
        let outer = Row::parse(text).ok_or(Unusable("body"))?;
        let page = Self::read(&outer)?;
        Ok(Page { rows: page.customers, info: PageInfo::read(Some(&outer))?, total: page.total_count })
    }
}
