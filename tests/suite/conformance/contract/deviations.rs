//! Where client and stand-in differ from the contract on purpose. What nobody needs any more fails
//! `every_deviation_from_the_contract_is_needed`.

use std::fmt;

use super::exchange::{Part, Violation};

/// One liberty.
pub(super) struct Deviation {
    operation: &'static str,
    part: Part,
    pointer: &'static str,
    why: &'static str,
}

const FOR_SEEDS: &str = "the generation of the guides asks for it; later ones ignore it";

pub(super) const DEVIATIONS: &[Deviation] = &[
    sent("POST /checkout-sessions", "/allowed_providers", FOR_SEEDS),
    sent("POST /checkout-sessions", "/expiration_minutes", FOR_SEEDS),
    sent("POST /checkout-sessions", "/plan_id", FOR_SEEDS),
    sent("POST /checkout-sessions", "/public_description", "the name of `description` in the generation of the guides"),
    in_form("POST /checkout-sessions", "an unpaid invoice in place of a session"),
    asked("GET /customers", "pageSize", OLDER_NAME),
    asked("GET /transactions", "pageSize", OLDER_NAME),
    in_form("POST /refunds", "the first of two calls"),
    answered("POST /refunds", "/error/code", "lomi. prints no code for a token that it refuses"),
];

const OLDER_NAME: &str = "the name of `limit` in older generations, sent beside it";

impl Deviation {
    pub(super) fn excuses(&self, violation: &Violation) -> bool {
        let place = (violation.operation.as_str(), violation.part, violation.pointer.as_str());
        place == (self.operation, self.part, self.pointer)
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

const fn in_form(operation: &'static str, why: &'static str) -> Deviation {
    Deviation { operation, part: Part::Form, pointer: "", why }
}

const fn answered(operation: &'static str, pointer: &'static str, why: &'static str) -> Deviation {
    Deviation { operation, part: Part::Answer, pointer, why }
}
