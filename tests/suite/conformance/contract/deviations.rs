//! Where client and stand-in differ from the contract on purpose. What nobody needs any more fails
//! `every_deviation_from_the_contract_is_needed`.

use std::fmt;

use super::exchange::{Part, Violation};

/// One liberty.
pub(super) struct Deviation {
    operation: &'static str,
    part: Part,
    /// A star at the end stands for everything that begins so.
    pointer: &'static str,
    why: &'static str,
}

const FOR_SEEDS: &str = "the generation of the guides asks for it; later ones ignore it";

pub(super) const DEVIATIONS: &[Deviation] = &[
    sent("POST /checkout-sessions", "/allowed_providers", FOR_SEEDS),
    sent("POST /checkout-sessions", "/expiration_minutes", FOR_SEEDS),
    sent("POST /checkout-sessions", "/plan_id", FOR_SEEDS),
    sent("POST /checkout-sessions", "/public_description", "the name of `description` in the generation of the guides"),
    answered("POST /checkout-sessions", "", "an unpaid invoice in place of a session"),
    answered("POST /refunds", "", "a preview in place of a refund"),
    asked("GET /customers", "pageSize", FOR_OLDER),
    asked("GET /transactions", "pageSize", FOR_OLDER),
    // Rows: merged later.
    answered("GET /refunds/{id}", "", LATER),
    answered("GET /transactions", "*", LATER),
    answered("GET /transactions/{id}", "*", LATER),
    answered("GET /customers/{id}/transactions", "*", LATER),
    answered("GET /refunds", "*", LATER),
];

const FOR_OLDER: &str = "the name of `limit` in older generations; nobody knows which one answers";
const LATER: &str = "merged later";

impl Deviation {
    pub(super) fn excuses(&self, violation: &Violation) -> bool {
        let pointer = match self.pointer.strip_suffix('*') {
            Some(start) => violation.pointer.starts_with(start),
            None => violation.pointer == self.pointer,
        };
        pointer && self.operation == violation.operation && self.part == violation.part
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {:?} {}: {}", self.operation, self.part, self.pointer, self.why)
    }
}

const fn sent(operation: &'static str, pointer: &'static str, why: &'static str) -> Deviation {
    Deviation { operation, part: Part::Request, pointer, why }
}

const fn asked(operation: &'static str, pointer: &'static str, why: &'static str) -> Deviation {
    Deviation { operation, part: Part::Query, pointer, why }
}

const fn answered(operation: &'static str, pointer: &'static str, why: &'static str) -> Deviation {
    Deviation { operation, part: Part::Answer, pointer, why }
}
