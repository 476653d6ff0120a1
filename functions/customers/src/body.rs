//! What the back office writes about a customer, and the rules of its members.

use edge::members::{Faults, Label, check_labels, is_email, is_legible, is_name, is_phone, normal_phone};
use edge::problem::Problem;
use lomi_client::{CreateCustomer, CustomerProfile, UpdateCustomer};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

const MAX_PLACE_CHARS: usize = 100;
const MAX_ADDRESS_CHARS: usize = 500;
const MAX_POSTAL_CODE_CHARS: usize = 32;

/// The members of a new customer or of a change. lomi. cannot take a text away, so nothing may be null or empty.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Body {
    #[serde(deserialize_with = "given")]
    name: Option<String>,
    #[serde(deserialize_with = "given")]
    email: Option<String>,
    #[serde(deserialize_with = "given")]
    phone_number: Option<String>,
    #[serde(deserialize_with = "given")]
    whatsapp_number: Option<String>,
    #[serde(deserialize_with = "given")]
    country: Option<String>,
    #[serde(deserialize_with = "given")]
    city: Option<String>,
    #[serde(deserialize_with = "given")]
    address: Option<String>,
    #[serde(deserialize_with = "given")]
    postal_code: Option<String>,
    #[serde(deserialize_with = "given")]
    is_business: Option<bool>,
    #[serde(deserialize_with = "given")]
    metadata: Option<BTreeMap<String, Label>>,
}

/// A member that is there has a value; null is none.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

impl Body {
    /// A new customer, who must have a name.
    pub(crate) fn into_new(self) -> Result<CreateCustomer, Problem> {
        let mut faults = Faults::default();
        faults.unless(self.name.is_some(), "/name", "This member is required.", "Ce champ est obligatoire.");
        let UpdateCustomer { name, profile, metadata } = self.check(&mut faults);
        let metadata = metadata.unwrap_or_default();
        faults.none_or(name.map(|name| CreateCustomer { name, profile, metadata }))
    }

    /// What is to change: at least one member.
    pub(crate) fn into_changes(self) -> Result<UpdateCustomer, Problem> {
        let mut faults = Faults::default();
        let changes = self.check(&mut faults);
        let is_empty = changes == UpdateCustomer::default();
        faults.unless(!is_empty, "", "At least one member to change.", "Au moins un champ à changer.");
        faults.none_or(Some(changes))
    }

    fn check(self, faults: &mut Faults) -> UpdateCustomer {
        let name = self.name.inspect(|name| {
            faults.unless(is_name(name), "/name", "1 to 200 characters.", "De 1 à 200 caractères.");
        });
        let email = self.email.inspect(|email| {
            faults.unless(is_email(email), "/email", "Not an e-mail address.", "Ce n'est pas une adresse e-mail.");
        });
        let place = ("1 to 100 characters.", "De 1 à 100 caractères.");
        let address = ("1 to 500 characters.", "De 1 à 500 caractères.");
        let postal_code = ("1 to 32 characters.", "De 1 à 32 caractères.");
        let profile = CustomerProfile {
            email,
            phone_number: phone(self.phone_number, "/phone_number", faults),
            whatsapp_number: phone(self.whatsapp_number, "/whatsapp_number", faults),
            country: text(self.country, MAX_PLACE_CHARS, "/country", place, faults),
            city: text(self.city, MAX_PLACE_CHARS, "/city", place, faults),
            address: text(self.address, MAX_ADDRESS_CHARS, "/address", address, faults),
            postal_code: text(self.postal_code, MAX_POSTAL_CODE_CHARS, "/postal_code", postal_code, faults),
            is_business: self.is_business,
        };
        let metadata = self.metadata.map(|labels| {
            check_labels(&labels, faults);
            // lomi. keeps any JSON here.
            labels.into_iter().filter_map(|(name, label)| Some((name, label.to_json()?))).collect()
        });
        UpdateCustomer { name, profile, metadata }
    }
}

fn phone(written: Option<String>, pointer: &str, faults: &mut Faults) -> Option<String> {
    let number = normal_phone(&written?);
    faults.unless(
        is_phone(&number),
        pointer,
        "An international number such as +2250700000000.",
        "Un numéro international, par exemple +2250700000000.",
    );
    Some(number)
}

fn text(
    text: Option<String>,
    max_chars: usize,
    pointer: &str,
    (en, fr): (&'static str, &'static str),
    faults: &mut Faults,
) -> Option<String> {
    text.inspect(|text| {
        let fits = !text.trim().is_empty() && text.chars().count() <= max_chars && is_legible(text);
        faults.unless(fits, pointer, en, fr);
    })
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
    fn a_number_as_people_write_it_goes_out_as_lomi_takes_it() {
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
    fn what_cannot_be_taken_away_is_not_taken_for_nothing_to_do() {
        for member in ["name", "email", "phone_number", "city", "address", "postal_code", "country"] {
            assert!(serde_json::from_value::<Body>(json!({ member: null })).is_err(), "{member}");
            let problem = body(json!({ member: "" })).into_changes().unwrap_err();
            assert_eq!(pointers(problem), [format!("/{member}")]);
        }
        assert_eq!(pointers(body(json!({})).into_changes().unwrap_err()), [""]);
        assert_eq!(pointers(body(json!({})).into_new().unwrap_err()), ["/name"]);
    }
}
