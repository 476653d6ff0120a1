//! `metadata`: whose they are, and what may stand in them.

use super::{Caller, FieldErrors, Label};
use domain::{MetadataFault, OrderDetails, kept_labels};
use std::collections::BTreeMap;

/// The labels as the texts that are kept, whoever wrote them: one rule, [`domain::kept_labels`]. What is wrong with them is in
/// `faults`.
pub fn check_labels(labels: &BTreeMap<String, Label>, faults: &mut FieldErrors) -> BTreeMap<String, String> {
    let (texts, wrong) = kept_labels(labels);
    for fault in wrong {
        report(fault, faults);
    }
    texts
}

/// Puts `metadata` where it belongs: what the merchant's own backend sent are the merchant's labels, which go to lomi;
/// what anybody else sent are a shopper's notes, which are texts and stay in the order.
pub fn details_of(caller: Caller, metadata: &BTreeMap<String, Label>, faults: &mut FieldErrors) -> OrderDetails {
    let texts = check_labels(metadata, faults);
    match caller {
        Caller::Merchant => OrderDetails { metadata: texts, ..OrderDetails::default() },
        Caller::Storefront => {
            for (name, _) in metadata.iter().filter(|(_, label)| label.to_text().is_some() && !label.is_text()) {
                faults.add(at(Some(name.clone())), "A note is a text.", "Une note est un texte.");
            }
            OrderDetails { shopper_notes: texts, ..OrderDetails::default() }
        }
    }
}

/// The pointer names the object when the name itself is not fit to be repeated.
fn at(name: Option<String>) -> String {
    name.map_or("/metadata".to_owned(), |name| format!("/metadata/{name}"))
}

fn report(fault: MetadataFault, faults: &mut FieldErrors) {
    match fault {
        MetadataFault::TooMany => faults.add("/metadata", "At most 50 members.", "50 membres au plus."),
        MetadataFault::TooLarge => {
            faults.add("/metadata", "At most 4096 bytes in all.", "4096 octets au plus en tout.");
        }
        MetadataFault::Name(name) => faults.add(
            at(name),
            "A name is 1 to 40 letters, digits, dots, dashes or underscores.",
            "Un nom compte 1 à 40 lettres, chiffres, points, tirets ou soulignés.",
        ),
        // lomi.'s documents tell merchants to label a payment so.
        MetadataFault::Reserved(name) if name == "order_id" => faults.add(
            at(Some(name)),
            "This backend gives each order its id. Name yours in payment_reference on /admin, or under another name here.",
            "Ce backend donne à chaque commande son identifiant. Mettez le vôtre dans payment_reference sur /admin, ou ici sous un autre nom.",
        ),
        MetadataFault::Reserved(name) => faults.add(
            at(Some(name)),
            "This name is reserved: it means something to lomi. or to this backend.",
            "Ce nom est réservé : il a un sens pour lomi. ou pour ce backend.",
        ),
        MetadataFault::Value(name) => faults.add(at(name), "At most 500 characters.", "500 caractères au plus."),
        MetadataFault::Kind(name) => faults.add(
            at(name),
            "A text, a flag (true, false) or a number; no object, no list and no null.",
            "Un texte, un booléen (true, false) ou un nombre ; ni objet, ni liste, ni null.",
        ),
    }
}
