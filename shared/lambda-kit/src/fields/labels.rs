//! `metadata`: who sets it, and what it may hold.

use super::{Caller, FieldErrors, Label};
use domain::{MetadataFault, OrderDetails, kept_labels};
use std::collections::BTreeMap;

/// The labels as the texts that are stored. The rule, [`domain::kept_labels`], is the same for every caller.
pub fn check_labels(labels: &BTreeMap<String, Label>, errors: &mut FieldErrors) -> BTreeMap<String, String> {
    let (texts, wrong) = kept_labels(labels);
    for fault in wrong {
        report(fault, errors);
    }
    texts
}

/// Files `metadata` by its caller: the merchant's backend sends labels, which go to lomi; a storefront sends a
/// shopper's notes, which are strings and stay in the order.
pub fn details_of(caller: Caller, metadata: &BTreeMap<String, Label>, errors: &mut FieldErrors) -> OrderDetails {
    let texts = check_labels(metadata, errors);
    match caller {
        Caller::Merchant => OrderDetails { metadata: texts, ..OrderDetails::default() },
        Caller::Storefront => {
            for (name, _) in metadata.iter().filter(|(_, label)| label.to_text().is_some() && !label.is_text()) {
                errors.add(at(Some(name.clone())), "Must be a string.", "Doit être une chaîne.");
            }
            OrderDetails { shopper_notes: texts, ..OrderDetails::default() }
        }
    }
}

/// Points to the whole object when the key itself is not fit to be repeated.
fn at(name: Option<String>) -> String {
    name.map_or("/metadata".to_owned(), |name| format!("/metadata/{name}"))
}

fn report(fault: MetadataFault, errors: &mut FieldErrors) {
    match fault {
        MetadataFault::TooMany => errors.add("/metadata", "At most 50 keys.", "50 clés au plus."),
        MetadataFault::TooLarge => {
            errors.add("/metadata", "At most 4096 bytes in all.", "4096 octets au plus en tout.");
        }
        MetadataFault::Name(name) => errors.add(
            at(name),
            "A key is 1 to 40 letters, digits, dots, hyphens or underscores.",
            "Une clé compte 1 à 40 lettres, chiffres, points, tirets ou tirets bas.",
        ),
        // lomi's documents recommend this label.
        MetadataFault::Reserved(name) if name == "order_id" => errors.add(
            at(Some(name)),
            "This backend assigns the order id. Send your own reference as payment_reference on /admin, or here under another key.",
            "Ce backend attribue l'identifiant de la commande. Envoyez votre référence dans payment_reference sur /admin, ou ici sous une autre clé.",
        ),
        MetadataFault::Reserved(name) => errors.add(
            at(Some(name)),
            "Reserved key: lomi. or this backend uses it.",
            "Clé réservée : lomi. ou ce backend l'utilise.",
        ),
        MetadataFault::Value(name) => errors.add(at(name), "At most 500 characters.", "500 caractères au plus."),
        MetadataFault::Kind(name) => errors.add(
            at(name),
            "Must be a string, a boolean or a number, not an object, an array or null.",
            "Doit être une chaîne, un booléen ou un nombre, et non un objet, un tableau ou null.",
        ),
    }
}
