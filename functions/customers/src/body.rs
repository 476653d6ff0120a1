//! The body of a new or changed customer, and the rules of its fields.

use lambda_kit::fields::{FieldErrors, Label, check_labels, is_email, is_legible, is_name, is_phone, normal_phone};
use lambda_kit::problem::Problem;
use lomi_client::{CreateCustomer, CustomerProfile, CustomerText, UpdateCustomer};
use serde::{Deserialize, Deserializer};
use std::collections::{BTreeMap, BTreeSet};

const MAX_PLACE_CHARS: usize = 100;
const MAX_ADDRESS_CHARS: usize = 500;
const MAX_POSTAL_CODE_CHARS: usize = 32;

/// The fields of a new customer or of a change. In a change, `null` clears a text; the name cannot be cleared.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Body {
    #[serde(deserialize_with = "given")]
    name: Option<String>,
    #[serde(deserialize_with = "given")]
    email: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    phone_number: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    whatsapp_number: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    country: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    city: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    address: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    postal_code: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    is_business: Option<bool>,
    #[serde(deserialize_with = "given")]
    metadata: Option<BTreeMap<String, Label>>,
}

/// A field that is present must have a value of its type, so that `null` differs from an absent field.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

impl Body {
    pub(crate) fn into_new(self) -> Result<CreateCustomer, Problem> {
        let mut errors = FieldErrors::default();
        errors.unless(self.name.is_some(), "/name", "This field is required.", "Ce champ est obligatoire.");
        let UpdateCustomer { name, profile, metadata, cleared } = self.check(&mut errors);
        for text in cleared {
            errors.add(
                format!("/{}", text.as_str()),
                "Send a string, or omit the field.",
                "Envoyez une chaîne, ou omettez le champ.",
            );
        }
        let metadata = metadata.unwrap_or_default();
        errors.none_or(name.map(|name| CreateCustomer { name, profile, metadata }))
    }

    pub(crate) fn into_changes(self) -> Result<UpdateCustomer, Problem> {
        let mut errors = FieldErrors::default();
        let changes = self.check(&mut errors);
        let is_empty = changes == UpdateCustomer::default();
        errors.unless(!is_empty, "", "Send at least one field to change.", "Envoyez au moins un champ à modifier.");
        errors.none_or(Some(changes))
    }

    fn check(self, errors: &mut FieldErrors) -> UpdateCustomer {
        let mut cleared = BTreeSet::new();
        let mut text = |text: Option<Option<String>>, name: CustomerText, check: Check, (en, fr): Detail| {
            let Some(text) = text? else {
                cleared.insert(name);
                return None;
            };
            let fitting = check(&text);
            errors.unless(fitting.is_some(), &format!("/{}", name.as_str()), en, fr);
            Some(fitting.unwrap_or(text))
        };
        let profile = CustomerProfile {
            email: text(self.email, CustomerText::Email, email, EMAIL),
            phone_number: text(self.phone_number, CustomerText::PhoneNumber, phone, PHONE),
            whatsapp_number: text(self.whatsapp_number, CustomerText::WhatsappNumber, phone, PHONE),
            country: text(self.country, CustomerText::Country, place, PLACE),
            city: text(self.city, CustomerText::City, place, PLACE),
            address: text(self.address, CustomerText::Address, address, ADDRESS),
            postal_code: text(self.postal_code, CustomerText::PostalCode, postal_code, POSTAL_CODE),
            is_business: self.is_business,
        };
        let name = self.name.inspect(|name| {
            errors.unless(is_name(name), "/name", "1 to 200 characters.", "De 1 à 200 caractères.");
        });
        let metadata = self.metadata.map(|labels| {
            check_labels(&labels, errors);
            // lomi stores any JSON here, so numbers and booleans stay what they are.
            labels.into_iter().filter_map(|(name, label)| Some((name, label.to_json()?))).collect()
        });
        UpdateCustomer { name, profile, metadata, cleared }
    }
}

/// The text in the form that lomi accepts; `None` when there is none.
type Check = fn(&str) -> Option<String>;
/// What a field must be, in English and in French.
type Detail = (&'static str, &'static str);

const EMAIL: Detail = ("Not an e-mail address.", "Ce n'est pas une adresse e-mail.");
const PHONE: Detail =
    ("An international number such as +2250700000000.", "Un numéro international, par exemple +2250700000000.");
const PLACE: Detail = ("1 to 100 characters.", "De 1 à 100 caractères.");
const ADDRESS: Detail = ("1 to 500 characters.", "De 1 à 500 caractères.");
const POSTAL_CODE: Detail = ("1 to 32 characters.", "De 1 à 32 caractères.");

fn email(text: &str) -> Option<String> {
    is_email(text).then(|| text.to_owned())
}

fn phone(text: &str) -> Option<String> {
    Some(normal_phone(text)).filter(|number| is_phone(number))
}

fn place(text: &str) -> Option<String> {
    bounded(text, MAX_PLACE_CHARS)
}

fn address(text: &str) -> Option<String> {
    bounded(text, MAX_ADDRESS_CHARS)
}

fn postal_code(text: &str) -> Option<String> {
    bounded(text, MAX_POSTAL_CODE_CHARS)
}

fn bounded(text: &str, max_chars: usize) -> Option<String> {
    let fits = !text.trim().is_empty() && text.chars().count() <= max_chars && is_legible(text);
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn body(json: Value) -> Body {
        serde_json::from_str(&json.to_string()).unwrap()
    }

    fn pointers(problem: Problem) -> Vec<String> {
        problem.errors.into_iter().map(|error| error.pointer).collect()
    }

    #[test]
    fn a_phone_number_is_normalised_before_it_is_sent() {
        let new = body(json!({ "name": "Awa", "whatsapp_number": "00221 77 123 45 67" })).into_new().unwrap();
        assert_eq!(new.profile.whatsapp_number.as_deref(), Some("+221771234567"));
    }

    #[test]
    fn a_label_may_be_a_text_a_flag_or_a_number() {
        let labels = json!({ "internal_id": "USER_123", "points": 12, "vip": true });
        let changes = body(json!({ "metadata": labels })).into_changes().unwrap();
        assert_eq!(serde_json::to_value(changes.metadata).unwrap(), labels);
        let tree = body(json!({ "metadata": { "tree": {}, "a": "b" } })).into_changes().unwrap_err();
        assert_eq!(pointers(tree), ["/metadata/tree"]);
    }

    #[test]
    fn only_null_clears_a_text() {
        for member in ["email", "phone_number", "whatsapp_number", "city", "address", "postal_code", "country"] {
            let changes = body(json!({ member: null })).into_changes().unwrap();
            assert_eq!(changes.cleared.iter().map(|text| text.as_str()).collect::<Vec<_>>(), [member]);
            assert_eq!(changes.profile, CustomerProfile::default());
            let problem = body(json!({ member: "" })).into_changes().unwrap_err();
            assert_eq!(pointers(problem), [format!("/{member}")]);
            let problem = body(json!({ "name": "Awa", member: null })).into_new().unwrap_err();
            assert_eq!(pointers(problem), [format!("/{member}")]);
        }
        for member in ["name", "is_business", "metadata"] {
            assert!(serde_json::from_value::<Body>(json!({ member: null })).is_err(), "{member}");
        }
        assert_eq!(pointers(body(json!({})).into_changes().unwrap_err()), [""]);
        assert_eq!(pointers(body(json!({})).into_new().unwrap_err()), ["/name"]);
    }
}
