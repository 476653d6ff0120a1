//! Contact details of the shopper in a checkout session.

use serde::Serialize;

use crate::opaque_debug::opaque_debug;
use crate::row::Row;

/// Contact details that pre-fill the hosted page. Personal data: `Debug` shows none of it.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct CustomerDetails {
    /// E-mail address; later generations check its form.
    #[serde(rename = "customer_email", skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Full name.
    #[serde(rename = "customer_name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Phone number, E.164 with the leading plus.
    #[serde(rename = "customer_phone", skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// City (since 2026).
    #[serde(rename = "customer_city", skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Country (since 2026).
    #[serde(rename = "customer_country", skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Street address (since 2026).
    #[serde(rename = "customer_address", skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Postal code (since 2026).
    #[serde(rename = "customer_postal_code", skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
}

impl CustomerDetails {
    pub(crate) fn read(row: &Row<'_>) -> Self {
        Self {
            email: row.text(&["customer_email"]),
            name: row.text(&["customer_name"]),
            phone: row.text(&["customer_phone"]),
            city: row.text(&["customer_city"]),
            country: row.text(&["customer_country"]),
            address: row.text(&["customer_address"]),
            postal_code: row.text(&["customer_postal_code"]),
        }
    }
}

opaque_debug!(CustomerDetails);
