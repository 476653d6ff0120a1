//! What a merchant writes about a customer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use crate::check::{first_broken, is_absent_or_said};
use crate::row::Row;

/// Contact details of a customer. Personal data: `Debug` shows none of it. lomi bounds none of the texts.
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
    /// Country, by name in the document's examples (`Senegal`).
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
    /// Whether the customer is a business; lomi takes false when not set at creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_business: Option<bool>,
}

impl CustomerProfile {
    fn check(&self) -> Result<(), &'static str> {
        first_broken([
            (is_absent_or_said(self.phone_number.as_ref()), "phone_number"),
            (is_absent_or_said(self.whatsapp_number.as_ref()), "whatsapp_number"),
        ])
    }

    /// lomi writes an empty text for some members that are not set, which reads as `None`.
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

impl fmt::Debug for CustomerProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerProfile(..)")
    }
}

/// A customer to be made. Every field of the customers document. `Debug` shows none of it.
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct CreateCustomer {
    /// Full name, not blank.
    pub name: String,
    /// How to reach the customer.
    #[serde(flatten)]
    pub profile: CustomerProfile,
    /// The merchant's own keys, of any JSON. lomi writes them in a second step and does not say when that step
    /// fails: read the customer when they matter.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, Value>,
}

/// A text of a customer that can be taken away. The name cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the member of that name")]
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
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::PhoneNumber => "phone_number",
            Self::WhatsappNumber => "whatsapp_number",
            Self::Country => "country",
            Self::City => "city",
            Self::Address => "address",
            Self::PostalCode => "postal_code",
        }
    }

    /// What `profile` has there.
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

/// Changes of a customer: what is `None` stays. `Debug` shows none of it.
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct UpdateCustomer {
    /// Full name, not blank: lomi keeps the old name for an empty one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How to reach the customer.
    #[serde(flatten)]
    pub profile: CustomerProfile,
    /// Takes the place of all metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, Value>>,
    /// Texts that are to be taken away: sent as `null`. No document says what lomi makes of it, and its SQL of March 2025 keeps the
    /// old value, so compare the answer.
    #[serde(skip)]
    pub cleared: BTreeSet<CustomerText>,
}

impl CreateCustomer {
    /// A customer of whom only the name is known.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    pub(crate) fn to_body(&self) -> Result<Bytes, &'static str> {
        first_broken([(!self.name.trim().is_empty(), "name")])?;
        self.profile.check()?;
        serde_json::to_vec(self).map(Bytes::from).map_err(|_| "body")
    }
}

impl UpdateCustomer {
    pub(crate) fn to_body(&self) -> Result<Bytes, &'static str> {
        first_broken([(is_absent_or_said(self.name.as_ref()), "name")])?;
        self.profile.check()?;
        let Ok(Value::Object(mut body)) = serde_json::to_value(self) else { return Err("body") };
        for text in &self.cleared {
            if body.insert(text.as_str().to_owned(), Value::Null).is_some() {
                return Err(text.as_str());
            }
        }
        serde_json::to_vec(&body).map(Bytes::from).map_err(|_| "body")
    }
}

impl fmt::Debug for CreateCustomer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CreateCustomer(..)")
    }
}

impl fmt::Debug for UpdateCustomer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UpdateCustomer(..)")
    }
}
