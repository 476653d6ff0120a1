//! The requests about a customer.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use strum::IntoStaticStr;

use crate::check::{first_violation, is_absent_or_filled, json_body};
use crate::opaque_debug::opaque_debug;
use crate::row::Row;

/// Contact details of a customer. Personal data: `Debug` shows none of it. lomi limits the length of no text.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct CustomerProfile {
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Phone number, E.164 (`+221771234567`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// WhatsApp number, E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whatsapp_number: Option<String>,
    /// Country; lomi's examples use the name (`Senegal`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// City.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Street address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// Whether the customer is a business; false when not set in a create.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_business: Option<bool>,
}

impl CustomerProfile {
    fn check(&self) -> Result<(), &'static str> {
        first_violation([
            (is_absent_or_filled(self.phone_number.as_ref()), "phone_number"),
            (is_absent_or_filled(self.whatsapp_number.as_ref()), "whatsapp_number"),
        ])
    }

    /// lomi sends an empty text for some fields that are not set; it reads as `None`.
    pub(super) fn read(row: &Row<'_>) -> Self {
        Self {
            email: row.text(&["email"]),
            phone_number: row.text(&["phone_number"]),
            whatsapp_number: row.text(&["whatsapp_number"]),
            country: row.text(&["country"]),
            city: row.text(&["city"]),
            address: row.text(&["address"]),
            postal_code: row.text(&["postal_code"]),
            is_business: row.flag("is_business"),
        }
    }
}

/// A new customer, with every field of lomi's document. `Debug` shows none of it.
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct CreateCustomer {
    /// Full name, not blank.
    pub name: String,
    /// Contact details.
    #[serde(flatten)]
    pub profile: CustomerProfile,
    /// The merchant's own keys, with any JSON. lomi writes them in a second step and does not report its failure: read
    /// the customer when they matter.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, Value>,
}

/// A text of a customer that can be cleared. The name cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "each is the field of that name")]
pub enum CustomerText {
    Email,
    PhoneNumber,
    WhatsappNumber,
    Country,
    City,
    Address,
    PostalCode,
}

impl CustomerText {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Its value in `profile`.
    pub fn of(self, profile: &CustomerProfile) -> Option<&str> {
        match self {
            Self::Email => profile.email.as_deref(),
            Self::PhoneNumber => profile.phone_number.as_deref(),
            Self::WhatsappNumber => profile.whatsapp_number.as_deref(),
            Self::Country => profile.country.as_deref(),
            Self::City => profile.city.as_deref(),
            Self::Address => profile.address.as_deref(),
            Self::PostalCode => profile.postal_code.as_deref(),
        }
    }
}

/// Changes of a customer; `None` leaves a field unchanged. `Debug` shows none of it.
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct UpdateCustomer {
    /// Full name, not blank: for an empty one lomi keeps the old name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Contact details.
    #[serde(flatten)]
    pub profile: CustomerProfile,
    /// Replaces all metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, Value>>,
    /// Texts to clear, sent as `null`. lomi documents no effect, and its SQL of March 2025 keeps the old value: compare
    /// the answer.
    #[serde(skip)]
    pub cleared: BTreeSet<CustomerText>,
}

impl CreateCustomer {
    /// A customer with a name and nothing optional.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    pub(crate) fn to_body(&self) -> Result<Bytes, &'static str> {
        first_violation([(!self.name.trim().is_empty(), "name")])?;
        self.profile.check()?;
        json_body(self)
    }
}

impl UpdateCustomer {
    pub(crate) fn to_body(&self) -> Result<Bytes, &'static str> {
        first_violation([(is_absent_or_filled(self.name.as_ref()), "name")])?;
        self.profile.check()?;
        let Ok(Value::Object(mut body)) = serde_json::to_value(self) else { return Err("body") };
        for text in &self.cleared {
            if body.insert(text.as_str().to_owned(), Value::Null).is_some() {
                return Err(text.as_str());
            }
        }
        json_body(&body)
    }
}

opaque_debug!(CustomerProfile, CreateCustomer, UpdateCustomer);
